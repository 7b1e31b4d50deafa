"""About: what a series says of where it comes from, in words and as JSON."""

import json
from typing import TYPE_CHECKING, Any

from neurochain.timeline.writing.description import stream_attributes

if TYPE_CHECKING:
    from neurochain.timeline.exports import Exports

__all__ = ["about", "free"]


def about(timeline: "Exports", name: str, what: str, **more: Any) -> dict[str, str]:
    """``description`` and ``comments`` of a series.

    Parameters
    ----------
    timeline : Timeline
        That has the stream.
    name : str
        Of the stream.
    what : str
        What its values are, in words.
    **more
        Joins the attributes of the stream, as JSON.
    """
    said = {**stream_attributes(timeline, name), **more}
    source = ", ".join(said["source"])
    words = f"{what} Source: {source}. Clock: {said['clock']} ({said['clock_by']}); {_common(said, name)}."
    return {"description": words, "comments": json.dumps(said, sort_keys=True)}


def _common(said: dict[str, Any], name: str) -> str:
    """How its clock lies to the common one."""
    common = said["common_clock"]
    if name == common:
        return "times in this file are its own"
    if "fit" in said:
        sure = f", true to {said['uncertainty'] * 1e3:.3g} ms (95 %)" if "uncertainty" in said else ""
        return (
            f"fitted to pulses on the clock of {said['fitted_to']}: drift {said['drift_ppm']:+.3f} ppm, residuals "
            f"{said['residual_rms'] * 1e3:.3g} ms rms and {said['residual_max'] * 1e3:.3g} ms at most{sure}"
        )
    if said["synced"]:
        return f"somebody said how it lies to that of {common}: see comments"
    return f"taken to be that of {common}, which nobody has shown"


def free(name: str, taken: Any) -> str:
    """Name that NWB can have and nothing else does: without slash and colon."""
    name = "".join("_" if c in "/:\0" else c for c in name).strip() or "column"
    name = f"{name}_" if not name.strip(".") else name
    found, number = name, 1
    while found in taken:
        found, number = f"{name}_{number}", number + 1
    return found
