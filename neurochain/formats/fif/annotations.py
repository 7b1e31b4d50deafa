"""FIF annotations: what MNE-Python wrote about stretches of a recording."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.fif.chain import Held
from neurochain.formats.fif.header import NUMBERS, FifHeader, date_in, names_in

__all__ = ["annotations"]

BLOCK, STARTS, ENDS, TEXTS, DATE = 3810, 3568, 3569, 206, 204
FLOATS = (4, 5)
FAR = 5e10  # seconds: no date of computers lies farther from 1970

Tag = tuple[int, bytes]  # its type and its bytes


def annotations(file: Held, header: FifHeader) -> tuple[tuple[float, float, str], ...]:
    """Annotations of a raw recording, in the order of the file.

    Returns
    -------
    tuple of (float, float, str)
        Onset and duration in seconds, and text. The first sample is at 0; the clock goes on in gaps.

    Raises
    ------
    FormatError
        Their times and texts do not fit together.
    """
    found: list[tuple[float, float, str]] = []
    tags = header.tags
    for block in tags.found(BLOCK) if header.samples is not None else []:
        said: dict[int, Tag] = {}
        inside = tags.inside(block, STARTS, ENDS, TEXTS, DATE)
        for i, data in zip(inside, tags.contents(file, inside), strict=True):
            said[int(tags.kinds[i])] = int(tags.types[i]), data
        starts, ends = _numbers(said.get(STARTS)), _numbers(said.get(ENDS))
        texts = names_in(said[TEXTS][1]) if TEXTS in said and said[TEXTS][1] else []
        if not len(starts) == len(ends) == len(texts):
            raise FormatError(
                f"its annotations have {len(starts):,} starts, {len(ends):,} ends and {len(texts):,} texts"
            )
        shift = _shift(said.get(DATE), header)
        for start, end, text in zip(starts.tolist(), ends.tolist(), texts, strict=True):
            found.append((start + shift, max(end - start, 0.0), text))
    return tuple(found)


def _shift(tag: Tag | None, header: FifHeader) -> float:
    """Seconds from the first sample to the time from which annotations count: a date that stands with them, or else the
    first sample of a dated recording. Where nothing is dated they count from sample number 0.
    """
    first = header.samples.first / header.sampling_frequency if header.samples is not None else 0.0
    if header.meas_date is None:
        return -first
    date = None if tag is None else _date(tag)
    return 0.0 if date is None else (date - header.meas_date).total_seconds() - first


def _date(tag: Tag) -> datetime | None:
    """UTC, from seconds and microseconds, or from seconds alone."""
    if tag[0] not in FLOATS:
        return date_in(tag[1])
    values: list[float] = _numbers(tag).tolist()
    seconds, micro = (*values, 0.0, 0.0)[:2]
    if max(abs(seconds), abs(micro)) > FAR:
        return None
    return datetime(1970, 1, 1) + timedelta(seconds=seconds, microseconds=micro)


def _numbers(tag: Tag | None) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Finite numbers of a tag."""
    if tag is None or not tag[1]:
        return np.empty(0)
    dtype = np.dtype(NUMBERS.get(tag[0], "V1"))
    if dtype.kind == "V" or len(tag[1]) % dtype.itemsize:
        raise FormatError("the times of its annotations are no numbers")
    values = np.frombuffer(tag[1], dtype).astype(np.float64)
    if not np.isfinite(values).all():
        raise FormatError("the times of its annotations are not all finite")
    return values
