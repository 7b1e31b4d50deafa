"""Series: the images that belong to a DICOM file, as far as the version lists them."""

import polars as pl

from neurochain.datasets.versions import DatasetVersion
from neurochain.errors import ParameterError
from neurochain.formats import Volume, open_series
from neurochain.storage import File
from neurochain.web.api.row import flat_row

__all__ = ["series_of", "volume_of_series"]

UID = "dicom.SeriesInstanceUID"
MOST = 20_000  # images


def series_of(version: DatasetVersion, key: str, column: str) -> tuple[File, ...]:
    """Files in the folder of a row's file that are of the same series; empty where it is of none, or the only one."""
    columns = set(version.scan().collect_schema().names())
    if column != "file" or UID not in columns:
        return ()
    row = flat_row(version, key)
    uri, uid = row["file.uri"][0], row[UID][0]
    if uri is None or uid is None:
        return ()
    folder = uri.rpartition("/")[0] + "/"
    beside = pl.col("file.uri").str.starts_with(folder)
    inside = ~pl.col("file.uri").str.slice(len(folder)).str.contains("/", literal=True)
    fields = [f"file.{name}" for name in ("uri", "size", "etag", "companions")]
    found = (
        version.scan()
        .filter(pl.col(UID) == uid, beside, inside)
        .select(fields)
        .unique(keep="first", maintain_order=True)
        .head(MOST + 1)
        .collect()
    )
    if not 1 < found.height <= MOST:
        return ()
    return tuple(File(u, size, etag, companions=c) for u, size, etag, c in found.iter_rows())


def volume_of_series(files: tuple[File, ...], part: str | None) -> Volume:
    """The volume of a series; of several (echoes, magnitude and phase) the one of a number.

    Raises
    ------
    FormatError, StorageError
        They make no volume.
    ParameterError
        There is no such number.
    """
    volumes = open_series(files)
    number = int(part) if part is not None and part.isascii() and part.isdecimal() else 0
    if (part is not None and str(number) != part) or number >= len(volumes):
        raise ParameterError(f"part={part!r}: this series holds {len(volumes)} volumes, from part=0 on.")
    return volumes[number]
