"""Detection: which reader a file is for: its content decides, its name says who is asked first."""

from functools import lru_cache

from neurochain.formats.reader import HeadSizes, Reader
from neurochain.formats.registry import readers
from neurochain.storage import File, is_whole

__all__ = ["PLAIN", "claimed", "detect", "first_bytes", "mismatch", "named_by"]

SNIFF = 4096  # bytes asked of a file whose name says nothing
PLAIN = frozenset(
    [
        ".json",
        ".tsv",
        ".tsv.gz",
        ".csv",
        ".txt",
        ".md",
        ".rst",
        ".html",
        ".htm",
        ".xml",
        ".yml",
        ".yaml",
        ".toml",
        ".py",
        ".ipynb",
        ".m",
        ".r",
        ".sh",
        ".log",
        ".pdf",
        ".png",
        ".jpg",
        ".jpeg",
        ".gif",
        ".svg",
        ".bval",
        ".bvec",
        ".vmrk",
        ".eeg",
        ".zip",
        ".tar",
        ".sqlite",
        ".parquet",
        ".mat",
        ".fdt",
        ".npy",
        ".npz",
    ]
)
"""Endings of files that are never looked into: a folder of sidecars costs no request."""


def first_bytes(file: File, sizes: HeadSizes) -> int:
    """How many bytes `read_header` will ask for first; 0 for a file that it does not look into."""
    return _first_bytes(file, named_by(file), sizes)


def _first_bytes(file: File, named: Reader | None, sizes: HeadSizes) -> int:
    if is_whole(file.name):  # a folder has none
        return 0
    if named is not None:
        return min(sizes.wanted(file, named), file.size)
    ending = file.suffix[1:]
    if file.suffix in PLAIN:
        return 0
    # Scanners call their files IM0001 or 1.2.840.…: most such are DICOM.
    return min(SNIFF if ending and not ending.isdigit() else sizes.wanted(file, readers()[0]), file.size)


def named_by(file: File) -> Reader | None:
    """Reader that the name asks for."""
    suffix = file.suffix
    found = _by_suffix().get(suffix)
    if found is None and suffix in _last_of_several():
        name = file.name.lower()
        return next((reader for reader in readers() if name.endswith(reader.suffixes)), None)
    return found


@lru_cache(maxsize=1)
def _by_suffix() -> dict[str, Reader]:
    """The first reader of each ending."""
    return {suffix: reader for reader in reversed(readers()) for suffix in reader.suffixes}


@lru_cache(maxsize=1)
def _last_of_several() -> frozenset[str]:
    """Last parts of the endings that have several: ``.meta`` of ``.ap.meta``."""
    several = (suffix for reader in readers() for suffix in reader.suffixes if suffix.count(".") > 1)
    return frozenset(f".{suffix.rpartition('.')[2]}" for suffix in several)


def detect(file: File, named: Reader | None, sizes: HeadSizes) -> tuple[Reader | None, bytes]:
    """Reader that knows the content, and the first bytes; of a folder the reader that its name asks for, and none."""
    if is_whole(file.name):
        return (named if named is not None and named.matches(b"", file.name) else None), b""
    # What was fetched ahead was as much as was known then; `read_header` asks for more where it must.
    head = file.read_range(0, file.held or _first_bytes(file, named, sizes) or SNIFF)
    asked = [named, *(r for r in readers() if r is not named)] if named is not None else readers()
    return next((reader for reader in asked if reader.matches(head, file.name)), None), head


def claimed(reader: Reader, file: File) -> str:
    """What a file claims to be by its name."""
    return next((f for f in reader.formats if file.suffix == f".{f}"), reader.formats[0])


def mismatch(reader: Reader, file: File, head: bytes) -> str:
    """Why a file is not what its name says."""
    if not file.size:
        return "the file is empty (0 bytes)"
    return f"its name ends in {file.suffix!r}, but it is no {claimed(reader, file).upper()} file: it begins with {head[:8]!r}"
