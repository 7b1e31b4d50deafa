"""Writing: the page as a file, whole or not at all."""

import os
from pathlib import Path

from neurochain.datasets.versions import DatasetVersion
from neurochain.errors import StorageError
from neurochain.report.page import page_of
from neurochain.storage.beside import written_beside

__all__ = ["write_report"]


def write_report(
    version: DatasetVersion,
    path: str | os.PathLike[str],
    *,
    force: bool = False,
    rows: int = 8,
    figures: int = 4,
    who: bool = False,
) -> Path:
    """Write the page; see `DatasetVersion.report`.

    Raises
    ------
    StorageError
        The file is there and not to be replaced, or cannot be written.
    VersionError
        Parts of the version are missing.
    """
    with written_beside(path, "report") as (beside, target):
        if target.exists() and not force:
            raise StorageError(
                f"report({os.fspath(path)!r}): there is such a file. Name another one, or replace it: force=True, or --force."
            )
        beside.write_bytes(page_of(version, rows, figures, who).encode("utf-8", "backslashreplace"))
    return target
