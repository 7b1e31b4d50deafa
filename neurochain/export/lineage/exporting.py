"""Exporting: a lineage in one of the formats, as text or into files."""

import os
from collections.abc import Callable
from pathlib import Path

from neurochain.datasets.lineage import Lineage
from neurochain.errors import ExportError, suggestion
from neurochain.export.lineage.bids import to_bids
from neurochain.export.lineage.disclosure import Disclosure
from neurochain.export.lineage.graph import Graph
from neurochain.export.lineage.openlineage import to_openlineage
from neurochain.export.lineage.prov import to_prov
from neurochain.export.lineage.rocrate import METADATA, to_rocrate
from neurochain.storage.beside import written_beside

TEXTS: dict[str, Callable[[Graph], str]] = {"prov": to_prov, "openlineage": to_openlineage, "bids": to_bids}
CRATE = "rocrate"
FORMATS = (*TEXTS, CRATE)
VERB = "export"


def export_lineage(
    lineage: Lineage,
    format: str,
    path: str | os.PathLike[str] | None = None,
    *,
    who: bool = False,
    files: bool = True,
    license: str | None = None,
) -> str | Path:
    """Write a lineage; see `Lineage.export`."""
    if format not in FORMATS:
        raise ExportError(f"Lineage is not written as {format!r}. {suggestion(format, FORMATS)}")
    graph = Graph(lineage, Disclosure(who), files, license)
    if format == CRATE:
        if path is None:
            raise ExportError(
                "A crate is a folder of several files. Say which: --to FOLDER, export('rocrate', folder)."
            )
        return _write_folder(to_rocrate(graph), Path(path))
    text = TEXTS[format](graph)
    if path is None:
        return text
    with written_beside(path, VERB) as (beside, target):
        beside.write_text(text, "utf-8")
    return target


def _write_folder(texts: dict[str, str], path: Path) -> Path:
    """Texts by their places in a folder, which is made; the metadata last, since they name the others."""
    folder = path.parent if path.name == METADATA else path
    for name in sorted(texts, key=lambda name: name == METADATA):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        with written_beside(file, VERB) as (beside, _):
            beside.write_text(texts[name], "utf-8")
    return folder
