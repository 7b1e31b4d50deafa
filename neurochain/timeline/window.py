"""Window: what several streams recorded in one stretch of time."""

from collections.abc import Iterator, Mapping
from typing import Any

from neurochain.errors import ColumnNotFoundError, suggestion
from neurochain.timeline.excerpt import Excerpt

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

    def __iter__(self) -> Iterator[str]:
        return iter(self._excerpts)

    def __len__(self) -> int:
        return len(self._excerpts)

    def read(self) -> dict[str, Any]:
        """Values of all streams, by name."""
        return {name: one.read() for name, one in self._excerpts.items()}

    def bytes_needed(self) -> int:
        """Bytes of files that reading all of it takes."""
        return sum(one.bytes_needed() for one in self._excerpts.values())

    def __repr__(self) -> str:
        lines = "".join(f"\n  {one!r}" for one in self._excerpts.values())
        return f"<Window [{self.start:g}, {self.end:g}) s>{lines}"
