"""VersionPage: a version and what made it, as a notebook shows them."""

from typing import TYPE_CHECKING

from neurochain.datasets.lineage import Lineage
from neurochain.datasets.lineagegraph import graph_of
from neurochain.datasets.schema import Schema
from neurochain.datasets.types import Record
from neurochain.pictures.boxes import boxes_svg
from neurochain.pictures.pieces import block, facts, note, table, title
from neurochain.pictures.words import cut, escaped, human_bytes

if TYPE_CHECKING:
    from neurochain.datasets.versions import DatasetVersion

__all__ = ["columns_html", "graph_svg", "lineage_html", "version_html"]

COLUMNS = 40
BOXES = 24


def version_html(version: "DatasetVersion") -> str:
    """What it is, its columns, and the graph of what made it. No row is read."""
    withdrawn = version.withdrawn
    return block(
        title(version.reference, "dataset version"),
        facts([("", version.description)]) if version.description else "",
        facts(
            [
                ("rows", f"{version.rows:,}"),
                ("size", human_bytes(version.bytes)),
                ("saved", f"{version.created:%Y-%m-%d %H:%M} UTC"),
                ("content", version.content_hash[:12]),
                ("labels", ", ".join(version.labels)),
                ("withdrawn", "" if withdrawn is None else withdrawn["time"][:10]),
            ]
        ),
        *[note(f"Not reproducible: {problem}") for problem in version.problems],
        columns_html(version.schema, f"columns of {version.reference}"),
        graph_svg(version.lineage()),
    )


def columns_html(schema: Schema, said: str) -> str:
    """Columns with types, units and axes; of records of many facts the names alone."""
    folded = [f for f in schema.values() if isinstance(f.type, Record) and f.type.name != "File"]
    plain = [f for f in schema.values() if f not in folded]
    rows = [
        [escaped(f.name), escaped(cut(f.type, 60)), escaped(f.unit or ""), escaped(", ".join(f.axes))]
        for f in plain[:COLUMNS]
    ]
    heads = [("column", ""), ("type", ""), ("unit", ""), ("axes", "")]
    more = len(plain) - len(rows)
    return (
        (table(heads, rows, said) if rows else "")
        + (note(f"{more:,} more columns.") if more > 0 else "")
        + (note(f"And records: {', '.join(f.name for f in folded)}.") if folded else "")
    )


def lineage_html(lineage: Lineage) -> str:
    """The graph of what made a version, and the tree with all that is known."""
    tree = escaped("\n".join(lineage.tree()))
    return block(
        graph_svg(lineage),
        f'<details><summary>All that is known</summary><pre style="white-space:pre;overflow-x:auto">{tree}</pre></details>',
    )


def graph_svg(lineage: Lineage, most: int = BOXES) -> str:
    """The graph, and how much of it is not shown."""
    graph = graph_of(lineage, most)
    said = f"What {lineage.name}@{lineage.version} was made of: {', '.join(box['title'] for box in graph['boxes'])}"
    left = f"{graph['omitted']:,} boxes that lie further back are not shown." if graph["omitted"] else ""
    return boxes_svg(graph["boxes"], graph["lines"], said) + (note(left) if left else "")
