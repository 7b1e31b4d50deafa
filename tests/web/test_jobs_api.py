"""Jobs as the server tells them: chains of other processes, while they run and after."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from job_scripts import FAILS, PATIENCE, ROWS, SAVES, running
from one_served import TOKEN, Served

import neurochain as nc
from neurochain.datasets.jobs import JobFile
from neurochain.web.server import stream


@contextmanager
def listening(served: Served) -> Iterator[Iterator[dict[str, Any]]]:
    """What the stream tells."""
    with (
        httpx.Client(
            base_url=served.address, headers={"authorization": f"Bearer {TOKEN}"}, timeout=PATIENCE
        ) as client,
        client.stream("GET", "/api/jobs/stream") as answer,
    ):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = (line for line in answer.iter_lines() if line.startswith("data: "))
        yield (json.loads(line.removeprefix("data: ")) for line in lines)


def test_a_chain_of_another_process_is_told_while_it_runs(at_home: Served, tmp_path: Path) -> None:
    with listening(at_home) as told, running(tmp_path, SAVES.replace("features", "elsewhere")) as chain:
        before = next(told)
        assert before["running"] == []
        seen: list[int] = []
        for allowed in (4, 9):
            chain.allow(allowed)
            for news in told:
                steps = [job["step"] for job in news["running"] if job["step"]]
                if steps:
                    seen.append(steps[0]["rows"])
                    assert (steps[0]["total"], steps[0]["exact"]) == (ROWS, True)
                    if steps[0]["rows"] == allowed:
                        break
        assert seen == sorted(seen)
        (job,) = at_home.ask("jobs", status="running")
        assert (job["verb"], job["title"], job["status"]) == ("save", "elsewhere", "running")
        assert job["step"]["rows"] == 9
        assert at_home.ask("project")["jobs_running"] == 1
        chain.end()
        after = next(news for news in told if not news["running"])
        assert after["ended"] != before["ended"]
    (made,) = [one for one in at_home.ask("jobs") if one["id"] == job["id"]]
    assert (made["status"], made["reference"]) == ("done", "elsewhere@1.0.0")


def test_a_chain_that_fails_is_told_with_its_traceback_and_its_row(at_home: Served, tmp_path: Path) -> None:
    body = 'nc.read_dataset("given").limit(6).settings(workers=0).map(failing).save("bad")\n'
    with running(tmp_path, body) as chain:
        assert chain.end()[0] == 1
    job = at_home.ask("jobs", status="failed")[0]
    assert job["error"]["what"] == "UDFError"
    assert "<b>is wrong</b>" in job["error"]["traceback"]
    (failure,) = job["failures"]
    assert failure["reference"] == nc.dataset("given").reference
    row = at_home.ask("row", ref=failure["reference"], key=failure["key"])
    assert row["cells"]["x"] == 1


def test_rows_that_no_version_holds_have_no_place(at_home: Served, tmp_path: Path) -> None:
    with running(tmp_path, FAILS.replace("features", "worse")) as chain:
        chain.end()
    job = at_home.ask("jobs", status="failed")[0]
    assert [(f["row"], f["reference"], f["key"]) for f in job["failures"]] == [(1, None, None)]


def test_a_chain_that_is_killed_has_died(at_home: Served, tmp_path: Path) -> None:
    with listening(at_home) as told, running(tmp_path, SAVES.replace("features", "killed")) as chain:
        chain.allow(3)
        next(news for news in told if news["running"])
        chain.at(3)
        chain.kill()
        next(news for news in told if not news["running"])
    job = at_home.ask("jobs", status="died")[0]
    assert job["title"] == "killed"
    assert job["step"]["rows"] == 3
    assert at_home.ask("jobs", status="running") == []


def test_what_is_recorded_is_told_once(at_home: Served) -> None:
    version = nc.read_values(x=[1, 2, 3]).save("once")
    activity = version.lineage().activity["id"]
    file = JobFile(
        Path(at_home.home), activity
    )  # its process has been killed just before it took the file away
    file.write({"id": activity, "status": "running", "started": 1.0, "host": "elsewhere"})
    file.release()
    found = [job for job in at_home.ask("jobs") if job["id"] == activity]
    assert [(job["status"], job["reference"]) for job in found] == [("done", version.reference)]
    assert activity not in {job["id"] for job in at_home.ask("jobs", status="died")}
    file.remove()


def test_what_is_asked_for_wrongly_is_said(served: Served) -> None:
    assert served.ask("jobs", 400, status="busy")["error"]["what"] == "ParameterError"
    assert served.ask("jobs", 400, limit="x")["error"]["what"] == "ParameterError"
    assert len(served.ask("jobs", limit=1)) == 1


def test_one_watcher_looks_for_all_pages_and_stops_behind_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "EVERY", 0.001)
    looks: list[int] = []

    def look() -> int:
        looks.append(len(looks))
        return len(looks) // 10  # something new every ten looks

    async def watched() -> None:
        ended = threading.Event()
        watcher = stream.Watcher(look, ended)
        pages = [watcher._events() for _ in range(3)]
        seen = [[(await anext(page)) for _ in range(4)] for page in pages]
        for said in seen:
            assert said[0].startswith("retry:")
            told = [int(line.removeprefix("data: ")) for line in said[1:]]
            assert told == sorted(set(told))
        task = watcher._task
        assert task is not None
        assert watcher.pages == 3
        for page in pages:
            assert not task.done()
            await page.aclose()
        await task  # it stops by itself
        assert watcher.pages == 0
        so_far = len(looks)
        again = watcher._events()
        assert [await anext(again), await anext(again)][1].startswith("data:")
        assert watcher._task is not task
        assert len(looks) > so_far
        ended.set()  # the server ends: so do its pages
        assert [line async for line in again if not line.startswith("data:")] == []

    asyncio.run(watched())


def test_the_stream_is_only_for_who_has_the_token(served: Served) -> None:
    assert httpx.get(f"{served.address}/api/jobs/stream").status_code == 401
    with httpx.Client(base_url=served.address) as client:
        client.get(f"/?token={TOKEN.replace(' ', '%20')}")
        accepts = {"accept": "text/event-stream", "sec-fetch-site": "same-origin"}
        with client.stream("GET", "/api/jobs/stream", headers=accepts) as answer:  # as an EventSource asks
            assert answer.status_code == 200
        assert client.head("/api/jobs/stream").status_code == 200
        elsewhere = {"origin": "https://evil.example"}
        assert client.get("/api/jobs/stream", headers=elsewhere).status_code == 403
