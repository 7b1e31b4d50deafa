"""Lineage: what made a version, back to storage."""

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection, select

from neurochain.datasets import tables
from neurochain.datasets.parts import part_path
from neurochain.datasets.project import Project
from neurochain.datasets.uses import LineageUses
from neurochain.errors import VersionError

FAILURES_SHOWN = 3
SOURCE_LINES = 12  # of a function in the tree
_RANGES = pl.List(pl.List(pl.Int64()))
READS: dict[str, Any] = {
    "function": pl.String(),
    "root": pl.String(),
    "path": pl.String(),
    "etag": pl.String(),
    "ranges": _RANGES,
    "sha256": pl.Binary(),
}
FILES: dict[str, Any] = {
    "root": pl.String(),
    "path": pl.String(),
    "size": pl.Int64(),
    "etag": pl.String(),
    "mtime": pl.Datetime("us", "UTC"),
    "companions": pl.String(),
}
FAILURES: dict[str, Any] = {
    "function": pl.String(),
    "row": pl.Int64(),
    "file": pl.String(),
    "error": pl.String(),
    "traceback": pl.String(),
}
_USE = ("reads", "bytes", "requests", "reused", "computed", "failed", "arguments", "columns")
Node = tuple[str, list[Any]]  # a line of the tree, and the nodes below it


@dataclass(frozen=True)
class FunctionUse:
    """A function that ran, with the part that lists what it read, how much was pulled for it, and its calls.

    Calls are None where a version was made before they were counted for each function.
    """

    name: str
    fingerprint: str
    source: str | None
    detail: dict[str, Any] = field(repr=False)
    reads: str | None = None
    bytes: int = 0
    requests: int = 0
    reused: int | None = None
    computed: int | None = None
    failed: int | None = None
    arguments: list[str] | None = None
    columns: list[str] | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)


@dataclass(frozen=True)
class Source:
    """Something that was read: storage, a table in a file, a declared table, values, a dataset of DataChain, or another version.

    Attributes
    ----------
    kind : {"storage", "version", "table", "scan", "values", "datachain"}
    reference : dict
    manifest : str or None
        Hash of the part that lists its files.
    lineage : Lineage or None
        Of a version.
    parts : tuple of str
        Hashes of the parts that hold its rows, where no file does.
    """

    kind: str
    reference: dict[str, Any]
    manifest: str | None = None
    lineage: "Lineage | None" = None
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lineage(LineageUses):
    """A version, the activity that made it, and what that activity used.

    Attributes
    ----------
    name, version, content_hash : str
    rows : int
    activity : dict
        Start and end, host, user, command line, Python, platform, git state, some variables of the environment, counts.
    packages : dict of str to str
        Installed distributions with their versions.
    columns : tuple of str
    plan : dict
        The canonical plan.
    functions : tuple of FunctionUse
    sources : tuple of Source
    problems : tuple of str
        Why the version cannot be reproduced; empty where it can.
    """

    project: Project = field(repr=False)
    name: str
    version: str
    content_hash: str
    rows: int
    activity: dict[str, Any]
    packages: dict[str, str] = field(repr=False)
    plan: dict[str, Any] = field(repr=False)
    functions: tuple[FunctionUse, ...]
    sources: tuple[Source, ...]
    problems: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join(self.tree())

    def __repr__(self) -> str:
        return str(self)

    def files(self) -> pl.DataFrame:
        """Every file that was listed: ``root, path, size, etag, mtime, companions, header_reads``."""
        return self._parts([s.manifest for s in self.sources if s.kind == "storage"], FILES)

    def files_of(self, source: Source) -> pl.DataFrame:
        """Files of one input, as `files`."""
        return self._parts([source.manifest], FILES)

    def reads(self) -> pl.DataFrame:
        """Bytes that the functions read: ``function, root, path, etag, ranges, sha256``, and how many: ``bytes``."""
        reads = self._parts([f.reads for f in self.functions], READS)
        length = pl.element().list.get(1) - pl.element().list.get(0)
        return reads.with_columns(bytes=pl.col("ranges").list.eval(length).list.sum().cast(pl.Int64))

    def reads_of(self, function: FunctionUse) -> pl.DataFrame:
        """Bytes that one of the functions read: ``function, root, path, etag, ranges, sha256``."""
        return self._parts([function.reads], READS).select(list(READS))

    def header_reads_of(self, source: Source) -> pl.DataFrame:
        """Bytes that headers of one input were read from, as `reads_of`."""
        files = self.files_of(source)
        if "header_reads" not in files.columns:
            return pl.DataFrame(schema=READS)
        folder = pl.col("path").str.extract(r"^(.*/)[^/]*$").fill_null("")
        read = (
            files.select("root", folder.alias("folder"), "header_reads")
            .explode("header_reads")
            .drop_nulls("header_reads")
        )
        found = read.unnest("header_reads").with_columns(
            path=pl.col("folder") + pl.col("name"), function=pl.lit("headers")
        )
        return found.select(list(READS)).unique(maintain_order=True)

    def failures(self) -> pl.DataFrame:
        """Rows whose function failed and that were skipped or kept: ``function, row, file, error, traceback``."""
        return self._parts([self.activity["failures"]], FAILURES)

    def _parts(self, hashes: list[str | None], columns: dict[str, Any]) -> pl.DataFrame:
        paths = [part_path(self.project, h) for h in hashes if h is not None]
        missing = [p for p in paths if not p.exists()]
        if missing:
            raise VersionError(f"The lineage of {self.name}@{self.version} has lost {missing[0]}.")
        if not paths:
            return pl.DataFrame(schema=columns)
        return pl.concat([pl.read_parquet(p) for p in paths], how="diagonal")

    def tree(self) -> list[str]:
        """Lines of a tree: versions, what made them, what they came from."""
        return _lines(self.tree_nodes())

    def tree_nodes(self) -> Node:
        """The tree as (text, children)."""
        a = self.activity
        started = datetime.fromtimestamp(a["started"], UTC)
        took = a["ended"] - a["started"]
        children: list[Node] = [
            (f"made {started:%Y-%m-%d %H:%M:%S} UTC in {took:.1f} s by {a['user']} on {a['host']}", []),
            (f"command: {a['command']}", []),
            (f"rows: {a['computed']:,} computed, {a['reused']:,} reused, {a['failed']:,} failed", []),
            (f"bytes: {a['bytes']:,} pulled in {a['requests']:,} reads", []),
            *([(f"parameters: {_parameters(a['parameters'])}", [])] if a["parameters"] else []),
            (f"Python {a['python']}, {_git(a)}, {len(self.packages)} packages", []),
        ]
        if variables := a["variables"]:
            said = " ".join(f"{name}={value}" for name, value in variables.items())
            children.append((f"environment: {said}", []))
        failures = self.failures()
        children += [
            (f"failed: {row['function']}() on row {row['row']}{_on(row['file'])}: {row['error']}", [])
            for row in failures.head(FAILURES_SHOWN).iter_rows(named=True)
        ]
        children += [(f"not reproducible: {p}", []) for p in self.problems]
        children += [(_step(s), []) for s in self.plan.get("steps", [])]
        children += [_function(f) for f in self.functions]
        children += [s.lineage.tree_nodes() if s.lineage is not None else _source(s) for s in self.sources]
        return f"{self.name}@{self.version}  {self.rows:,} rows  content {self.content_hash[:12]}", children

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types, sources nested."""
        return {
            "name": self.name,
            "version": self.version,
            "content_hash": self.content_hash,
            "rows": self.rows,
            "activity": self.activity,
            "packages": self.packages,
            "plan": self.plan,
            "problems": list(self.problems),
            "functions": [f.to_json() for f in self.functions],
            "sources": [
                {
                    "kind": s.kind,
                    "reference": s.reference,
                    "manifest": s.manifest,
                    "parts": list(s.parts),
                    "lineage": s.lineage.to_json() if s.lineage is not None else None,
                }
                for s in self.sources
            ],
        }


def _lines(node: Node) -> list[str]:
    text, children = node
    lines = text.split("\n")
    for i, child in enumerate(children):
        last = i == len(children) - 1
        first, *rest = _lines(child)
        lines.append(("└─ " if last else "├─ ") + first)
        lines += [("   " if last else "│  ") + line for line in rest]
    return lines


def _function(function: FunctionUse) -> Node:
    source = (function.source or "(its source could not be read)").strip().splitlines()
    shown = source if len(source) <= SOURCE_LINES else [*source[:SOURCE_LINES], "…"]
    pulled = f": {function.bytes:,} bytes in {function.requests:,} reads" if function.requests else ""
    return f"function {function.name} [{function.fingerprint[:12]}]{pulled}", [("\n".join(shown), [])]


def _git(activity: dict[str, Any]) -> str:
    if not activity["git_commit"]:
        return "no git commit"
    return f"git {activity['git_commit'][:10]}{' with local changes' if activity['git_dirty'] else ''}"


def _parameters(asked: dict[str, Any]) -> str:
    return ", ".join(f"{name} = {p['value']!r} ({p['from']})" for name, p in asked.items())


def _step(step: dict[str, Any]) -> str:
    return f"{step['step']}: {step.get('text', '')}".rstrip(": ")


def _source(source: Source) -> Node:
    r = source.reference
    if source.kind == "storage":
        text = f"storage: {r['files']:,} files, {r['bytes']:,} bytes stored"
        return text, [(pattern, []) for pattern in r["patterns"]]
    if source.kind == "table":
        return f"table {r['uri']}: {r['rows']:,} rows", []
    if source.kind == "scan":
        return f"{scanned(r)}: {r['rows']:,} rows", []
    if source.kind == "datachain":
        named = f"dataset {r['name']}@{r['version']}" if r["name"] else "chain"
        return f"DataChain {named}: {r['rows']:,} rows", []
    return f"values: {r['rows']:,} rows", []


def scanned(reference: dict[str, Any]) -> str:
    """A declared table that was read, in words."""
    version = f", version {reference['version']}" if "version" in reference else ""
    return f"table {reference['table']} ({reference['kind']}{version})"


def _on(file: str | None) -> str:
    return f", {file}" if file is not None else ""


def step_text(step: dict[str, Any]) -> str:
    """A step of a plan in words."""
    return f"{step['step']}({step.get('text', '')})"


def earlier_functions(project: Project, name: str, limit: int = 20) -> list[dict[str, Any]]:
    """What the fingerprints of functions of a name were made of that ran for saved versions, newest first."""
    t = tables
    query = (
        select(t.udfs.c.detail)
        .join(t.activity_udfs, t.activity_udfs.c.udf == t.udfs.c.hash)
        .join(t.activities, t.activities.c.id == t.activity_udfs.c.activity)
        .where(t.udfs.c.name == name)
        .order_by(t.activities.c.started.desc())
        .limit(limit)
    )
    with project.database.read() as connection:
        return list(connection.execute(query).scalars())


def read_lineage(project: Project, version: int) -> Lineage:
    """Lineage of a version, by its row in the database."""
    with project.database.read() as connection:
        return _read(project, connection, version)


def _read(project: Project, connection: Connection, version: int) -> Lineage:
    t = tables
    row = connection.execute(
        select(t.datasets.c.name, t.versions)
        .join(t.datasets, t.datasets.c.id == t.versions.c.dataset)
        .where(t.versions.c.id == version)
    ).one()
    activity = connection.execute(
        select(t.activities, t.environments.c.python, t.environments.c.platform, t.environments.c.packages)
        .join(t.environments, t.environments.c.hash == t.activities.c.environment)
        .where(t.activities.c.id == row.activity)
    ).one()
    use = t.activity_udfs.c
    functions = connection.execute(
        select(t.udfs, *(use[name] for name in _USE))
        .join(t.activity_udfs, use.udf == t.udfs.c.hash)
        .where(use.activity == row.activity)
        .order_by(use.ordinal)
    ).all()
    inputs = connection.execute(
        select(t.inputs).where(t.inputs.c.activity == row.activity).order_by(t.inputs.c.ordinal)
    ).all()
    p = t.input_parts.c
    kept: dict[int, list[str]] = {}
    given = select(p.input, p.part).where(p.activity == row.activity).order_by(p.input, p.ordinal)
    for number, part in connection.execute(given):
        kept.setdefault(number, []).append(part)
    sources = tuple(
        Source(
            i.kind,
            i.reference,
            i.manifest,
            _read(project, connection, i.version) if i.version is not None else None,
            tuple(kept.get(i.ordinal, ())),
        )
        for i in inputs
    )
    values = dict(activity._mapping)
    packages = values.pop("packages")
    return Lineage(
        project=project,
        name=row.name,
        version=f"{row.major}.{row.minor}.{row.patch}",
        content_hash=row.content_hash,
        rows=row.rows,
        activity=values,
        packages=packages,
        plan=row.plan,
        functions=tuple(
            FunctionUse(f.name, f.fingerprint, f.source, f.detail, *(getattr(f, name) for name in _USE))
            for f in functions
        ),
        sources=sources,
        problems=tuple(row.problems),
        columns=tuple(column["name"] for column in row.schema),
    )
