"""The neuro wing: headers by small ranges, lazy arrays, BIDS entities. One file per format.

A new format is one file here, one line in `READERS`, and one test that subclasses
`neurochain.testing.FormatTests`. One of another package is an entry point: see `installed`.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

from neurochain.errors import FormatError, StorageError
from neurochain.formats.annotations import Annotation
from neurochain.formats.bids import BidsRecord
from neurochain.formats.brainvision import BrainVisionReader
from neurochain.formats.brainvision_header import BrainVisionRecord
from neurochain.formats.dicom import DicomReader
from neurochain.formats.dicom_directory import DirectoryEntry, dicom_directory
from neurochain.formats.dicom_record import DicomRecord
from neurochain.formats.dicom_series import dicom_series, open_series
from neurochain.formats.edf import EdfReader
from neurochain.formats.edf_header import EdfRecord
from neurochain.formats.eeglab import EeglabReader
from neurochain.formats.eeglab_set import EeglabRecord
from neurochain.formats.fif import FifReader
from neurochain.formats.fif_header import FifRecord
from neurochain.formats.header import Header
from neurochain.formats.installed import Installed, installed
from neurochain.formats.mgh import MghReader, MghRecord
from neurochain.formats.nifti import NiftiReader
from neurochain.formats.nifti_header import NiftiRecord
from neurochain.formats.pairs import owner
from neurochain.formats.reader import FileHeader, HeadSizes, Reader
from neurochain.formats.recording import Recording
from neurochain.formats.volume import Volume
from neurochain.storage import File, Memo

__all__ = [
    "RECORDS",
    "Annotation",
    "BidsRecord",
    "BrainVisionRecord",
    "DicomRecord",
    "DirectoryEntry",
    "EdfRecord",
    "EeglabRecord",
    "FifRecord",
    "FileHeader",
    "HeadSizes",
    "Header",
    "MghRecord",
    "NiftiRecord",
    "Reader",
    "Recording",
    "Volume",
    "companions",
    "dicom_directory",
    "dicom_series",
    "first_bytes",
    "installed_formats",
    "open_array",
    "open_recording",
    "open_series",
    "open_volume",
    "read_header",
    "read_identifiers",
    "reader_for",
    "readers",
]

READERS: tuple[Reader, ...] = (
    DicomReader(),
    NiftiReader(),
    MghReader(),
    EdfReader(),
    BrainVisionReader(),
    EeglabReader(),
    FifReader(),
)
"""In the order in which they are asked; those of other packages come behind them."""

RECORDS: Mapping[str, type[BaseModel]]
"""Columns that every row of a file has, and the record of each. Made when it is first asked for, since formats of other
packages have a part in it, and they import this one."""

SNIFF = 4096  # bytes asked of a file whose name says nothing
PLAIN = frozenset(
    [
        ".json",
        ".tsv",
        ".tsv.gz",
        ".csv",
        ".txt",
        ".md",
        ".rst",
        ".html",
        ".htm",
        ".xml",
        ".yml",
        ".yaml",
        ".toml",
        ".py",
        ".ipynb",
        ".m",
        ".r",
        ".sh",
        ".log",
        ".pdf",
        ".png",
        ".jpg",
        ".jpeg",
        ".gif",
        ".svg",
        ".bval",
        ".bvec",
        ".vmrk",
        ".eeg",
        ".zip",
        ".tar",
        ".sqlite",
        ".parquet",
        ".mat",
        ".fdt",
        ".npy",
        ".npz",
    ]
)
"""Endings of files that are never looked into: a folder of sidecars costs no request."""


def __getattr__(name: str) -> Any:
    if name == "RECORDS":
        return _records()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@lru_cache(maxsize=1)
def _records() -> Mapping[str, type[BaseModel]]:
    return {"header": Header, **{reader.name: reader.record for reader in readers()}, "bids": BidsRecord}


@lru_cache(maxsize=1)
def _nulls() -> dict[str, dict[str, Any]]:
    return {name: dict.fromkeys(record.model_fields) for name, record in _records().items()}


@lru_cache(maxsize=1)
def readers() -> tuple[Reader, ...]:
    """Readers of all formats, in the order in which they are asked."""
    return (*READERS, *(one.reader for one in installed_formats()))


def installed_formats() -> tuple[Installed, ...]:
    """Formats that other packages bring, by the entry point group ``neurochain.formats``."""
    ours = {name for reader in READERS for name in (reader.name, *reader.formats)}
    return installed(frozenset({*ours, "file", "header", "bids", "sidecar", "identifiers"}))


def companions() -> dict[str, tuple[str, ...]]:
    """Endings of the files that belong to a file, by its own ending: ``{".hdr": (".img",)}``."""
    return {ending: others for reader in readers() for ending, others in reader.companions.items()}


def reader_for(format: str) -> Reader:
    """Reader of what `header.format` says.

    Raises
    ------
    FormatError
        There is none.

    Examples
    --------
    >>> reader_for("bdf").name
    'edf'
    """
    for reader in readers():
        if format in reader.formats:
            return reader
    known = ", ".join(f for reader in readers() for f in reader.formats)
    raise FormatError(f"No reader knows the format {format!r}. Known: {known}.")


def read_header(file: File, sizes: HeadSizes | None = None) -> FileHeader:
    """Header of a file, from small ranges.

    Content decides, the name only says who is asked first and whether a file is looked into at all. A file
    that lies about itself has its reason in ``header["error"]``; any other file has no format.

    Parameters
    ----------
    file : File
        Of any kind.
    sizes : HeadSizes, optional
        How long the headers of its neighbours were; learns from this one.

    Returns
    -------
    FileHeader
        With every field of its records; ``header["format"]`` is None for a file of no known format.

    Raises
    ------
    StorageError
        The bytes cannot be had.
    """
    found = _read(file, sizes or HeadSizes())
    # Complete rows: whoever makes columns of them need not ask which keys there are.
    found.header = _nulls()["header"] | found.header
    if found.name is not None and found.record is not None:
        found.record = _nulls()[found.name] | found.record
    return found


def read_identifiers(file: File, name: str | None) -> dict[str, str]:
    """What names a person in a file's header, for those who asked for it; empty for most formats.

    Parameters
    ----------
    file : File
        Of any kind.
    name : str or None
        Of its format's record.

    Raises
    ------
    StorageError
        The bytes cannot be had.
    """
    reader = next((r for r in readers() if r.name == name), None)
    return reader.identifiers(file) if reader is not None else {}


def first_bytes(file: File, sizes: HeadSizes) -> int:
    """How many bytes `read_header` will ask for first; 0 for a file that it does not look into."""
    named = _named(file)
    if named is not None:
        return min(sizes.wanted(file, named), file.size)
    ending = file.suffix[1:]
    if file.suffix in PLAIN:
        return 0
    # Scanners call their files IM0001 or 1.2.840.…: most such are DICOM.
    return min(SNIFF if ending and not ending.isdigit() else sizes.wanted(file, READERS[0]), file.size)


def _read(file: File, sizes: HeadSizes) -> FileHeader:
    named = _named(file)
    if named is None and file.suffix in PLAIN:
        return FileHeader()
    try:
        reader, head = _detect(file, named, sizes)
        if reader is None:
            return FileHeader() if named is None else _wrong(file, named, _not(named, file, head))
        if len(head) < (wanted := sizes.wanted(file, reader)):
            head += file.read_range(len(head), wanted)
        try:
            found = reader.read_header(file, head)
        except FormatError as error:
            return _wrong(file, reader, str(error))
        if found.length is not None:
            sizes.learn(file, reader, found.length)
        return found
    except StorageError:
        raise
    except Exception as error:  # a fault of ours must cost a row, never the job
        return FileHeader(
            {
                "format": None if named is None else _format(named, file),
                "error": f"unexpected {type(error).__name__} while reading the header: {error}",
            }
        )


def open_volume(file: File, format: str | None = None, memo: Memo | None = None) -> Volume:
    """Open a file as a lazy array with spatial axes.

    Parameters
    ----------
    file : File
        DICOM, NIfTI or MGH.
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
    reader, first = _reader(file, format)
    return reader.volume(first, memo)


def open_recording(file: File, format: str | None = None, memo: Memo | None = None) -> Recording:
    """Open a file as a lazy array of channels over time.

    Parameters
    ----------
    file : File
        EDF, BDF or EEGLAB.
    format : str, optional
        As in `header.format`; by default the content tells.
    memo : Memo, optional
        Where readers remember what is costly to find again.

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
    reader, first = _reader(file, format)
    return reader.recording(first, memo)


def open_array(file: File, format: str | None = None, memo: Memo | None = None) -> Volume | Recording:
    """Open a file as the lazy array that its format holds.

    Parameters
    ----------
    file : File
        Of a known format.
    format : str, optional
        As in `header.format`; by default the content tells.
    memo : Memo, optional
        Where readers remember what is costly to find again.

    Raises
    ------
    FormatError
        The file is of no known format, or not what its header promises.
    StorageError
        The bytes cannot be had.
    """
    reader, first = _reader(file, format)
    return reader.recording(first, memo) if reader.array == "recording" else reader.volume(first, memo)


def _reader(file: File, format: str | None) -> tuple[Reader, File]:
    """Reader of a file, and the file that is opened: of one that belongs to another, that other."""
    if format is not None:
        return reader_for(format), file
    reader, head = _detect(file, named := _named(file), HeadSizes())
    if reader is None:
        for ending, others in companions().items():
            own = next((other for other in others if file.name.endswith(other)), None)
            if own is not None:
                return _reader(owner(file, own, ending), None)
        known = ", ".join(s for r in readers() for s in r.suffixes)
        reason = _not(named, file, head) if named is not None else f"it begins with {head[:8]!r}"
        raise FormatError(f"{file.uri} is of no known format: {reason}. Known are {known}.")
    return reader, file


def _named(file: File) -> Reader | None:
    """Reader that the name asks for."""
    return next((reader for reader in readers() if file.suffix in reader.suffixes), None)


def _detect(file: File, named: Reader | None, sizes: HeadSizes) -> tuple[Reader | None, bytes]:
    """Reader that knows the content, and the first bytes."""
    head = file.read_range(0, first_bytes(file, sizes) or SNIFF)
    asked = readers() if named is None else (named, *(r for r in readers() if r is not named))
    return next((reader for reader in asked if reader.matches(head, file.name)), None), head


def _format(reader: Reader, file: File) -> str:
    """What a file claims to be by its name."""
    return next((f for f in reader.formats if file.suffix == f".{f}"), reader.formats[0])


def _not(reader: Reader, file: File, head: bytes) -> str:
    if not file.size:
        return "the file is empty (0 bytes)"
    return f"its name ends in {file.suffix!r}, but it is no {_format(reader, file).upper()} file: it begins with {head[:8]!r}"


def _wrong(file: File, reader: Reader, error: str) -> FileHeader:
    return FileHeader({"format": _format(reader, file), "error": error})
