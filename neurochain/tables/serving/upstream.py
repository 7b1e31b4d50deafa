"""Upstream: the ROAPI that answers now, and how it is asked."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from neurochain.errors import ExpressionError, StorageError, require
from neurochain.tables.serving.messages import any_message, decode, pack
from neurochain.tables.serving.roapi import Roapi

__all__ = ["Answer", "Upstream", "define", "prepared"]

KIND = ("Error building plan: ", "Error executing query: ", "Invalid SQL query: ")


class Answer:
    """Rows of a query as they come.

    Attributes
    ----------
    schema : pyarrow.Schema
    """

    def __init__(self, schema: Any, batches: Callable[[], Iterator[Any]]) -> None:
        self.schema, self._batches = schema, batches

    def __iter__(self) -> Iterator[Any]:
        return self._batches()


class Upstream:
    """Where questions go. What answers may be replaced while others are answered."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._roapi: Roapi | None = None
        self._asked: dict[int, int] = {}

    @property
    def current(self) -> Roapi:
        """What answers.

        Raises
        ------
        StorageError
            Nothing does.
        """
        found = self._roapi
        if found is None or not found.is_alive:
            raise StorageError("ROAPI has ended; neurochain serve says why where it runs.")
        return found

    def replace(self, roapi: Roapi | None) -> Roapi | None:
        """Let another answer from now on; gives the one before."""
        with self._lock:
            before, self._roapi = self._roapi, roapi
            return before

    @contextmanager
    def asking(self) -> Iterator[Roapi]:
        """What answers, which is not ended before this is left."""
        with self._lock:
            roapi = self.current
            self._asked[id(roapi)] = self._asked.get(id(roapi), 0) + 1
        try:
            yield roapi
        finally:
            with self._lock:
                self._asked[id(roapi)] -= 1
                self._lock.notify_all()

    def wait_until_idle(self, roapi: Roapi, patience: float) -> None:
        """Return when nobody waits for an answer of it, or patience ends."""
        with self._lock:
            self._lock.wait_for(lambda: not self._asked.get(id(roapi)), patience)
            self._asked.pop(id(roapi), None)

    @contextmanager
    def query(self, sql: str, run: bool = True) -> Iterator[Answer]:
        """Answer of a statement that was checked.

        Parameters
        ----------
        sql : str
            One that reads.
        run : bool
            Otherwise only its columns are asked for.

        Raises
        ------
        ExpressionError
            ROAPI refuses it.
        StorageError
            ROAPI does not answer.
        """
        with self.asking() as roapi, prepared(roapi, sql) as answer:
            yield answer if run else Answer(answer.schema, lambda: iter(()))


@contextmanager
def prepared(roapi: Roapi, sql: str) -> Iterator[Answer]:
    """A statement that ROAPI has planned; it runs when its answer is iterated. What defines something has done so already.

    Raises
    ------
    ExpressionError, StorageError
        As `Upstream.query`.
    """
    flight: Any = require("pyarrow.flight", "sql", "neurochain serve")
    pyarrow: Any = require("pyarrow", "sql", "neurochain serve")
    with _client(flight, roapi) as client, _in_our_words(flight):
        options = flight.FlightCallOptions(headers=[(b"authorization", f"Bearer {roapi.token}".encode())])
        request = any_message("ActionCreatePreparedStatementRequest", pack(1, sql.encode()))
        (made,) = client.do_action(flight.Action("CreatePreparedStatement", request), options)
        fields = dict(decode(dict(decode(made.body.to_pybytes()))[2]))
        handle, schema = fields[1], pyarrow.ipc.read_schema(pyarrow.py_buffer(fields[2]))

        def batches() -> Iterator[Any]:
            command = any_message("CommandPreparedStatementQuery", pack(1, handle))
            info = client.get_flight_info(flight.FlightDescriptor.for_command(command), options)
            for endpoint in info.endpoints:
                for chunk in client.do_get(endpoint.ticket, options):
                    yield chunk.data

        try:
            yield Answer(schema, batches)
        finally:
            close = any_message("ActionClosePreparedStatementRequest", pack(1, handle))
            list(client.do_action(flight.Action("ClosePreparedStatement", close), options))


def define(roapi: Roapi, statement: str) -> None:
    """Let ROAPI know a name.

    Raises
    ------
    ExpressionError, StorageError
        As `Upstream.query`.
    """
    with prepared(roapi, statement):
        return


@contextmanager
def _client(flight: Any, roapi: Roapi) -> Iterator[Any]:
    client = flight.FlightClient(f"grpc://{roapi.host}:{roapi.ports['FlightSQL']}")
    try:
        yield client
    finally:
        client.close()


@contextmanager
def _in_our_words(flight: Any) -> Iterator[None]:
    try:
        yield
    except flight.FlightUnavailableError as error:
        raise StorageError("ROAPI does not answer; neurochain serve says why where it runs.") from error
    except (flight.FlightError, OSError, ValueError, NotImplementedError) as error:
        raise ExpressionError(plain(str(error))) from error


def plain(message: str) -> str:
    """What ROAPI says, without how it came.

    Examples
    --------
    >>> plain("Flight returned internal error, with message: Error building plan: table 'a' not found. gRPC client debug context: …")
    "table 'a' not found"
    """
    text = message.partition("with message: ")[2] or message
    for end in (". gRPC client debug context", ". Client context", " gRPC client debug"):
        text = text.partition(end)[0]
    for kind in KIND:
        text = text.removeprefix(kind)
    return text.strip()
