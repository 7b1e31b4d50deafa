"""Matching: which pulse of a device is which pulse of another clock, and where one of the clocks jumped."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.recordings.even import Floats
from neurochain.timeline.clocks.ambiguity import Shift, jitter_of, shifts
from neurochain.timeline.clocks.seeds import Line, Rules, Seed, find_seeds
from neurochain.timeline.clocks.tracking import (
    PAIRED,
    SHARE,
    WANDER,
    Estimate,
    Section,
    nearest,
    straight_line,
    track,
)
from neurochain.timeline.clocks.trimming import inner, trimmed

__all__ = ["Anchor", "match_pulses"]

RUNS = (
    32,
    128,
    512,
)  # pulses of a seed: the fewer, the less drift does; the more, the less jitter and chance
PLACES = (
    0.0,
    0.5,
    0.25,
)  # of all pulses, where a run begins; then evenly, the shorter the common clock ran the more
MORE_PLACES = (9, 129)
FEWEST_PAIRS = 6
FAR = 16.0  # intervals
PAUSE = 2.0  # of how long so many pulses last
DOUBT = 6.0  # logarithm of odds
FEW = 0.4  # of the pulses: where several alignments pair no more, each may be by chance
HANDFUL = 16  # pulses beside a section: if they do not tell where they belong, they are left out
ENDS = 64  # pulses at an end of a section that are looked at, for pairs by chance
LOCAL = 256  # pairs from which a line is drawn over what lies between two sections
ALIKE = 0.5  # of the evidence for the best alignment: a run is short, and evidence of it varies
CLEARLY = 0.7  # of the distance of the second nearest: an anchor that is not so near to one lies between both


class Anchor(NamedTuple):
    """What a user knows.

    Attributes
    ----------
    at : float, seconds
        Device time.
    offset : float, seconds
        About what common minus device is then.
    """

    at: float
    offset: float


class _Range(NamedTuple):
    """Pulses [first, last) of both sides among which pairs are looked for, and the sections beside them."""

    device: tuple[int, int]
    common: tuple[int, int]
    before: Section | None = None
    behind: Section | None = None


def match_pulses(
    device: Floats,
    common: Floats,
    rules: Rules,
    anchors: list[Anchor],
    zero: tuple[float, float] = (0.0, 0.0),
) -> list[Section]:
    """Pairs, in sections between which a clock jumped.

    Parameters
    ----------
    device, common : ndarray, shape (n,), float64, seconds
        Ascending, and about from 0 on: what lies near 0 has more digits.
    rules : Rules
        What holds for all pulses.
    anchors : list of Anchor
        Settle which of several alignments is meant.
    zero : (float, float), seconds
        What was taken from the times of the device and of the common clock, for messages.

    Raises
    ------
    FormatError
        No alignment is beyond chance, or several are as good.
    """
    return _Matching(device, common, rules, anchors, zero).sections()


class _Matching:
    def __init__(
        self, device: Floats, common: Floats, rules: Rules, anchors: list[Anchor], zero: tuple[float, float]
    ) -> None:
        self._device, self._common, self._rules = device, common, rules
        self._anchors = sorted(anchors)
        self._zero, self._base = zero[0], zero[1] - zero[0]
        self._most_pairs, self._tried = 0, 0
        self._doubt: FormatError | None = None

    def sections(self) -> list[Section]:
        """All of them, in order."""
        found: list[Section] = []
        pending = [_Range((0, len(self._device)), (0, len(self._common)))]
        while pending:
            here = pending.pop()
            section = self._section(here)
            if section is None:
                continue
            section = inner(section)
            found.append(section)
            first, last = int(section.device[0]), int(section.device[-1]) + 1
            lowest, highest = int(section.common[0]), int(section.common[-1]) + 1
            pending.append(_Range((here.device[0], first), (here.common[0], lowest), here.before, section))
            pending.append(_Range((last, here.device[1]), (highest, here.common[1]), section, here.behind))
        if not found and self._doubt is not None:
            raise self._doubt
        if not found:
            raise FormatError(
                f"fit_clock(): {len(self._device):,} pulses of the device and {len(self._common):,} of the common clock do not "
                f"agree: at the best offset {self._most_pairs} of {self._tried} successive ones have a partner, which may be "
                "chance. Are these the same pulses, in seconds, rising edges on both sides? Say tolerance=… if they come with "
                "much jitter, and most_drift_ppm=… if one clock runs much faster."
            )
        return self._joined(sorted(found, key=lambda s: int(s.device[0])))

    def _section(self, here: _Range) -> Section | None:
        """The pairs of one alignment among some of the pulses."""
        here = self._unexplained(here)
        device = self._device[slice(*here.device)]
        common = self._common[slice(*here.common)]
        if min(len(device), len(common)) < FEWEST_PAIRS:
            return None
        anchor = self._anchor(device, here)
        # What a user says is believed first: far from it the best of many alignments may be one by chance.
        for believed in (True, False) if anchor is not None else (False,):
            for run in _runs(device, common, anchor, here):
                section = self._begun(device, common, run, anchor, here, believed)
                if section is not None and len(section.device) >= FEWEST_PAIRS:
                    return Section(section.device + here.device[0], section.common + here.common[0])
        return None

    def _begun(
        self, device: Floats, common: Floats, run: slice, anchor: Anchor | None, here: _Range, believed: bool
    ) -> Section | None:
        """The pairs of the alignment that a run of pulses shows."""
        middle = float(device[run.start] + device[run.stop - 1]) / 2
        if anchor is None:
            for expected in self._expected(here, middle):
                near = find_seeds(
                    device[run], common, self._rules, expected.line.late(middle), nowhere_else=True
                )
                going_on = [s for s in near if s.beyond and self._goes_on(expected, s)]
                if going_on:
                    return trimmed(track(device, common, going_on[0], run, self._rules))
        seeds = find_seeds(device[run], common, self._rules, anchor.offset if anchor else None, believed)
        best = max((s.pairs for s in seeds), default=0)
        self._most_pairs, self._tried = max((self._most_pairs, self._tried), (best, run.stop - run.start))
        beyond = [s for s in seeds if s.beyond]
        alike = [s for s in beyond if s.score >= ALIKE * beyond[0].score]
        if not alike:
            return None
        seed = alike[0]
        if anchor is not None:
            seed = min(alike, key=lambda s: abs(s.line.late(anchor.at) - anchor.offset))
        section = trimmed(track(device, common, seed, run, self._rules))
        if len(section.device) < FEWEST_PAIRS:
            return None
        others = [s.line.late(middle) - seed.line.late(middle) for s in alike if s is not seed]
        doubts = shifts(device, common, section, others, self._rules)
        if not doubts:
            return section
        if anchor is None:
            self._doubted(device, common, section, doubts, here)
            return None
        by = self._shifted(device, common, section, doubts, anchor)
        line = seed.line._replace(offset=seed.line.offset + by)
        return trimmed(track(device, common, seed._replace(line=line), run, self._rules)) if by else section

    def _doubted(
        self, device: Floats, common: Floats, section: Section, doubts: list[Shift], here: _Range
    ) -> None:
        """Alignments that are as good: an error, but if they pair so few that they are no alignments at all.

        Raises
        ------
        FormatError
            The user must say which is meant.
        """
        share = len(section.device) / (int(section.device[-1] - section.device[0]) + 1)
        beside = here.before is not None or here.behind is not None
        if beside and len(device) <= HANDFUL:
            return
        self._doubt = self._ambiguous(device, common, section, doubts, here)
        if share >= FEW:
            raise self._doubt

    def _unexplained(self, here: _Range) -> _Range:
        """Pulses that do not lie where the sections beside them go on: a jump is looked for among these alone."""
        (first, last), (lowest, highest) = here.device, here.common
        if here.before is not None and min(last - first, highest - lowest) > 0:
            n, m = self._going_on(here.before, slice(-LOCAL, None), 1, (first, last), (lowest, highest))
            first, lowest = first + n, lowest + m
        if here.behind is not None and min(last - first, highest - lowest) > 0:
            n, m = self._going_on(here.behind, slice(0, LOCAL), -1, (first, last), (lowest, highest))
            last, highest = last - n, highest - m
        return here._replace(device=(first, last), common=(lowest, highest))

    def _going_on(
        self, section: Section, part: slice, step: int, devices: tuple[int, int], commons: tuple[int, int]
    ) -> tuple[int, int]:
        """How many of the first pulses next to a section (with a step of -1 of the last ones) belong to it still."""
        device = self._device[slice(*devices)][::step][:ENDS]
        common = self._common[slice(*commons)][::step]
        line, scale, *_ = self._line(self._device[section.device], self._common[section.common], part)
        expected = step * line(device)
        pauses = np.flatnonzero(np.diff(expected, prepend=expected[0]) > FAR * self._rules.spacing)
        expected = (
            expected[: pauses[0]] if len(pauses) else expected
        )  # behind a long pause a pulse says nothing of this end
        partner = nearest(step * common, expected)
        gate = self._rules.tolerance or PAIRED * scale
        hit = np.abs(step * common[partner] - expected) <= gate
        density = len(common) / (abs(float(common[-1] - common[0])) + self._rules.spacing)
        chance = min(2 * gate * density, SHARE / 1.2)
        sums = np.cumsum(np.where(hit, math.log(SHARE / chance), math.log((1 - SHARE) / (1 - chance))))
        # Not to the last that lies there by chance, which would take away pulses of the next section.
        enough = np.flatnonzero(hit & (sums >= sums.max() - DOUBT))
        return (int(enough[0]) + 1, int(partner[enough[0]]) + 1) if sums.max() > DOUBT else (0, 0)

    def _anchor(self, device: Floats, here: _Range) -> Anchor | None:
        """The first that a user has said behind the section before some pulses."""
        behind = -np.inf if here.before is None else float(self._device[here.before.device[-1]])
        found = [a for a in self._anchors if behind < a.at <= device[-1]]
        return found[0] if found else None

    def _expected(self, here: _Range, at: float) -> list[Estimate]:
        """Lines of the sections beside, as they would go on."""
        beside = []
        for section, part in ((here.before, slice(-LOCAL, None)), (here.behind, slice(0, LOCAL))):
            if section is not None:
                beside.append(self._line(self._device[section.device], self._common[section.common], part))
        return sorted(beside, key=lambda e: abs(e.line.at - at))

    def _line(self, x: Floats, y: Floats, part: slice) -> Estimate:
        """The line through some of the pairs."""
        x, y = x[part], y[part]
        scale = jitter_of(x, y, self._rules)
        rate = float(y[-1] - y[0]) / float(x[-1] - x[0]) if x[-1] > x[0] else 1.0
        middle = len(x) // 2
        start = Estimate(Line(float(x[middle]), float((y - x)[middle]), rate - 1), 3 * scale, scale**2, 0.0)
        return straight_line(x, y - x, start, self._rules)

    def _goes_on(self, before: Estimate, seed: Seed) -> bool:
        """Whether a seed lies where a section goes on without a jump."""
        late = seed.line.late(seed.line.at) - before.line.late(seed.line.at)
        far = abs(seed.line.at - before.line.at)
        spread = float(before.spread(np.array([seed.line.at]))[0])
        return abs(late) <= 5 * spread + 3 * max(before.scale, seed.scale) + WANDER * far

    def _shifted(
        self, device: Floats, common: Floats, section: Section, doubts: list[Shift], anchor: Anchor
    ) -> float:
        """By how much a section is off from the alignment that a user means.

        Raises
        ------
        FormatError
            What he says lies between two.
        """
        line = self._line(device[section.device], common[section.common], slice(0, LOCAL)).line
        late = sorted(
            (line.late(anchor.at) + s for s in (0.0, *(d.seconds for d in doubts))),
            key=lambda v: abs(v - anchor.offset),
        )
        if abs(late[0] - anchor.offset) > CLEARLY * abs(late[1] - anchor.offset):
            raise FormatError(
                f"fit_clock(): the offset {anchor.offset + self._base:.6f} s lies between two alignments that are as good, "
                f"{late[0] + self._base:.6f} s and {late[1] + self._base:.6f} s. Say it more exactly."
            )
        return late[0] - line.late(anchor.at)

    def _ambiguous(
        self, device: Floats, common: Floats, section: Section, doubts: list[Shift], here: _Range
    ) -> FormatError:
        """What to tell the user about alignments that are as good."""
        whole = here.before is None and here.behind is None
        if whole:
            section, doubts = self._most_overlapping(device, common, section, doubts)
        x, y = device[section.device], common[section.common]
        line = self._line(x, y, slice(0, LOCAL)).line
        at = float(self._device[0]) if whole else float(x[0])
        candidates = sorted([Shift(0.0, len(y)), *doubts[:6]])
        listed = ", ".join(
            f"{line.late(at) + self._base + s.seconds:.4f} s ({s.pairs:,} pairs)" for s in candidates
        )
        more = f" and {len(doubts) - 6} more" if len(doubts) > 6 else ""
        where = "" if whole else f" behind a jump, from {at + self._zero:.4f} s of the device on,"
        say = (
            'offset="first" where the first pulse of both is the same one, or offset=… as common minus device at the first pulse'
            if whole
            else f"offset={{{at + self._zero:.4f}: …}}, besides what else was said, as common minus device then"
        )
        return FormatError(
            f"fit_clock(): the pulses{where} are so regular, or repeat themselves so, that several offsets pair about as many: "
            f"{listed}{more}. Which one is meant cannot be seen from the pulses. Say it: {say}."
        )

    def _most_overlapping(
        self, device: Floats, common: Floats, section: Section, doubts: list[Shift]
    ) -> tuple[Section, list[Shift]]:
        """Of alignments of regular pulses those that lie in the middle, and pair most."""
        n, length = len(device), min(RUNS[1], len(device))
        run = slice((n - length) // 2, (n - length) // 2 + length)
        near = float(common[0] + common[-1] - device[0] - device[-1]) / 2
        seeds = find_seeds(device[run], common, self._rules, near, nowhere_else=True)
        if not seeds or not seeds[0].beyond:
            return section, doubts
        other = trimmed(track(device, common, seeds[0], run, self._rules))
        others = (
            shifts(device, common, other, [], self._rules) if len(other.device) > len(section.device) else []
        )
        return (other, others) if others else (section, doubts)

    def _joined(self, sections: list[Section]) -> list[Section]:
        """Sections between which there was no jump, but pulses were missing, as one."""
        found = sections[:1]
        for section in sections[1:]:
            before, behind = (
                self._line(self._device[s.device], self._common[s.common], part)
                for s, part in ((found[-1], slice(-LOCAL, None)), (section, slice(0, LOCAL)))
            )
            at = np.array([float(self._device[found[-1].device[-1]] + self._device[section.device[0]]) / 2])
            jump = float(behind.line(at)[0] - before.line(at)[0])
            spread = float(np.hypot(before.spread(at), behind.spread(at))[0])
            far = float(self._device[section.device[0]] - self._device[found[-1].device[-1]])
            if abs(jump) <= 5 * spread + WANDER * far:
                both = zip(found.pop(), section, strict=True)
                section = Section(*(np.concatenate(pair) for pair in both))
            found.append(section)
        return found


def _runs(device: Floats, common: Floats, anchor: Anchor | None, here: _Range) -> Iterator[slice]:
    """Runs of pulses among which a seed is looked for, one after the other."""
    n = len(device)
    tried: set[tuple[int, int]] = set()
    times_longer = float(device[-1] - device[0]) / max(float(common[-1] - common[0]), 1e-9)
    more = np.linspace(0, 1, int(np.clip(2 * times_longer, *MORE_PLACES)))
    for places in (np.array(PLACES), more):
        for length in RUNS:
            length = min(length, n)
            if anchor is not None:
                begins = np.searchsorted(device, anchor.at) + np.arange(len(places)) * (length // 2)
            else:
                # Beside a section a run is begun from it: regular pulses can be tracked from there.
                mirrored = here.before is None and here.behind is not None
                begins = np.abs(places - mirrored) * (n - length)
            lasting = device[length - 1 :] - device[: n - length + 1]
            usual = float(np.median(lasting))
            for begin in np.clip(begins, 0, n - length).astype(np.int64).tolist():
                if (
                    lasting[begin] > PAUSE * usual
                ):  # over a pause drift does much, and a clock may have jumped in it
                    begin += int(np.diff(device[begin : begin + length]).argmax()) + 1
                    begin = min(begin, n - length)
                if (begin, length) not in tried:
                    tried.add((begin, length))
                    yield slice(begin, begin + length)
