"""Arrival: a file elsewhere and its first and last bytes, in one round trip; heads that were read stay at hand for a while."""

from concurrent.futures import ThreadPoolExecutor

from neurochain.errors import StorageError
from neurochain.storage.extents import extent_cache
from neurochain.storage.file import File
from neurochain.storage.recent import RECENT, RecentHeads
from neurochain.storage.scheme import place_of

__all__ = ["file_with_head", "forget_heads", "recent_heads"]


def recent_heads() -> RecentHeads | None:
    """Where first bytes of files elsewhere stay for who opens the files next; None where nothing is to be kept."""
    return RECENT if extent_cache() is not None else None


def forget_heads() -> None:
    """Forget the first bytes of files elsewhere that this process holds."""
    RECENT.clear()


def file_with_head(uri: str, length: int, tail: int = 0) -> File:
    """File as it is now. Where it lies elsewhere, its first bytes come with the answer, and are kept for who reads them next.

    Parameters
    ----------
    uri : str
        Of the file.
    length : int
        Bytes.
    tail : int
        Of its last bytes, which are asked for at the same time.

    Raises
    ------
    StorageError
        There is none, or it is a folder.
    """
    (store, path), cache = place_of(uri), extent_cache()
    if not store.is_remote or cache is None:
        return File.at(uri)
    ranges = [(0, length, length), *([(-tail, None, tail)] if tail else [])]
    try:
        with ThreadPoolExecutor(len(ranges)) as pool:
            answers = [*pool.map(lambda r: store.read_present([path], *r)[0], ranges)]
    except StorageError:  # an empty file has no range of bytes
        answers = []
    found = [answer for answer in answers if answer is not None]
    if not found:
        return File.at(uri)
    file = File.of(found[0][0], store)
    for (start, *_), (entry, data) in zip(ranges, found, strict=False):
        if file.etag and data and entry.etag == file.etag:
            cache.keep(file.uri, file.etag, [(start if start >= 0 else entry.size - len(data), data)])
        if file._log is not None:
            file._log.count(len(data), 1)
    return file
