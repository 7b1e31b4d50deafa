r"""BrainVision markers: ``.vmrk``, one line for each.

``Mk<number>=<type>,<description>,<position>,<size>,<channel>[,<date>]``, position and size in samples and the first
sample number 1. BrainVision Core Data Format 1.0.
"""

import re
from datetime import datetime

from neurochain.errors import FormatError
from neurochain.formats.brainvision_header import text_of

__all__ = ["annotations", "gaps", "start_time"]

SEGMENT = "New Segment"
_MARKER = re.compile(r"^Mk([0-9]{1,9})=([^\r\n]*)", re.MULTILINE)
_FIRST = re.compile(
    r"^Mk[0-9]{1,9}=New Segment,[^,\r\n]*,[ \t]*[01],[^,\r\n]*,[^,\r\n]*,([0-9]{20})", re.MULTILINE
)
_LATER = re.compile(r"^Mk[0-9]{1,9}=New Segment,[^,\r\n]*,[ \t]*([0-9]{1,15})[ \t]*,", re.MULTILINE)
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
    if found is None:
        return None
    digits = found[1]
    parts = [int(digits[a:b]) for a, b in ((0, 4), (4, 6), (6, 8), (8, 10), (10, 12), (12, 14), (14, 20))]
    try:
        return datetime(parts[0], parts[1], parts[2], parts[3], parts[4], parts[5], parts[6])
    except ValueError:  # twenty zeros, where the date was taken out
        return None


def gaps(data: bytes) -> bool:
    """Whether recording was stopped and went on: a new segment begins behind the first sample."""
    return any(int(position) > 1 for position in _LATER.findall(text_of(data)))


def annotations(data: bytes, sampling_frequency: float) -> tuple[tuple[float, float, str], ...]:
    r"""Markers of a marker file, in its order.

    Parameters
    ----------
    data : bytes
        Of the whole file.
    sampling_frequency : float, Hz
        Of the recording.

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
        onset = (int(parts[3]) - 1) / sampling_frequency
        duration = int(parts[4] or 0) / sampling_frequency
        found.append((onset, duration, f"{parts[1]}/{parts[2]}".replace(r"\1", ",")))
    return tuple(found)
