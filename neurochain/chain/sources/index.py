"""Index: from a listing to rows with headers, reading only what is new or changed.

Headers lie in the ledger, keyed by the fingerprint of the readers and the file's uri and etag set: a mended
reader reads again, an unchanged file never does.
"""

import json
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from neurochain.chain.expressions.jsonkeys import join_catalogues
from neurochain.chain.keys import argument_digests, text_keys
from neurochain.chain.run import Run
from neurochain.chain.sources.headers import (
    SHAPES,
    HeaderRow,
    header_frame,
    header_schema,
    read_row,
    reader_fingerprint,
    stored_schema,
)
from neurochain.datasets.filetable import known_files, merge_listing, note_access, root_name
from neurochain.datasets.hidden import ARG, READS
from neurochain.datasets.ledger import Ledger
from neurochain.datasets.location import FILE
from neurochain.datasets.schema import KEY, Schema
from neurochain.datasets.types import Field, Json, Record
from neurochain.errors import StorageError
from neurochain.formats import HeadSizes
from neurochain.storage import Entry, File, Listed, ReadLog, list_root, nothing_matched, recording_reads
from neurochain.storage.listing import Root
from neurochain.storage.pattern import Globs

SIDECAR = ".json"
CHUNK = 2_000  # files between two appends to the ledger
FIRST = 100  # files that tell how fast a disk is
SLOW = 0.003  # seconds per file from which on several are read at once


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
    note_access(run.project)
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
    ledger.touch()
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
            return Field(field.name, replace(field.type, fields=inner), field.unit)
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
    sizes = HeadSizes()

    def read(task: tuple[Any, ...]) -> tuple[HeaderRow, ReadLog]:
        return _read_logged(task, sizes)

    # Where bytes come at once, parsing is the limit, and threads would only take turns. A network disk looks
    # like a local one, so the first files tell.
    slow = bool(missing["file.uri"].str.contains("://", literal=True).any())
    start, count = 0, CHUNK if slow else FIRST
    with (
        run.progress.step("headers", missing.height, stored) as progress,
        ThreadPoolExecutor(run.settings.threads) as pool,
    ):
        while start < missing.height:
            chunk = missing.slice(start, count)
            began = time.monotonic()
            outcomes = list((pool.map if slow else map)(read, _tasks(chunk)))
            slow = slow or (time.monotonic() - began) / chunk.height > SLOW
            rows, logs = [row for row, _ in outcomes], [log for _, log in outcomes]
            pulled = sum(log.bytes for log in logs)
            run.activity.counts.bytes += pulled
            run.activity.counts.requests += sum(log.requests for log in logs)
            progress.advance(len(rows), pulled, sum(row.error is not None for row in rows))
            ledger.append(header_frame(rows, logs).insert_column(0, chunk[ARG]), stored_schema())
            start, count = start + count, CHUNK


def _tasks(chunk: pl.DataFrame) -> Iterator[tuple[Any, ...]]:
    names = ["file.uri", "file.size", "file.etag", "file.mtime"]
    side = ["_sidecar_path", "_sidecar_size", "_sidecar_etag", "file.path"]
    return zip(*[chunk[n].to_list() for n in names + side], strict=True)


def _read_logged(task: tuple[Any, ...], sizes: HeadSizes) -> tuple[HeaderRow, ReadLog]:
    uri, size, etag, mtime, sidecar_path, sidecar_size, sidecar_etag, path = task
    with recording_reads() as log:
        file = File(uri, size, etag, mtime)
        folder = uri.rpartition("/")[0]
        sidecar = (
            None
            if sidecar_path is None
            else File(f"{folder}/{sidecar_path.rpartition('/')[2]}", sidecar_size, sidecar_etag)
        )
        return read_row(file, sidecar, path, sizes), log
