"""Origin: what exported rows are and what they came from, as every file that can say it says it."""

import json
from pathlib import Path
from typing import Any

from neurochain.chain.run import Run
from neurochain.datasets.schema import Schema

LINEAGE = "lineage.json"  # beside the rows, where an export is a folder


def metadata(schema: Schema, run: Run) -> dict[str, str]:
    """The logical schema, as in the parts of a version, and which inputs and functions the rows came from, as texts."""
    return {"neurochain": schema.dumps(), "neurochain.lineage": json.dumps(_lineage(run), sort_keys=True)}


def document(schema: Schema, run: Run, kind: str) -> dict[str, Any]:
    """The same as one JSON document.

    Parameters
    ----------
    schema : Schema
        Of the rows: types, units and axes.
    run : Run
        What gave them.
    kind : str
        The format: ``"zarr"``.
    """
    return {"export": kind, "schema": schema.to_json(), "lineage": _lineage(run)}


def exported_as(path: Path) -> str | None:
    """Format of the export that a file of JSON is of: its lineage beside the rows, or Zarr's own with it inside."""
    try:
        found = json.loads(path.read_bytes())
        return str(found.get("attributes", {}).get("neurochain", found)["export"])
    except (OSError, ValueError, LookupError, AttributeError, TypeError):
        return None


def dumped(document: dict[str, Any]) -> bytes:
    """A document as the text of a file; the same document has the same bytes."""
    return (json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _lineage(run: Run) -> dict[str, Any]:
    used = run.activity
    return {
        "inputs": [{"kind": i.kind, **i.reference} for i in used.inputs],
        "functions": [{"name": f.name, "fingerprint": f.fingerprint} for f in used.functions],
    }
