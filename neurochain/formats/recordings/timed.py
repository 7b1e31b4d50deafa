"""Timed: the time axis of a recording."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from types import MappingProxyType
from typing import Any

from neurochain.formats.recordings.annotations import Annotation, annotations_within
from neurochain.formats.recordings.gaps import Segments
from neurochain.formats.recordings.part import Part
from neurochain.formats.shown.shown import Shown

__all__ = ["Timed"]


class Timed(Shown):
    """When the samples of a recording were taken, and what was noted meanwhile.

    Parameters
    ----------
    whole : Part
        All of the recording.
    duration : float, seconds
        Of what was recorded, gaps left out.
    start_time : datetime or None
        Local time of the first sample, without time zone, but for `delay`.
    discontinuous : bool
        Whether there may be gaps.
    annotations : callable, optional
        Gives the annotations, on the recording's clock.
    segments : callable, optional
        Gives the times of each stretch without gaps, on the recording's clock; for recordings that may have gaps.
    delay : callable, optional
        Gives the seconds by which the first sample comes later than `start_time`.

    Attributes
    ----------
    opened_with : mapping
        What the caller of `open` said of the file, as plain JSON.
    """

    opened_with: Mapping[str, Any] = MappingProxyType({})

    def __init__(
        self,
        whole: Part,
        duration: float,
        start_time: datetime | None,
        discontinuous: bool,
        annotations: Callable[[], Sequence[Annotation]] | None,
        segments: Callable[[], Segments] | None,
        delay: Callable[[], float] | None,
    ) -> None:
        self.start = whole.time
        self.duration = duration
        self.discontinuous = discontinuous
        self._whole = self._part = whole
        self._is_window = False
        self._start_time = start_time
        # Parts of a recording share what was found once.
        self._annotations = cache(annotations) if annotations is not None else None
        self._segments = cache(segments) if segments is not None else None
        self._delay = cache(delay) if delay is not None else None

    @property
    def start_time(self) -> datetime | None:
        """Local time of the first sample, without time zone; None where the file does not say.

        Raises
        ------
        FormatError
            The first annotations, which in EDF+ tell the fraction of a second, cannot be read.
        """
        since = self.start - self._whole.time
        # Behind a gap of unknown length nobody knows what time it is.
        if self._start_time is None or (since and self.discontinuous and self._segments is None):
            return None
        late = self._delay() if self._delay is not None else 0.0
        try:
            return self._start_time + timedelta(seconds=since + late)
        except OverflowError:
            return None

    @property
    def annotations(self) -> tuple[Annotation, ...]:
        """What was noted, by onset; read when it is asked for.

        Of a `window`, what reaches into it; of picked channels, all. Empty in memory, and where a format has none.

        Raises
        ------
        FormatError
            They cannot be read; says where.
        """
        if self._annotations is None:
            return ()
        found = sorted(self._annotations(), key=lambda a: a.onset)
        if self._is_window:
            return annotations_within(found, self.start, self.start + self.duration)
        return tuple(found)

    @property
    def segments(self) -> Segments:
        """Stretches without gaps: times [start, end) in seconds, on the clock of `start`.

        There is one, but in a recording with gaps that the file times; they are looked up when it is first asked. Where
        it does not time them, what lies behind them counts as following at once.

        Raises
        ------
        FormatError
            The file does not say it, or parts of it overlap.
        """
        if self._segments is None:
            return ((self.start, self.start + self.duration),)
        return self._segments()
