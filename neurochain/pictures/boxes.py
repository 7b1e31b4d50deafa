"""Boxes: a graph whose boxes stand in columns, what comes first on the left, as SVG."""

from collections.abc import Mapping, Sequence
from typing import Any

from neurochain.pictures.words import cut, escaped

__all__ = ["boxes_svg"]

WIDE, GAP, ROW, ABOVE = 208, 54, 18, 16  # pixels: of a box, between columns, of a line of text, between boxes
LETTERS = 30  # that a line of a box holds
COLOURS = {"version": "#0e8f88", "activity": "#8b63d6", "storage": "#c07a10", "table": "#3f82d6"}
OTHERS = "#7d8a91"
FIRST, LATER = 'font-weight="600"', 'fill-opacity=".82"'


def boxes_svg(boxes: Sequence[Mapping[str, Any]], lines: Sequence[tuple[int, int]], said: str) -> str:
    """A graph.

    Parameters
    ----------
    boxes : sequence of mapping
        ``kind``, ``title``, ``about`` (list of str), ``column`` and ``row``, from 0.
    lines : sequence of (int, int)
        Numbers of boxes: from, to.
    said : str
        The picture in words.
    """
    tall = [ROW * (1 + len(box["about"])) + 16 for box in boxes]
    columns: dict[int, list[int]] = {}
    for i, box in enumerate(boxes):
        columns.setdefault(box["column"], []).append(i)
    heights = {c: sum(tall[i] + ABOVE for i in held) - ABOVE for c, held in columns.items()}
    height = max(heights.values(), default=0)
    place: dict[int, tuple[float, float]] = {}
    for c, held in columns.items():
        y = (height - heights[c]) / 2
        for i in sorted(held, key=lambda i: int(boxes[i]["row"])):
            place[i] = c * (WIDE + GAP), y
            y += tall[i] + ABOVE
    width = (max(columns, default=0) + 1) * (WIDE + GAP) - GAP
    parts = [
        f'<svg role="img" aria-label="{escaped(said)}" viewBox="-2 -2 {width + 4} {height + 4:g}" width="{width + 4}" '
        f'height="{height + 4:g}" style="max-width:100%;height:auto;color:inherit" font-size="12" font-family="inherit" '
        'fill="currentColor">'
    ]
    for a, b in lines:
        (x, y), (u, v) = place[a], place[b]
        y, v, x = y + tall[a] / 2, v + tall[b] / 2, x + WIDE
        bend = max((u - x) / 2, 18)
        parts.append(
            f'<path d="M{x:g} {y:g}C{x + bend:g} {y:g} {u - bend:g} {v:g} {u - 7:g} {v:g}" fill="none" '
            f'stroke="currentColor" stroke-opacity=".45" stroke-width="1.3"/>'
            f'<path d="M{u - 1:g} {v:g}l-7-4v8z" fill-opacity=".6"/>'
        )
    for i, box in enumerate(boxes):
        parts.append(_box(box, *place[i], tall[i]))
    return "".join([*parts, "</svg>"])


def _box(box: Mapping[str, Any], x: float, y: float, tall: float) -> str:
    colour = COLOURS.get(box["kind"], OTHERS)
    round_ = 14 if box["kind"] == "activity" else 5
    texts = [
        f'<text x="{x + 12:g}" y="{y + 20 + ROW * n:g}" {LATER if n else FIRST}>{escaped(cut(line, LETTERS))}</text>'
        for n, line in enumerate([box["title"], *box["about"]])
    ]
    whole = "\n".join([f"{box['kind']}: {box['title']}", *box["about"]])
    return (
        f"<g><title>{escaped(whole)}</title>"
        f'<rect x="{x:g}" y="{y:g}" width="{WIDE}" height="{tall:g}" rx="{round_}" fill="{colour}" fill-opacity=".11" '
        f'stroke="{colour}" stroke-width="1.3"/>{"".join(texts)}</g>'
    )
