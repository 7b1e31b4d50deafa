"""Trying: pictures that may not come, since a disk is away or a package is missing; a notebook shows one line then, and no traceback."""

from collections.abc import Callable

from neurochain.errors import NeurochainError
from neurochain.pictures.pieces import note

__all__ = ["or_note", "reason"]

LONGEST = 300  # characters


def or_note(draw: Callable[[], str]) -> str:
    """What `draw` gives, or in one line why there is nothing."""
    try:
        return draw()
    except Exception as error:  # whatever it is: what a cell has computed is shown without its picture
        return note(f"No picture: {reason(error)}")


def reason(error: Exception) -> str:
    """An error in one line."""
    said = " ".join(str(error).split()) or type(error).__name__
    said = said if isinstance(error, NeurochainError) else f"{type(error).__name__}: {said}"
    return said if len(said) <= LONGEST else f"{said[: LONGEST - 1]}…"
