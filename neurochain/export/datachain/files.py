"""Files: our files as DataChain's, and back.

The one that a function gets reads through ours, so what it reads is counted, checked against the etag and
recorded in the lineage.
"""

import io
from datetime import UTC, datetime
from typing import IO, Any

from neurochain.errors import SchemaError, StorageError
from neurochain.export.datachain.package import package
from neurochain.storage import File

PURPOSE = "A file of DataChain"


def as_datachain_file(file: File | None, cls: Any = None) -> Any:
    """File as DataChain's, for a function whose parameter is annotated so.

    Parameters
    ----------
    file : File or None
        None stays None.
    cls : class, optional
        ``datachain.File``, or one that is derived from it (``TextFile``, ``ImageFile``).

    Returns
    -------
    datachain.File
        Its ``open``, ``read``, ``read_text``, ``get_info`` … read through `file`; it cannot be written to.

    Raises
    ------
    MissingExtraError
        datachain is not installed.
    """
    if file is None:
        return None
    made = (cls or package(PURPOSE).File)(**file_fields(file))
    made._set_stream(_Through(file, made))
    return made


def file_fields(file: File) -> dict[str, Any]:
    """Fields of DataChain's file: its source is the folder or bucket, its path what is below."""
    client = package(PURPOSE, "datachain.client.fsspec").Client.get_implementation(file.uri)
    source, path = client.split_url(file.uri)
    fields: dict[str, Any] = {
        "source": str(client.storage_uri(source)),
        "path": path,
        "size": file.size,
        "etag": file.etag,
    }
    return fields if file.mtime is None else {**fields, "last_modified": file.mtime}


def of_datachain_file(given: Any, row: int, column: str) -> File | None:
    """Our file for one of DataChain's; None for one without a path.

    A local file is the one that lies there now, since DataChain knows it by its time of modification alone.

    Raises
    ------
    SchemaError
        It is a member of an archive.
    """
    if given is None or not given.path:
        return None
    if given.location:
        raise SchemaError(
            f"Column {column!r}: row {row} is {given.path!r} inside an archive, and a file here is one object. Export "
            "it first (DataChain's to_storage), and read the copies."
        )
    uri = str(given.get_fs_path())
    if "://" not in uri:
        try:
            return File.at(uri)
        except StorageError:
            return File(uri, given.size)
    modified = given.last_modified
    known = isinstance(modified, datetime) and modified.timestamp() > 0
    return File(uri, given.size, given.etag, modified.astimezone(UTC) if known else None)


class _Through:
    """What DataChain's file asks for bytes: in place of its catalog, client and cache, all of one file."""

    client_config: dict[str, Any] = {}  # noqa: RUF012 read by DataChain, changed by nobody

    def __init__(self, file: File, made: Any) -> None:
        self._file, self._made = file, made

    def get_client(self, source: str, **_config: Any) -> Any:
        if source == self._made.source:
            return self
        return package(PURPOSE, "datachain.query").Session.get().catalog.get_client(source)

    def open_object(self, _file: Any, **_options: Any) -> IO[bytes]:
        return self._file.open()

    def get_file_info(self, _path: str) -> Any:
        return self._made

    @property
    def cache(self) -> "_Through":
        return self

    def get_path(self, _file: Any) -> str:
        return str(self._file.local_path())

    def download(self, _file: Any, **_options: Any) -> None:
        self._file.local_path()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise io.UnsupportedOperation(
            f"{self._file.uri} is read through neurochain, which has no {name}(): open() and read() it, and write "
            "results where they are returned."
        )
