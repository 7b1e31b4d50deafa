"""Sheet: pictures beside each other on black, with letters at their edges, as SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurochain.pictures.png import data_uri, png_bytes, svg_uri
from neurochain.pictures.words import cut, escaped

__all__ = ["Tile", "sheet_img", "sheet_svg"]

BETWEEN, BELOW = 8, 18  # pixels
LETTER = 7  # pixels of one, about
LITTLE = 100  # pixels: smaller pictures have thinner frames
ROOMY = 34  # pixels between two letters at edges that face each other
Pixels = np.ndarray[Any, np.dtype[np.uint8]]


@dataclass(frozen=True)
class Tile:
    """A picture.

    Attributes
    ----------
    pixels : ndarray, shape (rows, columns[, 3]), uint8
    width, height : float
        How large it is shown, in any unit that all tiles of a sheet share.
    title : str
        Below it.
    edges : (str, str, str, str)
        At its left, right, top and bottom.
    sharp : bool
        Whether pixels stay squares when they are shown larger.
    data : bytes or None
        The picture as a file that is there already, in place of `pixels`.
    kind : str
        Of `data`.
    """

    pixels: Pixels | None
    width: float
    height: float
    title: str = ""
    edges: tuple[str, str, str, str] = ("", "", "", "")
    sharp: bool = False
    data: bytes | None = None
    kind: str = "image/png"

    @property
    def file(self) -> tuple[bytes, str]:
        """The picture as a file, and of what kind."""
        if self.data is not None:
            return self.data, self.kind
        assert self.pixels is not None
        return png_bytes(self.pixels), "image/png"


def sheet_img(tiles: Sequence[Tile], said: str, tallest: int = 220, widest: int = 760) -> str:
    """The same as one picture, which stays where a page takes drawings away, as Jupyter does in what it does not trust."""
    svg = sheet_svg(tiles, said, tallest, widest)
    return f'<img alt="{escaped(said)}" src="{svg_uri(svg)}" style="max-width:100%">'


def sheet_svg(tiles: Sequence[Tile], said: str, tallest: int = 220, widest: int = 760) -> str:
    """Tiles beside each other, to one scale.

    Parameters
    ----------
    tiles : sequence of Tile
        At least one.
    said : str
        The picture in words.
    tallest, widest : int
        Pixels, of the tallest tile and of all together.
    """
    between = BETWEEN if tallest >= LITTLE else BETWEEN // 4
    across = sum(t.width for t in tiles)
    scale = min(tallest / max(t.height for t in tiles), (widest - between * (len(tiles) + 1)) / across)
    sizes = [(max(t.width * scale, 1.0), max(t.height * scale, 1.0)) for t in tiles]
    tall = max(h for _, h in sizes)
    width = sum(w for w, _ in sizes) + between * (len(tiles) + 1)
    below = BELOW if any(t.title for t in tiles) else between
    height = tall + between + below
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escaped(said)}" viewBox="0 0 {width:.1f} {height:.1f}" width="{width:.0f}" '
        f'style="max-width:100%;height:auto" font-size="11" font-family="sans-serif" fill="#e8ecee">'
        f'<rect width="{width:.1f}" height="{height:.1f}" rx="6" fill="#000"/>'
    ]
    x = float(between)
    for tile, (w, h) in zip(tiles, sizes, strict=True):
        y = between + (tall - h) / 2
        sharp = ' style="image-rendering:pixelated"' if tile.sharp else ""
        parts.append(
            f'<image x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" preserveAspectRatio="none"{sharp} '
            f'href="{data_uri(*tile.file)}"/>'
        )
        parts += _edges(tile, x, y, w, h)
        if tile.title:
            shown = cut(tile.title, max(int(w / LETTER * 1.25), 6))
            parts.append(
                f'<text x="{x + w / 2:.1f}" y="{height - 6:.1f}" text-anchor="middle" fill="#b9c2c7">{escaped(shown)}</text>'
            )
        x += w + between
    return "".join([*parts, "</svg>"])


def _edges(tile: Tile, x: float, y: float, w: float, h: float) -> list[str]:
    left, right, top, bottom = tile.edges
    places = (
        (left, x + 4, y + h / 2 + 4, "start"),
        (right, x + w - 4, y + h / 2 + 4, "end"),
        (top, x + w / 2, y + 12, "middle"),
        (bottom, x + w / 2, y + h - 5, "middle"),
    )
    return [
        f'<text x="{u:.1f}" y="{v:.1f}" text-anchor="{anchor}" font-weight="600" stroke="#000" stroke-width="2.5" '
        f'paint-order="stroke">{escaped(letter)}</text>'
        for letter, u, v, anchor in places
        if letter and (h if anchor == "middle" else w) >= ROOMY
    ]
