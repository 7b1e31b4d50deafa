"""Columns of the page: what each holds, in which unit, who made it, between what it lies, and how it is spread."""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from neurochain.datasets.columnsummary import of_arrays, of_series
from neurochain.datasets.origins import makers
from neurochain.datasets.plain import plain
from neurochain.datasets.types import Array, Field, List, Ragged, Record, leaf_fields
from neurochain.datasets.versions import DatasetVersion
from neurochain.pictures.bars import bars_svg
from neurochain.pictures.words import cut, escaped, number
from neurochain.report.making import unplaced
from neurochain.report.pieces import table

__all__ = ["columns_html", "shown_leaves"]

MOST = 80  # columns
ROWS = 5_000_000  # that are looked at
LISTS = 20_000  # of them that are held against each other
TOP = 5  # values
HEADS = ("column", "type", "made by", "empty", "values", "spread")
OF_A_FILE = (
    "path",
    "size",
)  # of its fields; where it lay on a disk, and when it was written there, says nothing of it


def shown_leaves(version: DatasetVersion) -> Iterator[tuple[str, Field]]:
    """Values of the columns, dotted; of files only what does not say where they lie."""
    for top in version.schema.values():
        for path, leaf in leaf_fields(top):
            if _is_told(top, path):
                yield path, leaf


def columns_html(version: DatasetVersion, who: bool) -> str:
    """A table of the columns that hold something, and the names of the others."""
    made, scan = makers(version.lineage()), version.scan()
    leaves = dict(shown_leaves(version))
    held = {path: f"{path}.data" if isinstance(leaf.type, Ragged) else path for path, leaf in leaves.items()}
    nulls = scan.select(pl.col(list(held.values())).null_count()).collect().row(0, named=True) if held else {}
    rows: list[list[str]] = []
    same: list[tuple[str, str]] = []
    empty, left = [], []
    for path, leaf in leaves.items():
        if nulls[held[path]] == version.rows and version.rows:
            empty.append(path)
            continue
        if len(rows) >= MOST:
            left.append(path)
            continue
        found = _summary(scan, path, leaf)
        if version.rows > 1 and not nulls[held[path]] and (one := _one(found)) is not None:
            unit = f" {leaf.unit}" if leaf.unit and "of" not in found else ""
            same.append((path, f"{_told(one, who)}{unit}" + (f" ({found['of']})" if "of" in found else "")))
            continue
        maker = made.get(path.split(".")[0])
        rows.append(
            [
                f"<code>{escaped(path)}</code>",
                f"{escaped(cut(leaf.type, 60))}<small>{escaped(_about(leaf))}</small>",
                "" if maker is None else f"<code>{escaped(maker.function)}()</code>",
                f"{nulls[held[path]]:,}" if nulls[held[path]] else "",
                _values(found, leaf.unit or "", who),
                _bars(found, path),
            ]
        )
    out = table(HEADS, rows, f"columns of {version.reference}", frozenset({3})) if rows else ""
    if version.rows > ROWS:
        out += f'<p class="quiet">Numbers are of the first {ROWS:,} rows.</p>'
    if same:
        listed = "".join(f"<li><span>{escaped(name)}</span> {escaped(value)}</li>" for name, value in same)
        out += f'<h3>The same in every row</h3><ul class="same">{listed}</ul>'
    for names, said in ((empty, "hold nothing in any row"), (left, "are not described here")):
        if names:
            shown = f"{', '.join(names[:400])}{' …' if len(names) > 400 else ''}"
            head = f"<details><summary>{len(names):,} columns {said}</summary>"
            out += f'{head}<p class="quiet">{escaped(shown)}</p></details>'
    return out


def _one(found: Mapping[str, Any]) -> Any:
    """The value that all rows have; None where they differ, or where it is not known."""
    if found.get("distinct") != 1 or found.get("about") or "values of" in found.get("of", ""):
        return None
    return found["top"][0][0] if "top" in found else found.get("min")


def _told(value: Any, who: bool) -> str:
    said = _said(value) if not isinstance(value, dict | list) else str(value)
    return cut(said if who else unplaced(said), 120)


def _is_told(top: Field, path: str) -> bool:
    owner: Any = top.type
    parts = path.split(".")[1:]
    for part in parts:
        if isinstance(owner, Record) and owner.name == "File":
            return part in OF_A_FILE
        inner = owner.field(part) if isinstance(owner, Record) else None
        owner = inner.type if inner is not None else None
    return True


def _summary(scan: pl.LazyFrame, path: str, leaf: Field) -> dict[str, Any]:
    if isinstance(leaf.type, Array | Ragged):
        return of_arrays(scan, path, leaf.type)
    values = scan.select(path).head(ROWS).collect().to_series()
    if isinstance(leaf.type, List) and 0 < len(values) <= LISTS:
        held = values.to_list()
        if all(v == held[0] for v in held):
            return {"distinct": 1, "top": [[", ".join(map(_said, plain(held[0]))), len(held)]]}
    return of_series(values)


def _about(leaf: Field) -> str:
    return ", ".join(filter(None, [leaf.unit or "", " × ".join(leaf.axes)]))


def _values(found: Mapping[str, Any], unit: str, who: bool) -> str:
    of = f"<small>{escaped(found['of'])}</small>" if "of" in found else ""
    if "top" in found:
        shown = [
            f'{escaped(cut(value if who else unplaced(str(value)), 40))} <span class="quiet">{count:,}</span>'
            for value, count in found["top"][:TOP]
        ]
        rest = found["distinct"] - len(shown)
        return ", ".join(shown) + (f"<small>and {rest:,} more</small>" if rest > 0 else "")
    if "min" not in found:
        return of
    low, high = _said(found["min"]), _said(found["max"])
    range_ = low if low == high else f"{low} to {high}"
    if "mean" not in found:
        return f"{escaped(range_)}{of}"
    middle = f"median {_said(found['quantiles']['0.5'])}, mean {_said(found['mean'])} ± {_said(found['std'])}"
    odd = f", {found['not_finite']:,} not finite" if found.get("not_finite") else ""
    return f"{escaped(f'{range_} {unit}'.strip())}<small>{escaped(middle + odd)}</small>{of}"


def _bars(found: Mapping[str, Any], path: str) -> str:
    if "histogram" not in found:
        return ""
    counts = found["histogram"]["counts"]
    if found["min"] == found["max"]:
        return ""
    return bars_svg(counts, f"histogram of {path}, from {_said(found['min'])} to {_said(found['max'])}")


def _said(value: Any) -> str:
    return number(value) if not isinstance(value, str) else value.replace("T", " ")
