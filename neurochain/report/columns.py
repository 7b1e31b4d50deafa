"""Columns of the page: what each holds, in which unit, who made it, between what it lies, and how it is spread."""

from collections.abc import Iterator, Mapping
from typing import Any

from neurochain.datasets.columnsummary import of_arrays, of_series
from neurochain.datasets.origins import makers
from neurochain.datasets.public import public
from neurochain.datasets.types import Array, Field, Ragged, Record, leaf_fields
from neurochain.datasets.versions import DatasetVersion
from neurochain.pictures.bars import bars_svg
from neurochain.pictures.words import cut, escaped, number
from neurochain.report.pieces import table

__all__ = ["columns_html", "shown_leaves"]

MOST = 80  # columns
ROWS = 5_000_000  # that are looked at
TOP = 5  # values
HEADS = ("column", "type", "made by", "empty", "values", "spread")
OF_A_FILE = ("path", "size")  # of its fields; where it lay on a disk, and when it was written there, says nothing of it


def shown_leaves(version: DatasetVersion) -> Iterator[tuple[str, Field]]:
    """Values of the columns, dotted; of files only what does not say where they lie."""
    for top in version.schema.values():
        for path, leaf in leaf_fields(top):
            if _is_told(top, path):
                yield path, leaf


def columns_html(version: DatasetVersion, who: bool) -> str:
    """A table of the columns that hold something, and the names of the others."""
    made = makers(version.lineage())
    rows, empty, left = [], [], []
    for path, leaf in shown_leaves(version):
        if len(rows) >= MOST:
            left.append(path)
            continue
        found = _summary(version, path, leaf)
        if found["nulls"] == found["count"] and version.rows:
            empty.append(path)
            continue
        maker = made.get(path.split(".")[0])
        rows.append(
            [
                f"<code>{escaped(path)}</code>",
                f"{escaped(cut(leaf.type, 60))}<small>{escaped(_about(leaf))}</small>",
                "" if maker is None else f"<code>{escaped(maker.function)}()</code>",
                f"{found['nulls']:,}" if found["nulls"] else "",
                _values(found, leaf.unit or "", who),
                _bars(found, path),
            ]
        )
    out = table(HEADS, rows, f"columns of {version.reference}", frozenset({3})) if rows else ""
    if version.rows > ROWS:
        out += f'<p class="quiet">Numbers are of the first {ROWS:,} rows.</p>'
    for names, said in ((empty, "hold nothing in any row"), (left, "are not described here")):
        if names:
            shown = ", ".join(names[:200])
            out += f'<p class="quiet">{len(names):,} columns {said}: {escaped(shown)}{" …" if len(names) > 200 else ""}</p>'
    return out


def _is_told(top: Field, path: str) -> bool:
    owner: Any = top.type
    parts = path.split(".")[1:]
    for part in parts:
        if isinstance(owner, Record) and owner.name == "File":
            return part in OF_A_FILE
        inner = owner.field(part) if isinstance(owner, Record) else None
        owner = inner.type if inner is not None else None
    return True


def _summary(version: DatasetVersion, path: str, leaf: Field) -> dict[str, Any]:
    scan = version.scan()
    if isinstance(leaf.type, Array | Ragged):
        return {"count": version.rows, **of_arrays(scan, path, leaf.type)}
    values = scan.select(path).head(ROWS).collect().to_series()
    return {"count": len(values), "nulls": values.null_count(), **of_series(values)}


def _about(leaf: Field) -> str:
    return ", ".join(filter(None, [leaf.unit or "", " × ".join(leaf.axes)]))


def _values(found: Mapping[str, Any], unit: str, who: bool) -> str:
    of = f"<small>{escaped(found['of'])}</small>" if "of" in found else ""
    if "top" in found:
        shown = [
            f'{escaped(cut(value if who else public(value), 40))} <span class="quiet">{count:,}</span>'
            for value, count in found["top"][:TOP]
        ]
        rest = found["distinct"] - len(shown)
        return ", ".join(shown) + (f"<small>and {rest:,} others</small>" if rest > 0 else "")
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
    return bars_svg(counts, f"histogram of {path}, from {_said(found['min'])} to {_said(found['max'])}")


def _said(value: Any) -> str:
    return number(value) if not isinstance(value, str) else value.replace("T", " ")
