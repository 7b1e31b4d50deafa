"""Index: from a listing to rows with headers, reading only what is new or changed.

Headers lie in the ledger, keyed by the fingerprint of the readers and the file's uri and etag set: a mended
reader reads again, an unchanged file never does.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import polars as pl

from neurochain.chain.expressions.jsonkeys import join_catalogues
from neurochain.chain.garbage import young_garbage
from neurochain.chain.keys import argument_digests, text_keys
from neurochain.chain.run import Run
from neurochain.chain.sources.headers import (
    SHAPES,
    header_frame,
    header_schema,
    reader_fingerprint,
    stored_schema,
)
from neurochain.chain.sources.heads import Manner, Place
from neurochain.chain.sources.helpers import Spare, read_all
from neurochain.chain.sources.listing import Listing
from neurochain.chain.sources.rows import Block
from neurochain.chain.values.row import FILE_FIELDS
from neurochain.datasets.filetable import note_access, root_name
from neurochain.datasets.hidden import ARG, HIDDEN, READS
from neurochain.datasets.ledger import Ledger
from neurochain.datasets.location import FILE
from neurochain.datasets.schema import KEY, Schema
from neurochain.datasets.types import Field, Json, Record
from neurochain.errors import StorageError
from neurochain.formats import companions
from neurochain.formats.identifiers import Identifiers
from neurochain.storage import nothing_matched
from neurochain.storage.folders import SUFFIXES
from neurochain.storage.listing import Root

SIDECAR = ".json"
CHUNK = 2_000  # files between two appends to the ledger
READ = ["name", "etag", "ranges", "sha256"]
NAME = rf"((?i:[^/]+(?:{'|'.join(map(re.escape, SUFFIXES))}))/.*|[^/]*)$"


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

    def manifest(self) -> pl.DataFrame:
        """The files as lineage lists them, each with what its header was read from."""
        return files_manifest(self.files, self.reads)


def files_manifest(files: pl.DataFrame, reads: pl.DataFrame | None) -> pl.DataFrame:
    """Files as lineage lists them, each with what was read of it."""
    manifest = files.drop(KEY, "file.uri", strict=False)
    if reads is not None:
        # The file and its sidecar lie in one folder: the name says which of them was read, and of a folder that counts as
        # one object the path from there.
        name = pl.element().struct.field("uri").str.extract(NAME)
        named = pl.col(READS).list.eval(pl.element().struct.with_fields(uri=name).struct.rename_fields(READ))
        manifest = manifest.hstack(reads.select(named.alias("header_reads")))
    return manifest.rename(lambda name: name.removeprefix("file."))


def index(roots: Sequence[Root], headers: bool, run: Run, identifiers: Identifiers) -> Indexed:
    """List the roots and read the headers that are not known yet.

    Raises
    ------
    NothingMatchedError
        No file is there.
    """
    names = {root_name(run.project, root.uri, root.name): root for root in roots}
    with Spare(
        lambda: headers and run.settings.processes > 1 and not _knows_headers(run, identifiers)
    ) as spare:
        files = pl.concat([_listing_frame(name, root, headers, run, spare) for name, root in names.items()])
        note_access(run.project)
        if not files.height:
            raise nothing_matched(roots)
        found = with_headers(files, run, identifiers, spare=spare) if headers else None
    places = {name: root.uri for name, root in names.items()}
    flat = files.select(KEY, *(f"file.{f.name}" for f in FILE.fields))
    schema = Schema([Field("file", FILE)])
    if found is None:
        return Indexed(flat.lazy(), schema, flat, None, places)
    full = Schema([*schema.values(), *found.schema.values()])
    return Indexed(found.frame.select(KEY, *full.leaves()), full, flat, found.reads, places)


def _header_ledger(run: Run, identifiers: Identifiers) -> Ledger:
    return Ledger(run.project, identifiers.key_with(reader_fingerprint()))


def _knows_headers(run: Run, identifiers: Identifiers) -> bool:
    """Whether headers of any files were read in this project before."""
    return _header_ledger(run, identifiers).known() is not None


@dataclass(frozen=True)
class Headers:
    """What the headers of some files say.

    Attributes
    ----------
    frame : LazyFrame
        The files' own columns, then those of `schema`.
    schema : Schema
        Of the headers, with the JSON keys that were seen.
    reads : DataFrame
        What each header was read from.
    """

    frame: pl.LazyFrame
    schema: Schema
    reads: pl.DataFrame


def with_headers(
    files: pl.DataFrame,
    run: Run,
    identifiers: Identifiers,
    unread: frozenset[str] = frozenset(),
    spare: Spare | None = None,
) -> Headers:
    """Read the headers that are not known yet, and put all of them beside the files.

    Parameters
    ----------
    files : DataFrame
        The File's columns, any others, and ``_sidecar_uri``, ``_sidecar_size``, ``_sidecar_etag`` of the sidecar to read.
    run : Run
        What knows the ledger, and counts.
    identifiers : Identifiers
        What becomes of them.
    unread : frozenset of str
        Uris of files that have no header to read; they have nulls.
    spare : Spare, optional
        A process that may help.
    """
    ledger = _header_ledger(run, identifiers)
    identity = files.select("file.uri", "file.etag", "file.companions")
    files = files.with_columns(argument_digests(identity).alias(ARG))
    lost = _read_missing(
        files.filter(~pl.col("file.uri").is_in(list(unread))) if unread else files,
        ledger,
        run,
        identifiers,
        spare,
    )
    ledger.touch()
    known = ledger.known()
    if known is None:
        if len(unread) + len(lost) < files.height:
            raise StorageError("The headers that were read could not be stored.")
        known = pl.LazyFrame(schema={**HIDDEN, **stored_schema(identifiers.indexed).leaves()})
    known = pl.concat([known, *(frame.lazy().select(known.collect_schema().names()) for frame in lost)])
    wanted = files.lazy().select(ARG)
    found = known.join(wanted, on=ARG, how="semi").select(ARG, READS, SHAPES).collect()
    # What the files have already (as of a tree that says more than a file's own name) wins.
    taken = [name for name in stored_schema(identifiers.indexed).leaves() if name in files.columns]
    frame = files.lazy().join(known.drop(READS, SHAPES, *taken), on=ARG, how="left", maintain_order="left")
    reads = files.select(ARG).join(found, on=ARG, how="left", maintain_order="left")
    keyed = _with_keys(found[SHAPES], header_schema(identifiers.indexed))
    return Headers(frame, keyed, reads.select(READS))


def _listing_frame(
    name: str, root: Root, headers: bool, run: Run, spare: Spare | None = None
) -> pl.DataFrame:
    """Files of one root, sorted by path: the File's columns, the key, and the sidecar to read."""
    belonging = companions() if headers else {}
    endings = {SIDECAR, *(e for e in chain.from_iterable(belonging.values()) if "/" not in e)}
    many = spare.start if spare is not None else None
    listing = Listing.of(root, tuple(sorted(endings)) if headers else (), many)
    sidecars = listing.sidecars(SIDECAR)
    frame = listing.files.select(
        *(pl.col(n).alias(f"file.{n}") for n in ("uri", "size", "etag", "mtime")),
        pl.lit(name, dtype=pl.String).alias("file.root"),
        pl.col("path").alias("file.path"),
    ).with_columns(
        _companions(listing.files["path"], sidecars, listing.belonging(belonging)).alias("file.companions"),
        *(sidecars[n].alias(f"_sidecar_{n}") for n in ("uri", "size", "etag")),
    )
    note_listing(listing, run)
    return frame.with_columns(text_keys(frame["file.root"], frame["file.path"]).alias(KEY))


def listed_files(roots: Sequence[Root], headers: bool, run: Run) -> pl.DataFrame:
    """Files as lineage lists them, without a look into any."""
    names = {root_name(run.project, root.uri, root.name): root for root in roots}
    files = pl.concat([_listing_frame(name, root, headers, run) for name, root in names.items()])
    return files_manifest(files.select(KEY, *(f"file.{f.name}" for f in FILE.fields)), None)


def note_listing(listing: Listing, run: Run) -> None:
    """Bring the project's table of files up to a listing, and say so in the run."""
    changes = listing.merge_into(run.project, run.dry)
    run.activity.steps.append(
        {
            "listed": listing.root.uri,
            "files": listing.files.height,
            "new": changes.new,
            "changed": changes.changed,
            "gone": changes.gone,
        }
    )


def _companions(paths: pl.Series, sidecars: pl.DataFrame, belonging: pl.DataFrame) -> pl.Series:
    """Names and etags of the sidecars, and of the files that belong to others, as JSON texts."""
    if not belonging.height and sidecars["uri"].null_count() == len(
        paths
    ):  # a million files are soon told apart
        return pl.Series([None], dtype=pl.String).new_from_index(0, len(paths))
    names = sidecars["uri"].str.extract(r"([^/]*)$").to_list()
    beside: dict[str, dict[str, str]] = {}
    for path, name, etag in belonging.sort("path", "name").iter_rows():
        beside.setdefault(path, {})[name] = etag
    texts = [
        None
        if name is None and path not in beside
        else json.dumps(({} if name is None else {name: etag}) | beside.get(path, {}))
        for path, name, etag in zip(paths, names, sidecars["etag"].to_list(), strict=True)
    ]
    return pl.Series(texts, dtype=pl.String)


def _with_keys(shapes: pl.Series, schema: Schema) -> Schema:
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

    return Schema([keyed(f.name, f) for f in schema.values()])


def _read_missing(
    files: pl.DataFrame, ledger: Ledger, run: Run, identifiers: Identifiers, spare: Spare | None
) -> list[pl.DataFrame]:
    """Read and remember what is not known; rows of files whose bytes could not be had, where that is tolerated."""
    missing, lost = files, list[pl.DataFrame]()
    known = ledger.known() if run.settings.reuse else None
    if known is not None:
        missing = files.join(known.select(ARG).collect(), on=ARG, how="anti", maintain_order="left")
    missing = missing.unique(subset=[ARG], keep="first", maintain_order=True)
    if not missing.height:
        return lost
    stored = int(missing["file.size"].sum())
    remote = bool(missing["file.uri"].str.contains("://", literal=True).any())
    with young_garbage(), run.progress.step("headers", missing.height, stored) as progress:
        blocks, rows = list[Block](), 0
        tolerant = run.settings.on_error != "raise"
        manner = Manner(remote, identifiers, run.settings.threads, tolerant=tolerant)
        for block in read_all(_places(missing), missing.height, manner, run.settings.processes - 1, spare):
            blocks.append(block)
            pulled, count = sum(block["bytes"]), len(block["number"])
            run.activity.counts.bytes += pulled
            run.activity.counts.requests += sum(block["requests"])
            errors = block.get("header.error", [])
            progress.advance(count, pulled, len(errors) - errors.count(None))
            rows += count
            if rows >= CHUNK:
                lost += _append(blocks, missing, ledger, identifiers.indexed)
                blocks, rows = [], 0
        lost += _append(blocks, missing, ledger, identifiers.indexed)
    return lost


def _append(
    blocks: Sequence[Block], missing: pl.DataFrame, ledger: Ledger, identified: bool
) -> list[pl.DataFrame]:
    """Remember headers; those that could not be had."""
    if not blocks:
        return []
    frame = header_frame(blocks, identified)
    keys = missing[ARG].gather([number for block in blocks for number in block["number"]])
    frame.insert_column(0, keys)
    lost = pl.Series([lost for block in blocks for lost in block["lost"]], dtype=pl.Boolean)
    if not lost.any():
        ledger.append(frame, stored_schema(identified))
        return []
    ledger.append(frame.filter(~lost), stored_schema(identified))
    return [frame.filter(lost)]


def _places(files: pl.DataFrame) -> Iterator[Place]:
    """Files whose headers are to be read."""
    for start in range(0, files.height, CHUNK):
        chunk = files.slice(start, CHUNK)
        own = [chunk[f"file.{name}"].to_list() for name in (*FILE_FIELDS, "companions", "path")]
        side = [chunk[f"_sidecar_{name}"].to_list() for name in ("uri", "size", "etag")]
        beside = (None if place[0] is None else place for place in zip(*side, strict=True))
        yield from zip(range(start, start + chunk.height), *own, beside, strict=True)
