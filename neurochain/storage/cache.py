"""The cache folder: what can be fetched, or computed, again."""

import os
from contextlib import suppress
from functools import lru_cache
from pathlib import Path


def cache_folder() -> Path:
    """Folder of what can be fetched again: ``$NEUROCHAIN_CACHE``, else the user's cache folder."""
    environment = os.environ.get
    return _folder(environment("NEUROCHAIN_CACHE"), environment("XDG_CACHE_HOME"), environment("HOME"))


@lru_cache(maxsize=8)
def _folder(named: str | None, caches: str | None, _home: str | None) -> Path:
    """Asked for at every read of a file elsewhere."""
    if named:
        return Path(named)
    return Path(caches or Path.home() / ".cache") / "neurochain"


def forget_oldest(folder: Path, limit: int, names: str = "*") -> None:
    """Delete what was not used for longest, where files hold more than a limit; a tenth of it is made free.

    Parameters
    ----------
    folder : Path
        Of the files, at any depth.
    limit : int
        Bytes.
    names : str
        Pattern of the files that are meant; others are neither counted nor deleted.
    """
    found = []
    for path in folder.rglob(names):
        with suppress(OSError):
            if path.is_file():
                status = path.stat()
                found.append((status.st_mtime, status.st_size, path))
    held = sum(size for _, size, _ in found)
    if held <= limit:
        return
    for _, size, path in sorted(found):
        if held <= limit * 9 // 10:
            return
        with suppress(OSError):
            path.unlink()
        held -= size
