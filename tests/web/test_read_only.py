"""What a page may change, and that with --read-only it may change nothing."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from one_served import TOKEN, Served
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

import neurochain as nc
from neurochain.datasets.audit import audit
from neurochain.datasets.database import Database
from neurochain.datasets.events import read_events
from neurochain.datasets.project import Project, find_project
from neurochain.errors import ProjectError, VersionError
from neurochain.web.api.endpoints import ENDPOINTS
from neurochain.web.server.app import MOST_BYTES, make_app
from neurochain.web.server.guard import Session

HERE = "http://127.0.0.1:8765"


def send(served: Served, body: Any, ref: str = "given@1.0.0", **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {"content-type": "application/json"} | {n.replace("_", "-"): v for n, v in headers.items()}
    return served.client.post("/api/version", params={"ref": ref}, content=content, headers=given)


def test_descriptions_and_labels_are_changed_and_nothing_else(at_home: Served) -> None:
    before = at_home.ask("version", ref="given@1.0.0")
    found = send(at_home, {"description": " Checked by hand ", "labels": ["made", " reviewed", "made", ""]})
    assert found.status_code == 200, found.text
    assert found.json()["labels"] == ["made", "reviewed"]
    after = at_home.ask("version", ref="given@1.0.0")
    assert after == {**before, "description": "Checked by hand", "labels": ["made", "reviewed"]}
    assert [d["name"] for d in at_home.ask("datasets", search="reviewed")] == ["given"]
    assert send(at_home, {"description": "Made rows"}).json()["labels"] == ["made", "reviewed"]
    assert send(at_home, {"labels": ["made"]}).json()["description"] == "Made rows"
    assert at_home.ask("version", ref="given@1.0.0") == before


def test_a_change_is_kept_in_the_log_without_its_words(at_home: Served) -> None:
    send(at_home, {"labels": ["of Ada"]})
    send(at_home, {"labels": ["made"]})
    project = find_project(create=False)
    assert project is not None
    with project.database.read() as connection:
        last = next(read_events(connection, 1))
    assert (last.what, last.detail) == ("annotated", {"version": "given@1.0.0", "what": ["labels"]})
    assert audit(project)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b"\xff", "no JSON"),
        (b"[" * 100_000, "at most"),
        (b"[" * 60_000, "no JSON"),
        ([], "an object"),
        ({}, "an object"),
        ({"rows": 3}, "an object"),
        ({"description": "x", "rows": 3}, "an object"),
        ({"description": 3}, "is a text"),
        ({"description": None}, "is a text"),
        ({"labels": "a"}, "list of texts"),
        ({"labels": [1]}, "list of texts"),
        ({"labels": ["x" * 101]}, "at most 100 characters"),
        ({"labels": ["a\nb"]}, "no sign"),
        ({"labels": [str(i) for i in range(51)]}, "at most 50"),
        ({"description": "x" * 10_001}, "at most 10,000 characters"),
        ({"description": "a\0b"}, "no sign"),
        (b'{"description": "\\ud800"}', "no sign"),
        ({"description": "x" * MOST_BYTES}, "at most"),
    ],
)
def test_what_is_no_change_is_refused(served: Served, body: Any, said: str) -> None:
    before = served.ask("version", ref="given@1.0.0")
    found = send(served, body)
    assert found.status_code in (400, 413)
    assert said in found.json()["error"]["message"]
    assert served.ask("version", ref="given@1.0.0") == before


def test_only_json_is_taken(served: Served) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        found = send(served, {"description": "x"}, content_type=kind)
        assert found.status_code == 415
    assert (
        send(served, {"description": "Made rows"}, content_type="application/json; charset=utf-8").status_code
        == 200
    )


def test_versions_that_are_not_there_are_not_changed(served: Served) -> None:
    assert send(served, {"description": "x"}, ref="nowhere").status_code == 404
    assert send(served, {"description": "x"}, ref="").status_code == 400


def test_only_the_servers_own_page_may_change_something(served: Served) -> None:
    body, kind = b'{"description": "x"}', {"content-type": "application/json"}
    address = "/api/version?ref=given@1.0.0"
    before = served.ask("version", ref="given@1.0.0")
    with httpx.Client(base_url=served.address) as page:
        assert page.post(address, content=body, headers={**kind, "origin": served.address}).status_code == 401
        page.get(f"/?token={TOKEN.replace(' ', '%20')}")
        assert (
            page.post(address, content=body, headers=kind).status_code == 403
        )  # a browser always says whose page asks
        for origin in ("https://evil.example", "null", "http://127.0.0.1:1"):
            assert page.post(address, content=body, headers={**kind, "origin": origin}).status_code == 403
        cross = {
            **kind,
            "origin": served.address,
            "sec-fetch-site": "cross-site",
            "sec-fetch-mode": "navigate",
        }
        assert (
            page.post(address, content=body, headers={**cross, "sec-fetch-dest": "iframe"}).status_code == 403
        )
        other = {**kind, "origin": served.address, "host": "evil.example"}
        assert page.post(address, content=body, headers=other).status_code == 421
        assert served.ask("version", ref="given@1.0.0") == before
        good = {**kind, "origin": served.address, "sec-fetch-site": "same-origin"}
        made = json.dumps({"description": "Made rows"}).encode()
        assert page.post(address, content=made, headers=good).status_code == 200


@pytest.fixture
def frozen(project: Project) -> Iterator[tuple[TestClient, Project]]:
    """A server that only reads."""
    nc.read_values(x=range(5)).map(y=lambda x: x + 1).save("given", description="Made rows", labels=["made"])
    nc.read_dataset("given").filter(nc.Column("x") > 1).save("given")
    project.database.close()
    read_only = replace(project, read_only=True)
    app = make_app(read_only, Session("t", frozenset(["127.0.0.1:8765"]), 8765))
    client = TestClient(app, base_url=HERE, headers={"authorization": "Bearer t", "origin": HERE})
    yield client, read_only
    read_only.database.close()


def contents(folder: Path) -> dict[str, str]:
    passing = ("-shm", "-wal")  # SQLite's own, which say how far it has read
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(passing)
    }


def test_read_only_refuses_and_says_so(frozen: tuple[TestClient, Project]) -> None:
    client, project = frozen
    before = contents(project.folder)
    found = client.post("/api/version?ref=given", json={"description": "x"})
    assert found.status_code == 403
    assert found.json()["error"] == {
        "what": "Forbidden",
        "message": "This server was started with --read-only. Start it without, to change anything.",
    }
    assert client.get("/api/project").json()["read_only"] is True
    assert client.get("/api/version?ref=given@1.0.0").json()["description"] == "Made rows"
    assert contents(project.folder) == before


def test_whatever_is_asked_of_a_read_only_project_changes_no_file(frozen: tuple[TestClient, Project]) -> None:
    client, project = frozen
    before = contents(project.folder)
    key = client.get("/api/rows?ref=given").json()["rows"][0]["key"]
    asked = {"ref": "given@1.0.1", "name": "given", "old": "given@1.0.0", "new": "given@1.0.1", "path": "x"}
    for endpoint in ENDPOINTS:
        if endpoint.method == "get" and not endpoint.path.endswith("/stream"):
            names = {p.name for p in endpoint.parameters} & (asked.keys() | {"key"})
            query = {n: asked.get(n, key) for n in names if not (n == "key" and "old" in names)}
            found = client.get(endpoint.path, params=query)
            assert found.status_code == 200, found.text
    for name in ("header", "bytes", "array"):
        client.get(f"/media/{name}", params={"ref": "given", "key": key, "column": "x"})
    assert contents(project.folder) == before


def test_a_read_only_database_takes_no_change(frozen: tuple[TestClient, Project]) -> None:
    _, project = frozen
    version = replace(nc.dataset("given@1.0.0"), project=project)
    with pytest.raises(ProjectError, match="read only"):
        version.annotate(description="x")
    with pytest.raises(ProjectError, match="read only"), project.database.write():
        raise AssertionError("it may not come so far")
    # Not even where somebody goes around that.
    with pytest.raises(ProjectError, match="readonly"), project.database.read() as connection:
        connection.execute(text("UPDATE versions SET description = 'x'"))
    with project.database._engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only = OFF")
        with pytest.raises(OperationalError, match="readonly"):
            connection.exec_driver_sql("UPDATE versions SET description = 'x'")
    assert nc.dataset("given@1.0.0").description == "Made rows"


def test_a_read_only_database_of_an_earlier_program_is_not_brought_up_to_date(project: Project) -> None:
    nc.read_values(x=[1]).save("given")
    project.database.close()
    path = project.folder / "neurochain.db"
    raw = sqlite3.connect(path)
    raw.execute("UPDATE meta SET value = '3' WHERE key = 'schema'")
    raw.commit()
    raw.close()
    with pytest.raises(ProjectError, match="open it once without read-only"):
        Database(path, read_only=True)


def test_a_version_is_annotated_in_python_too(project: Project) -> None:
    version = nc.read_values(x=[1]).save("given", description="Numbers")
    changed = version.annotate(labels=["a", "b"])
    assert (changed.description, changed.labels) == ("Numbers", ("a", "b"))
    assert nc.dataset("given").labels == ("a", "b")
    assert changed.content_hash == version.content_hash
    assert version.annotate() == changed
    with pytest.raises(VersionError, match="give a list"):
        version.annotate(labels="a")
