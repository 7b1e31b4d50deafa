"""The command ``withdraw``: rows of a subject leave a project."""

from typing import Annotated, Any

import typer
from rich.markup import escape

import neurochain as nc
from neurochain.cli.options import Json, command_app
from neurochain.cli.printing import Page, show, table
from neurochain.datasets.withdrawal import Withdrawal, Withdrawn
from neurochain.errors import ExpressionError
from neurochain.pictures.words import human_bytes

app = command_app()


@app.command(epilog="Example: neurochain withdraw --subject 07 --dry-run")
def withdraw(
    subject: Annotated[str | None, typer.Option(help="Whose rows: 07 for sub-07.")] = None,
    where: Annotated[
        str | None, typer.Option(metavar="COLUMN=VALUE", help="Rows where a column has a value, instead.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option(help="Kept with the events; who is withdrawn is masked.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    json: Json = False,
) -> None:
    """Delete a subject's rows from all versions, and from all that is kept beside them.

    Versions that held some get a successor without them, and stay listed without rows. What was exported, and the
    files themselves, are not touched.
    """
    column = parse_where(where)
    found = nc.withdraw(subject=subject, where=column, reason=reason, dry_run=dry_run)
    show(page(found), json)


def parse_where(text: str | None) -> tuple[str, str] | None:
    """``"column=value"`` as a pair.

    Raises
    ------
    ExpressionError
        It is no such text.
    """
    if text is None:
        return None
    column, equals, value = text.partition("=")
    if not (column and equals and value):
        raise ExpressionError(f"--where {text}: write a column and its value: --where group=control.")
    return column, value


def page(found: Withdrawal) -> Page:
    """What was touched."""
    e = found.erased
    verb = "Would withdraw" if found.dry_run else "Withdrew"
    again = [v for v in found.versions if v.again]
    text: list[Any] = [
        f"{verb} {sum(v.rows for v in found.versions):,} rows of {len(found.versions):,} versions "
        f"(pseudonym {found.pseudonym})."
    ]
    if found.versions:
        rows = table(None, "version", "rows", "description")
        for v in found.versions:
            rows.add_row(escape(v.version), f"{v.rows:,}", escape(_becomes(v, found.dry_run)))
        text.append(rows)
    text.append(
        f"Beside them: {e.results:,} results to be computed again ({e.named:,} name it), {e.files:,} files of the index, "
        f"{e.listed:,} rows of lists, {e.texts:,} texts, {e.leftovers:,} leftovers of processes, "
        f"{human_bytes(e.cached)} of caches."
    )
    if again:
        text.append("Compute again: " + escape(", ".join(v.version for v in again)))
    text += [f"note: {escape(note)}" for note in found.notes]
    return {"data": found.to_json(), "text": text}


def _becomes(version: Withdrawn, dry_run: bool) -> str:
    if version.again:
        return "deleted: its rows are made of several"
    if not version.left:
        return "deleted: no other rows"
    return f"{version.left:,} stay" if dry_run else f"replaced by {version.replaced}"
