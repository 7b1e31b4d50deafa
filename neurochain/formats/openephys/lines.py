"""Lines: digital inputs that Open Ephys recorded beside a stream, as annotations.

Source: https://open-ephys.github.io/gui-docs/User-Manual/Recording-data/Binary-format.html#events
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.arrays.npy import open_npy
from neurochain.formats.arrays.slicing import Axis
from neurochain.formats.pairs import named_file
from neurochain.formats.recordings.annotations import Annotation
from neurochain.storage import File

__all__ = ["FILES", "annotations", "line_folders"]

FILES = ("sample_numbers.npy", "timestamps.npy", "states.npy", "channel_states.npy")
NUMBERS, STATES = FILES[:2], FILES[2:]  # of GUI 0.6 and later, and before


def line_folders(events: Any, stream: str) -> list[str]:
    """Folders of the lines of a stream, as ``structure.oebin`` lists them under ``events``.

    Parameters
    ----------
    events : list of dict
        As it stands there.
    stream : str
        Folder of the stream.
    """
    listed = events if isinstance(events, list) else []
    names = [one.get("folder_name") for one in listed if isinstance(one, dict)]
    folders = [name.strip("/") for name in names if isinstance(name, str)]
    return [
        name
        for name in folders
        if name.rpartition("/")[0] == stream and name.rpartition("/")[2].upper().startswith("TTL")
    ]


def annotations(file: File, folders: Sequence[str], first: int, rate: float) -> tuple[Annotation, ...]:
    """``TTL 3`` from when line 3 goes high until it is low again.

    Parameters
    ----------
    file : File
        ``structure.oebin``.
    folders : sequence of str
        Below ``events``.
    first : int
        Number of the stream's first sample.
    rate : float, Hz
        Of the stream.

    Raises
    ------
    FormatError
        A file is missing, damaged, or does not fit the others.
    """
    found: list[Annotation] = []
    for folder in folders:
        numbers, states = _whole(file, folder, NUMBERS), _whole(file, folder, STATES)
        if numbers is None or states is None:
            continue  # nothing was recorded
        if len(numbers) != len(states):
            raise FormatError(f"events/{folder}: {len(numbers):,} sample numbers, and {len(states):,} states")
        high: dict[int, float] = {}
        for number, state in zip(numbers.tolist(), states.tolist(), strict=True):
            time, line = (number - first) / rate, abs(state)
            if state > 0:
                high.setdefault(line, time)
            elif line in high:
                begun = high.pop(line)
                found.append(Annotation(begun, time - begun, f"TTL {line}"))
        found += [Annotation(begun, None, f"TTL {line}") for line, begun in high.items()]
    return tuple(sorted(found, key=lambda a: (a.onset, a.text)))


def _whole(file: File, folder: str, names: Sequence[str]) -> np.ndarray[Any, np.dtype[np.int64]] | None:
    """The first of some files that holds whole numbers; None where there is none."""
    for name in names:
        place = named_file(file.below, f"events/{folder}/{name}")
        if place is None:
            continue
        array = open_npy(place)
        if len(array.shape) != 1:
            raise FormatError(f"events/{folder}/{name} is no .npy of one axis")
        if array.dtype.kind not in "iu":
            continue  # seconds, since 0.6
        values: np.ndarray[Any, np.dtype[np.int64]] = array.select((Axis(0, 1, array.shape[0]),)).astype(
            np.int64
        )
        return values
    return None
