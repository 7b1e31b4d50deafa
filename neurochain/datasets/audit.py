"""Audit: whether the events of a project are all there, and tell of what is there."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from neurochain.datasets import tables
from neurochain.datasets.events import FIRST, Event, content_of, known_versions, withdrawn_versions
from neurochain.datasets.project import Project

PUBLISHED = ("saved", "imported")  # events that a version begins with


@dataclass(frozen=True)
class Audit:
    """What was found.

    Attributes
    ----------
    events : int
        That were read.
    last : str
        Hash of the last one. Who keeps it elsewhere can tell later whether the events up to it are the same.
    broken : str or None
        The first event that does not hold, and why; what comes behind it says nothing.
    problems : tuple of str
        Versions and events that do not fit together.
    """

    events: int
    last: str
    broken: str | None
    problems: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.broken is None and not self.problems

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "events": self.events,
            "last": self.last,
            "broken": self.broken,
            "problems": list(self.problems),
        }


def audit(project: Project, kept: str | None = None) -> Audit:
    """Compute the chain of events again, and compare what they tell with the versions that are there.

    Parameters
    ----------
    project : Project
        Whose events.
    kept : str, optional
        Hash of an event that was kept elsewhere; its beginning will do. It must be among them.
    """
    with project.database.read() as connection:
        events, last, broken = _chain(connection)
        problems = _versions(connection, events) if broken is None else []
    if kept is not None and broken is None and not any(e.hash.startswith(kept) for e in events):
        problems.insert(
            0, f"no event has the hash {kept}: what was there when it was kept is not what is here"
        )
    return Audit(len(events), last, broken, tuple(problems))


def _chain(connection: Connection) -> tuple[list[Event], str, str | None]:
    """Events up to the first that does not hold, the last hash, and what is wrong."""
    events: list[Event] = []
    before = FIRST
    for row in connection.execute(select(tables.events).order_by(tables.events.c.number)).mappings():
        shown = f"event {row['number']} ({row['what']}, {row['time']})"
        if row["number"] != len(events) + 1:
            return events, before, f"event {len(events) + 1} is missing: the next one is {shown}"
        try:
            event = Event(**{**row, "detail": json.loads(row["detail"])})
        except ValueError:
            return events, before, f"{shown} has been changed: what it holds cannot be read"
        if event.before != before:
            return events, before, f"{shown} does not follow the one before it: it names another hash"
        if event.computed_hash() != event.hash:
            return events, before, f"{shown} has been changed: its hash is not that of what it says"
        events.append(event)
        before = event.hash
    return events, before, None if events else "there is no event: the log has been emptied"


def _versions(connection: Connection, events: list[Event]) -> list[str]:
    """Versions without an event, and events whose versions are gone or are others."""
    versions = known_versions(connection)
    began = events[0].detail
    earlier = [v for v in versions if v[0] <= began.get("last", 0)]
    problems = []
    if len(earlier) != began.get("versions", 0) or (earlier and content_of(earlier) != began["content"]):
        problems.append(
            f"the {began.get('versions', 0):,} versions from before the first event are not those that it found"
        )
    there = {reference: content for _, reference, content in versions[len(earlier) :]}
    told = {e.detail["version"]: e for e in events if e.what in PUBLISHED}
    problems += [f"{reference} has no event" for reference in there.keys() - told.keys()]
    for reference, event in told.items():
        if reference not in there:
            problems.append(f"{reference} is gone, and no event says why (event {event.number} saved it)")
        elif there[reference] != event.detail["content_hash"]:
            problems.append(f"{reference} has other rows than event {event.number} saved")
    gone = {e.detail["version"] for e in events if e.what in ("withdrawn", "imported")}
    problems += [f"{r} is withdrawn, and no event says so" for r in withdrawn_versions(connection) - gone]
    return sorted(problems)
