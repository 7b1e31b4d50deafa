"""The command ``gc``: sizes as people write them, and what was deleted as they read it."""

import re
from datetime import UTC, datetime
from typing import Annotated

import typer

from neurochain.cli.here import project_here
from neurochain.cli.options import Json, command_app
from neurochain.cli.printing import Page, show
from neurochain.datasets.garbage import Files, Garbage, collect_garbage
from neurochain.pictures.words import human_bytes

UNITS: dict[str, int] = {"": 1, "b": 1} | {
    f"{letter}{i}b": int((1024 if i else 1000) ** power)
    for power, letter in enumerate("kmgt", start=1)
    for i in ("", "i")
}
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)\Z")
app = command_app()


def parse_size(text: str) -> int:
    """Bytes of ``"10GB"``, ``"1.5 GiB"``, ``"0"``.

    Raises
    ------
    BadParameter
        It is no size.
    """
    found = _SIZE.match(text.strip())
    if found is None or found[2].lower() not in UNITS:
        raise typer.BadParameter(
            f"{text!r} is no size. Write a number with kB, MB, GB, TB (thousands) or KiB, MiB, GiB, TiB, or 0."
        )
    return round(float(found[1]) * UNITS[found[2].lower()])


@app.command(epilog="Example: neurochain gc --ledger 10GB")
def gc(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be deleted.")] = False,
    ledger: Annotated[
        int | None,
        typer.Option(
            parser=parse_size,
            metavar="SIZE",
            help="Results to keep for reuse (10GB, 500MiB, 0); those used longest ago are forgotten first.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Delete what no version and no result needs: rows of unfinished runs, and leftovers of killed ones.

    Versions are never deleted, and nothing that a running process may need.
    """
    show(page(collect_garbage(project_here(), ledger, dry_run)), json)


def page(found: Garbage) -> Page:
    """What was deleted, and what was kept for whom."""
    verb = "Would delete" if found.dry_run else "Deleted"
    text = [
        f"{verb} {_files(found.parts, 'part')} that nothing refers to, {_files(found.leftovers, 'leftover')} of killed processes."
    ]
    if found.evicted.count:
        verb = "Would forget" if found.dry_run else "Forgot"
        text.append(
            f"{verb} {_files(found.evicted, 'part')} of results; they are computed again when asked for."
        )
    if found.kept.count:
        who = "; ".join(
            f"{r.pid} on {r.host} since {datetime.fromtimestamp(r.started, UTC):%Y-%m-%d %H:%M:%S} UTC"
            for r in found.running
        )
        text.append(
            f"Kept {_files(found.kept, 'part')} that a running process may need"
            + (f": {who}." if who else ". Run it again.")
        )
    return {"data": found.to_json(), "text": text}


def _files(files: Files, noun: str) -> str:
    return f"{files.count:,} {noun}{'' if files.count == 1 else 's'} ({human_bytes(files.bytes)})"
