"""The command ``audit``: the events of a project as people read them."""

from typing import Annotated, Any

import typer
from rich.markup import escape

from neurochain.cli.here import project_here
from neurochain.cli.options import Json, command_app
from neurochain.cli.printing import Page, show, table
from neurochain.datasets.audit import Audit
from neurochain.datasets.audit import audit as check_events
from neurochain.datasets.events import Event, read_events
from neurochain.datasets.project import Project

SHOWN = 8  # digits of a pseudonym or hash
app = command_app()


@app.command(epilog="Example: neurochain audit --check")
def audit(
    check: Annotated[
        bool,
        typer.Option("--check", help="Compute the chain of hashes again, and compare with the versions."),
    ] = False,
    kept: Annotated[
        str | None,
        typer.Option(
            metavar="HASH", help="With --check: a last hash from before, which must still be there."
        ),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Events to show.")] = 20,
    json: Json = False,
) -> None:
    """List what happened in this project: what was saved, collected, withdrawn, exported or made again, by whom and why.

    With --check it leaves with 1 where the events are not as they were written, or do not fit the versions.
    """
    if not check:
        if kept is not None:
            raise typer.BadParameter("--kept goes with --check.")
        show(events_page(project_here(), limit), json)
        return
    found = check_events(project_here(), kept)
    show(check_page(found), json)
    if not found:
        raise typer.Exit(1)


def events_page(project: Project, limit: int) -> Page:
    """The last events, newest last."""
    with project.database.read() as connection:
        found = list(read_events(connection, limit))
    out = table(None, "event", "time (UTC)", "who", "what", "description")
    for event in found:
        said = _said(event) + (f" ({event.why})" if event.why else "")
        time = f"{event.time[:10]} {event.time[11:19]}"
        out.add_row(str(event.number), time, event.who[:SHOWN], event.what, escape(said))
    return {"data": [event.to_json() for event in found], "text": [out]}


def _said(event: Event) -> str:
    """What an event tells, in a few words; the version first."""
    words = sorted(event.detail.items(), key=lambda pair: pair[0] != "version")
    return ", ".join(_word(name, value) for name, value in words if value not in ([], None, False))


def _word(name: str, value: Any) -> str:
    if name in ("version", "outcome"):
        return str(value)
    if value is True:
        return name
    if name in ("content_hash", "content", "of"):
        return f"{name.removesuffix('_hash')} {value[:SHOWN]}"
    if isinstance(value, list):
        return f"{name} {' '.join(map(str, value))}"
    return f"{value:,} {name}" if isinstance(value, int) and name not in ("from", "to") else f"{name} {value}"


def check_page(found: Audit) -> Page:
    """Whether the events hold."""
    if found.broken is not None:
        text: list[Any] = [f"[red]●[/] The events do not hold: {escape(found.broken)}."]
        text.append(f"  {found.events:,} events before it are as they were written.")
    else:
        text = [f"[green]●[/] {found.events:,} events are as they were written, one behind the other."]
    text += [f"[red]●[/] {escape(problem)}" for problem in found.problems]
    text.append(f"last hash: {found.last}")
    return {"data": found.to_json(), "text": text}
