"""The neuro wing: headers by small ranges, lazy arrays, BIDS entities.

A new format is one file or folder here, one line in `registry.READERS`, and one test that subclasses
`neurochain.testing.FormatTests`. One of another package is an entry point: see `installed`.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
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
    from neurochain.formats.opening import open_array, open_recording, open_video, open_volume
    from neurochain.formats.reader import FileHeader, HeadSizes, Reader
    from neurochain.formats.recordings.annotations import Annotation
    from neurochain.formats.recordings.recording import Recording
    from neurochain.formats.registry import companions, installed_formats, reader_for, readers
    from neurochain.formats.video.reader import VideoRecord
    from neurochain.formats.video.video import Video
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
    "Video",
    "VideoRecord",
    "Volume",
    "companions",
    "dicom_directory",
    "dicom_series",
    "first_bytes",
    "installed_formats",
    "open_array",
    "open_recording",
    "open_series",
    "open_video",
    "open_volume",
    "read_header",
    "read_identifiers",
    "reader_for",
    "readers",
]

RECORDS: Mapping[str, type[BaseModel]]
"""Columns that every row of a file has, and the record of each. Made when it is first asked for, since formats of other
packages have a part in it, and they import this one."""

# Readers, and what they need, come with the first file that is looked at.
_LAZY = {
    "Annotation": "neurochain.formats.recordings.annotations",
    "BidsRecord": "neurochain.formats.bids.entities",
    "BrainVisionRecord": "neurochain.formats.brainvision.header",
    "companions": "neurochain.formats.registry",
    "dicom_directory": "neurochain.formats.dicom.directory",
    "dicom_series": "neurochain.formats.dicom.series",
    "DicomRecord": "neurochain.formats.dicom.record",
    "DirectoryEntry": "neurochain.formats.dicom.directory",
    "EdfRecord": "neurochain.formats.edf.header",
    "EeglabRecord": "neurochain.formats.eeglab.set",
    "FifRecord": "neurochain.formats.fif.header",
    "FileHeader": "neurochain.formats.reader",
    "first_bytes": "neurochain.formats.detection",
    "Header": "neurochain.formats.header",
    "HeadSizes": "neurochain.formats.reader",
    "installed_formats": "neurochain.formats.registry",
    "MghRecord": "neurochain.formats.mgh",
    "NiftiRecord": "neurochain.formats.nifti.header",
    "open_array": "neurochain.formats.opening",
    "open_recording": "neurochain.formats.opening",
    "open_series": "neurochain.formats.dicom.series",
    "open_video": "neurochain.formats.opening",
    "open_volume": "neurochain.formats.opening",
    "read_header": "neurochain.formats.headers",
    "read_identifiers": "neurochain.formats.headers",
    "Reader": "neurochain.formats.reader",
    "reader_for": "neurochain.formats.registry",
    "readers": "neurochain.formats.registry",
    "Recording": "neurochain.formats.recordings.recording",
    "Video": "neurochain.formats.video.video",
    "VideoRecord": "neurochain.formats.video.reader",
    "Volume": "neurochain.formats.volumes.volume",
}


def __getattr__(name: str) -> Any:
    if name == "RECORDS":
        return import_module("neurochain.formats.registry").records()
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_LAZY[name]), name)
    globals()[name] = value
    return value
