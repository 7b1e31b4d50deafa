"""EdfAnnotations: what the annotation signals of EDF+ and BDF+ say, notes and the times of data records.

https://www.edfplus.info/specs/edfplus.html, section 2.2 (time-stamped annotations lists, TALs)
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.arrays.slicing import gather
from neurochain.formats.edf.header import EdfHeader
from neurochain.formats.edf.samples import blocks_of
from neurochain.formats.edf.signals import EdfSignal, text_of
from neurochain.formats.recordings.annotations import Annotation
from neurochain.storage import File

__all__ = ["DECIMALS", "EdfAnnotations"]

# Onset, duration where it is known, and texts each with its end.
_TAL = re.compile(rb"([+-]\d{1,15}(?:\.\d*)?)(?:\x15(\d{0,15}(?:\.\d*)?))?\x14((?:[^\x14]*\x14)*)")
# The time of a data record stands before all else in it.
_TIME = re.compile(rb"([+-]\d{1,15}(?:\.\d*)?)\x14")
MOST_TIME = 64  # bytes in which the time of a data record stands
DECIMALS = 9  # of a second: what a difference of two times as written may have


class EdfAnnotations:
    """Annotation signals of a file. Nothing is read until it is asked for.

    Parameters
    ----------
    file : File
        Of EDF+ or BDF+.
    header : EdfHeader
        Its header, with an annotation signal at least.
    n_records : int
        Data records.
    """

    def __init__(self, file: File, header: EdfHeader, n_records: int) -> None:
        self._file, self._header, self._n_records = file, header, n_records

    def delay(self) -> float:
        """Seconds from the header's start to the first sample: the fraction that the header has no place for.

        Raises
        ------
        FormatError
            The first data record does not say.
        """
        if not self._n_records:
            return 0.0
        return self._delay(self._heads([0], note=True)[0])

    def onsets(self, records: Sequence[int], note: bool = True) -> list[float]:
        """Seconds from the header's start to each of some data records.

        Parameters
        ----------
        records : sequence of int
            Which ones.
        note : bool
            As in `File.read_range`.

        Raises
        ------
        FormatError
            One does not say.
        """
        return [self._time(*head) for head in zip(records, self._heads(records, note), strict=True)]

    def read(self) -> list[Annotation]:
        """All annotations, seconds from the first sample; the times of data records are none.

        Raises
        ------
        FormatError
            Some cannot be read.
        """
        labels = {s.label for s in self._header.channels}
        late = 0.0
        found = []
        for record, timekeeping, data in self._signals():
            if timekeeping and not record:
                late = self._delay(data)
            for i, tal in enumerate(filter(None, data.split(b"\0"))):
                parts = _TAL.fullmatch(tal)
                if parts is None:
                    raise self._wrong(record, tal, "an annotation is a time, a text and their ends")
                onset, duration, texts = float(parts[1]), parts[2], parts[3].split(b"\x14")[:-1]
                lasting = float(duration) if duration and duration != b"." else None
                for text in texts[1:] if timekeeping and not i and not texts[0] else texts:
                    if text:
                        found.append(_annotation(onset, lasting, text_of(text), labels))
        return [replace(a, onset=round(a.onset - late, DECIMALS)) for a in found]

    def _delay(self, data: bytes) -> float:
        # An empty signal says nothing.
        return self._time(0, data) if data.strip(b"\0") else 0.0

    def _time(self, record: int, data: bytes) -> float:
        time = _TIME.match(data)
        if time is None:
            raise self._wrong(record, data, "when the record begins should stand first")
        return float(time[1])

    def _heads(self, records: Sequence[int], note: bool) -> list[bytes]:
        """First bytes of the first annotation signal in some data records."""
        header, signal = self._header, self._header.annotations[0]
        at = header.header_bytes + signal.offset * header.sample_bytes
        length = min(signal.samples * header.sample_bytes, MOST_TIME)
        starts = [at + record * header.record_bytes for record in records]
        return self._file.read_ranges([(start, start + length) for start in starts], note)

    def _signals(self) -> Iterator[tuple[int, bool, bytes]]:
        """Data record, whether its time stands here, and bytes, of each annotation signal in each data record."""
        header, first = self._header, self._header.annotations[0]
        for n, alike in groupby(sorted(header.annotations, key=_length), key=_length):
            signals = sorted(alike, key=lambda s: s.offset)
            if not n or not self._n_records:
                continue
            blocks = blocks_of(header, signals, 0, self._n_records, 0, n)
            data = gather(self._file, header.header_bytes, blocks, np.dtype(np.uint8))
            for i, one in enumerate(data):
                record, which = divmod(i, len(signals))
                yield record, signals[which] is first, one.tobytes()

    def _wrong(self, record: int, data: bytes, what: str) -> FormatError:
        return FormatError(
            f"{self._file.uri}: the annotations of data record {record} cannot be read: {what}, and there is "
            f"{data[:40]!r}."
        )


def _length(signal: EdfSignal) -> int:
    return signal.samples


def _annotation(onset: float, duration: float | None, text: str, labels: set[str]) -> Annotation:
    """Annotation; ``text@@label`` is about one signal, where there is such a signal."""
    said, marked, label = text.rpartition("@@")
    if marked and label in labels:
        return Annotation(onset, duration, said, label)
    return Annotation(onset, duration, text)
