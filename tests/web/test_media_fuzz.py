"""Whatever is asked for: an answer, or an error in words; and an end where nobody waits."""

import json
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

import nibabel
import numpy as np
import pytest
import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st
from media_made import Made
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from neurochain.testing.edf import write_edf
from neurochain.web.media.gate import Gate, GoneError, Stop

# Beside media_made on the path.
from video_files import write_video  # isort: skip

PLACES = (
    *(
        "bytes",
        "volume/info",
        "volume",
        "traces/info",
        "traces",
        "events",
        "spectrogram",
        "frame",
        "video/info",
    ),
    *("array", "header", "parts", "spikes", "table", "nothing"),
)
NUMBERS = st.one_of(
    st.integers(-3, 70).map(str),
    st.integers(-(10**18), 10**18).map(str),
    st.floats().map(str),
    st.text(max_size=6),
)
NAMES = (
    *("down", "axis", "i", "t", "labels", "series", "first", "last", "columns", "channels", "exact"),
    *(
        "start",
        "end",
        "channel",
        "width",
        "height",
        "nperseg",
        "low",
        "high",
        "time",
        "index",
        "units",
        "rows",
    ),
)
QUERY = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(NAMES, NUMBERS)
    | {"scale": st.sampled_from(["log", "linear", "x"]), "format": st.sampled_from(["png", "jpeg", "x"])},
)
WHERE = st.fixed_dictionaries(
    {},
    optional={"part": st.text(max_size=6), "column": st.sampled_from(["file", "header", "x", "file.uri"])}
    | {"key": st.text(max_size=4), "ref": st.text(max_size=8)},
)


@pytest.fixture
def made(project, tmp_path: Path) -> Made:
    folder = tmp_path / "data"
    folder.mkdir()
    write_edf(folder / "a.edf", np.random.default_rng(1).normal(0, 9, (3, 2000)), 100, ["x", "y", "z"])
    values = np.random.default_rng(2).integers(0, 99, (6, 5, 4, 2)).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), folder / "b.nii")
    write_video(folder / "c.mp4", count=4)
    (folder / "d.txt").write_text("text")
    (folder / "empty.nii").write_bytes(b"")
    return Made(folder / "*")


@given(
    st.sampled_from(PLACES),
    st.sampled_from(["a.edf", "b.nii", "c.mp4", "d.txt", "empty.nii"]),
    st.one_of(QUERY, QUERY, WHERE),
)
@settings(max_examples=200)
def test_any_question_has_an_answer(made: Made, place: str, name: str, query: dict[str, str]) -> None:
    answer = made.get(place, name, **query)
    assert answer.status_code in (200, 206, 400, 404, 409, 410, 422), answer.text
    if answer.status_code >= 400:
        error = json.loads(answer.text)["error"]
        assert error["what"]
        assert len(error["message"]) > 10
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_work_ends_when_a_browser_closes_the_connection() -> None:
    begun, ended, gate = threading.Event(), threading.Event(), Gate()

    def work(stop: Stop) -> None:
        begun.set()
        try:
            while True:
                stop()
                time.sleep(0.001)
        finally:
            ended.set()

    async def answered(request: Request) -> Response:
        with suppress(GoneError):
            await gate.run(request, work)
        return Response()

    listening = socket.create_server(("127.0.0.1", 0))
    app = Starlette(routes=[Route("/", answered)])
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        with socket.create_connection(listening.getsockname()) as page:
            page.sendall(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n")
            assert begun.wait(10)
        assert ended.wait(10)
    finally:
        server.should_exit = True
        thread.join(10)
