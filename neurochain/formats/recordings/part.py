"""Part: which channels and samples of a whole recording are meant, and when they were taken."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from neurochain.errors import ShapeError
from neurochain.formats.arrays.memory import samples_between
from neurochain.formats.recordings.gaps import Segments, stretch_of
from neurochain.storage import File

__all__ = ["Part", "reopened"]


@dataclass(frozen=True, slots=True)
class Part:
    """Channels and samples of a whole recording. Plain numbers, so it travels with a pickle.

    Attributes
    ----------
    channels : tuple of int
        Indices in the whole.
    rates : tuple of float, Hz
        Of these channels.
    firsts : tuple of int
        Sample of the whole with which each channel begins.
    lengths : tuple of int
        Samples of each channel.
    time, before : float, seconds
        On the recording's clock it is `time` at the sample before which the whole holds `before` seconds of samples.
    """

    channels: tuple[int, ...]
    rates: tuple[float, ...]
    firsts: tuple[int, ...]
    lengths: tuple[int, ...]
    time: float
    before: float = 0.0

    @classmethod
    def whole(cls, rates: tuple[float, ...], lengths: tuple[int, ...], start: float) -> "Part":
        """All channels and samples."""
        return cls(tuple(range(len(rates))), rates, (0,) * len(rates), lengths, start)

    @property
    def start(self) -> float:
        """Time of the first sample, seconds."""
        kinds = _kinds(self.firsts, self.rates)
        late = [(first - round(self.before * rate)) / rate for first, rate in kinds if rate]
        return self.time + min(late, default=0.0)

    @property
    def duration(self) -> float:
        """Of the samples, seconds."""
        return max((n / r for n, r in _kinds(self.lengths, self.rates) if r), default=0.0)

    def pick(self, indices: Sequence[int]) -> "Part":
        """Some of the channels."""
        picked = [tuple(v[i] for i in indices) for v in (self.channels, self.firsts, self.lengths)]
        rates = tuple(self.rates[i] for i in indices)
        return Part(picked[0], rates, picked[1], picked[2], self.time, self.before)

    def within(self, segments: Segments, start: float, end: float, name: str) -> "Part":
        """The whole stretch without gaps in which the times [start, end) lie.

        Raises
        ------
        ShapeError
            They lie in none.
        """
        slack = 1e-6 / max(self.rates) + 4 * math.ulp(max(abs(start), abs(end)))
        found = stretch_of(segments, start, end, slack, name)
        firsts = tuple(round(found.before * rate) for rate in self.rates)
        lengths = tuple(round((found.end - found.start) * rate) for rate in self.rates)
        return Part(self.channels, self.rates, firsts, lengths, found.start, found.before)

    def window(self, start: float, end: float) -> "Part | None":
        """Samples of the times [start, end); None where some lie outside."""
        found: dict[tuple[float, int, int], tuple[int, int]] = {}
        for kind in _kinds(self.rates, self.firsts, self.lengths):
            rate, first, length = kind
            base = round(self.before * rate)
            a, b = samples_between(start, end, rate, self.time)
            if base + a < first or base + b > first + length:
                return None
            found[kind] = base + a, b - a
        count = len(self.rates)
        if len(found) == 1:
            ((first, length),) = found.values()
            firsts, lengths = (first,) * count, (length,) * count
        else:
            kinds = zip(self.rates, self.firsts, self.lengths, strict=True)
            firsts, lengths = zip(*(found[kind] for kind in kinds), strict=True) if count else ((), ())
        return Part(self.channels, self.rates, firsts, lengths, self.time, self.before)

    def check_samples(self, name: str) -> None:
        """Check that there are samples at times.

        Raises
        ------
        ShapeError
            There are none.
        """
        if not self.rates:
            raise ShapeError(f"{name} has no channels: it holds annotations only.")
        if min(self.rates) <= 0:
            raise ShapeError(f"{name} does not say how often its channels were sampled.")

    def check_one_rate(self, labels: Sequence[str], name: str) -> None:
        """Check that the channels have a common array.

        Raises
        ------
        ShapeError
            Their rates differ, or there are no channels.
        """
        if not self.rates:
            raise ShapeError(f"{name} has no channels: it holds annotations only.")
        if len(_kinds(self.rates, self.lengths)) == 1:
            return
        named: dict[float, list[str]] = {}
        for rate, label in zip(self.rates, labels, strict=True):
            named.setdefault(rate, []).append(label)
        rates = "; ".join(
            f"{rate:g} Hz: {', '.join(c[:4])}{' …' if len(c) > 4 else ''}"
            for rate, c in sorted(named.items())
        )
        raise ShapeError(
            f"The channels of {name} have different sampling frequencies ({rates}), so there is no one array. "
            "Choose some of one frequency with recording.pick([…]), or read one with recording.channel('name')."
        )


def _kinds(*values: tuple[Any, ...]) -> set[tuple[Any, ...]]:
    """Combinations that there are; mostly all channels have one, which is seen without looking at each."""
    if values[0] and all(of.count(of[0]) == len(of) for of in values):
        return {tuple(of[0] for of in values)}
    return set(zip(*values, strict=True))


def reopened(reopen: Callable[[File], Any], file: File, stored: bool, window: bool, part: Part | None) -> Any:
    """Recording as it was pickled: of its file, with its part of it."""
    recording = reopen(file)
    recording = recording.stored if stored else recording
    if part is not None and part.channels != tuple(range(len(recording.channels))):
        recording = recording._pick(part.channels)
    return recording._cut(part) if part is not None and window else recording
