"""Links: from each stream's clock to the common one, over others where it must be."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neurochain.errors import ShapeError
from neurochain.timeline.clocks.clockfit import ClockFit
from neurochain.timeline.clocks.clockmap import ClockMap
from neurochain.timeline.streams.stream import Floats

__all__ = ["Link", "Links"]


@dataclass(frozen=True)
class Link:
    """How one stream's clock lies to another's.

    Attributes
    ----------
    to : str
        The other stream.
    map : ClockMap
        From this one's seconds to the other's.
    fit : ClockFit or None
        What the map was found by; None where somebody said it.
    pulses : tuple of str
        Lines that it was fitted from.
    """

    to: str
    map: ClockMap
    fit: ClockFit | None = None
    pulses: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON: the map, and the fit with its residuals."""
        found: dict[str, Any] = {"to": self.to, "map": self.map.to_json()}
        if self.fit is not None:
            found |= {"fit": self.fit.to_json(), "pulses": list(self.pulses)}
        return found


@dataclass(frozen=True)
class Links:
    """Links of all streams.

    Attributes
    ----------
    by : mapping of str to Link
        By the stream whose clock it is; a stream without one is taken to be on the common clock.
    """

    by: Mapping[str, Link]
    _common: dict[str, ClockMap] = field(default_factory=dict, init=False, repr=False, compare=False)

    def path(self, name: str) -> list[Link]:
        """Links from a stream to the common clock."""
        found: list[Link] = []
        while name in self.by:
            found.append(self.by[name])
            name = found[-1].to
        return found

    def to_common(self, name: str) -> ClockMap:
        """From a stream's clock to the common one."""
        if name not in self._common:
            found = ClockMap.identity()
            for link in self.path(name):
                found = found.then(link.map)
            self._common[name] = found
        return self._common[name]

    def uncertainty(self, name: str, seconds: Floats) -> Floats | None:
        """Half width of the 95 % interval of common times, at times on a stream's clock; None where nothing was fitted.

        Errors of several links are independent: their squares add up.
        """
        path = self.path(name)
        if not any(link.fit for link in path):
            return None
        total = np.zeros(len(seconds))
        for link in path:
            if link.fit is not None:
                total += np.square(link.fit.uncertainty(seconds))
            seconds = link.map(seconds)
        return np.sqrt(total)

    def same_clock(self, name: str) -> str:
        """The stream whose clock a stream was recorded on: itself, but for `on`."""
        while name in self.by and self.by[name].map.kind == "identity" and self.by[name].fit is None:
            name = self.by[name].to
        return name

    def linked(self, name: str, link: Link) -> "Links":
        """These and one more, which takes the place of an earlier one.

        Raises
        ------
        ShapeError
            The other stream's clock lies by this one's.
        """
        found = Links({**self.by, name: link})
        seen, at = {name}, link.to
        while at in found.by:
            if at in seen:
                break
            seen.add(at)
            at = found.by[at].to
        if at == name:
            raise ShapeError(
                f"The clock of {name!r} cannot be said by that of {link.to!r}, which is known by that of {name!r} alone. Go the "
                "other way round, or to a third stream."
            )
        return found


def worst(found: Floats | None) -> float | None:
    """The largest of some half widths; None where none is known."""
    known = [] if found is None else [v for v in found.tolist() if math.isfinite(v)]
    return max(known, default=None)
