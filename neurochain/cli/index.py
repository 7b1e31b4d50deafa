"""The command ``index``: what a listing holds, and what looking cost."""

from typing import Annotated, Any

import polars as pl
import typer
from rich.markup import escape

import neurochain as nc
from neurochain.cli.options import Json, command_app
from neurochain.cli.printing import Page, show, table
from neurochain.pictures.words import human_bytes

app = command_app()


@app.command(epilog="Example: neurochain index 'data/sub-*/**/*.nii.gz'")
def index(
    patterns: Annotated[
        list[str], typer.Argument(metavar="PATTERN...", help="Folders, globs or URIs (quoted).")
    ],
    json: Json = False,
) -> None:
    """Read the headers of files, and say what is there."""
    show(index_summary(nc.read_storage(patterns)), json)


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
