"""A server of a test, and one who may ask it."""

from dataclasses import dataclass
from typing import Any

import httpx

TOKEN = "a token"


@dataclass
class Served:
    """A server that runs, and one who may ask it."""

    address: str
    port: int
    client: httpx.Client
    home: str

    def ask(self, path: str, status: int = 200, /, **query: Any) -> Any:
        """What ``/api/…`` says."""
        found = self.client.get(f"/api/{path}", params=query)
        assert found.status_code == status, found.text
        return found.json()
