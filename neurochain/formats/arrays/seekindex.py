"""SeekIndex: the places of a gzip file and their windows, remembered apart, so that a slice loads what it needs."""

import hashlib
import struct
import zlib
from collections.abc import Sequence

from neurochain.formats.arrays.seekpoints import Place, SeekPoints, Window
from neurochain.storage import Memo

__all__ = ["SeekIndex"]

GROUP = 8  # windows that are remembered together: few files, and few bytes to load of them


class SeekIndex:
    """Places where inflating can begin, at hand; their windows are loaded one by one.

    Parameters
    ----------
    points : SeekPoints
        The places.
    memo : Memo
        Where the windows are kept.
    key : str
        Of the places there.
    """

    def __init__(self, points: SeekPoints, memo: Memo, key: str) -> None:
        self.points = points
        self._memo = memo
        # Windows belong to these places: of others, built elsewhere in the meantime, they count as forgotten.
        self._key = f"{key}, windows of {hashlib.blake2b(points.pack(), digest_size=16).hexdigest()}"
        self._groups: dict[int, list[bytes]] = {}

    @classmethod
    def remembered(cls, memo: Memo, key: str, size: int) -> "SeekIndex | None":
        """Index of a file of `size` bytes that was put under a key, if it is still there and whole."""
        table = memo.get(key)
        try:
            return None if table is None else cls(SeekPoints(zlib.decompress(table), size), memo, key)
        except (zlib.error, ValueError):
            return None

    @classmethod
    def remember(cls, memo: Memo, key: str, points: SeekPoints, windows: Sequence[Window]) -> "SeekIndex":
        """Put an index under a key. What the memo forgets of it, this object still has."""
        index = cls(points, memo, key)
        packed = [zlib.compress(window, 1) for window in windows]
        for group, first in enumerate(range(0, len(packed), GROUP)):
            index._groups[group] = packed[first : first + GROUP]
            memo.put(index._group_key(group), _together(index._groups[group]))
        memo.put(key, zlib.compress(points.pack(), 1))
        return index

    def window(self, place: Place) -> Window | None:
        """What was inflated before a place; None where it was forgotten or is damaged."""
        if place.window is None:
            return b""
        group, number = divmod(place.window, GROUP)
        try:
            if group not in self._groups:
                value = self._memo.get(self._group_key(group))
                if value is None:
                    return None
                self._groups[group] = _apart(value)
            return zlib.decompress(self._groups[group][number])
        except (struct.error, zlib.error, IndexError):
            return None

    def _group_key(self, group: int) -> str:
        return f"{self._key} {group}"


def _together(parts: Sequence[bytes]) -> bytes:
    return struct.pack(f"<{len(parts) + 1}I", len(parts), *map(len, parts)) + b"".join(parts)


def _apart(value: bytes) -> list[bytes]:
    (count,) = struct.unpack_from("<I", value)
    lengths = struct.unpack_from(f"<{min(count, GROUP)}I", value, 4)
    parts, at = [], 4 + 4 * len(lengths)
    for length in lengths:
        parts.append(value[at : at + length])
        at += length
    return parts
