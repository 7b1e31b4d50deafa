"""BidsSource: the images and recordings of a BIDS dataset, with all that the tree says of them."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from neurochain.chain.keys import text_keys
from neurochain.chain.run import Run, State
from neurochain.chain.sources.bids.companions import companion_texts
from neurochain.chain.sources.bids.dataset import Dataset, Looked
from neurochain.chain.sources.bids.described import KINDS, Described
from neurochain.chain.sources.bids.sidecars import sidecars
from neurochain.chain.sources.headers import header_schema
from neurochain.chain.sources.index import files_manifest, with_headers
from neurochain.datasets.activity import Input
from neurochain.datasets.location import FILE
from neurochain.datasets.schema import KEY, Schema
from neurochain.datasets.types import Field, Json, Scalar
from neurochain.errors import NothingMatchedError

PROBLEM = "problem"
# BIDS holds no DICOM files, and their keywords would stand in the way of the sidecars' keys of the same names.
FOREIGN = frozenset(["dicom"])


@dataclass(frozen=True)
class BidsSource:
    """Data files of a BIDS dataset."""

    dataset: Dataset
    headers: bool

    @property
    def schema(self) -> Schema:
        return _schema(header_schema(self.dataset.identifiers.indexed) if self.headers else None, {})

    def open(self, run: Run) -> State:
        looked = self.dataset.look(run)
        tree = looked.tree
        if not tree.data.height:
            raise NothingMatchedError(
                f"{self.dataset.root.uri} holds no image or recording: no file below sub-*/ has a name such as "
                "sub-01_task-rest_bold.nii.gz."
            )
        applied = sidecars(tree, looked.documents, run)
        names = tree.entities()
        described = {kind: Described.of(kind, tree, looked.documents) for kind in KINDS}
        rows = {kind: d.of_data(tree, names["bids.session"]) for kind, d in described.items()}
        problems = [tree.misplaced(), applied.texts["error"], *(r["error"] for r in rows.values())]
        files = tree.data.select(
            text_keys(pl.Series([looked.root] * tree.data.height), tree.data["path"]).alias(KEY),
            *looked.file_columns,
            *names.get_columns(),
            "pipeline",
            applied.texts["text"].alias("sidecar"),
            *(r["text"].alias(kind) for kind, r in rows.items()),
            _joined(problems).alias(PROBLEM),
            companion_texts(looked).alias("file.companions"),
            companion_texts(looked, applied.pairs).alias("_companions"),
        )
        flat = files.with_columns(pl.col("_companions").alias("file.companions"))
        flat = flat.select(KEY, *(f"file.{f.name}" for f in FILE.fields))
        keys = {"sidecar": applied.type, **{kind: d.type for kind, d in described.items()}}
        if self.headers:
            unread = tree.data.filter(pl.col("path").is_in(tree.folders))["uri"]
            found = with_headers(
                files.with_columns(_NO_SIDECAR), run, self.dataset.identifiers, frozenset(unread)
            )
            schema = _schema(found.schema, keys)
            frame = found.frame.with_columns(pl.coalesce("header.error", PROBLEM).alias("header.error"))
            reads = found.reads
        else:
            schema, frame, reads = _schema(None, keys), files.lazy(), None
        frame = frame.with_columns(pl.col("_companions").alias("file.companions")).select(
            KEY, *schema.leaves()
        )
        manifest = pl.concat([files_manifest(flat, reads), looked.documents_manifest()], how="diagonal")
        run.activity.inputs.append(
            Input("storage", {**self.to_json(), **reference(looked, flat)}, manifest=run.manifest(manifest))
        )
        return State(frame, schema)

    def to_json(self) -> dict[str, Any]:
        return {**self.dataset.to_json(), "headers": self.headers}


_NO_SIDECAR = [  # theirs come by inheritance
    pl.lit(None, dtype=pl.String).alias("_sidecar_uri"),
    pl.lit(None, dtype=pl.Int64).alias("_sidecar_size"),
    pl.lit(None, dtype=pl.String).alias("_sidecar_etag"),
]


def reference(looked: Looked, files: pl.DataFrame) -> dict[str, Any]:
    """What lineage says of a dataset that was read."""
    return {
        "roots": {looked.root: looked.dataset.root.uri},
        "files": files.height,
        "bytes": int(files["file.size"].sum() or 0),
        "strange": looked.tree.strange,
        "described": looked.described,
    }


def _schema(headers: Schema | None, keys: dict[str, Json]) -> Schema:
    """Columns; those of JSON texts with the keys that were seen."""
    known = header_schema() if headers is None else headers
    fields = [Field("file", FILE)]
    if headers is not None:
        fields += [f for f in headers.values() if f.name not in ("bids", "sidecar", *FOREIGN)]
    fields += [known["bids"], Field("pipeline", Scalar("string"))]
    fields += [Field(name, keys.get(name, Json(None))) for name in ("sidecar", *KINDS)]
    return Schema([*fields, Field(PROBLEM, Scalar("string"))])


def _joined(problems: list[pl.Series]) -> pl.Series:
    """What is wrong with each row, in one text; null where nothing is."""
    frame = pl.DataFrame([p.alias(str(i)) for i, p in enumerate(problems)])
    said = pl.concat_str(pl.all(), separator=" ", ignore_nulls=True)
    return frame.select(pl.when(~pl.all_horizontal(pl.all().is_null())).then(said).alias("p"))["p"]
