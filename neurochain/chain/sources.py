"""Source: where a chain's rows come from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import polars as pl

from neurochain.chain.headers import header_schema
from neurochain.chain.index import index
from neurochain.chain.inference import infer_field
from neurochain.chain.keys import position_keys, text_keys
from neurochain.chain.results import physical
from neurochain.chain.run import Run, State
from neurochain.datasets.activity import Activity, Input
from neurochain.datasets.content import ContentHash
from neurochain.datasets.location import FILE
from neurochain.datasets.schema import KEY, Schema
from neurochain.datasets.types import Field
from neurochain.datasets.versions import DatasetVersion
from neurochain.errors import SchemaError
from neurochain.storage import Root

READ = ["name", "etag", "ranges", "sha256"]


class Source(Protocol):
    """Where rows come from."""

    @property
    def schema(self) -> Schema:
        """Columns, as far as they are known before anything is read."""
        ...

    def open(self, run: Run) -> State:
        """Rows, entered in the run as an input."""
        ...

    def to_json(self) -> dict[str, Any]:
        """The source as plain JSON: its identity in lineage."""
        ...


@dataclass(frozen=True)
class StorageSource:
    """Files under some roots, with their headers."""

    roots: tuple[Root, ...]
    headers: bool

    @property
    def schema(self) -> Schema:
        files = [Field("file", FILE)]
        return Schema([*files, *header_schema().values()] if self.headers else files)

    def open(self, run: Run) -> State:
        indexed = index(self.roots, self.headers, run)
        manifest = indexed.files.drop(KEY, "file.uri")
        if indexed.reads is not None:
            # The file and its sidecar lie in one folder: the name says which of them was read.
            name = pl.element().struct.field("uri").str.extract(r"([^/]*)$")
            reads = pl.col("_reads").list.eval(
                pl.element().struct.with_fields(uri=name).struct.rename_fields(READ)
            )
            manifest = manifest.hstack(indexed.reads.select(reads.alias("header_reads")))
        manifest = manifest.rename(lambda name: name.removeprefix("file."))
        reference = {
            **self.to_json(),
            "roots": indexed.roots,
            "files": indexed.files.height,
            "bytes": int(indexed.files["file.size"].sum() or 0),
        }
        run.activity.inputs.append(Input("storage", reference, manifest=run.manifest(manifest)))
        return State(indexed.frame, indexed.schema)

    def to_json(self) -> dict[str, Any]:
        return {
            "source": "storage",
            "patterns": [p for r in self.roots for p in r.patterns],
            "globs": [[r.name, *r.globs] for r in self.roots],
            "headers": self.headers,
        }


@dataclass(frozen=True)
class ValuesSource:
    """Values given in the script."""

    frame: pl.DataFrame
    schema: Schema
    digest: str

    @classmethod
    def of(cls, columns: Mapping[str, Sequence[Any]], key: str | None) -> "ValuesSource":
        """Columns of equal length, as Python values."""
        lengths = {name: len(values) for name, values in columns.items()}
        if len(set(lengths.values())) > 1:
            listed = ", ".join(f"{name}: {n}" for name, n in lengths.items())
            raise SchemaError(
                f"read_values() got columns of different lengths ({listed}). Give each row a value."
            )
        fields = [infer_field(name, values) for name, values in columns.items()]
        schema = Schema(fields)
        series = [s for f in fields for s in physical(f, columns[f.name])]
        return cls.from_frame(pl.DataFrame(series), schema, key)

    @classmethod
    def from_frame(cls, frame: pl.DataFrame, schema: Schema, key: str | None) -> "ValuesSource":
        """Flat columns, keyed by position or by the values of a column."""
        if key is None:
            keys = position_keys(frame.height)
        else:
            leaves = [leaf for leaf, _ in schema[key].leaves()]
            if any(frame[leaf].dtype.is_nested() for leaf in leaves):
                raise SchemaError(
                    f"key={key!r} is a {schema[key].type}. A key is a number, a text or a date."
                )
            keys = text_keys(*[frame[leaf] for leaf in leaves])
            if keys.n_unique() < frame.height:
                raise SchemaError(f"key={key!r} does not tell the rows apart: some values stand twice.")
        content = ContentHash(schema)
        content.update(frame)
        return cls(frame.insert_column(0, keys.alias(KEY)), schema, content.hexdigest())

    def open(self, run: Run) -> State:
        run.activity.inputs.append(Input("values", {**self.to_json(), "rows": self.frame.height}))
        return State(self.frame.lazy(), self.schema)

    def to_json(self) -> dict[str, Any]:
        return {"source": "values", "content": self.digest, "columns": list(self.schema)}


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


@dataclass(frozen=True)
class FrameSource:
    """Rows of a chain that has run (`persist`), with what it used."""

    frame: pl.LazyFrame
    schema: Schema
    plan: dict[str, Any]
    activity: Activity
    manifests: Sequence[Any]

    def open(self, run: Run) -> State:
        run.activity.inputs += self.activity.inputs
        run.activity.functions += self.activity.functions
        run.activity.steps += self.activity.steps
        run.manifests += self.manifests
        counts, mine = self.activity.counts, run.activity.counts
        for name in ("rows_in", "computed", "reused", "failed", "bytes", "requests"):
            setattr(mine, name, getattr(mine, name) + getattr(counts, name))
        return State(self.frame, self.schema)

    def to_json(self) -> dict[str, Any]:
        return {"source": "chain", "plan": self.plan}
