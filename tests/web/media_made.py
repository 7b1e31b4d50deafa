"""A project of some files, and its server, asked as a page asks."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from starlette.testclient import TestClient

import neurochain as nc
from neurochain.datasets.project import find_project
from neurochain.datasets.schema import KEY
from neurochain.datasets.versions import find_version
from neurochain.web.media.packed import unpack
from neurochain.web.server.app import make_app
from neurochain.web.server.guard import Session

sys.path.insert(0, str(Path(__file__).parents[1] / "formats"))  # files that are made there
BASE = "http://127.0.0.1:8765"


class Made:
    """Version ``files`` of the files below a place, and a client that has the token.

    Parameters
    ----------
    pattern : str
        Of the files.
    options : mapping
        Of `read_storage`.
    """

    def __init__(self, pattern: str | Path, **options: Any) -> None:
        nc.read_storage(str(pattern), **options).save("files")
        self.open("files")

    def open(self, name: str) -> None:
        """Look at the newest version of a dataset."""
        project = find_project(create=False)
        assert project is not None
        self.version = find_version(project, name)
        scan = self.version.scan()
        has_files = "file.uri" in scan.collect_schema().names()
        rows = scan.select(KEY, *(["file.uri"] if has_files else [])).collect()
        uris = rows["file.uri"].to_list() if has_files else [str(i) for i in range(rows.height)]
        keys = [key.hex() for key in rows[KEY].to_list()]
        self.keys = {uri.rpartition("/")[2]: key for uri, key in zip(uris, keys, strict=True)}
        self.paths = {uri.rpartition("/")[2]: uri for uri in uris}
        app = make_app(project, Session("t", frozenset(["127.0.0.1:8765"]), 8765))
        self.client = TestClient(app, base_url=BASE, headers={"authorization": "Bearer t"})

    def get(
        self, what: str, name: str, headers: dict[str, str] | None = None, method: str = "GET", **query: Any
    ) -> Any:
        """Answer of ``/media/what`` for the file of a name."""
        asked = {"ref": self.version.reference, "key": self.keys[name], "column": "file", **query}
        return self.client.request(method, f"/media/{what}", params=asked, headers=headers)

    def json(self, what: str, name: str, **query: Any) -> Any:
        """As `get`, of what answers with JSON."""
        answer = self.get(what, name, **query)
        assert answer.status_code == 200, answer.text
        return json.loads(answer.text)

    def packed(self, what: str, name: str, **query: Any) -> tuple[dict[str, Any], np.ndarray]:
        """As `get`, of what answers with numbers."""
        answer = self.get(what, name, **query)
        assert answer.status_code == 200, answer.text
        return unpack(answer.content)

    def refused(self, what: str, name: str, **query: Any) -> tuple[int, str]:
        """Status and message of what cannot be answered."""
        answer = self.get(what, name, **query)
        return answer.status_code, answer.json()["error"]["message"]
