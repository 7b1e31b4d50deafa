"""Figure: streams of a window over one axis, and the residuals of their clocks below."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neurochain.errors import StorageError, require
from neurochain.storage.beside import written_beside
from neurochain.timeline.picture.panels import ACCENT, INK, PANELS, PAPER, height
from neurochain.timeline.window import Window

if TYPE_CHECKING:
    from neurochain.timeline.timeline import Timeline

__all__ = ["draw"]

WIDTH = 10.0  # inches
INCH = 1.15  # of a panel of height 1
DOTS = 150  # per inch
ENDINGS = (".png", ".svg", ".pdf")


def draw(
    timeline: "Timeline", window: Window, names: Sequence[str], path: str | os.PathLike[str] | None
) -> Any:
    """Draw a window; see `Timeline.plot`."""
    if path is not None and Path(path).suffix.lower() not in ENDINGS:
        raise StorageError(f"plot({os.fspath(path)!r}): a picture ends in {', '.join(ENDINGS)}.")
    figure_of = require("matplotlib.figure", "timeline", "plot()").Figure
    shown = [window[name] for name in names]
    fitted = [
        name for name in names if timeline.fit(name) is not None and timeline.links.same_clock(name) == name
    ]
    heights = [height(e) for e in shown] + [0.7] * len(fitted)
    figure = figure_of(
        figsize=(WIDTH, 0.9 + INCH * sum(heights)), dpi=DOTS, facecolor=PAPER, layout="constrained"
    )
    grid = figure.add_gridspec(len(heights), 1, height_ratios=heights)
    first: Any = None
    panels = []
    for i, excerpt in enumerate(shown):
        axes = figure.add_subplot(grid[i], sharex=first)
        first = first or axes
        panels.append(axes)
        _clean(axes, excerpt.name)
    first.set_xlim(window.start, window.end)
    residuals = [figure.add_subplot(grid[len(shown) + i]) for i in range(len(fitted))]
    for axes, name in zip(residuals, fitted, strict=True):
        _residuals(axes, timeline, name, window)
    figure.suptitle(
        f"[{window.start:g}, {window.end:g}) s on the clock of {timeline.clock}", color=INK, fontsize=10
    )
    for axes in panels[:-1]:
        axes.tick_params(labelbottom=False)
    panels[-1].set_xlabel(f"time (s, clock of {timeline.clock})", color=INK, fontsize=8)
    figure.draw_without_rendering()  # so that panels know how large they are
    for axes, excerpt in zip(panels, shown, strict=True):
        PANELS[excerpt.kind](axes, excerpt)
    for excerpt in shown:
        if excerpt.kind == "events":
            for axes in panels:
                for t in excerpt.time:
                    axes.axvline(t, color=ACCENT, linewidth=0.8, alpha=0.7, zorder=3)
    first.set_xlim(window.start, window.end)
    if path is None:
        return figure
    with written_beside(path, "plot") as (beside, target):
        figure.savefig(beside, format=target.suffix.lower().lstrip("."))
    return target


def _clean(axes: Any, name: str) -> None:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(labelsize=7, colors=INK, length=2.5)
    axes.set_title(name, loc="left", fontsize=9, color=INK, fontweight="bold", pad=3)


def _residuals(axes: Any, timeline: "Timeline", name: str, window: Window) -> None:
    """What pulses are off by, over the whole recording; the window is marked."""
    fit, to = timeline.fit(name), timeline.links.by[name].to
    _clean(axes, f"{name}: residuals of the clock")
    axes.axhline(0, color=INK, linewidth=0.6)
    scale, unit = (1e6, "µs") if fit.worst < 5e-4 else (1e3, "ms")
    axes.plot(timeline.map(to)(np.asarray(fit.common)), fit.residuals * scale, ".", color=INK, markersize=2)
    axes.axvspan(window.start, window.end, color=ACCENT, alpha=0.25, linewidth=0)
    axes.set_ylabel(unit, fontsize=8, color=INK)
    said = f"{fit.drift_ppm:+.2f} ppm, {fit.rms * scale:.3g} {unit} rms, {fit.n_pairs:,} of {fit.n_device:,} pulses paired"
    axes.set_xlabel(said, fontsize=7, color=INK)
