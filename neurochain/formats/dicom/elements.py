"""A closer look at a header that was scanned: private elements, and sequences down to what is wanted of them.

Only some files need it (mosaics, enhanced images, files of a series), so the scan itself stays quick. Nothing
read here is indexed. PS3.5 chapter 7.5 (sequences), 7.8 (private elements):
https://dicom.nema.org/medical/dicom/current/output/html/part05.html#sect_7.5
"""

import math
import struct
from collections.abc import Mapping
from typing import Any

from neurochain.formats.dicom.layout import UNDEFINED, Refused, Scan, Wanted
from neurochain.formats.dicom.walk import Walk

__all__ = ["ITEM_AT", "Tree", "floats", "number", "numbers", "private", "text", "tree"]

Tree = dict[int, Any]
"""Tag to (value representation, bytes), or to a list of trees where it is a sequence."""
Branches = Mapping[int, Any]
"""Tags that are wanted: with None, or with what is wanted of the items of a sequence."""

_LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_SHORT = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
_CODES = {b"FD": "d", b"FL": "f", b"SL": "i", b"SS": "h", b"UL": "I", b"US": "H"}
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
LARGEST = 256 * 1024  # bytes of one value; Siemens' private headers have up to 150 KB
ITEM_AT = -1
"""Key of an item's offset in the file, beside its elements: directories refer to their records by it."""
NONE = Wanted(())


def tree(found: Scan, wanted: Branches) -> Tree:
    """Elements of a scanned header that are wanted; of a damaged one those before the damage.

    Parameters
    ----------
    found : Scan
        With its `data`.
    wanted : mapping
        Tag to None for a value, or to such a mapping for a sequence.
    """
    branch: Tree = {}
    walk = _Branch(found)
    try:
        walk.elements(found.start, min(found.end, len(found.data)), found.implicit, wanted, branch)
    except (Refused, struct.error):
        return branch
    return branch


class _Branch(Walk):
    """Walk that goes into sequences. It goes as deep as what is wanted, and each byte is met once."""

    def __init__(self, found: Scan) -> None:
        super().__init__(found.data, len(found.data), NONE, Scan())
        self.big = found.big_endian
        self._tag = struct.Struct(">HH" if self.big else "<HH").unpack_from
        self._short = struct.Struct(">H" if self.big else "<H").unpack_from
        self._long = struct.Struct(">I" if self.big else "<I").unpack_from

    def elements(self, at: int, end: int, implicit: bool, wanted: Branches, out: Tree) -> int:
        """Fill in the elements of [at, end), or of an item up to its delimiter; where they end."""
        data = self.data
        while at + 8 <= end:
            group, element = self._tag(data, at)
            tag, value, vr = group << 16 | element, at + 8, b""
            if tag == _ITEM_END:
                return value
            if not implicit:
                vr = data[at + 4 : at + 6]
            if vr in _SHORT:
                length = self._short(data, at + 6)[0]
            elif vr in _LONG:
                length, value = self._long(data, at + 8)[0], at + 12
            elif implicit:
                length = self._long(data, at + 4)[0]
            else:
                raise Refused(f"the element at byte {at} has the value representation {vr!r}")
            inner = wanted.get(tag)
            nested = implicit or vr == b"UN"
            if inner is not None and vr in (b"SQ", b"UN", b""):
                items: list[Tree] = []
                out[tag] = items
                at = self._items(value, min(value + length, end), length == UNDEFINED, nested, inner, items)
            elif length == UNDEFINED:
                at = self.sequence_end(value, nested, 0)
            else:
                at = value + length
                if tag in wanted and length <= LARGEST and at <= end:
                    out[tag] = (vr, data[value:at])
        return at

    def _items(
        self, at: int, end: int, open_ended: bool, implicit: bool, wanted: Branches, out: list[Tree]
    ) -> int:
        """Fill in the items of a sequence; where it ends."""
        end = len(self.data) if open_ended else end
        while at + 8 <= end:
            group, element = self._tag(self.data, at)
            tag, length, at = group << 16 | element, self._long(self.data, at + 4)[0], at + 8
            if tag == _SEQUENCE_END:
                return at
            if tag != _ITEM:
                raise Refused(f"a sequence has no item at byte {at - 8}")
            item: Tree = {ITEM_AT: at - 8}
            out.append(item)
            if length == UNDEFINED:
                at = self.elements(at, end, implicit, wanted, item)
            else:
                self.elements(at, min(at + length, end), implicit, wanted, item)
                at += length
        return at if open_ended else end


def private(branch: Tree, group: int, creator: str, element: int) -> Any:
    """Private element of a creator's block, wherever the file has put the block; None where there is none.

    PS3.5 section 7.8.1: (gggg,00bb) names the creator of (gggg,bb00) to (gggg,bbFF).
    """
    for block in range(0x10, 0x18):
        if text(branch, group << 16 | block) == creator:
            found = branch.get(group << 16 | block << 8 | element)
            if found is not None:
                return found
    return None


def text(branch: Tree, tag: int) -> str | None:
    """Text of an element; None where it is absent, empty or no text."""
    found = branch.get(tag)
    if not isinstance(found, tuple) or found[0] in _CODES:
        return None
    return found[1].decode("latin-1").strip("\0 ") or None


def numbers(found: Any, big: bool, vr: bytes = b"DS") -> list[float]:
    """Finite numbers of an element; none where one of them is none.

    Parameters
    ----------
    found : tuple or None
        From a tree.
    big : bool
        Whether they are big endian.
    vr : bytes
        Value representation where the file does not state it.
    """
    if not isinstance(found, tuple):
        return []
    vr, value = found[0] if found[0] not in (b"", b"UN") else vr, found[1]
    try:
        if vr in _CODES:
            code = _CODES[vr]
            values = struct.unpack(f"{'>' if big else '<'}{len(value) // struct.calcsize(code)}{code}", value)
            read = [float(v) for v in values]
        else:
            read = [float(part) for part in value.strip(b"\0 ").split(b"\\")]
    except (ValueError, struct.error):
        return []
    return read if all(map(math.isfinite, read)) else []


def floats(branch: Tree, tag: int, count: int, big: bool, vr: bytes = b"DS") -> tuple[float, ...] | None:
    """So many numbers of an element of a tree; None where there are not so many."""
    read = numbers(branch.get(tag), big, vr)
    return tuple(read) if len(read) == count else None


def number(branch: Tree, tag: int, big: bool, vr: bytes = b"DS") -> float | None:
    """The one number of an element of a tree."""
    read = floats(branch, tag, 1, big, vr)
    return None if read is None else read[0]
