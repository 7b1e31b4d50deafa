"""BIDS: what a version is as a derivative dataset: its ``dataset_description.json``.

Specification: https://bids-specification.readthedocs.io/en/stable/modality-agnostic-files/dataset-description.html.
"""

import json
from typing import Any

from neurochain.datasets.lineage import Lineage
from neurochain.export.lineage.graph import Graph, moment, used_packages

Json = dict[str, Any]
BIDS_VERSION = "1.11.1"  # whose keys these are
OF_THE_FOLDER = ""  # among the descriptions that were read: the dataset itself, not one of its derivatives


def to_bids(graph: Graph) -> str:
    """A version as the description of a derivative dataset."""
    said = graph.published(graph.top).description
    description = {
        "Name": f"{graph.top.name}: {said}" if said else graph.top.name,
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "derivative",
        **({"License": graph.license} if graph.license else {}),
        "GeneratedBy": [_generated(graph, lineage) for lineage in reversed(graph.versions)],
        "SourceDatasets": _sources(graph),
    }
    text = {key: value for key, value in description.items() if value != []}
    return json.dumps(text, indent=2, ensure_ascii=False) + "\n"


def _generated(graph: Graph, lineage: Lineage) -> Json:
    """What made a version."""
    packages = used_packages(lineage)
    version = packages.pop("neurochain")
    a = lineage.activity
    said = [
        f"{lineage.name}@{lineage.version}, {lineage.rows:,} rows (content {lineage.content_hash}), "
        f"made {moment(a['started'])} by {'; '.join(graph.steps(lineage)) or 'reading alone'}."
    ]
    if lineage.functions:
        functions = [f"{f.name}() [{f.fingerprint}]" for f in lineage.functions]
        said.append(f"Functions: {', '.join(functions)}.")
    if parameters := graph.parameters(lineage):
        said.append(f"Parameters: {', '.join(f'{name} = {value!r}' for name, value in parameters.items())}.")
    with_packages = "".join(f", {name} {number}" for name, number in packages.items())
    said.append(f"Python {a['python']}{with_packages}.")
    if a["git_commit"]:
        said.append(f"Git commit {a['git_commit']}{', with local changes' if a['git_dirty'] else ''}.")
    return {"Name": "neurochain", "Version": version, "Description": " ".join(said)}


def _sources(graph: Graph) -> list[Json]:
    """Datasets that were read, as far as they are known beyond this machine."""
    found: list[Json] = []
    for lineage in graph.versions:
        for source, item in graph.items(lineage):
            described = source.reference.get("described", {}).get(OF_THE_FOLDER, {})
            for place in item.places.values():
                known = {
                    "URL": place,
                    "DOI": described.get("DatasetDOI"),
                    "Version": described.get("Version"),
                }
                one = {key: str(value) for key, value in known.items() if value}
                if one and one not in found:
                    found.append(one)
    return found
