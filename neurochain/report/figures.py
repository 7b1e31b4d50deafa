"""Figures of the page: some of the files that the rows are of, and some of their arrays."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from neurochain.chain.values.objects import HELD
from neurochain.chain.values.row import column_values
from neurochain.datasets.location import file_columns
from neurochain.datasets.types import Array, Field, Ragged, Record
from neurochain.datasets.versions import DatasetVersion
from neurochain.formats import Recording, Video, Volume
from neurochain.formats.opening import open_array
from neurochain.formats.shown.recordings import recording_facts, traces_svg
from neurochain.formats.shown.trying import reason
from neurochain.formats.shown.videos import frames_html, video_facts
from neurochain.formats.shown.volumes import slices_html, volume_facts
from neurochain.pictures.array import heat_of, real, shape_of
from neurochain.pictures.lines import spark_svg
from neurochain.pictures.pieces import facts, note
from neurochain.pictures.png import data_uri, png_bytes
from neurochain.pictures.words import escaped, number
from neurochain.report.making import unplaced
from neurochain.storage import File

__all__ = ["figures_html"]

ROOM = 1_600_000  # characters of all figures
STACKED = 240  # rows of arrays of one axis that make a map together
FEW = 6  # arrays of one axis that are drawn as lines
MAP = (240, 640)  # rows and columns of a map at most
MANY = 400_000  # bytes of an array that is drawn


def figures_html(version: DatasetVersion, count: int) -> str:
    """Figures, as many as there is room for."""
    out, room, left = [], ROOM, 0
    for made in _figures(version, count):
        if len(made) > room:
            left += 1
            continue
        out.append(made)
        room -= len(made)
    if left:
        out.append(f'<p class="quiet">{left:,} figures are left out: the page would be too large.</p>')
    return "".join(out)


def _figures(version: DatasetVersion, count: int) -> Iterator[str]:
    for column in file_columns(version.schema):
        for file, path in _files(version, column, count):
            yield _of_file(file, path)
    for field in version.schema.values():
        match field.type:
            case Array() | Ragged():
                yield _of_arrays(version, field, count)
            case Record(name) if name in HELD:
                leaves = [leaf for leaf, _ in field.leaves()]
                frame = version.scan().select(leaves).head(count).collect()
                for i, value in enumerate(column_values(frame, field.name, field.type)):
                    if value is not None:
                        yield _figure(f"{field.name} of row {i}", lambda held=value: _drawn(held))


def _files(version: DatasetVersion, column: str, count: int) -> Iterator[tuple[File, str]]:
    """Different files from all over the rows."""
    names = [f"{column}.{name}" for name in ("uri", "size", "etag", "mtime", "companions", "path")]
    scan = version.scan().select(names).filter(pl.col(names[0]).is_not_null())
    known = scan.unique(names[0], keep="first", maintain_order=True).collect()
    n = min(count, known.height)
    picked = sorted({(2 * i + 1) * known.height // (2 * n) for i in range(n)}) if n else []
    for uri, size, etag, mtime, companions, path in known[picked].iter_rows():
        yield File(uri, size, etag, mtime, companions=companions), str(path or uri.rpartition("/")[2])


def _of_file(file: File, path: str) -> str:
    return _figure(path, lambda: _drawn(open_array(file)))


def _figure(caption: str, draw: Any) -> str:
    try:
        inner = draw()
    except Exception as error:  # whatever is the matter with a file: the page is about all of them
        inner = note(f"No picture: {unplaced(reason(error))}")
    return f"<figure><figcaption><code>{escaped(caption)}</code></figcaption>{inner}</figure>"


def _drawn(held: Volume | Recording | Video) -> str:
    match held:
        case Volume():
            return facts(volume_facts(held)) + slices_html(held, tallest=240)
        case Recording():
            return facts(recording_facts(held)) + traces_svg(held)
        case Video():
            return facts(video_facts(held)) + frames_html(held)


def _of_arrays(version: DatasetVersion, field: Field, count: int) -> str:
    leaves = [leaf for leaf, _ in field.leaves()]
    kind = field.type
    assert isinstance(kind, Array | Ragged)
    axes = len(kind.shape) if isinstance(kind, Array) else kind.ndim
    rows = STACKED if axes == 1 and isinstance(kind, Array) else count
    frame = version.scan().select(leaves).head(rows).collect()
    values = [np.asarray(v) for v in column_values(frame, field.name, kind) if v is not None]
    values = [v for v in values if v.size and v.nbytes <= MANY]
    if not values or axes > 3 or not axes:
        return ""
    unit = f" ({field.unit})" if field.unit else ""
    named = f" over {' × '.join(field.axes)}" if field.axes else ""
    caption = f"<code>{escaped(field.name)}</code>{escaped(unit + named)}"
    if axes == 1 and isinstance(kind, Array) and len(values) > FEW and kind.shape[0] > 1:
        made = heat_of(np.stack([real(v) for v in values]), MAP)
        said = f"the first {len(values):,} rows, one below the other; colours from {made.scale}"
        high = min(max(4 * len(values), 40), 240)
        inner = _image(made.pixels, f"{field.name} of {said}", 640, high) + _quiet(said)
    elif axes == 1:
        first = values[:FEW]
        lines = [spark_svg(real(v), f"{field.name} of row {i}", 640, 44) for i, v in enumerate(first)]
        ends = [_ends(real(v)) for v in first]
        inner = f'<div class="lines">{"".join(lines)}</div>' + _quiet(
            f"of the first {len(first):,} rows; from {'; '.join(ends)}"
        )
    else:
        flat = [v if v.ndim == 2 else v[v.shape[0] // 2] for v in values[:count]]
        maps = [heat_of(v, MAP) for v in flat]
        images = [
            _image(m.pixels, f"{field.name} of row {i}, from {m.scale}", *shape_of(v, 230, 170))
            for i, (m, v) in enumerate(zip(maps, flat, strict=True))
        ]
        inner = f'<div class="heats">{"".join(images)}</div>' + _quiet(
            f"of the first {len(maps):,} rows; colours from {'; '.join(m.scale for m in maps)}"
        )
    return f"<figure><figcaption>{caption}</figcaption>{inner}</figure>"


def _ends(values: Any) -> str:
    finite = values[np.isfinite(values)]
    return f"{number(float(finite.min()))} to {number(float(finite.max()))}" if finite.size else "no numbers"


def _image(pixels: Any, said: str, width: int, height: int) -> str:
    return (
        f'<img alt="{escaped(said)}" src="{data_uri(png_bytes(pixels))}" width="{width}" height="{height}" '
        'style="max-width:100%;image-rendering:pixelated;border-radius:4px">'
    )


def _quiet(text: str) -> str:
    return f'<p class="quiet">{escaped(text)}</p>'
