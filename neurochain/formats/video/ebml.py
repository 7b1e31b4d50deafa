"""Ebml: elements of Matroska files (RFC 8794, RFC 9559)."""

import math
import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

from neurochain.errors import FormatError

__all__ = ["UNKNOWN", "Element", "as_float", "as_int", "as_text", "elements", "number", "one"]

UNKNOWN = -1
MOST = 100_000  # elements side by side

Read = Callable[[int, int], bytes]


class Element(NamedTuple):
    """One element: its ID, where it and its content begin, and where it ends; `UNKNOWN` where that is not said."""

    id: int
    at: int
    start: int
    end: int


def one(read: Read, at: int, limit: int) -> Element:
    """Element at a byte.

    Raises
    ------
    FormatError
        There is none.
    """
    head = read(at, min(at + 12, limit))
    if not head or not head[0] & 0xF0:
        raise FormatError(f"there is no element at byte {at:,}")
    length = 9 - head[0].bit_length()
    if len(head) <= length:
        raise FormatError(f"the element at byte {at:,} is cut short")
    size, width = number(head, length)
    start = at + length + width
    return Element(
        int.from_bytes(head[:length], "big"), at, start, UNKNOWN if size == UNKNOWN else start + size
    )


def number(data: bytes, at: int) -> tuple[int, int]:
    """Number of a length of its own, and that length; `UNKNOWN` where all its bits are set."""
    first = data[at] if at < len(data) else 0
    if not first:
        raise FormatError("the length of an element cannot be")
    width = 9 - first.bit_length()
    if at + width > len(data):
        raise FormatError("an element is cut short")
    value = int.from_bytes(data[at : at + width], "big") & ((1 << 7 * width) - 1)
    return (UNKNOWN if value == (1 << 7 * width) - 1 else value), width


def elements(data: bytes, start: int = 0) -> Iterator[tuple[int, bytes]]:
    """IDs and contents of the elements in an element's content, which is here."""

    def read(first: int, last: int) -> bytes:
        return data[first:last]

    for _ in range(MOST):
        if start >= len(data):
            return
        element = one(read, start, len(data))
        if element.end > len(data) or element.end == UNKNOWN:
            raise FormatError("an element is longer than what it lies in")
        yield element.id, data[element.start : element.end]
        start = element.end
    raise FormatError(f"it has more than {MOST:,} elements side by side")


def as_int(content: bytes) -> int:
    """Unsigned integer."""
    return int.from_bytes(content[:8], "big")


def as_float(content: bytes) -> float:
    """Float of four or eight bytes; 0 where it is none."""
    if len(content) not in (4, 8):
        return 0.0
    (value,) = struct.unpack(">f" if len(content) == 4 else ">d", content)
    return float(value) if math.isfinite(value) else 0.0


def as_text(content: bytes) -> str:
    """Text."""
    return content.split(b"\0")[0].decode("utf-8", "replace")
