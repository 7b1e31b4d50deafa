"""Files by range, as the version lists them and no others."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from media_made import Made

from neurochain.storage import Access, remember
from neurochain.testing import ObjectServer
from neurochain.web.media.served import RangeError, ranges_of

CONTENT = bytes(range(256)) * 40


@pytest.fixture(params=["local", "server"])
def made(request, project, tmp_path: Path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.bin").write_bytes(CONTENT)
    (tmp_path / "data" / "b.mp4").write_bytes(CONTENT[:100])
    if request.param == "local":
        yield Made(tmp_path / "data/")
        return
    with ObjectServer(tmp_path) as server:
        remember("s3://data", Access.of({"anon": True, "endpoint": server.url}))
        yield Made("s3://data/")


def test_whole_and_ranges(made: Made) -> None:
    whole = made.get("bytes", "a.bin")
    assert (whole.status_code, whole.content) == (200, CONTENT)
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.headers["content-type"] == "application/octet-stream"
    assert whole.headers["content-disposition"].startswith("attachment")
    one = made.get("bytes", "a.bin", {"range": "bytes=5-9"})
    assert (one.status_code, one.content) == (206, CONTENT[5:10])
    assert one.headers["content-range"] == f"bytes 5-9/{len(CONTENT)}"
    assert made.get("bytes", "a.bin", {"range": "bytes=-3"}).content == CONTENT[-3:]
    assert made.get("bytes", "a.bin", {"range": "bytes=10000-99999"}).content == CONTENT[10000:]
    several = made.get("bytes", "a.bin", {"range": "bytes=0-1,300-302"})
    assert several.status_code == 206
    mark = several.headers["content-type"].partition("boundary=")[2]
    parts = several.content.split(f"--{mark}".encode())
    assert [p.partition(b"\r\n\r\n")[2].rstrip(b"\r\n") for p in parts[1:-1]] == [
        CONTENT[:2],
        CONTENT[300:303],
    ]
    assert len(several.content) == int(several.headers["content-length"])
    assert made.get("bytes", "b.mp4").headers["content-type"] == "video/mp4"


def test_head_and_conditions(made: Made) -> None:
    head = made.get("bytes", "a.bin", method="HEAD")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(CONTENT)))
    tag = head.headers["etag"]
    assert made.get("bytes", "a.bin", {"if-none-match": tag}).status_code == 304
    assert made.get("bytes", "a.bin", {"range": "bytes=0-1", "if-range": tag}).status_code == 206
    assert made.get("bytes", "a.bin", {"range": "bytes=0-1", "if-range": '"other"'}).status_code == 200
    part = made.get("bytes", "a.bin", {"range": "bytes=7-8"}, method="HEAD")
    assert (part.status_code, part.headers["content-length"]) == (206, "2")


def test_what_cannot_be(made: Made, tmp_path: Path) -> None:
    outside = made.get("bytes", "a.bin", {"range": "bytes=99999-"})
    assert (outside.status_code, outside.headers["content-range"]) == (416, f"bytes */{len(CONTENT)}")
    assert made.get("bytes", "a.bin", {"range": "lines=1-2"}).status_code == 200
    assert made.refused("bytes", "a.bin", column="/etc/passwd")[0] == 400
    assert made.refused("bytes", "a.bin", key="00" * 16)[0] == 400
    assert made.refused("bytes", "a.bin", ref="nothing@1.0.0")[0] == 404
    assert made.client.get("/media/bytes/%2e%2e%2f%2e%2e%2fetc%2fpasswd").status_code == 404
    (tmp_path / "data" / "a.bin").write_bytes(b"other")
    status, message = made.refused("bytes", "a.bin")
    assert status == 409
    assert "has changed since this version listed it" in message
    (tmp_path / "data" / "a.bin").unlink()
    assert made.refused("bytes", "a.bin")[0] == 502


@given(st.lists(st.tuples(st.integers(0, 120), st.integers(0, 120)), max_size=4), st.integers(0, 100))
def test_ranges_lie_in_the_file(pairs, size: int) -> None:
    text = "bytes=" + ",".join(f"{a}-{b}" for a, b in pairs)
    try:
        found = ranges_of(text, size)
    except RangeError:
        assert all(a >= size or b < a for a, b in pairs)
        return
    if found is not None:
        wanted = [(a, min(b + 1, size)) for a, b in pairs if a < size]
        assert found == wanted


@given(st.text(max_size=30))
def test_no_header_is_an_accident(text: str) -> None:
    for given_ in (text, f"bytes={text}"):
        try:
            found = ranges_of(given_, 50)
        except RangeError:
            continue
        assert found is None or all(0 <= a < b <= 50 for a, b in found)
