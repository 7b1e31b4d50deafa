"""Registry: the readers of all formats, and the records of what they read."""

from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module

from pydantic import BaseModel

from neurochain.errors import FormatError
from neurochain.formats.bids.entities import BidsRecord
from neurochain.formats.header import Header
from neurochain.formats.installed import Installed, installed
from neurochain.formats.reader import Reader

__all__ = ["READERS", "companions", "installed_formats", "reader_for", "readers", "records"]

READERS = (
    "neurochain.formats.dicom.reader:DicomReader",
    "neurochain.formats.nifti.reader:NiftiReader",
    "neurochain.formats.mgh:MghReader",
    "neurochain.formats.edf.reader:EdfReader",
    "neurochain.formats.brainvision.reader:BrainVisionReader",
    "neurochain.formats.eeglab.reader:EeglabReader",
    "neurochain.formats.fif.reader:FifReader",
    "neurochain.formats.spikeglx.reader:SpikeglxReader",
    "neurochain.formats.openephys.oebin:OpenEphysReader",
    "neurochain.formats.openephys.continuous:ContinuousReader",
    "neurochain.formats.nwb.reader:NwbReader",
    "neurochain.formats.hdf5.reader:Hdf5Reader",
    "neurochain.formats.zarr.reader:ZarrReader",
    "neurochain.formats.video.reader:VideoReader",
)
"""In the order in which they are asked; those of other packages come behind them. By name, since they take 0.2 s to
import, and a chain without files needs none of them."""

LAST = "neurochain.formats.binary.reader:BinaryReader"
"""Asked when nobody else knows the content."""


@lru_cache(maxsize=1)
def _ours() -> tuple[Reader, ...]:
    found = (name.split(":") for name in (*READERS, LAST))
    return tuple(getattr(import_module(module), reader)() for module, reader in found)


@lru_cache(maxsize=1)
def records() -> Mapping[str, type[BaseModel]]:
    """Columns that every row of a file has, and the record of each."""
    return {"header": Header, **{reader.name: reader.record for reader in readers()}, "bids": BidsRecord}


@lru_cache(maxsize=1)
def readers() -> tuple[Reader, ...]:
    """Readers of all formats, in the order in which they are asked."""
    *ours, last = _ours()
    return (*ours, *(one.reader for one in installed_formats()), last)


def installed_formats() -> tuple[Installed, ...]:
    """Formats that other packages bring, by the entry point group ``neurochain.formats``."""
    ours = {name for reader in _ours() for name in (reader.name, *reader.formats)}
    return installed(frozenset({*ours, "file", "header", "bids", "sidecar", "identifiers"}))


def companions() -> dict[str, tuple[str, ...]]:
    """Endings of the files that belong to a file, by its own ending, and whole names: ``{".hdr": (".img",)}``."""
    found: dict[str, tuple[str, ...]] = {}
    for reader in readers():
        for ending, others in reader.companions.items():
            found[ending] = (*found.get(ending, ()), *others)
    return found


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
