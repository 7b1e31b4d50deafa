"""Object stores: listing, ranges and faults, against S3 as moto speaks it and a server that can be made to fail."""

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from brute_force import all_meant
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from listed import files

import neurochain as nc
from neurochain.errors import FileChangedError, PatternError, StorageError
from neurochain.storage import File, any_match, find_roots, recording_reads
from neurochain.storage.access import Access, remember
from neurochain.storage.links import LinkMeter
from neurochain.storage.planner import Link
from neurochain.testing import Fault, ObjectServer, Request

PATHS = ["a.dcm", "1/b.dcm", "1/2/c.nii", "1/b.json", ".h/x.dcm", "1/.y.dcm", "10/b.dcm", "1/2/3/d e+é.dcm"]
IMPATIENT: dict[str, Any] = {"retry_config": {"max_retries": 3}, "client_options": {"timeout": "1s"}}


class Broken:
    """What goes wrong with the next requests for content."""

    def __init__(self) -> None:
        self.next: list[Fault] = []

    def __call__(self, request: Request) -> Fault | None:
        return self.next.pop(0) if self.next else None


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectServer]:
    folder = tmp_path_factory.mktemp("served")
    for path in PATHS:
        (folder / "bucket" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "bucket" / path).write_bytes(path.encode())
    (folder / "bucket/large.bin").write_bytes(random.Random(1).randbytes(300_000))
    with ObjectServer(folder, fault=Broken()) as server:
        access = {"anon": True, "endpoint": server.url, **IMPATIENT}
        remember("s3://bucket", Access.of(access))
        remember(server.url, Access.of(IMPATIENT))
        yield server


@pytest.fixture
def server(served: ObjectServer) -> ObjectServer:
    served.fault.next = []  # type: ignore[union-attr]
    served.traffic.clear()
    return served


def fail(server: ObjectServer, *faults: Fault) -> None:
    server.fault.next = list(faults)  # type: ignore[union-attr]


def below(*patterns: str) -> list[str]:
    roots = find_roots([f"s3://bucket/{p}" for p in patterns])
    uris = [root.store.uri(e.path) for root in roots for e in files(root)]
    return [uri.removeprefix("s3://bucket/") for uri in uris]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(
            st.sampled_from(["**", "*", "1", "1?", "?", ".h", ".*", "*.dcm", "[!a]*"]), min_size=1, max_size=3
        ).map("/".join),
        min_size=1,
        max_size=2,
    )
)
def test_listing_finds_what_brute_force_finds(served: ObjectServer, globs: list[str]) -> None:
    served.fault.next = []  # type: ignore[union-attr]
    plain = [f"{g}/**" if g in ("1", ".h") else g for g in globs]
    assert sorted(below(*globs)) == sorted(all_meant(plain, [*PATHS, "large.bin"]))


def test_only_folders_that_can_match_are_listed(server: ObjectServer) -> None:
    assert below("1/*/*.nii") == ["1/2/c.nii"]
    asked = {
        (r.query.get("prefix"), r.query.get("delimiter")) for r in server.traffic.requests if r.is_listing
    }
    assert asked == {("1/", "/"), ("1/2/", "/")}


def test_files_that_are_named_are_not_listed(server: ObjectServer) -> None:
    assert below("1/2/c.nii", "a.dcm", "nothing.dcm") == ["1/2/c.nii", "a.dcm"]
    methods = [r.method for r in server.traffic.requests if not r.is_listing]
    assert methods == ["HEAD"] * 3


def test_a_listing_may_end_at_the_first(server: ObjectServer) -> None:
    (root,) = find_roots("s3://bucket/**/*.nii")
    assert any_match(root)
    (root,) = find_roots("s3://bucket/**/*.none")
    assert not any_match(root)


def test_bytes_of_ranges(server: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LinkMeter, "link", Link(latency=0.03, bandwidth=100e6))  # not this machine's own
    whole = (server.folder / "bucket/large.bin").read_bytes()
    file = File.at("s3://bucket/large.bin")
    assert file.size == len(whole)
    server.traffic.clear()
    with recording_reads() as log:
        file = File(file.uri, file.size, file.etag)
        wanted = [(0, 10), (299_990, 400_000), (20, 20), (150_000, 150_010)]
        assert file.read_ranges(wanted) == [whole[a:b] for a, b in wanted]
        assert log.requests == len(server.traffic.requests) == 1  # no gap takes longer than a request
        assert log.bytes == server.traffic.bytes == 300_000
        (read,) = log.files()
        assert read.ranges == (
            (0, 10),
            (150_000, 150_010),
            (299_990, 300_000),
        )  # what was wanted, and no more
    assert file.read() == whole
    with pytest.raises(ValueError, match="0 <= start <= end"):
        file.read_ranges([(0, 1), (5, 2)])


def test_odd_names(server: ObjectServer) -> None:
    file = File.at("s3://bucket/1/2/3/d e+é.dcm")
    assert file.read().decode() == "1/2/3/d e+é.dcm"
    web = File.at(f"{server.url}/bucket/1/2/3/d%20e+%C3%A9.dcm")
    assert web.read() == file.read()


@pytest.mark.parametrize(
    "faults",
    [
        [Fault("status", 503), Fault("status", 429), Fault("status", 500)],
        [Fault("reset"), Fault("reset")],
        [Fault("stall")],
    ],
    ids=["status", "reset", "stall"],
)
def test_what_fails_on_the_way_is_asked_for_again(server: ObjectServer, faults: list[Fault]) -> None:
    file = File.at("s3://bucket/large.bin")
    whole = (server.folder / "bucket/large.bin").read_bytes()
    server.traffic.clear()
    fail(server, *faults)
    assert file.read_range(5, 100_000) == whole[5:100_000]
    assert len(server.traffic.requests) == len(faults) + 1


def test_what_goes_on_failing_is_an_error_that_says_so(server: ObjectServer) -> None:
    file = File.at("s3://bucket/large.bin")
    fail(server, *[Fault("status", 503)] * 10)
    with pytest.raises(StorageError, match=r"s3://bucket/large.bin cannot be read: non-2xx status code: 503"):
        file.read_range(0, 10)
    fail(server, Fault("status", 403))
    with pytest.raises(StorageError, match=r"anon=True"):
        file.read_range(0, 10)


def test_a_short_body_is_an_error(server: ObjectServer) -> None:
    file = File.at("s3://bucket/large.bin")
    fail(server, Fault("short"))
    with pytest.raises(FileChangedError, match=r"gave 50 bytes for \[0, 100\)"):
        file.read_range(0, 100)


def test_a_changed_object_is_an_error(server: ObjectServer) -> None:
    path = server.folder / "bucket/changing.bin"
    path.write_bytes(b"before")
    files = [File.at("s3://bucket/changing.bin"), File.at(f"{server.url}/bucket/changing.bin")]
    path.write_bytes(b"behind")
    os.utime(path, ns=(1, 1))
    for file in files:
        with pytest.raises(FileChangedError, match="has changed"):
            file.read_range(0, 3)
    path.unlink()
    for file in files:
        with pytest.raises(StorageError, match="does not exist"):
            file.read_range(0, 3)


def test_what_is_not_there(server: ObjectServer) -> None:
    with pytest.raises(StorageError, match="does not exist"):
        File.at("s3://bucket/none.bin")
    with pytest.raises(StorageError, match="is a folder"):
        File.at("s3://bucket/1")
    with pytest.raises(StorageError, match="is a folder"):
        File.at("s3://bucket")
    with pytest.raises(PatternError, match="names no bucket"):
        File.at("s3:///x")
    with pytest.raises(PatternError, match="web server"):
        files(find_roots(f"{server.url}/bucket/*.dcm")[0])


def test_a_list_of_addresses(server: ObjectServer) -> None:
    urls = [f"{server.url}/bucket/{p}" for p in ("a.dcm", "1/b.dcm")]
    (root,) = find_roots(urls)
    assert [root.store.uri(e.path) for e in files(root)] == sorted(urls)


def test_a_tree_is_listed_in_parts_at_once(tmp_path: Path) -> None:
    keys = [(f"sub-{i:02d}/ses-{j}/x{k:03d}.dcm", k) for i in range(20) for j in range(2) for k in range(100)]
    with ObjectServer(tmp_path, keys=lambda bucket: keys, latency=0.02) as server:
        remember("s3://tree", Access.of({"anon": True, "endpoint": server.url}))
        (root,) = find_roots("s3://tree/**/*.dcm")
        server.traffic.clear()
        assert [e.path for e in files(root)] == [f"tree/{key}" for key, _ in keys]
        asked = [r.query.get("prefix", "") for r in server.traffic.requests]
        assert sorted(asked) == ["", *(f"sub-{i:02d}/" for i in range(20))]
        assert server.traffic.most_at_once > 4


def test_addresses_have_headers(
    server: ObjectServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEUROCHAIN_HOME", str(tmp_path))
    chain = nc.read_storage([f"{server.url}/bucket/a.dcm", f"{server.url}/bucket/1/b.dcm"])
    errors = chain.select("file.path", "header.error").order_by("path").collect()
    assert errors["path"].to_list() == ["1/b.dcm", "a.dcm"]
    assert all("DICOM" in e for e in errors["error"])


def test_marks_of_folders_are_no_files(tmp_path: Path) -> None:
    keys = [
        "study/",
        "study/empty",
        "study/sub-01/",
        "study/sub-01/a.dcm",
        "study/sub-02/",
        "study/sub-02/anat/",
    ]
    keys += ["study/sub-02/anat/b.dcm", "top.txt"]
    (tmp_path / "marked/study").mkdir(parents=True)
    (tmp_path / "marked/study/empty").touch()
    sizes = [(key, 5 if "." in key else 0) for key in keys]
    with ObjectServer(tmp_path, keys=lambda bucket: sizes) as server:
        remember("s3://marked", Access.of({"anon": True, "endpoint": server.url}))
        expected = {
            "": ["study/empty", "study/sub-01/a.dcm", "study/sub-02/anat/b.dcm", "top.txt"],
            "/study": ["study/empty", "study/sub-01/a.dcm", "study/sub-02/anat/b.dcm"],
            "/study/*": ["study/empty"],
            "/study/*/*": ["study/sub-01/a.dcm"],
            "/*": ["top.txt"],
        }
        for pattern, found in expected.items():
            (root,) = find_roots(f"s3://marked{pattern}")
            assert [e.path.removeprefix("marked/") for e in files(root)] == found, pattern
