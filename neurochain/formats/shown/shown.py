"""Shown: what gives an array its picture in a notebook.

What draws stands above the arrays that it draws, so it is reached by name, as an entry point is, and imported when a notebook first asks:
who computes with arrays never loads it.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

__all__ = ["VIEWED", "Shown", "drawing"]

DRAWN = {
    "Recording": "neurochain.formats.shown.recordings:recording_html",
    "Video": "neurochain.formats.shown.videos:video_html",
    "Volume": "neurochain.formats.shown.volumes:volume_html",
}
VIEWED = "neurochain.formats.shown.view:volume_view"


def drawing(place: str) -> Callable[..., Any]:
    """Function at ``module:name``."""
    module, _, name = place.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), name)
    return found


class Shown:
    """Array that a notebook shows as a picture with its facts."""

    __slots__ = ()

    def _repr_html_(self) -> str | None:
        place = next((DRAWN[c.__name__] for c in type(self).__mro__ if c.__name__ in DRAWN), None)
        return None if place is None else str(drawing(place)(self))
