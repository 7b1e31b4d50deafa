"""Server: a catalog, served until it is told to stop."""

import os
import secrets
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from neurochain.errors import NeurochainError, StorageError, TableError, require
from neurochain.tables.serving.config import config_text
from neurochain.tables.serving.flight import flight_server
from neurochain.tables.serving.folder import Folder
from neurochain.tables.serving.gate import gate, is_loopback
from neurochain.tables.serving.grafana import write_grafana
from neurochain.tables.serving.offer import Offers, offers_of
from neurochain.tables.serving.postgres.server import HOST as LOOPBACK
from neurochain.tables.serving.postgres.server import PostgresServer
from neurochain.tables.serving.roapi import Roapi, hidden_host, program
from neurochain.tables.serving.upstream import Upstream, define

if TYPE_CHECKING:
    from neurochain.tables.catalog import Catalog

__all__ = ["Server"]

CONFIG = "roapi.yaml"  # it holds a token, and is there only until it is read
LOOKED_AT = 0.2  # seconds between looks at whether ROAPI still runs
SHUTDOWN = 10.0  # seconds for those who are asked for at the end
FINISHING = 30.0  # seconds for answers of a ROAPI that was replaced


class Server:
    """The tables of a catalog over HTTP, the PostgreSQL wire and FlightSQL.

    Parameters
    ----------
    catalog : Catalog
    host : str
        Where HTTP and FlightSQL listen. The PostgreSQL wire listens on this machine alone, always.
    port, postgres_port, flight_port : int
        0 for any that is free.
    token : str
        That callers need; beyond this machine one is made up where none is given.
    refresh : float, optional
        Seconds after which copies are written anew, and Delta tables opened anew.

    Attributes
    ----------
    offers : Offers
        What is served, and what is left out.
    token : str

    Raises
    ------
    StorageError
        A port is in use, or ROAPI cannot serve.
    TableError
        Two tables would have one name, or none can be served.
    MissingExtraError
        ROAPI or what stands before it is not installed.
    """

    def __init__(
        self,
        catalog: "Catalog",
        host: str = LOOPBACK,
        port: int = 8000,
        postgres_port: int = 5433,
        flight_port: int = 32010,
        *,
        token: str = "",
        refresh: float | None = None,
    ) -> None:
        program()
        self._uvicorn: Any = require("uvicorn", "sql", "neurochain serve")
        self._catalog, self._refresh = catalog, refresh
        self.host = host
        self.token = token or ("" if is_loopback(host) else secrets.token_urlsafe(24))
        self._upstream = Upstream()
        self._roapi: Roapi | None = None
        self._stopping = threading.Event()
        self._signals = _Signals(self.stop)
        self._folder = Folder()
        self._closers: list[Callable[[], object]] = [self._folder.delete]
        try:
            sockets = {
                "HTTP": self._bound(host, port, "--port"),
                "PostgreSQL": self._bound(LOOPBACK, postgres_port, "--postgres-port"),
                "FlightSQL": self._bound(host, flight_port, "--flight-port"),
            }
            self.ports = {name: int(opened.getsockname()[1]) for name, opened in sockets.items()}
            self.offers = self._replaced()
            self._open(sockets)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Server":
        self._signals.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        self._signals.__exit__()

    @property
    def roapi_pid(self) -> int | None:
        """Process of the ROAPI that answers."""
        return self._roapi.pid if self._roapi is not None else None

    def wait(self, said: Callable[[str], object] = lambda text: None) -> None:
        """Serve until a signal comes (Ctrl-C, SIGTERM; in a ``with`` block), or `stop` is called.

        Parameters
        ----------
        said : callable
            Called with what became of each refresh.

        Raises
        ------
        StorageError
            ROAPI has ended; shows the end of its log.
        """
        due = time.monotonic() + (self._refresh or 0)
        while not self._stopping.wait(LOOKED_AT):
            if self._roapi is not None and not self._roapi.is_alive:
                raise StorageError(
                    f"ROAPI has ended, and nothing is served any more:\n{self._roapi.last_words()}"
                )
            if self._refresh and time.monotonic() >= due:
                try:
                    self.offers = self._replaced()
                    said(f"refreshed: {len(self.offers.tables)} tables")
                except NeurochainError as error:
                    said(f"not refreshed, what was there is served on: {error}")
                due = time.monotonic() + self._refresh

    def write_grafana(self, folder: Path) -> list[Path]:
        """Write what Grafana reads when it starts with this folder as its ``provisioning``; gives what was written.

        Raises
        ------
        StorageError
            It cannot be written.
        """
        return write_grafana(folder, self.offers.tables, self.ports["PostgreSQL"], self.token, self._upstream)

    def stop(self) -> None:
        """Let `wait` return."""
        self._stopping.set()

    def close(self) -> None:
        """End all that was begun."""
        self._stopping.set()
        while self._closers:
            self._closers.pop()()
        self._upstream.replace(None)
        if self._roapi is not None:
            self._roapi.stop()

    def _bound(self, host: str, port: int, option: str) -> socket.socket:
        """A socket that listens.

        Raises
        ------
        StorageError
            It cannot.
        """
        try:
            family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            opened = socket.socket(family, kind)
        except OSError as error:
            raise StorageError(
                f"--host {host}: {error.strerror or error}. Give an address of this machine."
            ) from error
        self._closers.append(opened.close)
        try:
            if os.name == "posix":
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.bind(address)
            opened.listen(128)
        except OSError as error:
            raise StorageError(
                f"Nothing can listen at {host}, port {port}: {(error.strerror or str(error)).lower()}. Say {option} with another, or 0 for any."
            ) from error
        return opened

    def _replaced(self) -> Offers:
        """Let a new ROAPI answer, which has the tables as they are now."""
        folder = self._folder.new()
        try:
            offers = offers_of(self._catalog, folder)
            if not offers.tables:
                reasons = "; ".join(f"{o.database}.{o.name}: {o.reason}" for o in offers.left_out)
                raise TableError(f"No table can be served. {reasons or 'The catalog has none.'}")
            roapi, offers = self._started(folder, offers)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        before = self._upstream.replace(roapi)
        self._roapi = roapi
        if before is not None:
            self._upstream.wait_until_idle(before, FINISHING)
            before.stop()
        self._folder.keep(folder)
        return offers

    def _started(self, folder: Path, offers: Offers) -> tuple[Roapi, Offers]:
        """ROAPI with the tables that it can open, and what then is served."""
        while True:
            roapi = self._begun(folder, offers)
            try:
                roapi.wait_until_ready()
                (folder / CONFIG).unlink()
                _name_databases(roapi, offers)
            except StorageError as error:
                roapi.stop()
                culprits = [o for o in offers.tables if o.flat == roapi.loading]
                if not culprits:
                    raise
                offers = offers.otherwise(culprits[0], folder, str(error))
                if not offers.tables:
                    raise
            except BaseException:
                roapi.stop()
                raise
            else:
                return roapi, offers

    def _begun(self, folder: Path, offers: Offers) -> Roapi:
        host, token = hidden_host(), secrets.token_urlsafe(24)
        config = folder / CONFIG
        config.touch(mode=0o600)
        config.write_text(config_text(offers.tables, host, token), "utf-8")
        return Roapi(config, offers.environment, host, token)

    def _open(self, sockets: dict[str, socket.socket]) -> None:
        """Open the doors."""
        wire = PostgresServer(sockets["PostgreSQL"], self._upstream, self.token)
        self._closers.append(wire.close)
        sockets["FlightSQL"].close()  # it was held for its number; gRPC opens its own
        flight = flight_server(self.host, self.ports["FlightSQL"], self._upstream, self.token)
        self._closers.append(lambda: _at_most(SHUTDOWN, flight.shutdown))
        port = self.ports["HTTP"]
        hosts = (
            ()
            if self.token
            else [f"{name}:{port}" for name in {self.host, "localhost", "127.0.0.1", "[::1]"}]
        )
        config = self._uvicorn.Config(
            gate(self._upstream, self.token, hosts),
            lifespan="on",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=2,
            h11_max_incomplete_event_size=64_000,
        )
        http = self._uvicorn.Server(config)
        thread = threading.Thread(target=http.run, args=([sockets["HTTP"]],), daemon=True)
        thread.start()

        def close() -> None:
            http.should_exit = True
            thread.join(SHUTDOWN)

        self._closers.append(close)


def _name_databases(roapi: Roapi, offers: Offers) -> None:
    """Let SQL say ``implant.spikes``: ROAPI's own names know no databases."""
    for database in dict.fromkeys(o.database for o in offers.tables):
        define(roapi, f"create schema {_quoted(database)}")
    for offer in offers.tables:
        view = f"{_quoted(offer.database)}.{_quoted(offer.name)}"
        define(roapi, f"create view {view} as select * from {_quoted(offer.flat)}")


def _at_most(seconds: float, work: Callable[[], object]) -> None:
    """Do something, and wait for it no longer."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)


def _quoted(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


class _Signals:
    """Ctrl-C and SIGTERM call a function, and the second Ctrl-C interrupts; in a thread beside the main one they do what they did."""

    def __init__(self, called: Callable[[], object]) -> None:
        self._called, self._again = called, False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> None:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._came)

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def _came(self, number: int, frame: object) -> None:
        if self._again:
            raise KeyboardInterrupt
        self._again = True
        self._called()
