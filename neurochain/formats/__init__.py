"""The neuro wing: headers by small ranges, lazy arrays, BIDS entities.

A new format is one file or folder here, one line in `registry.READERS`, and one test that subclasses
`neurochain.testing.FormatTests`. One of another package is an entry point: see `installed`.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from neurochain.formats.bids.entities import BidsRecord
from neurochain.formats.brainvision.header import BrainVisionRecord
from neurochain.formats.detection import first_bytes
from neurochain.formats.dicom.directory import DirectoryEntry, dicom_directory
from neurochain.formats.dicom.record import DicomRecord
from neurochain.formats.dicom.series import dicom_series, open_series
from neurochain.formats.edf.header import EdfRecord
from neurochain.formats.eeglab.set import EeglabRecord
from neurochain.formats.fif.header import FifRecord
from neurochain.formats.header import Header
from neurochain.formats.headers import read_header, read_identifiers
from neurochain.formats.mgh import MghRecord
from neurochain.formats.nifti.header import NiftiRecord
from neurochain.formats.opening import open_array, open_recording, open_volume
from neurochain.formats.reader import FileHeader, HeadSizes, Reader
from neurochain.formats.recordings.annotations import Annotation
from neurochain.formats.recordings.recording import Recording
from neurochain.formats.registry import companions, installed_formats, reader_for, readers, records
from neurochain.formats.volumes.volume import Volume

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

RECORDS: Mapping[str, type[BaseModel]]
"""Columns that every row of a file has, and the record of each. Made when it is first asked for, since formats of other
packages have a part in it, and they import this one."""


def __getattr__(name: str) -> Any:
    if name == "RECORDS":
        return records()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
