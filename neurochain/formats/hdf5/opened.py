"""Opened: an HDF5 file over the bytes that HDF5 asks for, by way of h5py, which is an extra."""

import io
from collections.abc import Callable
from typing import IO, Any, TypeVar

from neurochain.errors import FormatError, NeurochainError, require
from neurochain.formats.hdf5.blocks import Blocks
from neurochain.storage import File, RangeIO

__all__ = ["DAMAGE", "MARK", "look"]

MARK = b"\x89HDF\r\n\x1a\n"
DAMAGE = (
    OSError,
    LookupError,
    RuntimeError,
    ValueError,
    TypeError,
    AttributeError,
    OverflowError,
    MemoryError,
)
"""What h5py raises at a damaged file."""
EXTRA = "hdf5"

T = TypeVar("T")


def look(
    file: File,
    into: Callable[[Any], T],
    what: str = "HDF5",
    content: IO[bytes] | None = None,
    extra: str = EXTRA,
) -> T:
    """What a function finds in an open HDF5 file.

    Parameters
    ----------
    file : File
        HDF5.
    into : callable
        Gets the ``h5py.File``, and gives what is kept of it, none of h5py's objects. Of a file elsewhere it is called again
        when bytes that it needed have come, so it must do nothing else.
    what : str
        That the file is, for messages.
    content : file object, optional
        What is in it, where it has been read already.
    extra : str
        That brings h5py.

    Raises
    ------
    MissingExtraError
        h5py is not installed.
    FormatError
        The file is damaged, or `into` says so.
    StorageError
        The bytes cannot be had.
    """
    h5py = require("h5py", extra, f"{what} of {file.name}")
    if content is not None:
        found, failure = _once(h5py, content, into, what)
    else:
        blocks = Blocks(file)
        while True:
            raw = RangeIO(file.size, blocks.read, file.uri)
            found, failure = _once(h5py, io.BufferedReader(raw, 4096), into, what)
            if not blocks.missing:
                break
            blocks.fetch()
        if blocks.faults:  # what was read since then were no bytes of the file
            failure = blocks.faults.pop()
    # Raised out here, so that nothing holds on to h5py's own frames: what is left of an open file when Python ends
    # is closed by HDF5 after Python is gone, which is a fault of memory.
    if failure is not None:
        raise failure
    return found[0]


def _once(
    h5py: Any, content: IO[bytes], into: Callable[[Any], T], what: str
) -> tuple[list[T], Exception | None]:
    try:
        with h5py.File(content, "r") as root:
            return [into(root)], None
    except NeurochainError as error:
        return [], error.with_traceback(None)
    except DAMAGE as error:
        return [], FormatError(f"it is {what} and cannot be read: {error}")
