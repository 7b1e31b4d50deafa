"""Traces: channels of a recording over time, as many values as a screen shows.

``/media/traces`` asks for samples [``first``, ``last``) of ``channels`` (``0-63,70``; indices) in about ``columns`` columns, or in those
of ``bin`` samples each. Channels of one request have one sampling frequency: those of one of the ``groups`` that
``/media/traces/info`` lists.

The answer is that of `neurochain.web.media.packed`: the length of its header (uint32), the header (JSON), the values. Of these
there are ``[channel][column][min, max]``, or ``[channel][column]`` where a column is one sample. In the header:

``first``, ``bin``, ``columns``
    Column c holds the samples from ``first + c * bin`` on, `bin` of them, fewer at the recording's end. ``first`` is a multiple
    of ``bin``, at most the sample that was asked for: whole numbers, up to 2**53. Between `columns` and twice as many come back.
``dtype``, ``scale``, ``offset``
    ``int16`` where the file holds such: value = stored * scale[channel] + offset[channel], in the channel's unit, exactly. Else
    ``float32``, in the channel's unit already; NaN where there is no value.
``approximate``, ``done``
    True where all samples would take long: then columns are wider, and where no level is known yet, only some samples of each
    were looked at. It comes at once. Ask again with ``exact=1``: what was looked at until then is kept, and each answer comes after 5 s at most, ``done`` (0 to 1) of all that
    is needed; the last one has ``approximate`` false.
``filters``
    What was taken out for the eye (`neurochain.web.media.filtered`); missing where samples are as they were recorded. Never
    approximate: too long a stretch is refused.
``breaks``
    Samples before which there is a gap in time: no line leads from one side to the other.

A level of the pyramid is 16 * 4^n samples; below 16 samples a column is made of the samples themselves.
"""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from neurochain.errors import ParameterError
from neurochain.formats import Recording
from neurochain.formats.recordings.pyramid import BASE, Pyramid
from neurochain.formats.recordings.samples import bytes_of
from neurochain.storage import cache_memo
from neurochain.web.media.asked import chosen, flag, whole
from neurochain.web.media.filtered import Filters
from neurochain.web.media.gate import Stop
from neurochain.web.media.groups import Group, groups_of
from neurochain.web.media.kinds import kind_of
from neurochain.web.media.packed import finite, pack
from neurochain.web.media.sources import Sources

__all__ = ["traces", "traces_info"]

COLUMNS = 1200
MOST_COLUMNS = 8192
MOST_VALUES = 2**22  # channels times columns
LARGEST_BIN = 2**40  # samples
AT_ONCE = {
    True: 8 * 2**20,
    False: 64 * 2**20,
}  # bytes that an exact answer is made of at once; of a file elsewhere, and here
ROUGH = {True: 2 * 2**20, False: 16 * 2**20}  # bytes of a rough one
ROUGH_COLUMNS = {True: 64, False: 240}
FEWEST = 64  # columns of a rough picture
PATIENCE = 5.0  # s
FIRST_SCREEN = 2.5e6  # samples of all channels
SECONDS = (10.0, 1.0, 0.1)


def traces_info(sources: Sources, query: Mapping[str, str], stop: Stop) -> dict[str, Any]:
    """Channels, rates and lengths of a recording; no samples are read.

    Raises
    ------
    FormatError, ParameterError, StorageError
        It cannot be opened.
    """
    recording = sources.recording(query)
    groups = groups_of(recording)
    of = {c: g.number for g in groups for c in g.channels}
    rates, lengths = recording.sampling_frequencies, recording.lengths
    one = groups[0] if len(groups) == 1 else None
    levels = [] if not groups else _pyramid(sources, query, recording, groups[0]).levels
    gaps = recording.segments if recording.discontinuous else ()
    return {
        "channels": [
            {
                "label": label,
                "unit": unit,
                "kind": kind_of(label, unit),
                "sampling_frequency": finite(rate),
                "n_samples": n,
                "group": of[i],
            }
            for i, (label, unit, rate, n) in enumerate(
                zip(recording.channels, recording.units, rates, lengths, strict=True)
            )
        ],
        "groups": [
            {"channels": list(g.channels), "sampling_frequency": finite(g.rate), "n_samples": g.n_samples}
            for g in groups
        ],
        "sampling_frequency": None if one is None else finite(one.rate),
        "n_samples": None if one is None else one.n_samples,
        "duration": finite(recording.duration),
        "start": finite(recording.start),
        "segments": [[finite(a), finite(b)] for a, b in gaps],
        "gaps": max(len(gaps) - 1, 0),
        "events": None,
        "levels": [1, *levels],
        "screen": _screen(recording),
        "format": recording.format,
    }


def traces(sources: Sources, query: Mapping[str, str], stop: Stop) -> bytes:
    """A stretch of some channels, as the module says.

    Raises
    ------
    FormatError, ParameterError, StorageError
        It cannot be read, or is too much.
    """
    recording = sources.recording(query)
    group, channels = _of_one_group(recording, chosen(query, "channels", len(recording.channels)))
    first = whole(query, "first", 0, max(group.n_samples - 1, 0), 0)
    last = whole(query, "last", 0, 2**53, group.n_samples)
    last = min(last, group.n_samples)
    if last <= first:
        raise ParameterError(
            f"first={first}, last={last}: there are {group.n_samples:,} samples. Ask for [first, last)."
        )
    columns = whole(query, "columns", 1, MOST_COLUMNS, COLUMNS)
    if columns * len(channels) > MOST_VALUES:
        raise ParameterError(
            f"{len(channels):,} channels in {columns:,} columns are more than a screen shows: {MOST_VALUES:,} values at most."
        )
    pyramid = _pyramid(sources, query, recording, group)
    bin = whole(query, "bin", 1, LARGEST_BIN, _bin(pyramid, (last - first) // columns))
    if -(-(last - first) // bin) * len(channels) > MOST_VALUES:
        raise ParameterError(
            f"bin={bin:,}: columns of so few samples are more than a screen shows. Ask for fewer."
        )
    filters = Filters.asked(query, group.rate, len(recording.channels))
    if filters is not None:
        breaks = _breaks(recording, group)
        return _filtered(filters, recording, group, channels, (first, last, bin), breaks, stop)
    rough, done = _made_ready(
        pyramid, recording, group, (first, last, bin, channels), flag(query, "exact"), stop
    )
    known = _known_bin(pyramid, first, last, bin, channels) if rough else bin
    if known is None:
        remote = recording.file is not None and recording.file.is_remote
        bin = max(-(-(last - first) // ROUGH_COLUMNS[remote]), 1)
        # Of a file elsewhere, what lies between channels is pulled with them: a request costs more.
        per_sample = _bytes(
            group, list(range(min(channels), max(channels) + 1)) if remote else channels, 0, 1
        )
        piece = min(max(ROUGH[remote] // ROUGH_COLUMNS[remote] // max(per_sample, 1), 1), bin)
        values = pyramid.sampled(first, last, bin, channels, piece, stop)
    else:
        bin = known
        values = pyramid.columns(first, last, bin, channels, stop)
    stop()
    own = [group.channels[c] for c in channels]
    values, scale, offset = _scaled(values, recording, own)
    if bin == 1:
        values = values[..., 0]
    header = {
        "approximate": rough,  # the first of all: whoever hands it on looks for it
        "done": done,
        **_told(recording, group, own, (first, last, bin), values.shape[1]),
        "scale": scale,
        "offset": offset,
    }
    return pack(header, values)


def _filtered(
    filters: Filters,
    recording: Recording,
    group: Group,
    channels: list[int],
    asked: tuple[int, int, int],
    breaks: list[int],
    stop: Stop,
) -> bytes:
    """As `traces`, of what filters leave."""
    values = filters.columns(recording, group, channels, asked, breaks, stop)
    own = [group.channels[c] for c in channels]
    header = {
        "approximate": False,
        "done": 1.0,
        **_told(recording, group, own, asked, values.shape[1]),
        "scale": None,
        "offset": None,
        "filters": filters.said(),
    }
    return pack(header, values[..., 0] if asked[2] == 1 else values)


def _told(
    recording: Recording, group: Group, own: list[int], asked: tuple[int, int, int], columns: int
) -> dict[str, Any]:
    """What the header of an answer says of its columns and channels."""
    first, last, bin = asked
    return {
        "first": first // bin * bin,
        "bin": bin,
        "columns": columns,
        "channels": own,
        "sampling_frequency": finite(group.rate),
        "n_samples": group.n_samples,
        "units": [recording.units[c] for c in own],
        "breaks": [b for b in _breaks(recording, group) if first < b < last],
    }


def _of_one_group(recording: Recording, channels: list[int]) -> tuple[Group, list[int]]:
    """Group of channels, and their places in it.

    Raises
    ------
    ParameterError
        They are of several.
    """
    groups = groups_of(recording)
    if not channels:
        raise ParameterError(f"{recording._called} has no channels: it holds annotations only.")
    wanted = set(channels)
    for group in groups:
        if wanted <= set(group.channels):
            places = {c: i for i, c in enumerate(group.channels)}
            return group, [places[c] for c in channels]
    rates = ", ".join(f"{g.rate:g} Hz ({len(g.channels)})" for g in groups)
    raise ParameterError(
        f"These channels were not sampled alike: {rates}. Ask for those of each group apart: channels=…."
    )


def _pyramid(sources: Sources, query: Mapping[str, str], recording: Recording, group: Group) -> Pyramid:
    file = recording.file
    name = "" if file is None else f"{file.uri} {file.etag} {file.size} {file.companions} {query.get('part')}"
    return sources.held(("pyramid", name, group.number), lambda: Pyramid(group.samples, cache_memo(), name))


def _bin(pyramid: Pyramid, per_column: int) -> int:
    """Samples of a column: as many as asked for, or fewer, so that a level can make them up."""
    if per_column < BASE:
        return max(per_column, 1)
    size = max(level for level in pyramid.levels if level <= per_column)
    return per_column // size * size


def _made_ready(
    pyramid: Pyramid,
    recording: Recording,
    group: Group,
    asked: tuple[int, int, int, list[int]],
    exact: bool,
    stop: Stop,
) -> tuple[bool, float]:
    """Make tiles as long as there is patience; whether some are missing then, and what part is there."""
    remote = recording.file is not None and recording.file.is_remote
    first, last, bin, channels = asked
    missing = pyramid.missing(*asked)
    if pyramid.level_of(bin) is None:
        cost = _bytes(group, channels, first, last)
    else:
        cost = sum(pyramid.bytes_of(tile) for tile in missing)
    if cost <= AT_ONCE[remote]:
        return False, 1.0
    if not missing:  # made of samples, of which there are not many
        return False, 1.0
    count = pyramid.count(*asked)
    if exact:
        until = time.monotonic() + PATIENCE
        while missing and time.monotonic() < until:
            stop()
            pyramid.make(missing.pop(0), stop)
    return bool(missing), round(1 - len(missing) / count, 4)


def _known_bin(pyramid: Pyramid, first: int, last: int, bin: int, channels: list[int]) -> int | None:
    """Samples of a wider column that can be had without reading, since somebody looked from further away."""
    for size in pyramid.levels:
        if bin < size <= (last - first) // FEWEST and not pyramid.missing(first, last, size, channels):
            return size
    return None


def _bytes(group: Group, channels: list[int], first: int, last: int) -> int:
    return bytes_of(group.samples.samples, [group.samples.channels[c] for c in channels], first, last)


def _scaled(
    values: Any, recording: Recording, own: list[int]
) -> tuple[Any, list[float] | None, list[float] | None]:
    """Values for the page: those of the file with their scale where they are short, else physical ones."""
    gains, offsets = recording.gains[own], recording.offsets[own]
    known = np.isfinite(gains) & np.isfinite(offsets)
    gains, offsets = np.where(known, gains, 1.0), np.where(known, offsets, 0.0)
    swapped = gains < 0
    values = np.array(values)
    values[swapped] = values[swapped][..., ::-1]
    if values.dtype.kind in "iu" and np.can_cast(values.dtype, np.int16):
        return values.astype(np.int16), gains.tolist(), offsets.tolist()
    with np.errstate(invalid="ignore", over="ignore"):
        physical = values * gains[:, None, None] + offsets[:, None, None]
        return physical.astype(np.float32), None, None


def _breaks(recording: Recording, group: Group) -> list[int]:
    """Samples of a group before which there is a gap."""
    if not recording.discontinuous:
        return []
    lengths = [round((b - a) * group.rate) for a, b in recording.segments]
    return [int(n) for n in np.cumsum(lengths)[:-1]]


def _screen(recording: Recording) -> float:
    """How many seconds are shown first."""
    per_second = sum(recording.sampling_frequencies)
    return next((s for s in SECONDS if s * per_second <= FIRST_SCREEN), SECONDS[-1])
