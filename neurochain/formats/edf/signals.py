"""EdfSignals: the part of an EDF header that describes its signals, in 256 bytes for each.

https://www.edfplus.info/specs/edf.html: ten fields, each of them for all signals.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

__all__ = [
    "SIGNAL",
    "EdfSignal",
    "EdfSignals",
    "integer_of",
    "number_of",
    "parse_signals",
    "text_of",
    "words_of",
]

SIGNAL = 256  # bytes
ANNOTATIONS = ("EDF Annotations", "BDF Annotations")
EXACT = 2**53  # up to which a float counts in ones
FIELDS = (("label", 16), ("transducer", 80), ("unit", 8), ("physical_min", 8), ("physical_max", 8),
          ("digital_min", 8), ("digital_max", 8), ("prefiltering", 80), ("samples", 8), ("reserved", 32))  # fmt: skip
SHARED = 64  # parts that are remembered: the recordings of a study have one in common
LARGEST_SHARED = 512 * SIGNAL  # bytes


class EdfSignal(NamedTuple):
    """One signal.

    Attributes
    ----------
    samples : int
        In each data record.
    offset : int
        Of its samples in a data record, counted in samples.
    scaled : bool
        Whether the header says how to get physical values.
    """

    label: str
    transducer: str
    unit: str
    physical_min: float
    physical_max: float
    digital_min: int
    digital_max: int
    prefiltering: str
    samples: int
    offset: int
    scaled: bool = True

    @property
    def gain(self) -> float:
        """Physical units of one digital step; negative where the polarity is inverted, NaN where nobody knows."""
        if not self.scaled:
            return math.nan
        return (self.physical_max - self.physical_min) / (self.digital_max - self.digital_min)

    @property
    def shift(self) -> float:
        """Physical value of the digital 0."""
        return self.physical_min - self.digital_min * self.gain


@dataclass(frozen=True, slots=True)
class EdfSignals:
    """All signals of a file.

    Attributes
    ----------
    channels, annotations : tuple of EdfSignal
        Those that hold samples, and those that hold annotations, in the order of the file.
    record_samples : int
        Of all signals in a data record.
    problem, scale_problem : str or None
        As in `EdfHeader`.
    """

    channels: tuple[EdfSignal, ...]
    annotations: tuple[EdfSignal, ...]
    record_samples: int
    problem: str | None
    scale_problem: str | None


def parse_signals(part: bytes) -> EdfSignals:
    """Signals, from all that stands behind the first 256 bytes of a header.

    Parameters
    ----------
    part : bytes
        256 for each signal. What the last ones said is remembered.
    """
    return _remembered(part) if len(part) <= LARGEST_SHARED else _parse(part)


def _parse(part: bytes) -> EdfSignals:
    n, at = len(part) // SIGNAL, 0
    fields: dict[str, list[bytes]] = {}
    for name, width in FIELDS:
        fields[name] = [part[i : i + width] for i in range(at, at + n * width, width)]
        at += n * width
    texts = (_texts(fields[name]) for name in ("label", "transducer", "unit", "prefiltering"))
    numbers = (_floats(fields[name]) for name in ("physical_min", "physical_max", "digital_min", "digital_max", "samples"))  # fmt: skip
    signals: list[EdfSignal] = []
    problems: list[str] = []
    scale_problems: list[str] = []
    offset = 0
    for i, (label, transducer, unit, filtered, low, high, first, last, samples) in enumerate(
        zip(*texts, *numbers, strict=True)
    ):
        # Of NaN, which stands for what is no number, none of this is true.
        if (
            (low < high or low > high)
            and -EXACT < first < last < EXACT
            and 0 <= samples < EXACT
            and first % 1 == last % 1 == samples % 1 == 0
        ):
            signal = EdfSignal(
                label, transducer, unit, low or 0.0, high or 0.0, int(first), int(last), filtered, int(samples), offset
            )  # fmt: skip
        else:
            wrong: list[str] = []
            scale = _scale_of(fields, i, label, wrong)
            if label not in ANNOTATIONS:
                scale_problems += wrong
            count = _samples_of(fields, i, label, problems)
            signal = EdfSignal(label, transducer, unit, *scale[:4], filtered, count, offset, scale[4])
        signals.append(signal)
        offset += signal.samples
    return EdfSignals(
        tuple(s for s in signals if s.label not in ANNOTATIONS),
        tuple(s for s in signals if s.label in ANNOTATIONS),
        offset,
        problems[0] if problems else None,
        scale_problems[0] if scale_problems else None,
    )


_remembered = lru_cache(SHARED)(_parse)


def _scale_of(
    fields: dict[str, list[bytes]], i: int, label: str, wrong: list[str]
) -> tuple[float, float, int, int, bool]:
    """Physical and digital range of a signal of which something may be wrong, and whether it says how to scale."""
    who = f"of signal {i} ({label!r})"
    low = number_of(*_place(fields, "physical_min", i), f"the physical minimum {who}", wrong)
    high = number_of(*_place(fields, "physical_max", i), f"the physical maximum {who}", wrong)
    first = integer_of(*_place(fields, "digital_min", i), f"the digital minimum {who}", wrong)
    last = integer_of(*_place(fields, "digital_max", i), f"the digital maximum {who}", wrong)
    if first is not None and first == last:
        wrong.append(f"the digital range {who} is {first} to {last}: it must not be empty")
    if low is not None and low == high:
        wrong.append(f"the physical range {who} is {low:g} to {high:g}: it must not be empty")
    scaled = not wrong
    if first is not None and last is not None and first > last:
        # What it means is clear all the same: as everywhere, the minima belong together.
        wrong.append(f"the digital range {who} is {first} to {last}: it must ascend")
    return low or 0.0, high or 0.0, first or 0, 1 if last is None else last, scaled


def _samples_of(fields: dict[str, list[bytes]], i: int, label: str, problems: list[str]) -> int:
    """Samples of a signal in a data record, where something may be wrong with their number."""
    who = f"the number of samples of signal {i} ({label!r})"
    samples = integer_of(*_place(fields, "samples", i), who, problems)
    if samples is not None and samples < 0:
        problems.append(f"{who} is {samples}")
        return 0
    return samples or 0


def _place(fields: dict[str, list[bytes]], name: str, i: int) -> tuple[bytes, int]:
    """A signal's field, and its first byte in the header."""
    before = 0
    for field, width in FIELDS:
        if field == name:
            break
        before += width
    return fields[name][i], SIGNAL + before * len(fields[name]) + i * len(fields[name][i])


def text_of(value: bytes) -> str:
    """Text as written: in UTF-8, else in Latin-1, in which units such as µV come."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def words_of(value: bytes) -> str:
    """Text without what fills its field."""
    return text_of(value).strip(" \0")


def number_of(field: bytes, at: int, what: str, problems: list[str]) -> float | None:
    """Number in a field; None where there is none, and `problems` gets the reason.

    Parameters
    ----------
    field : bytes
        With what fills it.
    at : int
        Its first byte in the header.
    what : str
        Whose number it is.
    problems : list of str
        Those found so far.
    """
    text = field.strip(b" \0")
    try:
        # Some writers use the comma of their language.
        value = float(text.replace(b",", b"."))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        problems.append(f"{what} (at byte {at}) is {text.decode('latin-1')!r}, which is no number")
        return None
    return value


def integer_of(field: bytes, at: int, what: str, problems: list[str]) -> int | None:
    """Whole number in a field; parameters as of `number_of`."""
    value = number_of(field, at, what, problems)
    if value is not None and (value != int(value) or abs(value) >= EXACT):
        problems.append(f"{what} (at byte {at}) is {value:g}, which is no whole number")
        return None
    return None if value is None else int(value)


def _texts(values: list[bytes]) -> list[str]:
    """Texts of a field; those that are the same are made once."""
    made = {value: words_of(value) for value in set(values)}
    return [made[value] for value in values]


def _floats(values: list[bytes]) -> list[float]:
    """Numbers of a field; NaN for what is none."""
    made = {value: _float(value) for value in set(values)}
    return [made[value] for value in values]


def _float(value: bytes) -> float:
    number = number_of(value, 0, "", [])
    return math.nan if number is None else number
