"""Fragments of compressed Pixel Data: items that follow each other, and the frames that they make up.

Nothing here trusts a length: a fragment ends inside the bytes that are there, or is refused. PS3.5 section A.4:
https://dicom.nema.org/medical/dicom/current/output/html/part05.html#sect_A.4
"""

from collections.abc import Iterable
from itertools import compress

import numpy as np

from neurochain.errors import FormatError
from neurochain.storage import File, store_for
from neurochain.storage.scheme import split_uri

__all__ = ["Items", "Spans", "fragments", "spans_of", "walk"]

ITEM = b"\xfe\xff\x00\xe0"
END = b"\xfe\xff\xdd\xe0"
MOST = 2**20
"""Fragments that are walked: more than any microscope writes, few enough for seconds and 200 MB."""
PROBE = 20  # bytes: tag and length of an item, and the first bytes of what it holds
FIRST = 4096  # bytes of a window that shall hold several items
LARGEST = 8 * 2**20  # bytes of a window
# JPEG and JPEG-LS, JPEG 2000, JPEG 2000 in a box. Inside compressed data FF is never followed by D8, and FF4F never by
# FF51, so a fragment that begins so begins a frame. (The mark at a frame's end may stand anywhere in its last bytes.)
MARKS = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP  ")

Spans = np.ndarray[tuple[int, int], np.dtype[np.int64]]
"""First and last byte, half-open, of each frame's items; shape (n_frames, 2)."""


def fragments(data: bytes, whole: bool) -> list[memoryview] | None:
    """What the items in some bytes hold; None where these are no items, one after the other.

    Parameters
    ----------
    data : bytes
        From the first item on.
    whole : bool
        Whether the items must fill the bytes; otherwise they may end before, with a delimiter.
    """
    found: list[memoryview] = []
    view, at = memoryview(data), 0
    while at < len(data):
        at = _at_item(data, at, odd=bool(found) and len(found[-1]) % 2 == 1)
        if data[at : at + 4] == END and not whole:
            return found
        value = at + 8
        end = value + int.from_bytes(data[at + 4 : value], "little")
        if data[at : at + 4] != ITEM or end > len(data) or len(found) == MOST:
            return None
        found.append(view[value:end])
        at = end
    return found


def _at_item(data: bytes, at: int, odd: bool) -> int:
    """Where the next item begins: some writers pad a fragment of odd length without counting the byte."""
    is_padded = odd and data[at : at + 4] not in (ITEM, END) and data[at + 1 : at + 5] in (ITEM, END)
    return at + 1 if is_padded else at


class Items:
    """Items of one file, found one after the other.

    Attributes
    ----------
    starts : list of int
        First byte of each item that is not empty.
    ends : list of int
        Byte after each of them.
    begins : list of bool
        Whether it begins with a codec's mark.
    count : int
        Of all items.
    end : int
        Where the delimiter stands, or the bytes end.
    """

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.begins: list[bool] = []
        self.count = self.end = 0


def walk(file: File, start: int, limit: int) -> Items:
    """Walk along items to their delimiter. What is read only helps to find frames, and is not noted as read.

    Where items are so short that what lies between their first bytes is better read along, windows of growing length
    are read; else the first bytes of each.

    Parameters
    ----------
    file : File
        To read from.
    start, limit : int
        Of the items, bytes; half-open.

    Raises
    ------
    FormatError
        The items do not follow each other, or the file ends inside one.
    """
    found, at, odd = Items(), start, False
    base, window, length = start, b"", FIRST
    # Ranges that are known can be asked for at once, and `gap` counts on it; here each request waits for the one before.
    along = file.gap * store_for(split_uri(file.uri)[0]).link.at_once
    while at < limit:
        if at + PROBE > base + len(window) < limit:
            near = at <= base + len(window) + along
            length = min(max(2 * length, FIRST), LARGEST) if near else PROBE
            base, window = at, file.read_range(at, min(at + length, limit), note=False)
        at = base + _at_item(window, at - base, odd)
        head = window[at - base : at - base + 8]
        if head[:4] == END:
            break
        value, n = at + 8, int.from_bytes(head[4:], "little")
        if head[:4] != ITEM or len(head) < 8:
            raise FormatError(
                f"{file.uri}: byte {at:,} should begin fragment {len(found.starts) + 1:,} of its compressed pixels or end "
                f"them, but {head!r} stands there. It is damaged: fetch or write it again."
            )
        if value + n > limit:
            raise FormatError(
                f"{file.uri} is cut short: fragment {len(found.starts) + 1:,} of its compressed pixels at byte {at:,} needs "
                f"{n:,} bytes, and {limit - value:,} are there."
            )
        found.count += 1
        if found.count > MOST:
            raise FormatError(f"{file.uri}: its compressed pixels have more than {MOST:,} fragments.")
        if n:
            found.starts.append(at)
            found.ends.append(value + n)
            found.begins.append(window[value - base : value - base + 8].startswith(MARKS))
        at, odd = value + n, n % 2 == 1
    found.end = min(at, limit)
    return found


def spans_of(found: Items, n_frames: int, uri: str) -> Spans:
    """Frames that walked items make up.

    Raises
    ------
    FormatError
        That cannot be told.
    """
    n = len(found.starts)
    if n_frames == 1 and n:
        return _array([(found.starts[0], found.end)])
    if n == n_frames:
        return _array(zip(found.starts, found.ends, strict=True))
    first = list(compress(found.starts, found.begins))
    if len(first) == n_frames and found.begins[0]:
        return _array(zip(first, [*first[1:], found.end], strict=True))
    marked = f", {len(first):,} of which begin an image" if first else ""
    raise FormatError(
        f"{uri}: its header says {n_frames:,} frames, but its compressed pixels are {n:,} fragments{marked}: they cannot "
        "be told apart."
    )


def _array(pairs: Iterable[tuple[int, int]]) -> Spans:
    return np.array(list(pairs), np.int64).reshape(-1, 2)
