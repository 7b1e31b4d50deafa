"""What the server promises of safety beside `test_guard.py`: where it listens, which files it gives, texts that stay texts, sizes."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import nibabel
import numpy as np
import pytest
from job_scripts import PATIENCE
from one_served import TOKEN, Served
from starlette.testclient import TestClient

import neurochain as nc
from neurochain.datasets.project import Project
from neurochain.web.api.endpoints import ENDPOINTS, EVENTS
from neurochain.web.media.endpoints import MEDIA
from neurochain.web.server.app import STATIC, make_app
from neurochain.web.server.guard import POLICY, Session

HOSTILE = "<img src=x onerror=alert(1)>"


class Started:
    """``neurochain ui`` as a user starts it."""

    def __init__(self, folder: Path, *options: str, **env: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "neurochain.cli", "ui", "--port", "0", "--no-browser", *options],
            cwd=folder, env={**os.environ, "COLUMNS": "300", **env}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert self.process.stdout is not None
        line = next((line for line in self.process.stdout if "?token=" in line), "")
        found = re.search(r"http://([^:/]+):(\d+)/\?token=(\S+)", line)
        assert found, self.process.communicate(timeout=PATIENCE)
        self.host, self.port, self.token = found[1], int(found[2]), found[3]

    @property
    def address(self) -> str:
        return f"http://{self.host}:{self.port}"

    def end(self) -> str:
        self.process.send_signal(signal.SIGINT)
        return self.process.communicate(timeout=PATIENCE)[1]


@pytest.fixture
def lab(project: Project) -> Path:
    nc.read_values(x=[1, 2, 3]).save("given")
    project.database.close()
    return project.folder.parent


def test_it_listens_on_this_machine_alone_with_a_token_of_its_own(lab: Path) -> None:
    first, second = Started(lab), Started(lab)
    try:
        assert first.host == "127.0.0.1"
        assert len(first.token) >= 30
        assert first.token != second.token
        assert httpx.get(f"{first.address}/api/project").status_code == 401
        good = {"authorization": f"Bearer {first.token}"}
        assert httpx.get(f"{first.address}/api/project", headers=good).json()["datasets"] == 1
        other = {"authorization": f"Bearer {second.token}"}
        assert httpx.get(f"{first.address}/api/project", headers=other).status_code == 401
        elsewhere = [
            a for _, _, _, _, (a, *_) in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
        ]
        for address in {a for a in elsewhere if isinstance(a, str) and not a.startswith("127.")}:
            with pytest.raises(OSError, match=r"refused|unreachable"):
                socket.create_connection((address, first.port), timeout=5)
    finally:
        assert "Traceback" not in first.end() + second.end()


def test_beyond_this_machine_it_wants_a_token_of_ones_own(lab: Path) -> None:
    refused = subprocess.run(
        [sys.executable, "-m", "neurochain.cli", "ui", "--host", "0.0.0.0", "--port", "0", "--no-browser"],
        cwd=lab, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert refused.returncode == 1
    assert "--token" in refused.stderr
    started = Started(lab, "--host", "0.0.0.0", NEUROCHAIN_TOKEN="one of my own")
    try:
        assert httpx.get(f"{started.address}/api/project").status_code == 401
        good = {"authorization": "Bearer one of my own"}
        assert httpx.get(f"{started.address}/api/project", headers=good).status_code == 200
        assert (
            httpx.get(f"{started.address}/api/project", headers={**good, "host": "evil.example"}).status_code
            == 421
        )
    finally:
        started.end()


def test_read_only_is_what_the_command_says(lab: Path) -> None:
    started = Started(lab, "--read-only")
    try:
        with httpx.Client(
            base_url=started.address, headers={"authorization": f"Bearer {started.token}"}
        ) as client:
            assert client.get("/api/project").json()["read_only"] is True
            assert client.post("/api/version?ref=given", json={"description": "x"}).status_code == 403
    finally:
        started.end()


def test_ctrl_c_ends_it_though_pages_are_open(lab: Path) -> None:
    started = Started(lab)
    begun = threading.Event()

    def listen() -> None:
        good = {"authorization": f"Bearer {started.token}"}
        with httpx.stream(
            "GET", f"{started.address}/api/jobs/stream", headers=good, timeout=PATIENCE
        ) as answer:
            for _ in answer.iter_lines():
                begun.set()

    thread = threading.Thread(target=listen)
    thread.start()
    try:
        assert begun.wait(PATIENCE)
    finally:
        said = started.end()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert started.process.returncode in (0, 130)
    assert "Traceback" not in said
    assert "Cancel" not in said  # what uvicorn says of answers that have no end


def test_every_address_wants_the_token(served: Served) -> None:
    with httpx.Client(base_url=served.address) as stranger:
        for endpoint in (*ENDPOINTS, *MEDIA):
            found = stranger.request(
                endpoint.method.upper(), endpoint.path, headers={"origin": served.address}
            )
            assert found.status_code == 401, endpoint.path
            wrong = stranger.get(endpoint.path, headers={"authorization": f"Bearer {TOKEN}x"})
            assert wrong.status_code == 401
            elsewhere = {"authorization": f"Bearer {TOKEN}", "origin": "https://evil.example"}
            assert stranger.get(endpoint.path, headers=elsewhere).status_code == 403
            rebound = {"authorization": f"Bearer {TOKEN}", "host": f"evil.example:{served.port}"}
            assert stranger.get(endpoint.path, headers=rebound).status_code == 421


def test_no_policy_allows_what_a_text_could_run() -> None:
    rules = dict(rule.strip().partition(" ")[::2] for rule in POLICY.split(";"))
    assert rules["default-src"] == "'none'"
    assert (
        rules["script-src"] == rules["style-src"] == rules["connect-src"] == rules["worker-src"] == "'self'"
    )
    assert rules["frame-ancestors"] == rules["base-uri"] == rules["form-action"] == "'none'"
    page = (STATIC / "index.html").read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|javascript:|\sstyle=", page)


def test_texts_of_files_come_as_json_and_nothing_else(project: Project, tmp_path: Path) -> None:
    """A patient's name, a description or a path that looks like a page is data of an answer that no browser takes for one."""
    name = tmp_path / "data" / f"{HOSTILE.replace('/', '')}.nii"
    name.parent.mkdir()
    image = nibabel.Nifti1Image(np.zeros((4, 4, 4), np.int16), np.eye(4))
    image.header["descrip"] = HOSTILE.encode()
    nibabel.save(image, name)
    nc.read_storage(name.parent).save("files", description=HOSTILE, labels=[HOSTILE])
    app = make_app(project, Session("t", frozenset(["testserver"]), 80))
    client = TestClient(app, headers={"authorization": "Bearer t"})
    key = client.get("/api/rows?ref=files").json()["rows"][0]["key"]
    seen = 0
    query = {
        "ref": "files",
        "key": key,
        "name": "files",
        "old": "files",
        "new": "files",
        "path": "file.path",
        "column": "file",
    }
    for endpoint in (*ENDPOINTS, *MEDIA):
        if endpoint.method != "get" or EVENTS in endpoint.content:
            continue
        names = {p.name for p in endpoint.parameters}
        found = client.get(
            endpoint.path,
            params={n: v for n, v in query.items() if n in names and not (n == "key" and "old" in names)},
        )
        kind = found.headers["content-type"]
        assert not re.search("html|svg|xml|script", kind), endpoint.path
        assert found.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in found.headers["content-security-policy"]
        if kind == "application/json" and "onerror" in found.text:
            seen += 1
            json.loads(found.text)
    assert seen > 4
    wrong = client.get("/api/version", params={"ref": HOSTILE})
    assert wrong.status_code == 404
    assert wrong.headers["content-type"] == "application/json"
    assert HOSTILE in wrong.json()["error"]["message"]


def test_only_files_that_a_version_lists_are_given(project: Project, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "listed.txt").write_text("listed")
    (tmp_path / "data" / "secret.txt").write_text("not listed")
    nc.read_storage(tmp_path / "data" / "listed.txt").save("files")
    nc.read_values(path=[str(tmp_path / "data" / "secret.txt"), "/etc/passwd"]).save("paths")
    client = TestClient(
        make_app(project, Session("t", frozenset(["testserver"]), 80)), headers={"authorization": "Bearer t"}
    )

    def keys(ref: str) -> list[str]:
        return [row["key"] for row in client.get("/api/rows", params={"ref": ref}).json()["rows"]]

    assert client.get("/media/bytes", params={"ref": "files", "key": keys("files")[0]}).text == "listed"
    outside = (
        str(tmp_path / "data" / "secret.txt"),
        "../secret.txt",
        "file:///etc/passwd",
        "/etc/passwd",
        "file.uri",
    )
    given = {ref: keys(ref) for ref in ("files", "paths")}
    for place in MEDIA:
        for column in ("file", "path", outside[0]):
            for ref in ("files", "paths"):
                for key in (*given[ref], outside[0]):
                    asked = {"ref": ref, "key": key, "column": column, "part": outside[0]}
                    text = client.get(place.path, params=asked).text
                    assert "not listed" not in text
                    assert "root:" not in text
    (tmp_path / "data" / "listed.txt").unlink()
    (tmp_path / "data" / "listed.txt").symlink_to(tmp_path / "data" / "secret.txt")
    swapped = client.get("/media/bytes", params={"ref": "files", "key": keys("files")[0]})
    assert swapped.status_code == 409
    assert "not listed" not in swapped.text


def test_a_header_that_lies_of_its_size_costs_nothing(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "data" / "huge.nii"
    path.parent.mkdir()
    nibabel.save(nibabel.Nifti1Image(np.zeros((4, 4, 4), np.uint8), np.eye(4)), path)
    raw = bytearray(path.read_bytes())
    raw[42:48] = np.array([30_000, 30_000, 30_000], "<i2").tobytes()  # 27 TB, says the header
    path.write_bytes(bytes(raw))
    nc.read_storage(path).settings(on_error="keep").save("files")
    client = TestClient(
        make_app(project, Session("t", frozenset(["testserver"]), 80)), headers={"authorization": "Bearer t"}
    )
    key = client.get("/api/rows?ref=files").json()["rows"][0]["key"]
    for place in ("volume/info", "volume", "header", "parts"):
        found = client.get(f"/media/{place}", params={"ref": "files", "key": key})
        assert found.status_code in (200, 400, 422), found.text
        assert len(found.content) < 100_000
