"""Opening: from a file, a path or a URI to the lazy array that lies there."""

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.binary.declared import declared
from neurochain.formats.binary.layout import BinaryLayout
from neurochain.formats.binary.reader import open_binary
from neurochain.formats.detection import PLAIN, detect, mismatch, named_by
from neurochain.formats.hdf5.blocks import TAIL
from neurochain.formats.pairs import owner
from neurochain.formats.reader import FilmReader, HeadSizes, LevelReader, PartReader, Reader
from neurochain.formats.recordings.recording import Recording
from neurochain.formats.registry import companions, reader_for, readers
from neurochain.formats.video.video import Video
from neurochain.formats.volumes.volume import Volume
from neurochain.storage import Access, File, Memo, address, cache_memo, file_with_head, remember, unlisted

__all__ = ["open", "open_array", "open_recording", "open_video", "open_volume"]

HEAD = 64 * 1024  # bytes of a file elsewhere that come with what it is
DESCRIBED_LAST = (".nwb", ".h5", ".hdf5", ".h5ad")  # endings of files that say at their end what they hold


# The builtin is not used here; the name is meant to be read with its package: nc.open(…).
def open(
    source: str | os.PathLike[str] | File,
    *,
    format: str | None = None,
    part: str | None = None,
    resolution: float | None = None,
    channels: int | Iterable[str] | None = None,
    sampling_frequency: float | None = None,
    dtype: Any = None,
    gain: float | Sequence[float] | None = None,
    offset: float | Sequence[float] | None = None,
    unit: str = "",
    first_byte: int = 0,
    anon: bool = False,
    storage_options: Mapping[str, Any] | None = None,
) -> Volume | Recording | Video:
    """Open a file as the lazy array that it holds: a Volume, a Recording or a Video, as its content says.

    Only the header is read. What is costly to find again, as the seek index of a ``.nii.gz``, is remembered in the cache
    folder, where chains find it too.

    Parameters
    ----------
    source : str, path or File
        One file, or a folder that is one (``.zarr``), which is not listed for it: with ``File.at(path)`` it is, and chunks
        that change meanwhile are errors. Of several that belong together, their header: ``.vhdr``, ``.hdr``.
    format : str, optional
        As in `header.format`; by default the content tells.
    part : str, optional
        Which of several arrays in a file: the name of a stream of Open Ephys, the path of a time series of NWB, or of an
        array in an HDF5 file or a Zarr folder.
    resolution : float, mm, optional
        Which level of an OME-Zarr image: the coarsest whose voxels are no larger than that along each spatial axis; by
        default the finest.
    channels, sampling_frequency, dtype, gain, offset, unit, first_byte
        How raw samples lie, of which no file beside says it: as of `BinaryLayout.of`. Of an array in HDF5 all but `dtype`
        and `first_byte`, which the file says: it is then opened as a recording.
    anon : bool
        Read public buckets without credentials.
    storage_options : mapping, optional
        As of `read_storage`.

    Raises
    ------
    FormatError
        The file is of no known format, or not what its header promises.
    StorageError
        There is none, or its bytes cannot be had.

    Examples
    --------
    >>> volume = nc.open("s3://openneuro.org/ds000001/sub-01/anat/sub-01_T1w.nii.gz", anon=True)    # doctest: +SKIP
    >>> volume.at_mm(-42, -22, 54)                                                                 # doctest: +SKIP
    >>> recording = nc.open("night.edf")                                                           # doctest: +SKIP
    >>> recording.window(30, 60)                                                                   # doctest: +SKIP
    <Recording night.edf (23 channels, 30 s from 30 s) 256 Hz>
    """
    uri = source.uri if isinstance(source, File) else os.fspath(source)
    place = address(uri)
    if place is not None and (anon or storage_options):
        access = Access.of({**({"anon": True} if anon else {}), **(storage_options or {})})
        remember(place, access)
        folder = place.rpartition("/")[0]
        if "://" in folder:  # others may belong to it
            remember(folder, access)
    file = source if isinstance(source, File) else unlisted(uri) or _found(uri)
    if channels is not None and not isinstance(channels, int | str):
        channels = list(channels)
    raw = {"channels": channels, "sampling_frequency": sampling_frequency, "dtype": dtype}
    more = {"gain": gain, "offset": offset, "unit": unit or None, "first_byte": first_byte or None}
    opened = _opened(file, format, part, resolution, raw, more)
    said = {"format": format, "part": part, "resolution": resolution} | raw | more
    opened.opened_with = {name: _plain(value) for name, value in said.items() if value is not None}
    return opened


def _opened(
    file: File,
    format: str | None,
    part: str | None,
    resolution: float | None,
    raw: Mapping[str, Any],
    more: Mapping[str, Any],
) -> Volume | Recording | Video:
    missing = [name for name, value in raw.items() if value is None]
    said = {name: value for name, value in more.items() if value is not None}
    if raw["dtype"] is None and raw["sampling_frequency"] is not None and "first_byte" not in said:
        scale = {"gain": more["gain"], "offset": more["offset"], "unit": more["unit"] or ""}
        opened = _declared(file, format, part, {**raw, **scale})
        if opened is not None:
            return opened
    if len(missing) == len(raw) and not said:
        return open_array(file, format, part=part, resolution=resolution)
    if missing:
        raise FormatError(f"{file.uri}: of raw samples, say {' and '.join(missing)} too: nothing is assumed.")
    try:
        layout = BinaryLayout.of(**raw, **said)
    except FormatError as error:
        raise FormatError(f"{file.uri}: {error}.") from None
    return open_binary(layout, file)


def _plain(value: Any) -> Any:
    """An argument as plain JSON."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(one) for one in value]
    return value if isinstance(value, str | int | float) else np.dtype(value).str


def _found(uri: str) -> File:
    """File at an address; the first time that it is opened, its first bytes come along."""
    memo, key = cache_memo(), f"opened 1: {uri}"
    if (
        address(uri) is None or memo.get(key) is not None
    ):  # what is read of it is kept, but for the time that it was written
        return File.at(uri)
    file = file_with_head(uri, HEAD, TAIL if uri.lower().endswith(DESCRIBED_LAST) else 0)
    memo.put(key, b"1")
    return file


def open_volume(file: File, format: str | None = None, memo: Memo | None = None) -> Volume:
    """Open a file as a lazy array with spatial axes.

    Parameters
    ----------
    file : File
        DICOM, NIfTI, Analyze or MGH.
    format : str, optional
        As in `header.format`; by default the content tells.
    memo : Memo, optional
        Where readers remember what is costly to find again.

    Raises
    ------
    FormatError
        The file holds no volume, or not what its header promises.
    StorageError
        The bytes cannot be had.
    """
    reader, first = _reader_of(file, format)
    return reader.volume(first, memo)


def open_recording(
    file: File, format: str | None = None, memo: Memo | None = None, header_bytes: int | None = None
) -> Recording:
    """Open a file as a lazy array of channels over time.

    Parameters
    ----------
    file : File
        EDF, BDF, BrainVision, EEGLAB, FIF, SpikeGLX, or raw samples beside which a file describes them.
    format : str, optional
        As in `header.format`; by default the content tells.
    memo : Memo, optional
        Where readers remember what is costly to find again.
    header_bytes : int, optional
        Size of the header, where it is known as the format is: a file elsewhere then gives it in one request.

    Raises
    ------
    FormatError
        The file holds no recording, or not what its header promises.
    StorageError
        The bytes cannot be had.

    Examples
    --------
    >>> import numpy as np
    >>> from neurochain.testing.edf import write_edf
    >>> waves = np.sin(np.arange(2560) / 4) * [[20.0], [50.0]]
    >>> recording = open_recording(File.at(write_edf("made.edf", waves, 256, ["Fp1", "O2"])))
    >>> recording
    <Recording made.edf (2 channels, 10 s) 256 Hz>
    >>> window = recording.window(2.0, 3.0, channels=["O2"])
    >>> window.bytes_needed()
    512
    >>> window[0].round(1)[:4]
    array([36.1, 26.4, 15. ,  2.8])
    """
    reader, first = _reader_of(file, format)
    if format is not None and header_bytes is not None and header_bytes > reader.head_size:
        first.hold(header_bytes)
    return reader.recording(first, memo)


def open_video(file: File, format: str | None = None, memo: Memo | None = None) -> Video:
    """Open a file as a lazy array of frames over time.

    Parameters
    ----------
    file : File
        MP4, MOV, AVI, MKV or WebM.
    format : str, optional
        As in `header.format`; by default the content tells.
    memo : Memo, optional
        Where the index of its packets is remembered.

    Raises
    ------
    FormatError
        The file holds no video, is cut short, or contradicts itself.
    StorageError
        The bytes cannot be had.
    """
    reader, first = _reader_of(file, format)
    if not isinstance(reader, FilmReader):
        raise FormatError(
            f"{file.uri} is a {reader.name.upper()} file, which holds a {reader.array}, no video."
        )
    return reader.video(first, memo)


def open_array(
    file: File,
    format: str | None = None,
    memo: Memo | None = None,
    part: str | None = None,
    resolution: float | None = None,
) -> Volume | Recording | Video:
    """Open a file as the lazy array that its format holds.

    Parameters
    ----------
    file : File
        Of a known format.
    format : str, optional
        As in `header.format`; by default the content tells.
    memo : Memo, optional
        Where readers remember what is costly to find again.
    part : str, optional
        Which of several arrays in the file.
    resolution : float, mm, optional
        Which of several levels of an image.

    Raises
    ------
    FormatError
        The file is of no known format, or not what its header promises.
    StorageError
        The bytes cannot be had.
    """
    reader, first = _reader_of(file, format)
    if resolution is not None:
        if not isinstance(reader, LevelReader):
            raise FormatError(f"{file.uri} has no levels: leave out resolution={resolution:g}.")
        return reader.level(resolution, first, memo, part)
    if part is not None:
        if not isinstance(reader, PartReader):
            raise FormatError(f"{file.uri} holds one array: leave out part={part!r}.")
        return reader.part(part, first, memo)
    if isinstance(reader, FilmReader) and reader.array == "video":
        return reader.video(first, memo)
    return reader.recording(first, memo) if reader.array == "recording" else reader.volume(first, memo)


def _declared(file: File, format: str | None, part: str | None, said: Mapping[str, Any]) -> Recording | None:
    """An array of a file as the recording that the caller says it is; None where the file's arrays have no names."""
    reader, first = _reader_of(file, format)
    if not isinstance(reader, PartReader) or reader.array != "volume":
        return None
    return declared(reader.volume if part is None else partial(reader.part, part), said, first)  # type: ignore[arg-type]


def _reader_of(file: File, format: str | None) -> tuple[Reader, File]:
    """Reader of a file, and the file that is opened: of one that belongs to another, that other."""
    if format is not None:
        return reader_for(format), file
    memo, key = cache_memo(), f"format 1: {file.uri} {file.etag}"
    remembers = file.is_remote and bool(file.etag)
    if remembers and (known := memo.get(key)) is not None:
        with suppress(FormatError):  # of a package that is not here any more
            return reader_for(known.decode()), file
    reader, head = detect(file, named := named_by(file), HeadSizes())
    if reader is None or not reader.suffixes:  # raw samples may belong to another file that describes them
        for ending, others in companions().items():
            mine = [other for other in others if other.startswith(".") and other not in PLAIN]
            own = next((other for other in mine if file.name.endswith(other)), None)
            if own is None:
                continue
            try:
                first = owner(file, own, ending)
            except FormatError:
                if reader is None:
                    raise
            else:
                return _reader_of(first, None)
    if reader is None:
        endings = ", ".join(s for r in readers() for s in r.suffixes)
        reason = mismatch(named, file, head) if named is not None else f"it begins with {head[:8]!r}"
        raise FormatError(f"{file.uri} is of no known format: {reason}. Known are {endings}.")
    if remembers:  # a round trip each time
        memo.put(key, reader.formats[0].encode())
    return reader, file
