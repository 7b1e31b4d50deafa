"""VersionPage: a version and what made it, as a notebook shows them."""

from typing import TYPE_CHECKING

from neurochain.datasets.lineage import Lineage
from neurochain.datasets.lineagegraph import graph_of
from neurochain.pictures.boxes import boxes_svg
from neurochain.pictures.pieces import block, facts, note, table, title
from neurochain.pictures.words import cut, escaped, human_bytes

if TYPE_CHECKING:
    from neurochain.datasets.versions import DatasetVersion

__all__ = ["graph_svg", "lineage_html", "version_html"]

COLUMNS = 40
BOXES = 24


def version_html(version: "DatasetVersion") -> str:
    """What it is, its columns, and the graph of what made it. No row is read."""
    columns = [
        [escaped(f.name), escaped(cut(f.type, 60)), escaped(f.unit or ""), escaped(", ".join(f.axes))]
        for f in list(version.schema.values())[:COLUMNS]
    ]
    heads = [("column", ""), ("type", ""), ("unit", ""), ("axes", "")]
    more = len(version.schema) - len(columns)
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
        table(heads, columns, f"columns of {version.reference}"),
        note(f"{more:,} more columns.") if more > 0 else "",
        graph_svg(version.lineage()),
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
