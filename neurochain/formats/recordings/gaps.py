"""Gaps: stretches of a recording without interruption, and times that lie in one of them."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from neurochain.errors import ShapeError

__all__ = ["Segments", "Stretch", "stretch_of"]

Segments = tuple[tuple[float, float], ...]
"""Times [start, end) of each stretch without gaps, seconds, ascending."""


class Stretch(NamedTuple):
    """Part of a recording without gaps.

    Attributes
    ----------
    start, end : float, seconds
        On the recording's clock.
    before : float, seconds
        Of samples that lie before it, in all stretches.
    """

    start: float
    end: float
    before: float


def stretch_of(segments: Segments, start: float, end: float, slack: float, name: str) -> Stretch:
    """Stretch in which the times [start, end) lie.

    Parameters
    ----------
    segments : tuple of (float, float), seconds
        Of the recording.
    start, end : float, seconds
        On its clock.
    slack : float, seconds
        What a time may be off by rounding.
    name : str
        Of the recording, for messages.

    Raises
    ------
    ShapeError
        They lie in none: there is a gap between them, or they are outside.

    Examples
    --------
    >>> stretch_of(((0.0, 5.0), (7.5, 20.0)), 8, 10, 1e-9, "the recording")
    Stretch(start=7.5, end=20.0, before=5.0)
    """
    if not segments:
        raise ShapeError(f"window({start:g}, {end:g}): {name} holds no samples.")
    at = max(bisect_right([s for s, _ in segments], start + slack) - 1, 0)
    first, last = segments[at]
    if first - slack <= start and end <= last + slack:
        return Stretch(first, last, sum(b - a for a, b in segments[:at]))
    asked = f"window({start:g}, {end:g})"
    if start < segments[0][0] - slack or end > segments[-1][1] + slack:
        raise ShapeError(
            f"{asked}: {name} goes from {segments[0][0]:g} s to {segments[-1][1]:g} s{_gaps(segments)}. "
            "Ask for [start, end) within it."
        )
    raise ShapeError(
        f"{asked}: {name} has a gap from {last:g} s to {segments[at + 1][0]:g} s, in which nothing was recorded. "
        "Ask for times before or behind it; recording.segments lists the stretches without gaps."
    )


def _gaps(segments: Sequence[tuple[float, float]]) -> str:
    count = len(segments) - 1
    return f", with {count} gap{'s' if count > 1 else ''}" if count else ""
