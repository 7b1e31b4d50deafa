"""Session: what a client of the PostgreSQL wire asks, and what it is answered."""

import hmac
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import polars as pl

from neurochain.errors import ExpressionError, NeurochainError, StorageError
from neurochain.tables.serving.postgres.text import oid_of, texts
from neurochain.tables.serving.postgres.wire import (
    Connection,
    Gone,
    complete,
    data_row,
    failure,
    message,
    row_description,
    text,
)
from neurochain.tables.serving.reading import check_reads
from neurochain.tables.serving.upstream import Upstream

__all__ = ["Session"]

SSL, GSS, CANCEL, VERSION_3 = 80877103, 80877104, 80877102, 196608
SAID = {
    "server_version": "16.0",
    "server_encoding": "UTF8",
    "client_encoding": "UTF8",
    "DateStyle": "ISO, MDY",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "integer_datetimes": "on",
    "standard_conforming_strings": "on",
    "default_transaction_read_only": "on",
    "application_name": "",
}
# What clients say on their way to a query, and to which nothing need be done.
NOTHING_TO_DO = re.compile(
    r"\s*(begin|start\s+transaction|commit|end|rollback|abort|set|reset|discard|deallocate|close)\b",
    re.IGNORECASE,
)
SHOW = re.compile(r"\s*show\s+(?P<name>[\w.]+(?:\s+\w+)*)\s*;?\s*\Z", re.IGNORECASE)
SETTINGS = {
    "transaction isolation level": "read committed",
    "transaction_isolation": "read committed",
    "search_path": "public",
}
ASKED = {
    "current_database()": "neurochain",
    "current_schema()": "public",
    "current_catalog": "neurochain",
    "current_user": "neurochain",
}
ALONE = re.compile(r"\s*select\s+(?P<what>[\w.]+(?:\(\))?)\s*;?\s*\Z", re.IGNORECASE)
NO_PARAMETERS = (
    "Parameters are not bound here: ROAPI takes none. Let the client write them into the query: in psycopg cursor_factory=psycopg.ClientCursor, "
    "in JDBC preferQueryMode=simple."
)


class Session:
    """A client from its first message to its last.

    Parameters
    ----------
    connection : Connection
    upstream : Upstream
        Who answers.
    token : str
        Asked for as the password; not where it is empty.
    """

    def __init__(self, connection: Connection, upstream: Upstream, token: str) -> None:
        self._to, self._upstream, self._token = connection, upstream, token
        self._statements: dict[str, str] = {}
        self._portals: dict[str, str] = {}
        self._failed = False

    def run(self) -> None:
        """Answer until the client leaves.

        Raises
        ------
        Gone
            It has left.
        """
        if not self._welcome():
            return
        while True:
            kind, body = self._to.receive()
            if kind == "X":
                return
            if self._failed and kind != "S":
                continue
            if kind == "Q":
                with self._errors():
                    self._simple(_string(body)[0])
                self._ready()
            elif kind == "S":
                self._failed = False
                self._ready()
            elif kind == "H":
                self._to.flush()
            else:
                self._failed = True
                with self._errors():
                    self._extended(kind, body)
                    self._failed = False

    def _welcome(self) -> bool:
        """Whether the client may come in."""
        code, _ = self._to.startup()
        while code in (SSL, GSS):
            self._to.raw(b"N")  # it is on this machine
            code, _ = self._to.startup()
        if code == CANCEL:
            return False
        if code >> 16 != VERSION_3 >> 16:
            self._to.raw(failure("This is PostgreSQL's protocol, version 3.", "08P01", "FATAL"))
            return False
        if self._token:
            self._to.raw(message("R", struct.pack("!i", 3)))
            kind, given = self._to.receive()
            if kind != "p" or not hmac.compare_digest(given.rstrip(b"\0"), self._token.encode()):
                self._to.raw(
                    failure(
                        "The password is the token that neurochain serve has shown; this is another.",
                        "28P01",
                        "FATAL",
                    )
                )
                return False
        self._to.send(message("R", struct.pack("!i", 0)))
        for name, value in SAID.items():
            self._to.send(message("S", text(name) + text(value)))
        self._to.send(message("K", struct.pack("!ii", 0, 0)))
        self._ready()
        return True

    def _ready(self) -> None:
        self._to.send(message("Z", b"I"))
        self._to.flush()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except Gone:
            raise
        except ExpressionError as error:
            self._to.send(failure(str(error), "42000"))
        except StorageError as error:
            self._to.send(failure(str(error), "57P03"))
        except NeurochainError as error:
            self._to.send(failure(str(error), "0A000"))
        except UnicodeDecodeError:
            self._to.send(failure("A query is text in UTF-8.", "22021"))

    def _simple(self, query: str) -> None:
        statements = _split(query)
        if not statements:
            self._to.send(message("I"))
        for statement in statements:
            self._answer(statement, describe=True)

    def _extended(self, kind: str, body: bytes) -> None:
        if kind == "P":
            name, rest = _string(body)
            query, rest = _string(rest)
            if struct.unpack("!h", rest[:2])[0] or "$1" in query:
                raise NeurochainError(NO_PARAMETERS)
            if len(_split(query)) > 1:
                raise ExpressionError("A prepared statement is one statement.")
            self._statements[name] = query
            self._to.send(message("1"))
        elif kind == "B":
            portal, rest = _string(body)
            name, rest = _string(rest)
            formats = struct.unpack("!h", rest[:2])[0]
            if struct.unpack("!h", rest[2 + 2 * formats : 4 + 2 * formats])[0]:
                raise NeurochainError(NO_PARAMETERS)
            self._portals[portal] = self._prepared(self._statements, name)
            self._to.send(message("2"))
        elif kind == "D":
            name, _ = _string(body[1:])
            if body[:1] == b"S":
                self._to.send(message("t", struct.pack("!h", 0)))
            self._describe(self._prepared(self._statements if body[:1] == b"S" else self._portals, name))
        elif kind == "E":
            name, _ = _string(body)
            self._answer(self._prepared(self._portals, name), describe=False)
        elif kind == "C":
            name, _ = _string(body[1:])
            (self._statements if body[:1] == b"S" else self._portals).pop(name, None)
            self._to.send(message("3"))
        else:
            raise NeurochainError(f"A message of kind {kind!r} is not answered here.")

    def _prepared(self, among: dict[str, str], name: str) -> str:
        if name not in among:
            raise ExpressionError(f"Nothing is prepared as {name!r}.")
        return among[name]

    def _describe(self, statement: str) -> None:
        if not statement.strip() or NOTHING_TO_DO.match(statement):
            self._to.send(message("n"))
            return
        if (known := _known(statement)) is not None:
            self._to.send(row_description([(known[0], 25)]))
            return
        with self._upstream.query(check_reads(statement), run=False) as answer:
            self._to.send(row_description(_columns(answer.schema)))

    def _answer(self, statement: str, describe: bool) -> None:
        if not statement.strip():
            self._to.send(message("I"))
            return
        if (nothing := NOTHING_TO_DO.match(statement)) is not None:
            self._to.send(complete(nothing[1].upper()))
            return
        if (known := _known(statement)) is not None:
            if describe:
                self._to.send(row_description([(known[0], 25)]))
            self._to.send(data_row([known[1]]) + complete("SELECT 1"))
            return
        rows = 0
        with self._upstream.query(check_reads(statement)) as answer:
            batches = iter(answer)
            first = next(batches, None)  # a query that fails does so before its columns are told
            if describe:
                self._to.send(row_description(_columns(answer.schema)))
            while first is not None:
                frame: Any = pl.from_arrow(first)
                written = [texts(column) for column in frame.get_columns()]
                for row in zip(*written, strict=True) if written else ():
                    self._to.send(data_row(row))
                rows += first.num_rows
                first = next(batches, None)
        self._to.send(complete(f"SELECT {rows}"))


def _columns(schema: Any) -> list[tuple[str, int]]:
    empty: Any = pl.from_arrow(schema.empty_table())
    return [(name, oid_of(kind)) for name, kind in empty.schema.items()]


def _known(statement: str) -> tuple[str, str] | None:
    """Name and value of what clients ask of any PostgreSQL."""
    if (show := SHOW.match(statement)) is not None:
        name = " ".join(show["name"].lower().split())
        for known, value in {**SAID, **SETTINGS}.items():
            if known.lower() == name:
                return name, value
    if (alone := ALONE.match(statement)) is not None and alone["what"].lower() in ASKED:
        what = alone["what"].lower()
        return what.removesuffix("()"), ASKED[what]
    return None


def _string(body: bytes) -> tuple[str, bytes]:
    """Text up to a zero, and what follows."""
    value, zero, rest = body.partition(b"\0")
    if not zero:
        raise Gone
    return value.decode("utf-8"), rest


def _split(query: str) -> list[str]:
    """Statements of a query: cut at semicolons that stand in no text, name or comment."""
    found, start = [], 0
    for mark in re.finditer(
        r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|(?P<end>;)", query, re.DOTALL
    ):
        if mark["end"]:
            found.append(query[start : mark.start()])
            start = mark.end()
    found.append(query[start:])
    return [statement for statement in found if statement.strip()]
