"""The commands ``reproduce``, ``verify``, ``stale`` and ``refresh``. The code that would run is shown and asked for."""

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.syntax import Syntax

import neurochain as nc
from neurochain.cli import completion, printing
from neurochain.cli.options import AnyEnvironment, Json, Reference, Roots, Yes, command_app
from neurochain.datasets.uses import USES, reach
from neurochain.errors import ReplayError

FOUND = {"identical": "green", "within tolerance": "green", "differs": "red", "impossible": "yellow"}
app = command_app()


@app.command(epilog="Example: neurochain reproduce alpha_roi_tags@1.0.0 --root data=/mnt/scans")
def reproduce(
    reference: Reference,
    yes: Yes = False,
    root: Roots = None,
    any_environment: AnyEnvironment = False,
    json: Json = False,
) -> None:
    """Make a version again from what was recorded, and compare every row. Nothing is saved.

    Leaves with 0 where it is identical (or within the tolerance that was declared), 1 where it differs, and 2 where it
    cannot be made again: then it says what is missing.
    """
    replay("reproduce", reference, json, root or (), yes=yes, any_environment=any_environment)


@app.command(epilog="Example: neurochain verify alpha_roi_tags@1.0.0 --rows 20 --yes")
def verify(
    reference: Reference,
    rows: Annotated[int, typer.Option(min=0, help="Rows to make again; 0 checks the parts alone.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, other rows.")] = 0,
    yes: Yes = False,
    root: Roots = None,
    any_environment: AnyEnvironment = False,
    json: Json = False,
) -> None:
    """Check that a version's parts are what was written, and make some of its rows again. Exit codes as `reproduce`."""
    options = {"yes": yes, "any_environment": any_environment}
    replay("verify", reference, json, root or (), rows=rows, seed=seed, **options)


@app.command(epilog="Example: neurochain stale")
def stale(
    name: Annotated[
        str | None,
        typer.Argument(help="Only it, and those it is made of.", autocompletion=completion.datasets),
    ] = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Leave with 1 where something is stale.")
    ] = False,
    json: Json = False,
) -> None:
    """List the latest versions whose inputs have newer versions or changed files. Files are listed, not read."""
    page = stale_page(name)
    printing.show(page, json)
    if exit_code and page["data"]:
        raise typer.Exit(1)


@app.command(epilog="Example: neurochain refresh alpha_roi_tags --yes")
def refresh(
    reference: Annotated[
        str, typer.Argument(metavar="NAME", help="Dataset.", autocompletion=completion.datasets)
    ],
    yes: Yes = False,
    any_environment: AnyEnvironment = False,
    json: Json = False,
) -> None:
    """Compute a dataset again, and those it is made of, as far as they are stale, in order; what is known is reused.

    The recorded code runs: it is shown, and asked for.
    """
    compute_again(reference, json, yes=yes, any_environment=any_environment)


def parse_roots(texts: Sequence[str]) -> dict[str, str]:
    """``["data=/elsewhere"]`` as a mapping."""
    roots: dict[str, str] = {}
    for text in texts:
        name, equals, place = text.partition("=")
        if not (name and equals and place):
            raise ReplayError(
                f"--root {text}: write the root's name and where it lies now: --root data=/elsewhere."
            )
        roots[name] = place
    return roots


def ask(texts: Sequence[str]) -> bool:
    """Show code and ask whether it may run; without a person to ask it may not."""
    console = Console(stderr=True)
    console.print("This code was recorded with the version, and would run here:\n")
    console.print(Syntax("\n\n".join(texts), "python", theme="ansi_dark", background_color="default"))
    console.print()
    if not sys.stdin.isatty():
        return False
    return typer.confirm("Run it?", err=True)


def replay(use: str, reference: str, as_json: bool, roots: Sequence[str], **options: Any) -> None:
    """Replay a version, say what came of it, and leave with its exit code."""
    try:
        found = reach(USES[use])(nc.dataset(reference), ask=ask, roots=parse_roots(roots), **options)
    except ReplayError as error:
        printing.error(str(error))
        raise typer.Exit(2) from None
    printing.show(page(found), as_json)
    if found.exit_code:
        raise typer.Exit(found.exit_code)


def stale_page(name: str | None) -> printing.Page:
    """Versions that are stale."""
    found = nc.stale(name)
    table = printing.table(None, "version", "what is not as it was")
    for one in found:
        for i, reason in enumerate(one.reasons):
            table.add_row(one.version.reference if not i else "", escape(reason))
    text = (
        [table, "", "`neurochain refresh NAME` computes them again, in order."]
        if found
        else ["nothing is stale"]
    )
    return {"data": [one.to_json() for one in found], "text": text}


def compute_again(reference: str, as_json: bool, **options: Any) -> None:
    """Compute stale versions again, and say what was done."""
    try:
        done = reach(USES["refresh"])(nc.dataset(reference), ask=ask, **options)
    except ReplayError as error:
        printing.error(str(error))
        raise typer.Exit(2) from None
    data = [
        {"before": r.before.reference, "after": r.after.reference, "reasons": list(r.reasons)} for r in done
    ]
    printing.show({"data": data, "text": [escape(str(r)) for r in done] or ["nothing is stale"]}, as_json)


def page(found: Any) -> printing.Page:
    """What came of it."""
    first, *rest = found.lines()
    colour = FOUND[found.outcome]
    text: list[Any] = [f"[{colour}]●[/] {escape(first)}", *map(escape, rest)]
    if found.examples is not None and found.examples.height:
        table = printing.table("rows that differ", *found.examples.columns)
        for row in found.examples.iter_rows():
            table.add_row(*(str(value)[:40] for value in row))
        text += ["", table]
    return {"data": found.to_json(), "text": text}
