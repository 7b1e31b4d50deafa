"""Reading headers: what the first bytes of any file say."""

from functools import lru_cache
from typing import Any

from neurochain.errors import FormatError, MissingExtraError, StorageError
from neurochain.formats.detection import PLAIN, claimed, detect, mismatch, named_by
from neurochain.formats.reader import FileHeader, HeadSizes, Reader
from neurochain.formats.registry import readers, records
from neurochain.storage import File

__all__ = ["read_header", "read_identifiers"]


@lru_cache(maxsize=1)
def _nulls() -> dict[str, dict[str, Any]]:
    return {name: dict.fromkeys(record.model_fields) for name, record in records().items()}


def read_header(file: File, sizes: HeadSizes | None = None) -> FileHeader:
    """Header of a file, from small ranges.

    Content decides, the name only says who is asked first and whether a file is looked into at all. A file
    that lies about itself has its reason in ``header["error"]``; any other file has no format.

    Parameters
    ----------
    file : File
        Of any kind.
    sizes : HeadSizes, optional
        How long the headers of its neighbours were; learns from this one.

    Returns
    -------
    FileHeader
        With every field of its records; ``header["format"]`` is None for a file of no known format.

    Raises
    ------
    StorageError
        The bytes cannot be had.
    """
    found = _read(file, sizes or HeadSizes())
    # Complete rows: whoever makes columns of them need not ask which keys there are.
    found.header = _nulls()["header"] | found.header
    if found.name is not None and found.record is not None:
        found.record = _nulls()[found.name] | found.record
    return found


def read_identifiers(file: File, name: str | None) -> dict[str, str]:
    """What names a person in a file's header, for those who asked for it; empty for most formats.

    Parameters
    ----------
    file : File
        Of any kind.
    name : str or None
        Of its format's record.

    Raises
    ------
    StorageError
        The bytes cannot be had.
    """
    reader = next((r for r in readers() if r.name == name), None)
    return reader.identifiers(file) if reader is not None else {}


def _read(file: File, sizes: HeadSizes) -> FileHeader:
    named = named_by(file)
    if named is None and file.suffix in PLAIN:
        return FileHeader()
    try:
        reader, head = detect(file, named, sizes)
        if reader is None:
            return FileHeader() if named is None else _wrong(file, named, mismatch(named, file, head))
        if reader is not named and len(head) < (wanted := sizes.wanted(file, reader)):
            head += file.read_range(len(head), wanted)
        try:
            found = reader.read_header(file, head)
        except (FormatError, MissingExtraError) as error:
            return _wrong(file, reader, str(error))
        if found.length is not None:
            sizes.learn(file, reader, found.length)
        return found
    except StorageError:
        raise
    except Exception as error:  # a fault of ours must cost a row, never the job
        return FileHeader(
            {
                "format": None if named is None else claimed(named, file),
                "error": f"unexpected {type(error).__name__} while reading the header: {error}",
            }
        )


def _wrong(file: File, reader: Reader, error: str) -> FileHeader:
    return FileHeader({"format": claimed(reader, file), "error": error})
