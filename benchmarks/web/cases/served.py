"""What the cases of the browser view share: ``neurochain ui`` in a process of its own, and its answers."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "cases"))

from measured import measured

__all__ = ["measured", "served"]
TOKEN = "benchmark"


class Served:
    """A server, by its address."""

    def __init__(self, address: str) -> None:
        self.address = address

    def ask(self, place: str, **query: object) -> bytes:
        """The whole answer of an address."""
        asked = Request(
            f"{self.address}{place}?{urlencode(query)}", headers={"Authorization": f"Bearer {TOKEN}"}
        )
        with urlopen(asked) as answer:
            return bytes(answer.read())


@contextmanager
def served(home: Path, more: Mapping[str, str] | None = None) -> Iterator[Served]:
    """Serve the project whose folder is `home`."""
    environment = {**os.environ, "NEUROCHAIN_HOME": str(home), "NEUROCHAIN_TOKEN": TOKEN, **(more or {})}
    command = [sys.executable, "-m", "neurochain.cli", "ui", "--port", "0", "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        assert server.stdout is not None
        line = next(line for line in server.stdout if "/?token=" in line)
        try:
            yield Served(line.partition("/?")[0])
        finally:
            server.terminate()
