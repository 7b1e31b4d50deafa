"""Attributes: what is noted at the groups and datasets of an HDF5 file, as plain Python values."""

from typing import Any

import numpy as np

__all__ = ["number", "text", "texts", "value"]

LONGEST = 100_000  # entries


def value(node: Any, name: str) -> Any:
    """Value of an attribute: a number, a text, or a list of such; None where there is none, or it is something else."""
    if name not in node.attrs:
        return None
    return plain(node.attrs[name])


def text(node: Any, name: str) -> str:
    """Text of an attribute; empty where there is none."""
    found = value(node, name)
    return found if isinstance(found, str) else ""


def texts(node: Any, name: str) -> list[str]:
    """Texts of an attribute; none where there are none."""
    found = value(node, name)
    return (
        [found]
        if isinstance(found, str)
        else [v for v in found or [] if isinstance(v, str)]
        if isinstance(found, list)
        else []
    )


def number(node: Any, name: str) -> float | None:
    """Number of an attribute; None where there is none."""
    found = value(node, name)
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None


def plain(held: Any) -> Any:
    """What h5py gives for numbers and texts, as plain values; None for anything else."""
    if isinstance(held, bytes):
        return held.decode("utf-8", "replace")
    if isinstance(held, str):
        return held.encode("utf-8", "replace").decode()  # half a character, as damage makes it
    if isinstance(held, np.ndarray):
        if held.size > LONGEST:
            return None
        return [plain(v) for v in held.reshape(-1).tolist()] if held.ndim else plain(held[()])
    if isinstance(held, np.generic):
        return plain(held.item())
    return held if isinstance(held, bool | int | float) else None
