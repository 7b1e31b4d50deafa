"""Pairs: formats whose header is one file and whose values are another, of the same name but for its ending."""

import errno
import json
from collections.abc import Callable, Sequence

from neurochain.errors import FileChangedError, FormatError, StorageError
from neurochain.storage import File

__all__ = ["named_file", "owner", "partner"]

# What an operating system says of a name that no file can have, or that none has.
ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ)


def named_file(look: Callable[[str], File], name: str) -> File | None:
    """File that another one names; None where there is none, or the name leads out of the folder.

    Parameters
    ----------
    look : callable
        `File.beside` or `File.below` of the one that names it.
    name : str
        As it is written there.

    Raises
    ------
    FileChangedError, StorageError
        It has changed since both were listed, or cannot be had.
    """
    try:
        return look(name)
    except FileChangedError:
        raise
    except StorageError as error:
        # A network that fails says nothing about the file: that must not become a fault of it.
        cause = error.__cause__
        if cause is None or (isinstance(cause, OSError) and cause.errno in ABSENT):
            return None
        if isinstance(cause, FileNotFoundError):
            return None
        raise


def partner(file: File, ending: str, others: Sequence[str]) -> File:
    """File of the same name with another ending.

    Parameters
    ----------
    file : File
        One of the pair.
    ending : str
        Its own ending, in any case.
    others : sequence of str
        Endings that the other may have; those in the case of this one's are looked for first.

    Raises
    ------
    FormatError
        There is no such file.
    StorageError
        It cannot be had, or has changed since both were listed.
    """
    stem, own = file.name[: -len(ending)], file.name[-len(ending) :]
    names = [stem + other for other in sorted(others, key=lambda other: other.isupper() != own.isupper())]
    listed = set(json.loads(file.companions)) if file.companions else set()
    for name in sorted(names, key=lambda name: name not in listed):
        try:
            return file.beside(name)
        except FileChangedError:
            raise
        except StorageError as error:
            if not isinstance(error.__cause__, FileNotFoundError):
                raise
    raise FormatError(f"it is one half of a pair, and there is no {names[0]} beside it: bring both")


def owner(file: File, ending: str, other: str) -> File:
    """File to which a file belongs.

    Parameters
    ----------
    file : File
        That belongs to another: the ``.img`` of a ``.hdr``.
    ending, other : str
        Its own ending, and that of the other, in lower case.

    Raises
    ------
    FormatError
        There is no such file.
    StorageError
        It cannot be had.
    """
    try:
        return partner(file, ending, (other, other.upper()))
    except FormatError as error:
        raise FormatError(f"{file.uri} is of no known format by itself: {error}.") from None
