r"""BrainVision markers: ``.vmrk``, one line for each.

``Mk<number>=<type>,<description>,<position>,<size>,<channel>[,<date>]``, position and size in samples and the first
sample number 1. BrainVision Core Data Format 1.0.
"""

import re
from datetime import datetime

from neurochain.errors import FormatError
from neurochain.formats.brainvision.header import text_of

__all__ = ["annotations", "new_segments", "segments", "start_time"]

SEGMENT = "New Segment"
DRIFT = 1.0  # seconds
_MARKER = re.compile(r"^Mk([0-9]{1,9})=([^\r\n]*)", re.MULTILINE)
_FIRST = re.compile(
    r"^Mk[0-9]{1,9}=New Segment,[^,\r\n]*,[ \t]*[01],[^,\r\n]*,[^,\r\n]*,([0-9]{20})", re.MULTILINE
)
_SEGMENTS = re.compile(
    r"^Mk[0-9]{1,9}=New Segment,[^,\r\n]*,[ \t]*([0-9]{1,15})[ \t]*,[^,\r\n]*,[^,\r\n]*(?:,([0-9]*))?",
    re.MULTILINE,
)
_ENTRY = re.compile(r"([^,]*),([^,]*),[ \t]*(-?[0-9]{1,15})[ \t]*(?:,[ \t]*([0-9]{0,15})[ \t]*(?:,.*)?)?")
# Some programs write commas in descriptions as they are: then all three numbers must stand behind.
_COMMAS = re.compile(
    r"([^,]*),(.*),[ \t]*(-?[0-9]{1,15})[ \t]*,[ \t]*([0-9]{1,15})[ \t]*,[ \t]*-?[0-9]{1,9}[ \t]*(?:,[0-9]*)?"
)


def start_time(data: bytes) -> datetime | None:
    r"""Local time of the first sample, from the first bytes of a marker file; None where it does not say.

    Examples
    --------
    >>> start_time(b"[Marker Infos]\nMk1=New Segment,,1,1,0,20131113161403794232\n")
    datetime.datetime(2013, 11, 13, 16, 14, 3, 794232)
    """
    found = _FIRST.search(text_of(data))
    return None if found is None else _time(found[1])


def _time(digits: str) -> datetime | None:
    if len(digits) != 20:
        return None
    parts = [int(digits[a:b]) for a, b in ((0, 4), (4, 6), (6, 8), (8, 10), (10, 12), (12, 14), (14, 20))]
    try:
        return datetime(parts[0], parts[1], parts[2], parts[3], parts[4], parts[5], parts[6])
    except ValueError:  # twenty zeros, where the date was taken out
        return None


def new_segments(data: bytes) -> list[tuple[int, datetime | None]]:
    r"""Samples with which the recording began, and went on after it was stopped; each with its local time.

    Examples
    --------
    >>> new_segments(b"Mk1=New Segment,,1,1,0,20200203040506000000\n" b"Mk9=New Segment,,501,1,0\n")
    [(0, datetime.datetime(2020, 2, 3, 4, 5, 6)), (500, None)]
    """
    found: dict[int, datetime | None] = {0: None}
    for position, digits in _SEGMENTS.findall(text_of(data)):
        first = max(int(position) - 1, 0)
        found[first] = found.get(first) or _time(digits)
    return sorted(found.items())


def segments(
    data: bytes, n_samples: int, sampling_frequency: float
) -> tuple[tuple[float, float], ...] | None:
    r"""Times [start, end) of each stretch without gaps, from the dates of the markers with which they begin.

    Parameters
    ----------
    data : bytes
        Of the marker file.
    n_samples : int
        Of each channel.
    sampling_frequency : float, Hz
        Of the recording.

    Returns
    -------
    tuple of (float, float) or None
        Seconds from the first sample; None where there are gaps that nobody timed.

    Examples
    --------
    >>> marks = b"Mk1=New Segment,,1,1,0,20200203040506000000\n" b"Mk2=New Segment,,501,1,0,20200203040516000000\n"
    >>> segments(marks, 750, 250.0)
    ((0.0, 2.0), (10.0, 11.0))
    """
    begun = [(first, time) for first, time in new_segments(data) if first < n_samples]
    bounds = [first for first, _ in begun] + [n_samples]
    found = [(0.0, bounds[1] / sampling_frequency)]
    origin = begun[0][1]
    for i, (first, time) in enumerate(begun[1:], 1):
        if origin is None or time is None:
            return None
        start, before = (time - origin).total_seconds(), found[-1][1]
        if start < before - DRIFT:
            return None
        # The clock of the computer, which wrote the dates, and that of the amplifier part a little.
        start = max(start, before)
        found.append((start, start + (bounds[i + 1] - first) / sampling_frequency))
    return tuple(found)


def annotations(
    data: bytes, sampling_frequency: float, times: tuple[tuple[float, float], ...] | None = None
) -> tuple[tuple[float, float, str], ...]:
    r"""Markers of a marker file, in its order.

    Parameters
    ----------
    data : bytes
        Of the whole file.
    sampling_frequency : float, Hz
        Of the recording.
    times : tuple of (float, float), seconds, optional
        From `segments`: the clock then goes on in gaps. Else samples follow each other at once.

    Returns
    -------
    tuple of (float, float, str)
        Onset and duration in seconds, the first sample at 0, and ``type/description``. The marker of the start, which
        holds the date, is left out.

    Raises
    ------
    FormatError
        A marker has no position.

    Examples
    --------
    >>> annotations(b"Mk1=New Segment,,1,1,0\nMk2=Stimulus,S  1,501,250,0\n", 500.0)
    ((1.0, 0.5, 'Stimulus/S  1'),)
    """
    found = []
    for i, (number, entry) in enumerate(_MARKER.findall(text_of(data))):
        parts = _ENTRY.fullmatch(entry) or _COMMAS.fullmatch(entry)
        if i == 0 and entry.partition(",")[0] == SEGMENT:
            continue
        if parts is None:
            raise FormatError(f"its marker Mk{number} stands at no sample: {entry[:80]!r}")
        onset = _onset((int(parts[3]) - 1) / sampling_frequency, times)
        duration = int(parts[4] or 0) / sampling_frequency
        found.append((onset, duration, f"{parts[1]}/{parts[2]}".replace(r"\1", ",")))
    return tuple(found)


def _onset(seconds: float, times: tuple[tuple[float, float], ...] | None) -> float:
    """Time on the clock that goes on in gaps, from the seconds of samples before it."""
    before = 0.0
    for start, end in times or ():
        if seconds < before + end - start:
            return start + seconds - before
        before += end - start
    return seconds if not times else times[-1][1] + seconds - before
