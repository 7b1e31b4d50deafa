"""Declared: an array of a file as a recording, where the caller says what its axes are."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.binary.layout import BinaryLayout
from neurochain.formats.recordings.arrayed import ArraySamples
from neurochain.formats.recordings.recording import Recording
from neurochain.formats.volumes.volume import Volume
from neurochain.storage import File

__all__ = ["declared"]


def declared(open_volume: Callable[[File], Volume], said: Mapping[str, Any], file: File) -> Recording:
    """An array of one axis, time, or of two, as a recording.

    Parameters
    ----------
    open_volume : callable
        Gives the array of the file.
    said : mapping
        ``channels``, ``sampling_frequency``, ``gain``, ``offset`` and ``unit`` as of `BinaryLayout.of`. The axis that has as
        many entries as there are channels is theirs.
    file : File
        That holds it.

    Raises
    ------
    FormatError
        No axis is as long as there are channels, or both are.
    """
    volume = open_volume(file)
    shape = volume.shape
    if len(shape) not in (1, 2) or volume.dtype.kind not in "iuf":
        raise FormatError(
            f"{file.uri}: an array of {len(shape)} axes of {volume.dtype} is no recording, which has channels and times."
        )
    channels = said.get("channels")
    if channels is None and len(shape) == 2:
        raise FormatError(
            f"{file.uri}: of an array of {shape[0]:,} x {shape[1]:,}, say channels=… too: nothing is assumed."
        )
    try:
        layout = BinaryLayout.of(
            1 if channels is None else channels,
            said["sampling_frequency"],
            volume.stored.dtype,
            said.get("gain"),
            said.get("offset"),
            said.get("unit") or "",
        )
    except FormatError as error:
        raise FormatError(f"{file.uri}: {error}.") from None
    count, rate = layout.n_channels, layout.sampling_frequency
    fitting = [i for i in range(2) if len(shape) == 2 and shape[i] == count]
    if (len(shape) == 1 and count != 1) or (len(shape) == 2 and len(fitting) != 1):
        both = "both axes have" if len(fitting) == 2 else "no axis has"
        raise FormatError(
            f"{file.uri}: {count:,} channels are said, and {both} as many: its shape is {shape}."
        )
    time = 0 if len(shape) == 1 else 1 - fitting[0]
    return Recording(
        file,
        volume.format,
        partial(declared, open_volume, said),
        ArraySamples(volume._array, time),
        channels=layout.labels,
        units=(layout.unit,) * count,
        sampling_frequencies=(rate,) * count,
        lengths=(shape[time],) * count,
        gains=np.array(layout.gains, np.float64),
        offsets=np.array(layout.offsets, np.float64),
        start_time=None,
        duration=shape[time] / rate,
    )
