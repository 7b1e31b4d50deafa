"""Header: what every format says about its files, in one record."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Header", "column"]


def column(description: str, unit: str | None = None, **extra: Any) -> Any:
    """Nullable field of a record; error messages show the unit beside the column's name."""
    extra = {"unit": unit, **extra} if unit else extra
    return Field(default=None, description=description, json_schema_extra=extra)


class Header(BaseModel):
    """Header of a file, whatever its format; null where a format has no such thing.

    Units are always s, mm and Hz, whatever the file uses inside. Headers are built as plain dicts with
    exactly these types (a record instance per file would cost more than reading it).

    Examples
    --------
    >>> Header.model_fields["voxel_sizes"].json_schema_extra
    {'unit': 'mm'}
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    format: str | None = column(
        '"dicom", "nifti", "analyze", "mgh", "edf", "bdf", "brainvision", "eeglab", "fif", "spikeglx", "openephys", "openephys_legacy", "nwb", "hdf5", "zarr", "ome-zarr", "mp4", "mov", "avi", "mkv", "binary", or of another package; null for any other file'
    )
    modality: str | None = column('As the file says: "MR", "CT", "PT"; null where it says nothing')
    shape: list[int] | None = column(
        "Of the array, in the order of its axes; null where there is no one array"
    )
    dtype: str | None = column(
        'Of the array as stored: "int16", "float32", "int24", "rgb24"; of a video "uint8", as slices are'
    )
    voxel_sizes: list[float] | None = column("Along the spatial axes of the array", "mm")
    affine: list[float] | None = column(
        "Voxel indices to RAS+ coordinates (of OME-Zarr to its own): the 16 numbers of the 4x4 matrix, row by row",
        "mm",
    )
    sampling_frequency: float | None = column("One for all channels; null where rates differ", "Hz")
    n_channels: int | None = column("Signals, annotation signals left out")
    n_samples: int | None = column("Of each channel or voxel; null where rates differ")
    duration: float | None = column("Of what was recorded, gaps left out", "s")
    start_time: datetime | None = column("Local time where it was recorded, without time zone")
    error: str | None = column("What the file says that is not so, and where; null for a sound file")
