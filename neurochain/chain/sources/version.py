"""VersionSource: rows of a saved version."""

from dataclasses import dataclass
from typing import Any

from neurochain.chain.run import Run, State
from neurochain.datasets.activity import Input
from neurochain.datasets.schema import Schema
from neurochain.datasets.versions import DatasetVersion


@dataclass(frozen=True)
class VersionSource:
    """Rows of a dataset version."""

    version: DatasetVersion

    @property
    def schema(self) -> Schema:
        return self.version.schema

    def open(self, run: Run) -> State:
        reference = {**self.to_json(), "rows": self.version.rows, "content_hash": self.version.content_hash}
        run.activity.inputs.append(Input("version", reference, version=self.version.id))
        return State(self.version.scan(), self.version.schema)

    def to_json(self) -> dict[str, Any]:
        return {"source": "version", "name": self.version.name, "version": self.version.version}
