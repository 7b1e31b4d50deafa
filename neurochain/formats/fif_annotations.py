"""FIF annotations: what MNE-Python wrote about stretches of a recording."""

from typing import Any

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.fif_header import NUMBERS, FifHeader, names_in
from neurochain.formats.fif_tags import Held

__all__ = ["annotations"]

BLOCK, STARTS, ENDS, TEXTS, DATE = 3810, 3568, 3569, 206, 204
FLOATS = (4, 5)
FAR = 6e10  # seconds: no date lies farther from 1970

Integers = np.ndarray[Any, np.dtype[np.int64]]


def annotations(file: Held, header: FifHeader) -> tuple[tuple[float, float, str], ...]:
    """Annotations of a raw recording, in the order of the file.

    Returns
    -------
    tuple of (float, float, str)
        Onset and duration in seconds, and text. The first sample is at 0 and gaps are left out, as they are in the
        recording.

    Raises
    ------
    FormatError
        Their times and texts do not fit together.
    """
    tags, samples, rate = header.tags, header.samples, header.sampling_frequency
    found = []
    for block in tags.found(BLOCK):
        inside = tags.inside(block, STARTS, ENDS, TEXTS, DATE)
        said = dict(
            zip(
                (int(tags.kinds[i]) for i in inside),
                zip(inside, tags.contents(file, inside), strict=True),
                strict=True,
            )
        )
        starts, ends = (_numbers(said.get(kind), tags.types) for kind in (STARTS, ENDS))
        texts = names_in(said[TEXTS][1]) if TEXTS in said and said[TEXTS][1] else []
        if not len(starts) == len(ends) == len(texts):
            raise FormatError(
                f"its annotations have {len(starts):,} starts, {len(ends):,} ends and {len(texts):,} texts"
            )
        date = _date(said.get(DATE), tags.types)
        if samples is None or not len(starts):
            continue
        # Times are counted from the date that stands with them; without one, from the first sample of a dated recording.
        shift = 0.0
        if date is not None and header.meas_date is not None:
            shift = (date - header.meas_date).total_seconds()
        elif header.meas_date is not None:
            shift = samples.first / rate
        for start, end, text in zip(starts.tolist(), ends.tolist(), texts, strict=True):
            onset, last = (samples.position((time + shift) * rate) / rate for time in (start, end))
            found.append((onset, last - onset, text))
    return tuple(found)


def _numbers(
    tag: tuple[int, bytes] | None, types: np.ndarray[Any, np.dtype[np.int64]]
) -> np.ndarray[Any, Any]:
    """Finite numbers of a tag."""
    if tag is None or not tag[1]:
        return np.empty(0)
    dtype = np.dtype(NUMBERS.get(int(types[tag[0]]), "V1"))
    if dtype.kind == "V" or len(tag[1]) % dtype.itemsize:
        raise FormatError("the times of its annotations are no numbers")
    values = np.frombuffer(tag[1], dtype).astype(np.float64)
    if not np.isfinite(values).all():
        raise FormatError("the times of its annotations are not all finite")
    return values
