"""Look: what storage tells of tables, several at once, each for a limited time."""

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from neurochain.datasets.public import public, shortened
from neurochain.errors import NeurochainError
from neurochain.tables.facts import Facts
from neurochain.tables.site.preview import Preview, preview_of
from neurochain.tables.site.versions import Versions, versions_of
from neurochain.tables.table import Table

__all__ = ["Look", "look_at"]

AT_ONCE = 8


@dataclass
class Look:
    """What storage tells of a table.

    Attributes
    ----------
    schema : Schema or None
    facts : Facts or None
    preview : Preview or None
    versions : Versions or None
        Of a dataset.
    problems : dict of str to str
        What could not be told, and why, by the name of the attribute.
    """

    schema: pl.Schema | None = None
    facts: Facts | None = None
    preview: Preview | None = None
    versions: Versions | None = None
    problems: dict[str, str] = field(default_factory=dict)


Message = tuple[
    int, str, Any, str
]  # which table, which part of the look (empty: all is told), what, or why not


def look_at(
    tables: Sequence[Table], *, preview: bool = True, seconds: float = 30.0, at_once: int = AT_ONCE
) -> list[Look]:
    """Look at tables; one that cannot be reached, or not in time, costs nothing but what it does not tell.

    Parameters
    ----------
    tables : sequence of Table
        In the order of the looks.
    preview : bool
        Whether rows are read.
    seconds : float
        For each table.
    at_once : int
        Tables.
    """
    looks = [Look() for _ in tables]
    told: queue.Queue[Message] = queue.Queue()
    waiting = deque(range(len(tables)))
    ends: dict[int, float] = {}
    while waiting or ends:
        while waiting and len(ends) < at_once:
            number = waiting.popleft()
            # A thread that hangs in a read cannot be stopped: as a daemon it does not keep the process from ending.
            given = (number, tables[number], preview, told)
            threading.Thread(target=_tell, args=given, daemon=True).start()
            ends[number] = time.monotonic() + seconds
        try:
            number, part, found, why = told.get(timeout=max(0.0, min(ends.values()) - time.monotonic()))
        except queue.Empty:
            number = min(ends, key=ends.__getitem__)
            _too_late(looks[number], preview, seconds)
            del ends[number]
            continue
        if number not in ends:
            continue
        if not part:
            del ends[number]
        elif why:
            looks[number].problems[part] = why
        else:
            setattr(looks[number], part, found)
    return looks


def _tell(number: int, table: Table, preview: bool, told: "queue.Queue[Message]") -> None:
    """Tell the parts of a look, one by one; in a thread of its own."""
    facts: Facts | None = None

    def tell(part: str, read: Callable[[], Any]) -> Any:
        try:
            found = read()
        except BaseException as error:  # a panic of Polars is no Exception
            told.put((number, part, None, _said(error)))
            return None
        told.put((number, part, found, ""))
        return found

    tell("schema", lambda: table.schema)
    facts = tell("facts", table.facts)
    if table.kind == "dataset" and facts is not None and facts.version:
        tell("versions", lambda: versions_of(table, str(facts.version)))
    if preview:
        tell("preview", lambda: preview_of(table))
    told.put((number, "", None, ""))


def _too_late(look: Look, preview: bool, seconds: float) -> None:
    for part in ("schema", "facts", *(["preview"] if preview else [])):
        if getattr(look, part) is None and part not in look.problems:
            look.problems[part] = f"It took longer than {seconds:g} s."


def _said(error: BaseException) -> str:
    """Why, in plain words."""
    text = public(error).strip()
    if not isinstance(error, NeurochainError):
        text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return shortened(text)
