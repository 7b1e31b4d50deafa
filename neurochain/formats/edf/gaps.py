"""Gaps of EDF+D and BDF+D: where data records do not follow each other."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.edf.annotations import DECIMALS, EdfAnnotations
from neurochain.formats.edf.header import EdfHeader
from neurochain.formats.recordings.gaps import Segments
from neurochain.storage import File, Memo

__all__ = ["EdfGaps"]


class EdfGaps:
    """Stretches without gaps, from the times of as few data records as tell.

    The times of data records ascend, so where the last of some begins as late as their number says there is no gap
    between them: a search by halves finds k gaps in n records with about k log n of their times. What was found is
    remembered; noted as read are the times of the first and last record of each stretch, which prove it.

    Parameters
    ----------
    file : File
        Of EDF+D or BDF+D.
    header : EdfHeader
        Its header.
    n_records : int
        Data records.
    memo : callable
        Gives the memo where to remember; called when there is something to look up.
    """

    def __init__(self, file: File, header: EdfHeader, n_records: int, memo: Callable[[], Memo]) -> None:
        self._file, self._header, self._n_records, self._memo = file, header, n_records, memo
        self._times = EdfAnnotations(file, header, n_records)
        fastest = max((header.frequency(s) for s in header.channels), default=0.0)
        self._slack = 0.5 / fastest if fastest else 0.0  # no gap is shorter than half a sample

    def segments(self) -> Segments:
        """Times [start, end) of each stretch, seconds from the first sample.

        Raises
        ------
        FormatError
            A data record does not say when it begins, or begins before the one before it ends.
        """
        if not self._header.annotations:
            raise FormatError(
                f"{self._file.uri} says that it has gaps ({self._header.version}), but has no annotation signal that "
                "tells where. Slices by sample work."
            )
        if not self._n_records or not self._header.record_duration:
            return ()
        key = f"edf gaps 1: {self._file.uri} {self._file.etag} {self._file.size}"
        memo = self._memo()
        if (kept := memo.get(key)) is not None and (found := self._between(self._unpacked(kept), hint=True)):
            return found
        breaks = self._search()
        memo.put(key, np.array(breaks, "<i8").tobytes())
        return self._between(breaks)

    def _between(self, breaks: list[int], hint: bool = False) -> Segments:
        """Times of the stretches between breaks; of a hint that is not right, none."""
        starts = [0, *breaks]
        ends = [*breaks, self._n_records]
        bounds = [record for start, end in zip(starts, ends, strict=True) for record in (start, end - 1)]
        times = dict(zip(bounds, self._times.onsets(bounds), strict=True))
        even = not any(self._late(times, start, end - 1) for start, end in zip(starts, ends, strict=True))
        if hint and not (even and all(self._late(times, start, end) for start, end in pairwise(starts))):
            return ()
        since = [times[start] - times[0] for start in starts]
        lasting = [
            (end - start) * self._header.record_duration for start, end in zip(starts, ends, strict=True)
        ]
        return tuple(
            (round(s, DECIMALS), round(s + d, DECIMALS)) for s, d in zip(since, lasting, strict=True)
        )

    def _unpacked(self, kept: bytes) -> list[int]:
        """Breaks as they were remembered; none where they cannot be."""
        breaks: list[int] = np.frombuffer(kept[: len(kept) // 8 * 8], "<i8").tolist()
        return breaks if all(a < b for a, b in pairwise([0, *breaks, self._n_records])) else []

    def _search(self) -> list[int]:
        """Data records before which there is a gap: learn the times on both sides, all halves of one size at once."""
        spans = [(0, self._n_records - 1)]
        known = self._asked(spans[0])
        near = max(self._file.gap // self._header.record_bytes, 2)  # records that one request pulls anyway
        while spans:
            split = []
            for first, last in spans:
                if last - first > 1 and self._late(known, first, last):
                    inner = range(first + 1, last) if last - first <= near else [(first + last) // 2]
                    split.append([first, *inner, last])
            known |= self._asked([record for records in split for record in records[1:-1]])
            spans = [span for records in split for span in pairwise(records)]
        breaks, start = [], 0
        for record in sorted(known):
            if self._late(known, start, record):
                breaks.append(record)
                start = record
        return breaks

    def _asked(self, records: Sequence[int]) -> dict[int, float]:
        return dict(zip(records, self._times.onsets(records, note=False), strict=True))

    def _late(self, known: dict[int, float], first: int, last: int) -> bool:
        """Whether a data record begins later than its number says.

        Raises
        ------
        FormatError
            It begins earlier.
        """
        duration, count = self._header.record_duration, last - first
        late = known[last] - known[first] - count * duration
        # The header has eight characters for the duration: 1/3 s is 0.333333 there.
        rounded = 5e-7 * max(duration, 1.0) if duration != round(duration, 4) else 0.0
        slack = self._slack + count * rounded + 1e-9
        if late < -slack:
            raise FormatError(
                f"{self._file.uri}: data record {last} begins at {known[last]:g} s, and {count} of {duration:g} s begin "
                f"with record {first} at {known[first]:g} s: they overlap."
            )
        return late > slack
