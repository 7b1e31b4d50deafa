"""Event: what happened in a project: who, when, what and why, each with the hash of the one before.

An event is written in the transaction of what it tells of, and is never changed: triggers of the database refuse it.
Who goes around them breaks the chain of hashes, and `audit` names the place.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from neurochain.datasets import tables
from neurochain.datasets.numbers import format_number
from neurochain.datasets.pseudonyms import person
from neurochain.datasets.secrets import masked

REASON = "NEUROCHAIN_REASON"  # why, for what scripts do
FIRST = "0" * 64  # stands where no event is before


@dataclass(frozen=True)
class Event:
    """Something that happened.

    Attributes
    ----------
    number : int
        1 for the first.
    time : str
        UTC, ISO 8601.
    who : str
        Pseudonym of user and machine.
    what : str
        ``"saved"``, ``"imported"``, ``"collected"``, ``"withdrawn"``, ``"exported"``, ``"reproduced"``, ``"verified"``, ``"began"``,
        ``"migrated"``, ``"annotated"``.
    detail : dict
        Plain JSON: of which version, how much.
    why : str or None
        As the user said it.
    before : str
        Hash of the event before it; zeros for the first.
    hash : str
        SHA-256 of all of the above, hex.
    """

    number: int
    time: str
    who: str
    what: str
    detail: dict[str, Any]
    why: str | None
    before: str
    hash: str = ""

    def computed_hash(self) -> str:
        """SHA-256 of what it says, as JSON with sorted keys and without blanks."""
        said = {name: value for name, value in asdict(self).items() if name != "hash"}
        return hashlib.sha256(_canonical(said).encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)


def append(connection: Connection, what: str, detail: dict[str, Any], why: str | None = None) -> str:
    """Add an event; its hash.

    Parameters
    ----------
    connection : Connection
        A transaction that writes: it holds what the event tells of.
    what : str
        As in `Event`.
    detail : dict
        As in `Event`. It is kept for good: no row, no path, no name of a person.
    why : str, optional
        By default what the environment variable ``NEUROCHAIN_REASON`` says.
    """
    c = tables.events.c
    last = connection.execute(select(c.number, c.hash).order_by(c.number.desc()).limit(1)).one_or_none()
    number, before = (last.number + 1, last.hash) if last is not None else (1, FIRST)
    time = datetime.now(UTC).isoformat(timespec="microseconds")
    reason = masked(why or os.environ.get(REASON, "")) or None
    event = Event(number, time, person(), what, detail, reason, before)
    values = {**asdict(event), "detail": _canonical(detail), "hash": event.computed_hash()}
    connection.execute(insert(tables.events).values(values))
    return str(values["hash"])


def append_migration(connection: Connection, old: int, new: int) -> None:
    """Add that the database is of another schema; the first event of all says which versions were there before it."""
    c = tables.events.c
    began = connection.execute(select(c.number).limit(1)).first() is None
    earlier = known_versions(connection) if began and old else []
    detail: dict[str, Any] = {"from": old, "to": new} if old else {"schema": new}
    if earlier:
        detail |= {"versions": len(earlier), "last": earlier[-1][0], "content": content_of(earlier)}
    append(connection, "migrated" if old else "began", detail)


def known_versions(connection: Connection) -> list[tuple[int, str, str]]:
    """Row, reference and content hash of every version, in the order in which they were published."""
    d, v = tables.datasets.c, tables.versions.c
    query = (
        select(v.id, d.name, v.major, v.minor, v.patch, v.content_hash)
        .join(tables.datasets, d.id == v.dataset)
        .order_by(v.id)
    )
    return [
        (r.id, f"{r.name}@{format_number((r.major, r.minor, r.patch))}", r.content_hash)
        for r in connection.execute(query)
    ]


def withdrawn_versions(connection: Connection) -> set[str]:
    """References of the versions whose rows are not there any more."""
    v = tables.versions.c
    gone = set(connection.execute(select(v.id).where(v.withdrawn.is_not(None))).scalars())
    return {reference for number, reference, _ in known_versions(connection) if number in gone}


def content_of(versions: list[tuple[int, str, str]]) -> str:
    """One hash over all of some versions."""
    text = "".join(f"{reference} {content}\n" for _, reference, content in versions)
    return hashlib.sha256(text.encode()).hexdigest()


def read_events(connection: Connection, limit: int | None = None) -> Iterator[Event]:
    """Events in their order, the last ones where there is a limit.

    Raises
    ------
    ValueError
        What one holds is no JSON: somebody has changed it.
    """
    query = select(tables.events).order_by(tables.events.c.number.desc()).limit(limit)
    if limit is None:
        query = select(tables.events).order_by(tables.events.c.number)
    found = connection.execute(query).mappings()
    for row in reversed(found.all()) if limit is not None else found:
        yield Event(**{**row, "detail": json.loads(row["detail"])})


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
