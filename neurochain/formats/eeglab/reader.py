"""EeglabReader: recordings of EEGLAB, ``.set`` alone or with ``.fdt``."""

from collections.abc import Mapping
from math import prod
from typing import Any, Literal

import numpy as np

from neurochain.errors import FormatError, StorageError
from neurochain.formats.arrays.slicing import Axis, plan
from neurochain.formats.arrays.stored import Array, ByteArray, DecodedArray
from neurochain.formats.eeglab import hdf5 as eeglab_hdf5
from neurochain.formats.eeglab import mat5 as eeglab_mat5
from neurochain.formats.eeglab.set import EeglabRecord, EeglabSet, file_name
from neurochain.formats.matlab.mat5 import is_hdf5, is_mat5
from neurochain.formats.reader import FileHeader
from neurochain.formats.recordings.annotations import Annotation
from neurochain.formats.recordings.recording import Recording
from neurochain.formats.volumes.volume import Volume
from neurochain.storage import File, Memo
from neurochain.storage.planner import REQUEST_BYTES

__all__ = ["EeglabReader", "found_in"]

UNIT = "uV"  # EEGLAB has no field for it, and takes microvolts for granted
LEARNT = 256 * 1024  # bytes of a .set file without samples: up to these the next one is pulled at once


class EeglabReader:
    """Reader of EEGLAB's recordings. Epochs follow each other as one recording with gaps."""

    name = "eeglab"
    formats = ("eeglab",)
    array: Literal["volume", "recording"] = "recording"
    record = EeglabRecord
    suffixes = (".set",)
    head_size = 16 * 1024
    companions: Mapping[str, tuple[str, ...]] = {".set": (".fdt",)}

    def matches(self, head: bytes, name: str) -> bool:
        """Whether a MAT-file stands there; since many are no recordings, only where the name says so."""
        return name.lower().endswith(self.suffixes) and (is_mat5(head) or is_hdf5(head))

    def read_header(self, file: File, head: bytes) -> FileHeader:
        """Header of a ``.set`` file, and whether the samples are all there."""
        header: dict[str, Any] = {"format": "eeglab"}
        found = found_in(file, head, whole=False)
        try:
            _shape_into(header, found)
            dtype, _, problem = _place(file, found)
            header["dtype"] = dtype.name
            if problem is not None:
                header["error"] = problem
        except FormatError as error:
            header["error"] = str(error)
        return FileHeader(header, "eeglab", found.record(), _learnt(file, found))

    def identifiers(self, file: File) -> dict[str, str]:
        """None: who was recorded has a code, and no field for more."""
        return {}

    def volume(self, file: File, memo: Memo | None = None) -> Volume:
        """EEGLAB's files hold recordings."""
        raise FormatError(f"{file.uri} is an EEGLAB file, not a volume: open it as a recording.")

    def recording(self, file: File, memo: Memo | None = None) -> Recording:
        """Channels over time in microvolts, read by range where they are not compressed."""
        try:
            found = found_in(file, file.read_range(0, self.head_size))
            array = _samples(file, found)
            labels, rate, n_samples = found.labels, found.sampling_frequency, found.n_samples
            gaps = found.has_gaps()
        except FormatError as error:
            raise FormatError(f"{file.uri}: {error}.") from None
        count = len(labels)
        return Recording(
            file,
            "eeglab",
            self.recording,
            EeglabSamples(array, file.size if isinstance(array, DecodedArray) else None),
            channels=tuple(labels),
            units=(UNIT,) * count,
            sampling_frequencies=(rate,) * count,
            lengths=(n_samples,) * count,
            gains=np.ones(count),
            offsets=np.zeros(count),
            start_time=None,
            duration=n_samples / rate,
            discontinuous=gaps,
            annotations=lambda: [Annotation(*event) for event in found.annotations()],
        )


class EeglabSamples:
    """Stored samples: the channels of each moment stand together.

    Parameters
    ----------
    array : Array
        Shape (n_channels, n_samples).
    packed : int, optional
        Bytes that must be pulled for whatever is read, where they are compressed as one.
    """

    def __init__(self, array: Array, packed: int | None = None) -> None:
        self._array, self._packed = array, packed
        self.dtype = array.dtype

    def read(self, channels: list[int], start: int, end: int) -> np.ndarray[Any, Any]:
        """Samples [start, end) of channels, shape (n_channels, end - start)."""
        if not channels or end <= start:
            return np.empty((len(channels), max(end - start, 0)), self.dtype)
        block = self._array.select(_axes(channels, start, end))
        picked: np.ndarray[Any, Any] = block[[c - min(channels) for c in channels]]
        if picked.dtype.kind == "f":
            # A float32 that is a signalling NaN, as chance makes them, warns at the first use.
            with np.errstate(invalid="ignore"):
                picked *= picked.dtype.type(1)
        return picked

    def bytes_needed(self, channels: list[int], start: int, end: int) -> int:
        """Bytes that `read` pulls where bytes are saved; nothing is read. Of chunks those of the values."""
        if not channels or end <= start:
            return 0
        if self._packed is not None:
            return self._packed
        axes = _axes(channels, start, end)
        blocks = plan(self._array.shape, self.dtype.itemsize, "F", axes, REQUEST_BYTES)
        return sum(last - first for first, last, _, _ in blocks.ranges(REQUEST_BYTES))


def _axes(channels: list[int], start: int, end: int) -> tuple[Axis, Axis]:
    """Selection that holds some channels, and those between them."""
    first = min(channels)
    return Axis(first, 1, max(channels) - first + 1), Axis(start, 1, end - start)


def found_in(file: File, head: bytes, whole: bool = True) -> EeglabSet:
    """What a ``.set`` file says, of whichever version it is.

    Parameters
    ----------
    file : File
        ``.set``.
    head : bytes
        Its first bytes.
    whole : bool
        Whether labels and events are looked for however far behind compressed samples they stand.

    Raises
    ------
    FormatError
        It is no such file, or damaged.
    MissingExtraError
        It is an HDF5 file, and h5py is not installed.
    """
    return eeglab_hdf5.find(file) if is_hdf5(head) else eeglab_mat5.find(file, head, whole)


def _learnt(file: File, found: EeglabSet) -> int | None:
    """Bytes that had to be pulled, where the files of a folder are alike in that."""
    return file.size if found.stored_shape is None and file.size <= LEARNT else None


def _shape_into(header: dict[str, Any], found: EeglabSet) -> None:
    """Fields of `Header` that the numbers of the file say."""
    header["n_channels"] = found.n_channels
    header["n_samples"] = found.n_samples
    header["shape"] = [found.n_channels, found.n_samples]
    header["sampling_frequency"] = found.sampling_frequency
    header["duration"] = found.n_samples / found.sampling_frequency


def _samples(file: File, found: EeglabSet) -> Array:
    """Samples as an array of shape (n_channels, n_samples).

    Raises
    ------
    FormatError
        They are not there, or not as many as the header says.
    """
    shape = found.n_channels, found.n_samples
    dtype, data, _ = _place(file, found)
    if data is not None:
        return ByteArray(data, 0, shape, dtype, "F")
    if found.samples is None:
        raise FormatError("EEG.data holds no samples")
    return found.samples(shape)


def _place(file: File, found: EeglabSet) -> tuple[np.dtype[Any], File | None, str | None]:
    """Type of the samples, the file beside that holds them, and what is amiss though they can be read.

    Raises
    ------
    FormatError
        They are not there, or not as many as the header says.
    """
    shape = found.n_channels, found.n_samples
    if found.stored_shape is not None and found.stored_dtype is not None:
        if found.stored_shape[0] != shape[0] or prod(found.stored_shape) != prod(shape):
            raise FormatError(
                f"EEG.data is {' x '.join(map(str, found.stored_shape))}, and nbchan, pnts and trials say "
                f"{shape[0]} x {shape[1] // found.trials} x {found.trials}"
            )
        return found.stored_dtype, None, None
    named = found.data_file or file_name(found.values.get("datfile"))
    if not named:
        raise FormatError("EEG.data is neither an array of real numbers nor the name of a file")
    if not named.lower().endswith(".fdt"):
        raise FormatError(
            f"EEG.data names {named!r}; only .fdt files are read. Save the recording anew with EEGLAB"
        )
    data, problem = _beside(file, named)
    if data.size != (needed := 4 * prod(shape)):
        reason = "it is cut short" if data.size < needed else "it is of another recording"
        raise FormatError(
            f"{data.name} has {data.size:,} bytes, and {shape[0]} channels of {shape[1]:,} samples of float32 need "
            f"{needed:,}: {reason}"
        )
    return np.dtype("<f4"), data, problem


def _beside(file: File, named: str) -> tuple[File, str | None]:
    """File with the samples: the one that is named, else the one of the same stem, as EEGLAB takes it too."""
    found = _present(file, named)
    if found is not None:
        return found, None
    own = file.name.rpartition(".")[0] + ".fdt"
    found = _present(file, own) if own != named else None
    if found is None:
        raise FormatError(f"EEG.data names {named!r}, and no such file lies beside it")
    return (
        found,
        f"EEG.data names {named!r}, which is not there; the samples are read from {own!r}. Was it renamed?",
    )


def _present(file: File, name: str) -> File | None:
    try:
        return file.beside(name)
    except StorageError as error:
        # Stores on this machine name the cause, those elsewhere say it in words.
        if isinstance(error.__cause__, FileNotFoundError) or "does not exist" in str(error):
            return None
        raise
