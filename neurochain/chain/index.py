"""Index: from a listing to rows with headers, reading only what is new or changed.

Headers lie in the ledger, keyed by the fingerprint of the readers and the file's uri and etag set: a mended
reader reads again, an unchanged file never does.
"""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import polars as pl

from neurochain import formats
from neurochain.chain.fingerprint import fingerprint
from neurochain.chain.jsonkeys import catalogue, join_catalogues, readable
from neurochain.chain.keys import argument_digests, text_keys
from neurochain.chain.nested import nested_series
from neurochain.chain.records import record_type
from neurochain.chain.run import Run
from neurochain.datasets.filetable import known_files, merge_listing, root_name
from neurochain.datasets.ledger import ARG, READS, READS_TYPE, Ledger
from neurochain.datasets.location import FILE
from neurochain.datasets.schema import KEY, Schema
from neurochain.datasets.types import Field, Json, Record, Scalar
from neurochain.errors import StorageError
from neurochain.storage import Entry, File, Listed, ReadLog, list_root, nothing_matched, recording_reads
from neurochain.storage.listing import Root
from neurochain.storage.pattern import Globs

SIDECAR = ".json"
SHAPES = "shapes"  # hidden column of the header parts: the keys of the row's JSON texts
CHUNK = 2_000  # files between two appends to the ledger


@lru_cache(maxsize=1)
def header_schema() -> Schema:
    """Columns that a file's header gives: the same for every file, whatever it contains."""
    fields = [Field(name, record_type(model)) for name, model in formats.RECORDS.items()]
    return Schema([*fields, Field("sidecar", Json(None))])


@lru_cache(maxsize=1)
def _stored_schema() -> Schema:
    return Schema([*header_schema().values(), Field(SHAPES, Scalar("string"))])


@lru_cache(maxsize=1)
def _json_fields() -> dict[str, list[str]]:
    """Fields of each record that hold JSON text."""
    records = [(f.name, f.type) for f in header_schema().values()]
    return {
        name: [f.name for f in kind.fields if isinstance(f.type, Json)]
        for name, kind in records
        if isinstance(kind, Record)
    }


@lru_cache(maxsize=1)
def reader_fingerprint() -> str:
    """Identity of the code that reads headers."""
    return fingerprint(_read_row, enter=("neurochain",)).digest


@dataclass(frozen=True)
class Indexed:
    """What a listing gave.

    Attributes
    ----------
    frame : LazyFrame
        One row per file: the key, the File's columns and, with headers, theirs.
    schema : Schema
        With the JSON keys that were seen.
    files : DataFrame
        The File's columns, in order.
    reads : DataFrame or None
        What the headers were read from, one list of reads per file.
    roots : dict of str to str
        Where each root lies, by the name that the files' ``root`` column holds.
    """

    frame: pl.LazyFrame
    schema: Schema
    files: pl.DataFrame
    reads: pl.DataFrame | None
    roots: dict[str, str]


def index(roots: Sequence[Root], headers: bool, run: Run) -> Indexed:
    """List the roots and read the headers that are not known yet.

    Raises
    ------
    NothingMatchedError
        No file is there.
    """
    names = {root_name(run.project, root.uri, root.name): root for root in roots}
    files = pl.concat(
        [_listing_frame(name, list_root(r, SIDECAR if headers else None), run) for name, r in names.items()]
    )
    places = {name: root.uri for name, root in names.items()}
    if not files.height:
        raise nothing_matched(roots)
    flat = files.select(KEY, *(f"file.{f.name}" for f in FILE.fields))
    schema = Schema([Field("file", FILE)])
    if not headers:
        return Indexed(flat.lazy(), schema, flat, None, places)
    ledger = Ledger(run.project, reader_fingerprint())
    identity = files.select("file.uri", "file.etag", "file.companions")
    files = files.with_columns(argument_digests(identity).alias(ARG))
    _read_missing(files, ledger, run)
    known = ledger.known()
    if known is None:
        raise StorageError("The headers that were read could not be stored.")
    wanted = files.lazy().select(ARG)
    found = known.join(wanted, on=ARG, how="semi").select(ARG, READS, SHAPES).collect()
    full = Schema([*schema.values(), *_with_keys(found[SHAPES]).values()])
    frame = (
        files.lazy()
        .join(known.drop(READS, SHAPES), on=ARG, how="left", maintain_order="left")
        .select(KEY, *full.leaves())
    )
    reads = files.select(ARG).join(found, on=ARG, how="left", maintain_order="left")
    return Indexed(frame, full, flat, reads.select(READS), places)


def _listing_frame(name: str, listing: Listed, run: Run) -> pl.DataFrame:
    """Files of one root, sorted by path: the File's columns, the key, and the sidecar to read."""
    root, entries = listing.root, listing.entries
    store = root.store
    companions = [_sidecar(e, listing.companions) for e in entries]
    frame = pl.DataFrame(
        {
            "file.uri": [store.uri(e.path) for e in entries],
            "file.size": pl.Series([e.size for e in entries], dtype=pl.Int64),
            "file.etag": [e.etag for e in entries],
            "file.mtime": pl.Series([e.mtime for e in entries], dtype=pl.Datetime("us", "UTC")),
            "file.root": [name] * len(entries),
            "file.path": [root.relative(e.path) for e in entries],
            "file.companions": [
                None if c is None else json.dumps({c.path.rpartition("/")[2]: c.etag}) for c in companions
            ],
            "_sidecar_path": [None if c is None else c.path for c in companions],
            "_sidecar_size": pl.Series([None if c is None else c.size for c in companions], dtype=pl.Int64),
            "_sidecar_etag": [None if c is None else c.etag for c in companions],
        },
        schema_overrides=dict.fromkeys(
            [
                "file.uri", "file.etag", "file.root", "file.path", "file.companions",
                "_sidecar_path", "_sidecar_etag",
            ],
            pl.String,
        ),
    )  # fmt: skip
    _merge(frame, root, run)
    return frame.with_columns(text_keys(frame["file.root"], frame["file.path"]).alias(KEY))


def _merge(frame: pl.DataFrame, root: Root, run: Run) -> None:
    globs = Globs(root.globs)
    prefix = root.uri.rstrip("/") + "/"
    known = known_files(run.project, prefix)
    inside = [globs.matches(uri[len(prefix) :]) for uri in known["uri"].to_list()]
    listed = frame.select(
        pl.col("file.uri").alias("uri"),
        pl.col("file.etag").alias("etag"),
        pl.col("file.size").alias("size"),
        (pl.col("file.mtime").dt.epoch("us") / 1e6).alias("mtime"),
    )
    changes = merge_listing(run.project, listed, known.filter(pl.Series(inside, dtype=pl.Boolean)))
    run.activity.steps.append(
        {
            "listed": root.uri,
            "files": frame.height,
            "new": changes.new,
            "changed": changes.changed,
            "gone": changes.gone,
        }
    )


def _sidecar(entry: Entry, companions: dict[str, Entry]) -> Entry | None:
    """JSON file next to a file: ``scan.json`` for ``scan.nii.gz`` or, second, ``scan.nii.gz.json``."""
    folder, _, name = entry.path.rpartition("/")
    stem, dot, ending = name.rpartition(".")
    if ending.lower() in ("gz", "bz2", "zst", "xz"):
        stem = stem.rpartition(".")[0] or stem
    for candidate in (f"{folder}/{stem if dot else name}{SIDECAR}", f"{entry.path}{SIDECAR}"):
        found = companions.get(candidate)
        if found is not None and found.path != entry.path:
            return found
    return None


def _with_keys(shapes: pl.Series) -> Schema:
    """Header schema with the JSON keys of the rows that are there."""
    seen: dict[str, list[dict[str, str]]] = {}
    for text in shapes.drop_nulls().unique().to_list():
        for path, keys in json.loads(text).items():
            seen.setdefault(path, []).append(keys)

    def keyed(path: str, field: Field) -> Field:
        if isinstance(field.type, Json):
            return Field(field.name, Json(join_catalogues(seen.get(path, []))), field.unit)
        if isinstance(field.type, Record):
            inner = tuple(keyed(f"{path}.{f.name}", f) for f in field.type.fields)
            return Field(field.name, Record(field.type.name, inner), field.unit)
        return field

    return Schema([keyed(f.name, f) for f in header_schema().values()])


def _read_missing(files: pl.DataFrame, ledger: Ledger, run: Run) -> None:
    missing = files
    known = ledger.known() if run.settings.reuse else None
    if known is not None:
        missing = files.join(known.select(ARG).collect(), on=ARG, how="anti", maintain_order="left")
    missing = missing.unique(subset=[ARG], keep="first", maintain_order=True)
    if not missing.height:
        return
    stored = int(missing["file.size"].sum())
    with (
        run.progress.step("headers", missing.height, stored) as progress,
        ThreadPoolExecutor(run.settings.threads) as pool,
    ):
        for start in range(0, missing.height, CHUNK):
            chunk = missing.slice(start, CHUNK)
            outcomes = list(pool.map(_read_logged, _tasks(chunk)))
            for _, log in outcomes:
                run.activity.counts.bytes += log.bytes
                run.activity.counts.requests += log.requests
            rows = [row for row, _ in outcomes]
            failures = sum(row.get("header.error") is not None for row in rows)
            progress.advance(len(rows), sum(log.bytes for _, log in outcomes), failures)
            ledger.append(_frame(chunk[ARG], rows, [log for _, log in outcomes]), _stored_schema())


def _tasks(chunk: pl.DataFrame) -> Iterator[tuple[Any, ...]]:
    names = ["file.uri", "file.size", "file.etag", "file.mtime"]
    side = ["_sidecar_path", "_sidecar_size", "_sidecar_etag", "file.path"]
    return zip(*[chunk[n].to_list() for n in names + side], strict=True)


def _read_logged(task: tuple[Any, ...]) -> tuple[dict[str, Any], ReadLog]:
    uri, size, etag, mtime, sidecar_path, sidecar_size, sidecar_etag, path = task
    with recording_reads() as log:
        file = File(uri, size, etag, mtime)
        folder = uri.rpartition("/")[0]
        sidecar = (
            None
            if sidecar_path is None
            else File(f"{folder}/{sidecar_path.rpartition('/')[2]}", sidecar_size, sidecar_etag)
        )
        return _read_row(file, sidecar, path), log


def _read_row(file: File, sidecar: File | None, path: str) -> dict[str, Any]:
    """Flat columns of one file's header; absent ones are null."""
    found = formats.read_header(file)
    row = {f"header.{k}": v for k, v in found.header.items()}
    shapes: dict[str, dict[str, str]] = {}
    if found.name is not None and found.record is not None:
        row.update((f"{found.name}.{k}", v) for k, v in found.record.items())
        for name in _json_fields().get(found.name, ()):
            text = found.record.get(name)
            if text is not None:
                shapes[f"{found.name}.{name}"] = catalogue(json.loads(text))
    row.update((f"bids.{k}", v) for k, v in formats.bids.entities(path).items())
    if sidecar is not None:
        text, error = _read_sidecar(sidecar)
        row["sidecar"] = text
        if text is not None:
            shapes["sidecar"] = catalogue(json.loads(text))
        elif row.get("header.error") is None:
            row["header.error"] = error
    row[SHAPES] = json.dumps(shapes, sort_keys=True) if shapes else None
    return row


def _read_sidecar(sidecar: File) -> tuple[str | None, str | None]:
    """Text of a JSON object, or what is wrong with it."""
    try:
        text = sidecar.read().decode("utf-8-sig")
        value = json.loads(text)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        return None, f"The sidecar {sidecar.name} is no JSON: {error}."
    if not isinstance(value, dict):
        return None, f"The sidecar {sidecar.name} holds a {type(value).__name__}, not an object."
    return text, None


def _frame(digests: pl.Series, rows: list[dict[str, Any]], logs: list[ReadLog]) -> pl.DataFrame:
    used = {key for row in rows for key in row}
    json_leaves = {f"{name}.{f}" for name, fields in _json_fields().items() for f in fields} | {"sidecar"}
    columns: list[pl.Series] = [
        digests,
        nested_series(READS, [reads_of(log.files()) for log in logs], READS_TYPE),
    ]
    for leaf, dtype in _stored_schema().leaves().items():
        values = [row.get(leaf) for row in rows] if leaf in used else [None] * len(rows)
        if leaf in used and leaf in json_leaves:
            values = readable(values)
        columns.append(nested_series(leaf, values, dtype))
    return pl.DataFrame(columns)


def reads_of(reads: Sequence[Any]) -> list[dict[str, Any]]:
    """Reads of one row, as the ledger keeps them."""
    return [
        {"uri": r.uri, "etag": r.etag, "ranges": [list(x) for x in r.ranges], "sha256": r.sha256}
        for r in reads
    ]
