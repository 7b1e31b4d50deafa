"""SeekIndex: the places of a gzip file and their windows, remembered apart, so that a slice loads what it needs."""

import hashlib
import zlib
from collections.abc import Sequence

from neurochain.formats.arrays.seekpoints import Place, SeekPoints, Window
from neurochain.storage import Memo

__all__ = ["SeekIndex"]

GROUP = 64  # windows that are remembered in one file; each is loaded alone


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
        self._packed: Sequence[bytes] = ()

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
        index._packed = [zlib.compress(window, 1) for window in windows]
        for group, first in enumerate(range(0, len(windows), GROUP)):
            memo.put_many(index._group_key(group), index._packed[first : first + GROUP])
        memo.put(key, zlib.compress(points.pack(), 1))
        return index

    def window(self, place: Place) -> Window | None:
        """What was inflated before a place; None where it was forgotten or is damaged."""
        if place.window is None:
            return b""
        group, number = divmod(place.window, GROUP)
        held = (
            self._packed[place.window] if self._packed else self._memo.get_one(self._group_key(group), number)
        )
        try:
            return None if held is None else zlib.decompress(held)
        except zlib.error:
            return None

    def _group_key(self, group: int) -> str:
        return f"{self._key} {group}"
