"""Overview: the streams of a timeline in a notebook, each as the time that it covers. Nothing of them is read."""

import math
from typing import TYPE_CHECKING

from neurochain.errors import ShapeError
from neurochain.pictures.pieces import block, facts, note
from neurochain.pictures.words import cut, escaped

if TYPE_CHECKING:
    from neurochain.timeline.timeline import Timeline

__all__ = ["timeline_html"]

WIDTH, LABEL, LANE, TICKS = 720, 190, 24, 6  # pixels; of names; of a stream; times on the axis


def timeline_html(timeline: "Timeline") -> str:
    """Streams below each other on the common clock, and what all of them cover together."""
    spans = {name: timeline.span_of(name) for name in timeline}
    finite = [t for span in spans.values() for t in span if math.isfinite(t)]
    if not finite:
        return note(repr(timeline))
    start, end = min(finite), max(finite)
    scale = (WIDTH - LABEL - 12) / ((end - start) or 1.0)
    height = LANE * len(spans) + 22
    parts = [
        f'<svg role="img" aria-label="{escaped(repr(timeline))}" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        'style="max-width:100%;height:auto;color:inherit" font-size="12" font-family="inherit" fill="currentColor">'
    ]
    try:
        first, last = timeline.span
        parts.append(
            f'<rect x="{LABEL + (first - start) * scale:.1f}" y="0" width="{max((last - first) * scale, 1):.1f}" '
            f'height="{height - 20}" fill-opacity=".08"/>'
        )
        together = f"[{first:.6g}, {last:.6g}) s"
    except ShapeError:
        together = "no overlap"
    for i, (name, (a, b)) in enumerate(spans.items()):
        y = i * LANE
        left, right = (LABEL + (min(max(t, start), end) - start) * scale for t in (a, b))
        kind = timeline[name].kind
        said = f"{name}: {kind}, [{a:.6g}, {b:.6g}) s"
        parts.append(
            f"<g><title>{escaped(said)}</title>"
            f'<text x="0" y="{y + 16}">{escaped(cut(name, 16))} <tspan fill-opacity=".75">{escaped(kind)}</tspan></text>'
            f'<rect x="{left:.1f}" y="{y + 6}" width="{max(right - left, 1.5):.1f}" height="12" rx="3" fill="#3f82d6" '
            f'fill-opacity="{".85" if timeline.is_synced(name) else ".4"}"/></g>'
        )
    for i in range(TICKS):
        t = start + (end - start) * i / (TICKS - 1)
        anchor = "start" if not i else "end" if i == TICKS - 1 else "middle"
        parts.append(
            f'<text x="{LABEL + (t - start) * scale:.1f}" y="{height - 4}" text-anchor="{anchor}" fill-opacity=".8">{t:.5g}'
            f"{' s' if i == TICKS - 1 else ''}</text>"
        )
    apart = [name for name in timeline if not timeline.is_synced(name)]
    unknown = f"Nobody has shown how these clocks lie to the common one: {', '.join(apart)}." if apart else ""
    head = f"<div><b>Timeline</b> of {len(spans):,} streams</div>"
    about = facts([("clock of", timeline.clock), ("all together", together)])
    return block(head, about, "".join([*parts, "</svg>"]), note(unknown) if unknown else "")
