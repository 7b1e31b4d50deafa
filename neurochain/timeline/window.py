"""Window: what several streams recorded in one stretch of time."""

from collections.abc import Iterator, Mapping
from typing import Any

from neurochain.errors import ColumnNotFoundError, suggestion
from neurochain.timeline.excerpt import Excerpt
from neurochain.timeline.resampled import Method, Resampled, resample
from neurochain.timeline.resampling.spikes import Side

__all__ = ["Window"]


class Window(Mapping[str, Excerpt]):
    """Excerpts of streams, all of the times [start, end); made by `Timeline.window`.

    Attributes
    ----------
    start, end : float, seconds
        On the common clock.
    """

    def __init__(self, excerpts: Mapping[str, Excerpt], start: float, end: float) -> None:
        self._excerpts = dict(excerpts)
        self.start, self.end = start, end

    def __getitem__(self, name: str) -> Excerpt:
        if name not in self._excerpts:
            raise ColumnNotFoundError(
                f"The window has no stream {name!r}. {suggestion(name, self._excerpts)}"
            )
        return self._excerpts[name]

    def __contains__(self, name: object) -> bool:
        return name in self._excerpts  # what is missing is no KeyError here, as a Mapping expects

    def __iter__(self) -> Iterator[str]:
        return iter(self._excerpts)

    def __len__(self) -> int:
        return len(self._excerpts)

    def read(self) -> dict[str, Any]:
        """Values of all streams, by name."""
        return {name: one.read() for name, one in self._excerpts.items()}

    def resampled(
        self,
        sampling_frequency: float,
        methods: Mapping[str, Method] | None = None,
        *,
        longest_gap: float | None = None,
        side: Side = "left",
    ) -> dict[str, Resampled]:
        """All streams at the same times: those of a grid that begins at `start`.

        Parameters
        ----------
        sampling_frequency : float, Hz
            Of the grid.
        methods : mapping of str to str, optional
            By the name of a stream. ``"nearest"``, ``"previous"`` (what holds then), ``"linear"``; of a recording also
            ``"decimate"``, which lets nothing above half the frequency through; of events and spikes ``"count"``. By default
            recordings are decimated (or raised linearly), videos and scans show what holds, tables are read linearly,
            events and spikes are counted.
        longest_gap : float, seconds, optional
            Samples further apart have a gap between them, where there are no values; of recordings 1.5 periods by default.
        side : {"left", "right"}
            Of counts: whether an event on an edge belongs to the bin that begins there, or to the one that ends there.

        Returns
        -------
        dict of str to Resampled
            ``time``, ``values`` and ``mask``. Nothing is made up: where a stream has no value the mask is False.

        Raises
        ------
        ShapeError
            A method that a stream has not.
        ColumnNotFoundError
            There is no such stream.

        Examples
        --------
        >>> import numpy as np
        >>> import neurochain as nc
        >>> t = nc.timeline(lfp=nc.Recording.of(np.arange(40.0)[None], 10.0), licks=[1.05, 1.2])
        >>> found = t.window(1.0, 1.4).resampled(5.0, {"lfp": "previous"})
        >>> found["lfp"].values[:, 0], found["licks"].values
        (array([10., 12.]), array([1, 1]))
        """
        for name in methods or {}:
            self[name]
        return {
            name: resample(
                one, sampling_frequency, (methods or {}).get(name), longest_gap=longest_gap, side=side
            )
            for name, one in self._excerpts.items()
        }

    def bytes_needed(self) -> int:
        """Bytes of files that reading all of it takes."""
        return sum(one.bytes_needed() for one in self._excerpts.values())

    def __repr__(self) -> str:
        lines = "".join(f"\n  {one!r}" for one in self._excerpts.values())
        return f"<Window [{self.start:g}, {self.end:g}) s>{lines}"
