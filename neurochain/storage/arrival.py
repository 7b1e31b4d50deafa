"""Arrival: a file elsewhere and its first bytes, in one round trip."""

from neurochain.errors import StorageError
from neurochain.storage.extents import extent_cache
from neurochain.storage.file import File
from neurochain.storage.scheme import split_uri, store_for

__all__ = ["file_with_head"]


def file_with_head(uri: str, length: int) -> File:
    """File as it is now. Where it lies elsewhere, its first bytes come with the answer, and are kept for who reads them next.

    Parameters
    ----------
    uri : str
        Of the file.
    length : int
        Bytes.

    Raises
    ------
    StorageError
        There is none, or it is a folder.
    """
    scheme, path = split_uri(uri)
    store, cache = store_for(scheme), extent_cache()
    if not store.is_remote or cache is None:
        return File.at(uri)
    try:
        (found,) = store.read_present([path], 0, length, length)
    except StorageError:  # an empty file has no range of bytes
        found = None
    if found is None:
        return File.at(uri)
    entry, data = found
    file = File.of(entry, store)
    if file.etag and data:
        cache.keep(file.uri, file.etag, [(0, data)])
    if file._log is not None:
        file._log.count(len(data), 1)
    return file
