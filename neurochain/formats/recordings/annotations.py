"""Annotation: what was noted at a time of a recording."""

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Annotation", "annotations_within"]


@dataclass(frozen=True, slots=True)
class Annotation:
    """Something noted at a time of a recording: an event, a stage of sleep, an artefact.

    Attributes
    ----------
    onset : float, seconds
        On the clock of `Recording.start`; negative before the first sample.
    duration : float, seconds, or None
        None where the file does not say.
    text : str
        As written.
    channel : str or None
        Label of the one signal that it is about, where the file says so.

    Examples
    --------
    >>> Annotation(12.5, 30.0, "Sleep stage N2")
    Annotation(onset=12.5, duration=30.0, text='Sleep stage N2', channel=None)
    """

    onset: float
    duration: float | None
    text: str
    channel: str | None = None


def annotations_within(annotations: Iterable[Annotation], start: float, end: float) -> tuple[Annotation, ...]:
    """Those that reach into the times [start, end): the onset lies in them, or what began before goes on.

    Examples
    --------
    >>> stages = [Annotation(0.0, 30.0, "N1"), Annotation(30.0, 30.0, "N2"), Annotation(40.0, None, "apnea")]
    >>> [a.text for a in annotations_within(stages, 10, 40)]
    ['N1', 'N2']
    """
    return tuple(
        a for a in annotations if a.onset < end and (a.onset >= start or a.onset + (a.duration or 0) > start)
    )
