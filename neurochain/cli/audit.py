"""Audit: the events of a project as people read them."""

from typing import Any

from rich.markup import escape

from neurochain.cli.printing import Page, table
from neurochain.datasets.audit import Audit
from neurochain.datasets.events import Event, read_events
from neurochain.datasets.project import Project

SHOWN = 8  # digits of a pseudonym or hash


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
