"""VersionSource: rows of a saved version."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from neurochain.chain.run import Run, State
from neurochain.datasets.activity import Input
from neurochain.datasets.schema import Schema
from neurochain.datasets.versions import DatasetVersion


@dataclass(frozen=True)
class VersionSource:
    """Rows of a dataset version.

    Attributes
    ----------
    version : DatasetVersion
    roots : mapping of str to str
        Where files lie, by the names of their roots, as far as the version's project says otherwise.
    asked : str
        As the user wrote it: ``"name"``, ``"name@^1.2"``; a newer version may have been meant as well.
    """

    version: DatasetVersion
    roots: Mapping[str, str] = field(default_factory=dict)
    asked: str = ""

    @property
    def schema(self) -> Schema:
        return self.version.schema

    def open(self, run: Run) -> State:
        reference = {**self.to_json(), "rows": self.version.rows, "content_hash": self.version.content_hash}
        if self.asked:
            reference["asked"] = self.asked
        known = self.version.id if self.version.project == run.project else None
        run.activity.inputs.append(Input("version", reference, version=known))
        return State(self.version.scan(self.roots), self.version.schema, self.version.rows)

    def to_json(self) -> dict[str, Any]:
        return {"source": "version", "name": self.version.name, "version": self.version.version}
