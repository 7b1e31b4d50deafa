"""EDF, EDF+, BDF and BDF+ headers: 256 bytes, then 256 for each signal, all in ASCII.

https://www.edfplus.info/specs/edf.html, https://www.edfplus.info/specs/edfplus.html and
https://www.biosemi.com/faq/file_format.htm
"""

import re
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from neurochain.errors import FormatError
from neurochain.formats.edf.signals import SIGNAL, EdfSignal, integer_of, number_of, parse_signals, words_of
from neurochain.formats.header import column

__all__ = ["EdfHeader", "EdfRecord", "header_bytes", "is_edf", "parse"]

FIXED = 256
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DATE = re.compile(r"(\d\d)[./-](\d\d)[./-](\d\d)")
_TIME = re.compile(r"(\d\d)[.:](\d\d)[.:](\d\d)")
_STARTDATE = re.compile(r"Startdate (\d\d)-([A-Z]{3})-(\d{4})")


class EdfRecord(BaseModel):
    """Fields of an EDF or BDF header; lists have one entry per signal, annotation signals left out.

    The patient's and the recording's identification hold names, birth dates and codes of hospitals and are
    not indexed.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    version: str | None = column('"EDF", "EDF+C", "EDF+D", "BDF", "BDF+C" or "BDF+D"')
    header_bytes: int | None = column("Size of the header", "byte")
    n_records: int | None = column("Data records; counted from the file's size where the header says -1")
    record_duration: float | None = column("Of one data record", "s")
    record_bytes: int | None = column("Size of one data record", "byte")
    n_signals: int | None = column("All signals, annotations too")
    n_annotation_signals: int | None = column("Signals that hold annotations, not samples")
    discontinuous: bool | None = column("Whether there may be gaps between data records")
    labels: list[str] | None = column("Of the channels")
    transducers: list[str] | None = column("Of the channels, free text")
    units: list[str] | None = column("Of the physical values")
    prefiltering: list[str] | None = column("Free text: HP:0.1Hz LP:75Hz")
    sampling_frequencies: list[float] | None = column("Of the channels", "Hz")
    samples_per_record: list[int] | None = column("Of the channels")
    physical_min: list[float] | None = column("Physical value of digital_min, in the channel's unit")
    physical_max: list[float] | None = column("Physical value of digital_max, in the channel's unit")
    digital_min: list[int] | None = column("Lowest stored value")
    digital_max: list[int] | None = column("Highest stored value")


@dataclass(frozen=True, slots=True)
class EdfHeader:
    """A whole header.

    Attributes
    ----------
    sample_bytes : int
        2 (EDF) or 3 (BDF).
    n_records : int
        As the header says: -1 where it does not.
    channels : tuple of EdfSignal
        Without annotations.
    annotations : tuple of EdfSignal
        Those that hold annotations, in the order of the file.
    problem : str or None
        First thing that cannot be, with its place.
    scale_problem : str or None
        First thing that cannot be of a channel's scale; it concerns no other channel.
    """

    version: str
    sample_bytes: int
    header_bytes: int
    n_records: int
    record_duration: float
    start_time: datetime | None
    n_signals: int
    record_samples: int
    channels: tuple[EdfSignal, ...]
    annotations: tuple[EdfSignal, ...]
    problem: str | None
    scale_problem: str | None

    @property
    def record_bytes(self) -> int:
        """Bytes of one data record."""
        return self.record_samples * self.sample_bytes

    def frequency(self, signal: EdfSignal) -> float:
        """Samples per second of a signal; 0 where records have no duration (annotations alone)."""
        return signal.samples / self.record_duration if self.record_duration > 0 else 0.0

    def counted(self, size: int) -> int:
        """Data records of a file of `size` bytes: as the header says, else as many as are whole."""
        if self.n_records >= 0:
            return self.n_records
        return max(size - self.header_bytes, 0) // self.record_bytes if self.record_bytes else 0


def is_edf(head: bytes) -> bool:
    """Whether first bytes are those of an EDF or BDF file."""
    if head[:8] not in (b"0       ", b"\xffBIOSEMI"):
        return False
    return head[184:192].strip().isdigit() and head[252:256].strip().isdigit()


def header_bytes(head: bytes) -> int:
    """Size of the header, from its first 256 bytes.

    Raises
    ------
    FormatError
        They are no such header.
    """
    if len(head) < FIXED:
        raise FormatError(
            f"the file is cut short: an EDF header has at least {FIXED} bytes, and there are {len(head)}"
        )
    if not is_edf(head):
        raise FormatError(f"there is no EDF or BDF header at its start; it begins with {head[:8]!r}")
    return FIXED + SIGNAL * int(head[252:256])


def parse(head: bytes) -> EdfHeader:
    """Header from all of its bytes.

    Raises
    ------
    FormatError
        The bytes end inside it, or are none.
    """
    size = header_bytes(head)
    if len(head) < size:
        raise FormatError(
            f"the file is cut short: its header of {size - FIXED >> 8} signals needs {size:,} bytes, and there are {len(head):,}"
        )
    problems: list[str] = []
    bdf = head[0] == 0xFF
    reserved = words_of(head[192:236])
    kind = next(
        (k for k in ("EDF+C", "EDF+D", "BDF+C", "BDF+D") if reserved.startswith(k)), "BDF" if bdf else "EDF"
    )
    stated = integer_of(head[184:192], 184, "the header's size", problems)
    if stated is not None and stated != size:
        problems.append(
            f"its header says it has {stated:,} bytes (at byte 184), but {size - FIXED >> 8} signals need {size:,}"
        )
    n_records = integer_of(head[236:244], 236, "the number of data records", problems)
    duration = number_of(head[244:252], 244, "the duration of a data record", problems)
    if duration is not None and not 0 <= duration < 1e9:
        problems.append(f"its header says that a data record lasts {duration:g} s (at byte 244)")
        duration = None
    signals = parse_signals(head[FIXED:size])
    if signals.problem is not None:
        problems.append(signals.problem)
    if (n_records or 0) < -1:
        problems.append(
            f"its header says {n_records} data records (at byte 236); only -1 (not known) may be below 0"
        )
    return EdfHeader(
        version=kind,
        sample_bytes=3 if bdf else 2,
        header_bytes=size,
        n_records=-1 if n_records is None else max(n_records, -1),
        record_duration=duration or 0.0,
        start_time=_start_time(head),
        n_signals=size - FIXED >> 8,
        record_samples=signals.record_samples,
        channels=signals.channels,
        annotations=signals.annotations,
        problem=problems[0] if problems else None,
        scale_problem=signals.scale_problem,
    )


def _start_time(head: bytes) -> datetime | None:
    """Start, local time; None where the date is absent or was taken out ("00.00.00")."""
    date, time = _DATE.fullmatch(words_of(head[168:176])), _TIME.fullmatch(words_of(head[176:184]))
    if date is None or time is None:
        return None
    day, month, two_digits = (int(v) for v in date.groups())
    # Years have two digits: 85 to 99 are of the 20th century. EDF+ repeats the date with four.
    year = two_digits + (1900 if two_digits >= 85 else 2000)
    full = _STARTDATE.match(head[88:168].decode("latin-1"))
    if full is not None and full[2] in _MONTHS:
        day, month, year = int(full[1]), _MONTHS.index(full[2]) + 1, int(full[3])
    try:
        hour, minute, second = (int(v) for v in time.groups())
        return datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None
