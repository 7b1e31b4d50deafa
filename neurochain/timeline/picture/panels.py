"""Panels: how streams of each kind are drawn into axes of matplotlib."""

from collections.abc import Callable
from typing import Any

import numpy as np

from neurochain.timeline.excerpt import Excerpt
from neurochain.timeline.picture.envelope import envelope
from neurochain.timeline.streams.stream import Kind
from neurochain.timeline.streams.tabled import TabledStream

__all__ = ["ACCENT", "INK", "PANELS", "PAPER", "height"]

INK, ACCENT, PAPER, FAINT = "#30343b", "#c8553d", "#ffffff", "#c9ccd2"
COLUMNS = 1600  # of an envelope: more than a picture has pixels
MOST_LINES = 12  # channels that are drawn as lines; more are a map
PICTURES = 8  # frames or volumes that are shown
WORDS = ("trial_type", "label", "value", "event", "name")  # columns that say what happened
MOST_WORDS = 25
COLORS = ("#2f6690", "#c8553d", "#588157", "#8d5a97", "#b08900", "#3a7d7c")


def height(excerpt: Excerpt) -> float:
    """How high a panel is, relative to others."""
    if excerpt.kind == "recording":
        return 1.0 + min(excerpt.shape[1], MOST_LINES) * 0.12
    return {"video": 1.1, "volume": 1.1, "events": 0.35, "spikes": 1.0}.get(excerpt.kind, 0.9)


def _recording(axes: Any, excerpt: Excerpt) -> None:
    n_channels = excerpt.shape[1]
    if not len(excerpt):
        return
    if n_channels > MOST_LINES:
        _map(axes, excerpt)
        return
    found = envelope(excerpt, COLUMNS)
    middle = np.nanmedian((found.low + found.high) / 2, axis=0)
    spread = float(np.nanmax(found.high - found.low)) or 1.0
    times = (found.edges[:-1] + found.edges[1:]) / 2
    for i in range(n_channels):
        base = (n_channels - 1 - i) * spread * 1.05 - middle[i]
        there = np.isfinite(found.low[:, i])
        line = np.stack([found.low[there, i], found.high[there, i]], axis=1).reshape(-1) + base
        axes.plot(np.repeat(times[there], 2), line, color=COLORS[i % len(COLORS)], linewidth=0.7)
    axes.set_yticks([(n_channels - 1 - i) * spread * 1.05 for i in range(n_channels)], excerpt.labels)
    _kept(axes, excerpt)


def _map(axes: Any, excerpt: Excerpt) -> None:
    """Channels as rows of a map, coloured by how far values go from the channel's middle."""
    found = envelope(excerpt, COLUMNS // 2)
    middle = np.nanmedian((found.low + found.high) / 2, axis=0)
    far = np.fmax(found.high - middle, middle - found.low).T
    top = float(np.nanpercentile(far, 99.5)) or 1.0
    extent = (excerpt.start, excerpt.end, excerpt.shape[1] - 0.5, -0.5)
    axes.imshow(far, aspect="auto", extent=extent, cmap="magma", vmin=0, vmax=top, interpolation="nearest")
    axes.set_ylabel("channel", color=INK, fontsize=8)
    unit = next((u for u in excerpt.units if u), "")
    axes.text(
        0.995, 0.95, f"largest excursion, up to {top:.3g} {unit}".rstrip(), transform=axes.transAxes, ha="right", va="top",
        color="white", fontsize=7,
    )  # fmt: skip


def _kept(axes: Any, excerpt: Excerpt) -> None:
    """Times at which a filter keeps any value, as marks along the foot."""
    if excerpt.filter is None:
        return
    mask = excerpt.mask
    if mask is not None and mask.any():
        times = excerpt.time[mask.any(axis=1)]
        picked = times[:: max(len(times) // COLUMNS, 1)]
        low = axes.get_ylim()[0]
        axes.plot(picked, np.full(len(picked), low), "|", color=ACCENT, markersize=6, clip_on=False)


def _table(axes: Any, excerpt: Excerpt) -> None:
    if not len(excerpt) or not excerpt.shape[1]:
        return
    found = envelope(excerpt, COLUMNS)
    times = (found.edges[:-1] + found.edges[1:]) / 2
    for i, label in enumerate(excerpt.labels[: len(COLORS)]):
        there = np.isfinite(found.low[:, i])
        line = np.stack([found.low[there, i], found.high[there, i]], axis=1).reshape(-1)
        axes.plot(np.repeat(times[there], 2), line, color=COLORS[i], linewidth=0.9, label=label)
    axes.legend(loc="upper right", fontsize=7, frameon=False, ncols=3)
    _kept(axes, excerpt)


def _pictures(axes: Any, excerpt: Excerpt, picture: Callable[[int], Any]) -> None:
    """Some of the frames or volumes, each where its time begins; all their times as ticks along the foot."""
    axes.set_ylim(0, 1)
    axes.set_yticks([])
    times = excerpt.time
    inside = times[(times >= excerpt.start) & (times < excerpt.end)]
    axes.plot(inside, np.zeros(len(inside)), "|", color=INK, markersize=7, clip_on=False)
    if not len(times):
        return
    box = axes.get_window_extent()
    wide = (excerpt.end - excerpt.start) / max(box.width, 1)  # seconds of a pixel
    shown = np.unique(np.linspace(0, len(times) - 1, min(PICTURES, len(times))).round().astype(int))
    behind = -np.inf
    for i in shown.tolist():
        image = picture(excerpt.first + i)
        rows, columns = image.shape[:2]
        width = columns / rows * box.height * 0.84 * wide
        left = min(max(times[i], excerpt.start), excerpt.end - width)
        if left < behind:
            continue
        behind = left + width * 1.04
        cmap = "gray" if image.ndim == 2 else None
        axes.imshow(image, aspect="auto", extent=(left, left + width, 0.12, 0.96), cmap=cmap, zorder=2)
        if times[i] >= excerpt.start:
            axes.plot([times[i], left], [0, 0.12], color=FAINT, linewidth=0.8, zorder=1)
    axes.set_xlim(excerpt.start, excerpt.end)


def _video(axes: Any, excerpt: Excerpt) -> None:
    stream = excerpt.stream
    _pictures(axes, excerpt, lambda i: stream.read(i, i + 1)[0])


def _volume(axes: Any, excerpt: Excerpt) -> None:
    """The middle slice of volumes, upright as radiologists' viewers have it but unmirrored: x to the right, y up."""
    stream = excerpt.stream

    def middle(i: int) -> Any:
        volume = np.asarray(stream.read(i, i + 1)).squeeze(axis=stream.time_axis)
        while volume.ndim > 2:
            volume = volume[..., volume.shape[-1] // 2]
        return np.flipud(volume.T)

    _pictures(axes, excerpt, middle)


def _events(axes: Any, excerpt: Excerpt) -> None:
    axes.set_ylim(0, 1)
    axes.set_yticks([])
    axes.vlines(excerpt.time, 0, 1, color=ACCENT, linewidth=1.2)
    rows = excerpt.source if isinstance(excerpt.stream, TabledStream) else None
    column = None if rows is None else next((n for n in WORDS if n in rows.columns), None)
    if rows is None or column is None or len(excerpt) > MOST_WORDS:
        return
    for time, word in zip(excerpt.time.tolist(), rows[column].to_list(), strict=True):
        axes.annotate(
            "" if word is None else str(word), (time, 0.5), (4, 0), textcoords="offset points", va="center", fontsize=7, color=INK
        )  # fmt: skip


def _spikes(axes: Any, excerpt: Excerpt) -> None:
    axes.plot(excerpt.time, excerpt.read(), "|", color=INK, markersize=3, markeredgewidth=0.6)
    axes.set_ylim(len(excerpt.labels) - 0.5, -0.5)
    axes.set_ylabel("unit", color=INK, fontsize=8)


PANELS: dict[Kind, Callable[[Any, Excerpt], None]] = {
    "recording": _recording,
    "table": _table,
    "video": _video,
    "volume": _volume,
    "events": _events,
    "spikes": _spikes,
}
