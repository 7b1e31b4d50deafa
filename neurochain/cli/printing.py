"""Printing: pages of text and tables for the terminal, or the same as JSON."""

import json
import sys
from datetime import UTC, datetime
from typing import Any

import polars as pl
from rich.console import Console
from rich.markup import escape
from rich.table import Table

import neurochain as nc
from neurochain.chain.show import cells
from neurochain.datasets.diff import VersionDiff
from neurochain.datasets.lineage import Lineage
from neurochain.datasets.schema import describe
from neurochain.datasets.types import Field, Record
from neurochain.pictures.words import human_bytes

NUMBERS = frozenset({"files", "stored", "rows", "size", "computed", "reused", "failed", "pulled", "errors"})
WRAPPED = frozenset({"description", "type", "finding", " "})  # columns of a table that may take several lines
Page = dict[str, Any]  # "data" for --json, "text" for people


def line(text: str) -> None:
    """Print one line; whole, where it goes to a file or another program."""
    console = Console()
    console.print(text, highlight=False, markup=False, soft_wrap=not console.is_terminal)


def error(text: str) -> None:
    """Print what went wrong, to stderr."""
    Console(stderr=True).print(f"[bold red]error[/] {escape(text)}", highlight=False, soft_wrap=True)


def show(page: Page, as_json: bool) -> None:
    """Print a page."""
    if as_json:
        sys.stdout.write(json.dumps(page["data"], indent=2, default=_plain) + "\n")
        return
    console = Console()
    for part in page["text"]:
        console.print(part, highlight=False, soft_wrap=isinstance(part, str))


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value)


def table(title: str | None, *columns: str) -> Table:
    """Table in the house style: no box but a line under the head."""
    out = Table(
        title=title, box=None, title_justify="left", title_style="bold", header_style="dim", pad_edge=False
    )
    for name in columns:
        wraps = name in WRAPPED
        out.add_column(
            name, justify="right" if name in NUMBERS else "left", no_wrap=not wraps, overflow="fold"
        )
    return out


def index_summary(chain: nc.Chain) -> Page:
    """What a listing holds, by format, and what looking cost."""
    state, run = chain.execute()
    frame = state.frame.select(
        pl.col("file.uri").alias("uri"),
        pl.col("file.path").alias("path"),
        pl.col("file.size").alias("size"),
        pl.col("header.format").alias("format"),
        pl.col("header.error").alias("error"),
    ).collect()
    grouped = (
        frame.group_by("format")
        .agg(
            pl.len().alias("files"),
            pl.col("size").sum().alias("stored"),
            pl.col("error").count().alias("errors"),
        )
        .sort("files", descending=True)
    )
    pulled, requests = run.activity.counts.bytes, run.activity.counts.requests
    out = table(None, "format", "files", "stored", "errors")
    for row in grouped.iter_rows(named=True):
        name = row["format"] or "other"
        out.add_row(
            name,
            f"{row['files']:,}",
            human_bytes(row["stored"]),
            f"{row['errors']:,}" if row["errors"] else "",
        )
    bad = frame.filter(pl.col("error").is_not_null())
    text: list[Any] = [out]
    stored = int(frame["size"].sum() or 0)
    share = f" ({100 * pulled / stored:.2g} %)" if stored and pulled else ""
    text.append(
        f"\n{frame.height:,} files. Pulled {human_bytes(pulled)} in {requests:,} reads of {human_bytes(stored)} stored{share}."
    )
    if bad.height:
        text.append(f"\n{bad.height:,} {'file is' if bad.height == 1 else 'files are'} not what they say:")
        kinds = bad.group_by("error", maintain_order=True).agg(pl.len().alias("files"), pl.first("path"))
        for r in kinds.sort("files", descending=True, maintain_order=True).head(5).iter_rows(named=True):
            others = f" (and {r['files'] - 1:,} more)" if r["files"] > 1 else ""
            text.append(f"  {escape(r['path'])}{others}: {escape(r['error'])}")
        if kinds.height > 5:
            text.append("  … see them with filter(nc.Column('header.error').is_not_null())")
    data = {
        "files": frame.height,
        "bytes_stored": stored,
        "bytes_pulled": pulled,
        "requests": requests,
        "formats": grouped.to_dicts(),
        "errors": [{"file": r["uri"], "error": r["error"]} for r in bad.iter_rows(named=True)],
    }
    return {"data": data, "text": text}


def listing(name: str | None) -> Page:
    """Datasets with their latest versions, or all versions of one."""
    frame = nc.datasets()
    if name is not None:
        nc.dataset(name)  # says what there is, where there is none
        frame = frame.filter(pl.col("name") == name)
    else:
        frame = frame.group_by("name", maintain_order=True).last()
    out = table(None, "name", "version", "rows", "size", "created (UTC)", "description")
    for r in frame.iter_rows(named=True):
        labels = "".join(f" #{label}" for label in r["labels"])
        created = f"{r['created']:%Y-%m-%d %H:%M}"
        out.add_row(
            escape(r["name"]), r["version"], f"{r['rows']:,}", human_bytes(r["size"]), created,
            escape(r["description"] + labels),
        )  # fmt: skip
    nothing = "No datasets here yet. Save one: nc.read_storage('data').save('scans')"
    return {"data": frame.to_dicts(), "text": [out if frame.height else nothing]}


def version_page(version: nc.DatasetVersion, rows: int) -> Page:
    """A version: what it is, its columns, its first rows."""
    head = table(None, "", " ")
    activity = version.lineage().activity
    facts = {
        "version": version.reference,
        "rows": f"{version.rows:,}",
        "size": human_bytes(version.bytes),
        "created": f"{version.created:%Y-%m-%d %H:%M:%S} UTC",
        "pulled": pulled_text(activity),
        "content": version.content_hash,
        "description": version.description,
        "labels": ", ".join(version.labels),
        "not reproducible": "; ".join(version.problems),
    }
    for name, value in facts.items():
        if value:
            head.add_row(f"[dim]{name}[/]", escape(value))
    schema = table("\ncolumns", "column", "type")
    for field in version.schema.values():
        schema.add_row(escape(field.name), escape(_described(field)))
    kept = version.statistics()
    numbers = table("\nstatistics", "of", "is", "rows")
    for one in kept:
        chosen = " · ".join(f"{s['step']}: {s['text']}" for s in one.about["steps"]) or "all"
        numbers.add_row(escape(one.about["column"]), one.about["statistic"], escape(chosen))
    chain = nc.read_dataset(version.reference).limit(rows)
    frame, physical = chain.physical()
    body = table("\nrows", *physical)
    for values in cells(frame, physical):
        body.add_row(*[escape(v) for v in values])
    data = {
        "name": version.name,
        "version": version.version,
        "rows": version.rows,
        "size": version.bytes,
        "created": version.created,
        "bytes_pulled": activity["bytes"],
        "requests": activity["requests"],
        "content_hash": version.content_hash,
        "description": version.description,
        "labels": list(version.labels),
        "problems": list(version.problems),
        "schema": version.schema.to_json(),
        "statistics": [{**one.about, **one.found} for one in kept],
        "first_rows": chain.collect().to_dicts() if rows else [],
    }
    return {"data": data, "text": [head, schema, *([numbers] if kept else []), *([body] if rows else [])]}


def pulled_text(activity: dict[str, Any]) -> str:
    """What was pulled to make a version; nothing where no file was read."""
    if not activity["requests"]:
        return ""
    return f"{human_bytes(activity['bytes'])} in {activity['requests']:,} reads"


def _described(field: Field) -> str:
    if isinstance(field.type, Record):
        return f"{field.type.name}: {', '.join(f.name for f in field.type.fields)}"
    return describe(field)


def history(entries: list[dict[str, Any]]) -> Page:
    """What was saved, newest first."""
    out = table(None, "version", "saved (UTC)", "rows", "computed", "reused", "pulled", "git", "description")
    for e in entries:
        out.add_row(
            escape(f"{e['name']}@{e['version']}"),
            f"{datetime.fromtimestamp(e['created'], UTC):%Y-%m-%d %H:%M}",
            *(f"{e[k]:,}" for k in ("rows", "computed", "reused")),
            human_bytes(e["bytes"]),
            (e["git_commit"] or "")[:7] + ("*" if e["git_dirty"] else ""),
            escape(e["description"]),
        )
    nothing = "Nothing was saved here yet. Save something: nc.read_storage('data').save('scans')"
    return {"data": entries, "text": [out if entries else nothing]}


def requirements(lineage: Lineage) -> Page:
    """Packages that made a version, as pip reads them."""
    a = lineage.activity
    head = f"# {lineage.name}@{lineage.version} was made with Python {a['python']} on {a['platform']}"
    lines = [
        f"{name}=={number}" for name, number in sorted(lineage.packages.items(), key=lambda p: p[0].lower())
    ]
    data = {"python": a["python"], "platform": a["platform"], "packages": lineage.packages}
    return {"data": data, "text": ["\n".join([head, *lines])]}


def difference(found: VersionDiff, rows: int) -> Page:
    """What is different between two versions, with some of the rows."""
    text: list[Any] = ["\n".join(found.lines())]
    data = found.to_json()
    for kind in ("added", "removed", "changed") if rows else ():
        frame = getattr(found, kind)().head(rows) if found.counts[kind] else None
        if frame is None or not frame.width:
            continue
        data[f"rows_{kind}"] = frame.to_dicts()
        shown = table(kind, *frame.columns)
        for row in frame.rows():
            shown.add_row(*(escape(_cell(v)) for v in row))
        text += ["", shown]
    return {"data": data, "text": text}


def _cell(value: Any) -> str:
    text = "" if value is None else f"{len(value)} bytes" if isinstance(value, bytes) else str(value)
    return text if len(text) <= 40 else text[:39] + "…"


def lineage_tree(lineage: Lineage) -> str:
    """Lineage as a tree, its lines as long as they are."""
    return escape(str(lineage))
