"""Copies: whole files from elsewhere on this disk, once per content, for libraries that take nothing but a path."""

import hashlib
import tempfile
from collections.abc import Callable
from pathlib import Path

from neurochain.errors import StorageError
from neurochain.storage.cache import cache_folder
from neurochain.storage.folders import is_whole

STEP = 8 * 2**20  # bytes that are pulled at a time


def copied(uri: str, etag: str, size: int, pull: Callable[[int, int], bytes]) -> Path:
    """Path of a file's copy, which is made unless it is there.

    Parameters
    ----------
    uri, etag : str
        The file, and its content.
    size : int
        Bytes.
    pull : callable
        Gives the bytes [start, end) of it.

    Raises
    ------
    StorageError
        It is a folder, its bytes cannot be had, or there is no room for them.
    """
    name = uri.rpartition("/")[2]
    if is_whole(name):
        raise StorageError(f"{uri} is a folder, and lies elsewhere: open it, or the files in it (within).")
    key = hashlib.sha256(f"{uri}\n{etag}".encode()).hexdigest()[:32]
    target = cache_folder() / "files" / key / name
    if target.exists() and target.stat().st_size == size:
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as out:
            for start in range(0, size, STEP):
                out.write(pull(start, min(size, start + STEP)))
        Path(out.name).replace(target)
    except OSError as error:
        if isinstance(error, StorageError):
            raise
        raise StorageError(f"{uri} cannot be copied to {target.parent}: {error}.") from error
    return target
