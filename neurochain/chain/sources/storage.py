"""StorageSource: files, with what their headers say."""

from dataclasses import dataclass
from typing import Any

from neurochain.chain.run import Run, State
from neurochain.chain.sources.headers import header_schema
from neurochain.chain.sources.index import index
from neurochain.datasets.activity import Input
from neurochain.datasets.location import FILE
from neurochain.datasets.schema import Schema
from neurochain.datasets.types import Field
from neurochain.formats.identifiers import Identifiers
from neurochain.storage import Root


@dataclass(frozen=True)
class StorageSource:
    """Files under some roots, with their headers."""

    roots: tuple[Root, ...]
    headers: bool
    identifiers: Identifiers

    @property
    def schema(self) -> Schema:
        files = [Field("file", FILE)]
        return Schema([*files, *header_schema(self.identifiers.indexed).values()] if self.headers else files)

    def open(self, run: Run) -> State:
        indexed = index(self.roots, self.headers, run, self.identifiers)
        reference = {
            **self.to_json(),
            "roots": indexed.roots,
            "files": indexed.files.height,
            "bytes": int(indexed.files["file.size"].sum() or 0),
        }
        run.activity.inputs.append(Input("storage", reference, manifest=run.manifest(indexed.manifest())))
        return State(indexed.frame, indexed.schema, indexed.files.height)

    def to_json(self) -> dict[str, Any]:
        return {
            "source": "storage",
            "patterns": [p for r in self.roots for p in r.patterns],
            "globs": [[r.name, *r.globs] for r in self.roots],
            "headers": self.headers,
            "phi": self.identifiers.to_json(),
        }
