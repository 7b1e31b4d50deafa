"""Roapi: a running ROAPI, which listens where nobody else is meant to come."""

import collections
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from neurochain.errors import MissingExtraError, StorageError
from neurochain.tables.serving import confined

__all__ = ["Roapi", "program"]

LISTENING = re.compile(
    r"Listening on (?P<host>[\d.]+):(?P<port>\d+) for (?P<what>Postgres|FlightSQL|HTTP) traffic"
)
LOADING = re.compile(r"(?P<what>loading|registered) `.*` as table `(?P<table>.+)`")
NOISE = re.compile(r"^\[\S+ (?:INFO|DEBUG) ")
PATIENCE = 120.0  # seconds for all tables to be opened
GRACE = 5.0  # seconds for it to end by itself
KEPT = 40  # lines of its log


def program() -> str:
    """Path of ROAPI's program.

    Raises
    ------
    MissingExtraError
        It is not installed.
    """
    beside = [sysconfig.get_path("scripts"), str(Path(sys.executable).parent)]
    found = shutil.which("roapi", path=os.pathsep.join(beside)) or shutil.which("roapi")
    if found is None:
        raise MissingExtraError(
            "neurochain serve needs ROAPI, which is not installed. Install it with: pip install 'neurochain[sql]'"
        )
    return found


def hidden_host() -> str:
    """An address of this machine alone that nobody guesses, so that no web page in a browser here finds the way past the gate."""
    if sys.platform != "linux":
        return "127.0.0.1"  # others have no more of them
    a, b, c = (secrets.randbelow(254) + 1 for _ in range(3))
    return f"127.{a}.{b}.{c}"


class Roapi:
    """ROAPI as a process.

    Parameters
    ----------
    config : path
        What it serves, and where; it is read once.
    environment : mapping of str to str
        Added to this process' own: how object storage is reached.
    host : str
        On which it listens.
    token : str
        That its FlightSQL asks for.

    Attributes
    ----------
    ports : dict of str to int
        Of ``"HTTP"``, ``"Postgres"`` and ``"FlightSQL"``.
    loading : str or None
        The table that it is about to open.
    """

    def __init__(self, config: Path, environment: Mapping[str, str], host: str, token: str) -> None:
        self.host, self.token = host, token
        self.ports: dict[str, int] = {}
        self.loading: str | None = None
        self._log: collections.deque[str] = collections.deque(maxlen=KEPT)
        self._listens = threading.Event()
        ours = {
            k: v for k, v in os.environ.items() if k not in ("HOST", "PORT", "RUST_LOG", "RUST_BACKTRACE")
        }
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", confined.__file__, str(os.getpid()), program(), "-c", str(config)],
            env={**ours, **environment, "RUST_LOG": "info"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in a terminal is for us, who then end it
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def wait_until_ready(self, patience: float = PATIENCE) -> None:
        """Return when it answers.

        Raises
        ------
        StorageError
            It ended, or takes too long; shows the end of its log.
        """
        deadline = time.monotonic() + patience
        while not self._listens.wait(0.02):
            if not self.is_alive:
                raise StorageError(f"ROAPI ended before it served anything:\n{self.last_words()}")
            if time.monotonic() > deadline:
                self.stop()
                raise StorageError(f"ROAPI does not answer after {patience:.0f} s:\n{self.last_words()}")
        for port in self.ports.values():
            _wait_for(self.host, port, deadline)

    def last_words(self) -> str:
        """End of its log, without what is no trouble."""
        if not self.is_alive:
            self._reader.join(GRACE)
        lines = list(self._log)
        troubles = [line for line in lines if not NOISE.match(line)]
        text = "\n".join(f"  {line}" for line in (troubles or lines)[-12:])
        code = self._process.poll()
        return (text or "  (it said nothing)") + ("" if code is None else f"\n  (exit code {code})")

    def stop(self) -> None:
        """End it."""
        if self.is_alive:
            self._process.terminate()
            try:
                self._process.wait(GRACE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._reader.join(GRACE)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _read(self) -> None:
        if self._process.stdout is None:
            return
        for raw in self._process.stdout:
            line = raw.decode("utf-8", "replace").rstrip()
            if not line:
                continue
            self._log.append(line)
            if loading := LOADING.search(line):
                self.loading = loading["table"] if loading["what"] == "loading" else None
            if found := LISTENING.search(line):
                self.ports[found["what"]] = int(found["port"])
                if len(self.ports) == 3:
                    self._listens.set()


def _wait_for(host: str, port: int, deadline: float) -> None:
    while True:
        try:
            socket.create_connection((host, port), 1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise StorageError(f"ROAPI does not answer at {host}:{port}.") from None
            time.sleep(0.02)
