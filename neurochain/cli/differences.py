"""The commands ``diff`` and ``explain``: what is not so as before, and why it was computed."""

from typing import Annotated, Any

import typer
from rich.markup import escape

import neurochain as nc
from neurochain.cli import completion
from neurochain.cli.options import Json, Reference, command_app
from neurochain.cli.printing import Page, show, table
from neurochain.datasets.diff import VersionDiff

app = command_app()


@app.command(epilog="Example: neurochain diff alpha_roi_tags@1.0.0 alpha_roi_tags@1.1.0 --rows 5")
def diff(
    old: Reference,
    new: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME@VERSION]",
            help="The newer one; with one version alone, it is compared with the one before it.",
            autocompletion=completion.references,
        ),
    ] = None,
    key: Annotated[
        list[str] | None, typer.Option(help="Column that tells the rows apart; may be given several times.")
    ] = None,
    rows: Annotated[int, typer.Option(min=0, help="Rows of each kind to show.")] = 0,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Leave with 1 where the rows differ, as `git diff` does.")
    ] = False,
    json: Json = False,
) -> None:
    """Compare two versions: rows added, removed, changed; columns; steps, inputs and code."""
    first = nc.dataset(old)
    found = first.diff(key=key or ()) if new is None else nc.dataset(new).diff(first, key=key or ())
    show(difference(found, rows), json)
    if exit_code and not found.same_content:
        raise typer.Exit(1)


@app.command(epilog="Example: neurochain explain alpha_roi_tags@1.1.0")
def explain(reference: Reference, json: Json = False) -> None:
    """Say what of a version was computed and what reused, step by step, and why: what was not so in the version before."""
    found = nc.dataset(reference).explain()
    show({"data": found.to_json(), "text": found.lines()}, json)


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
