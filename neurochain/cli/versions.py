"""The commands ``ls``, ``show`` and ``log``: versions, what they are, and when they were saved."""

from datetime import UTC, datetime
from typing import Annotated, Any

import polars as pl
import typer
from rich.markup import escape

import neurochain as nc
from neurochain.chain.show import cells
from neurochain.cli import completion, printing
from neurochain.cli.options import Json, Reference, command_app
from neurochain.cli.printing import Page, table
from neurochain.datasets.history import version_history
from neurochain.datasets.project import find_project
from neurochain.datasets.schema import describe
from neurochain.datasets.types import Field, Record
from neurochain.pictures.words import human_bytes

app = command_app()


@app.command(epilog="Example: neurochain ls alpha_roi_tags")
def ls(
    name: Annotated[
        str | None,
        typer.Argument(help="Only this dataset, all its versions.", autocompletion=completion.datasets),
    ] = None,
    json: Json = False,
) -> None:
    """List the datasets with their latest versions; with a name, all versions of one."""
    printing.show(listing(name), json)


@app.command(epilog="Example: neurochain show alpha_roi_tags@1.0.0 --rows 5")
def show(
    reference: Reference,
    rows: Annotated[int, typer.Option(min=0, help="Rows to show.")] = 10,
    json: Json = False,
) -> None:
    """Show a version: what it is, its columns, its first rows."""
    printing.show(version_page(nc.dataset(reference), rows), json)


@app.command(epilog="Example: neurochain log alpha_roi_tags")
def log(
    name: Annotated[
        str | None, typer.Argument(help="Only this dataset.", autocompletion=completion.datasets)
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Entries to show.")] = 20,
    json: Json = False,
) -> None:
    """Show what was saved, newest first: when, by whom, from what, how much was computed or reused."""
    printing.show(history(version_history(find_project(create=False), name)[:limit]), json)


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
