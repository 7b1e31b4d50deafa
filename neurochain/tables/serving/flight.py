"""Flight: a FlightSQL door to ROAPI that asks for the token, and passes on what reads."""

import hmac
from collections.abc import Iterator
from typing import Any

from neurochain.errors import NeurochainError, require
from neurochain.tables.serving.messages import any_message, decode, pack, unpack
from neurochain.tables.serving.reading import check_reads
from neurochain.tables.serving.upstream import Upstream

__all__ = ["flight_server"]

QUERIES = {"CommandStatementQuery"}  # their first field is SQL
LISTINGS = {
    "CommandPreparedStatementQuery",
    "CommandGetCatalogs",
    "CommandGetDbSchemas",
    "CommandGetTables",
    "CommandGetTableTypes",
    "CommandGetSqlInfo",
    "CommandGetXdbcTypeInfo",
}
ACTIONS = {
    "CreatePreparedStatement": "ActionCreatePreparedStatementRequest",
    "ClosePreparedStatement": "ActionClosePreparedStatementRequest",
}


def flight_server(host: str, port: int, upstream: Upstream, token: str) -> Any:
    """A running server; ``.port`` is where it listens, ``.shutdown()`` ends it.

    Parameters
    ----------
    host : str
        On which it listens.
    port : int
        0 for any.
    upstream : Upstream
        Who answers.
    token : str
        That callers bring as ``authorization: Bearer …``; none is asked for where it is empty.
    """
    flight: Any = require("pyarrow.flight", "sql", "neurochain serve")

    class Door(flight.ServerMiddlewareFactory):  # type: ignore[misc]
        def start_call(self, info: Any, headers: dict[str, list[str]]) -> None:
            given = next(
                (v for k, values in headers.items() if k.lower() == "authorization" for v in values), ""
            )
            scheme, _, value = given.partition(" ")
            if token and not (
                scheme.lower() == "bearer" and hmac.compare_digest(value.strip().encode(), token.encode())
            ):
                raise flight.FlightUnauthenticatedError(
                    "The token is missing or wrong: authorization: Bearer TOKEN."
                )

    class Server(flight.FlightServerBase):  # type: ignore[misc]
        def _client(self) -> tuple[Any, Any]:
            roapi = upstream.current
            headers = [(b"authorization", f"Bearer {roapi.token}".encode())]
            client = flight.FlightClient(f"grpc://{roapi.host}:{roapi.ports['FlightSQL']}")
            return client, flight.FlightCallOptions(headers=headers)

        def get_flight_info(self, context: Any, descriptor: Any) -> Any:
            with _Refused(flight):
                command = _command(descriptor.command)
            client, options = self._client()
            with client:
                return client.get_flight_info(flight.FlightDescriptor.for_command(command), options)

        def do_get(self, context: Any, ticket: Any) -> Any:
            client, options = self._client()
            reader = client.do_get(ticket, options)
            return flight.GeneratorStream(reader.schema, _chunks(client, reader))

        def do_action(self, context: Any, action: Any) -> Iterator[Any]:
            with _Refused(flight):
                body = _action(action.type, action.body.to_pybytes())
            client, options = self._client()
            with client:
                yield from client.do_action(flight.Action(action.type, body), options)

        def list_actions(self, context: Any) -> list[tuple[str, str]]:
            return [(name, "") for name in ACTIONS]

    place = f"[{host}]" if ":" in host else host
    return Server(f"grpc://{place}:{port}", middleware={"token": Door()})


class _Refused:
    """What we refuse, as an error of Flight's."""

    def __init__(self, flight: Any) -> None:
        self.flight = flight

    def __enter__(self) -> None: ...

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, NeurochainError):
            raise self.flight.FlightServerError(str(error)) from None


def _chunks(client: Any, reader: Any) -> Iterator[Any]:
    with client:
        for chunk in reader:
            yield chunk.data


def _command(command: bytes) -> bytes:
    """What is asked, with its SQL as it was read here."""
    name, body = unpack(command)
    if name in QUERIES:
        return any_message(name, pack(1, check_reads(_text(body)).encode()))
    if name not in LISTINGS:
        raise _unknown(name)
    return command


def _action(kind: str, body: bytes) -> bytes:
    """What is to be done, with its SQL as it was read here."""
    if kind not in ACTIONS:
        raise _unknown(kind)
    name, message = unpack(body)
    if name != ACTIONS[kind]:
        raise _unknown(name)
    if kind == "CreatePreparedStatement":
        return any_message(name, pack(1, check_reads(_text(message)).encode()))
    return body


def _text(body: bytes) -> str:
    """First field as text: the SQL."""
    return dict(decode(body)).get(1, b"").decode("utf-8")


def _unknown(name: str) -> NeurochainError:
    return NeurochainError(f"{name} is not answered here: queries and listings are.")
