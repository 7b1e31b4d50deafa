"""Views of pixels that lie open but are not laid out as an array: bits, halved colours, swapped bytes.

Each stands for a file whose bytes are the array's, so a slice pulls what it needs and no frame more. PS3.5 section 8.1.1
(bits), 8.2 (subsampled colours), 7.3 (byte order): https://dicom.nema.org/medical/dicom/current/output/html/part05.html
"""

from collections.abc import Sequence

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.arrays.slicing import Ranged

__all__ = ["Bits", "HalvedColours", "SwappedBytes"]

Range = tuple[int, int]


class _View:
    """Bytes made of those of a source from `offset` on."""

    def __init__(self, source: Ranged, offset: int) -> None:
        self._source, self._offset = source, offset

    @property
    def uri(self) -> str:
        """Of the file below."""
        return self._source.uri

    def _pull(self, ranges: Sequence[Range]) -> list[bytes]:
        """Ranges that count from the pixels' first byte."""
        placed = [(self._offset + start, self._offset + end) for start, end in ranges]
        found = self._source.read_ranges(placed)
        for (start, end), data in zip(placed, found, strict=True):
            if len(data) != end - start:
                raise FormatError(
                    f"{self.uri} ends at byte {start + len(data):,}; its header promises pixels up to byte {end:,}. "
                    "It is cut short: fetch or write it again."
                )
        return found


class Bits(_View):
    """Pixels of one bit, eight in a byte, the lowest bit first; seen as one byte each."""

    @property
    def gap(self) -> int:
        """As below, counted in pixels."""
        return 8 * min(self._source.gap, 2**58)

    def read_ranges(self, ranges: Sequence[Range]) -> list[bytes]:
        """Pixels of several ranges [start, end), a byte each."""
        pulled = self._pull([(start // 8, -(-end // 8)) for start, end in ranges])
        return [
            np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")[start % 8 :][
                : end - start
            ].tobytes()
            for (start, end), data in zip(ranges, pulled, strict=True)
        ]


class HalvedColours(_View):
    """Pairs of pixels stored as Y Y Cb Cr; seen as Y Cb Cr Y Cb Cr.

    Parameters
    ----------
    source : Ranged
        File, or what stands for one.
    offset : int
        Of the first pair, bytes.
    width : int
        Bytes of a sample.
    """

    def __init__(self, source: Ranged, offset: int, width: int) -> None:
        super().__init__(source, offset)
        self._width = width

    @property
    def gap(self) -> int:
        """As below, counted in what is seen."""
        return min(self._source.gap, 2**60) // 2 * 3

    def read_ranges(self, ranges: Sequence[Range]) -> list[bytes]:
        """What is seen in several ranges [start, end)."""
        seen, stored = 6 * self._width, 4 * self._width
        pulled = self._pull([(start // seen * stored, -(-end // seen) * stored) for start, end in ranges])
        found = []
        for (start, end), data in zip(ranges, pulled, strict=True):
            pairs = np.frombuffer(data, np.uint8).reshape(-1, 4, self._width)
            spread = pairs[:, [0, 2, 3, 1, 2, 3]].reshape(-1)
            found.append(spread[start % seen :][: end - start].tobytes())
        return found


class SwappedBytes(_View):
    """Bytes stored as big-endian words of 16 bits, also where samples have 8."""

    @property
    def gap(self) -> int:
        """As below."""
        return self._source.gap

    def read_ranges(self, ranges: Sequence[Range]) -> list[bytes]:
        """Bytes of several ranges [start, end), in their right order."""
        pulled = self._pull([(start & ~1, end + (end & 1)) for start, end in ranges])
        return [
            np.frombuffer(data, np.uint16).byteswap().tobytes()[start & 1 :][: end - start]
            for (start, end), data in zip(ranges, pulled, strict=True)
        ]
