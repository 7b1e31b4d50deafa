"""Withdraw: what left a project, as people read it."""

from typing import Any

from rich.markup import escape

from neurochain.chain.progress import human_bytes
from neurochain.cli.printing import Page, table
from neurochain.datasets.withdrawal import Withdrawal, Withdrawn
from neurochain.errors import ExpressionError


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
