"""Registry: the readers of all formats, and the records of what they read."""

from collections.abc import Mapping
from functools import lru_cache

from pydantic import BaseModel

from neurochain.errors import FormatError
from neurochain.formats.bids.entities import BidsRecord
from neurochain.formats.brainvision.reader import BrainVisionReader
from neurochain.formats.dicom.reader import DicomReader
from neurochain.formats.edf.reader import EdfReader
from neurochain.formats.eeglab.reader import EeglabReader
from neurochain.formats.fif.reader import FifReader
from neurochain.formats.header import Header
from neurochain.formats.installed import Installed, installed
from neurochain.formats.mgh import MghReader
from neurochain.formats.nifti.reader import NiftiReader
from neurochain.formats.reader import Reader

__all__ = ["READERS", "companions", "installed_formats", "reader_for", "readers", "records"]

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


@lru_cache(maxsize=1)
def records() -> Mapping[str, type[BaseModel]]:
    """Columns that every row of a file has, and the record of each."""
    return {"header": Header, **{reader.name: reader.record for reader in readers()}, "bids": BidsRecord}


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
