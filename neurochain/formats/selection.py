"""Selection: which part of what a file holds is meant, as plain JSON that finds it again."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from neurochain.errors import FormatError
from neurochain.formats.recordings.part import Part
from neurochain.formats.recordings.recording import Recording
from neurochain.formats.video.video import Video
from neurochain.formats.volumes.volume import Volume

__all__ = ["select", "selection"]


def selection(array: Recording | Volume | Video) -> dict[str, Any]:
    """What was picked, cut out and asked for in stored numbers; empty for the whole.

    Examples
    --------
    >>> recording = Recording.of([[0.0, 1], [2, 3]], 2.0)
    >>> selection(recording), selection(recording.pick([1]))
    ({}, {'channels': [1]})
    """
    found: dict[str, Any] = {}
    if isinstance(array, Recording):
        whole, part = array._whole, array._part
        if array._is_stored and array.file is not None:
            found["stored"] = True
        if array._is_window:
            found["part"] = asdict(part)
        elif part.channels != whole.channels:
            found["channels"] = list(part.channels)
        return found
    if isinstance(array, Video):
        if array._is_grey:
            found["grey"] = True
        if array._first or array._behind < len(array._index.order):
            found["frames"] = [array._first, array._behind]
        return found
    if array._is_stored:
        found["stored"] = True
    if array._cut is not None:
        found["crop"] = [list(cut) for cut in array._cut]
    return found


def select(whole: Any, chosen: Mapping[str, Any]) -> Any:
    """The part of a whole array that a `selection` says.

    Raises
    ------
    FormatError
        The array has no such part.
    """
    try:
        return _selected(whole, chosen)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise FormatError(f"{whole!r} has no part {dict(chosen)!r:.100}: {error}.") from None


def _selected(array: Any, chosen: Mapping[str, Any]) -> Any:
    if chosen.get("stored"):
        array = array.stored
    if chosen.get("grey"):
        array = array.grey
    if "channels" in chosen:
        array = array.pick(chosen["channels"])
    if "part" in chosen:
        part = chosen["part"]
        fields: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in part.items()
        }
        array = array._pick(fields["channels"])._cut(Part(**fields))
    if "frames" in chosen:
        array = array._with(_first=chosen["frames"][0], _behind=chosen["frames"][1])
    if "crop" in chosen:
        array = array.crop(*chosen["crop"])
    return array
