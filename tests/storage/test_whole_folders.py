"""Folders that count as one object: on a local disk, behind fsspec and in an object store alike."""

import os
import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import fsspec
import pytest
from brute_force import all_meant
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from listed import files

from neurochain.errors import FileChangedError, PatternError, StorageError
from neurochain.storage import File, Members, ReadLog, any_match, find_roots, is_whole, recording_reads
from neurochain.storage.access import Access, remember
from neurochain.storage.folders import FolderSum
from neurochain.testing import ObjectServer

FOLDERS = ["t.zarr", "1/a.ome.zarr", "1/2/B.ZARR"]
INSIDE = ["zarr.json", "0/c/0/0", "0/c/0/1", ".zattrs", "1/deep.zarr/x"]
PLAIN = ["a.dcm", "1/b.dcm", "1/2/c.nii", ".h/d.zarr/x", "1/c.zarr.zip", "zarr/x"]
PATHS = [*PLAIN, *(f"{folder}/{name}" for folder in FOLDERS for name in INSIDE)]
FOLDED = [*PLAIN, *FOLDERS]


@dataclass
class Place:
    """Where the files of PATHS lie, each with its path as content."""

    uri: str
    folder: Path | None

    def write(self, path: str, data: bytes | None) -> None:
        """Write a file, or take it away."""
        if self.folder is not None:
            place = self.folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.unlink() if data is None else place.write_bytes(data)
        else:
            memory = fsspec.filesystem("memory")
            memory.rm(f"/trees/{path}") if data is None else memory.pipe(f"/trees/{path}", data)

    def below(self, *patterns: str) -> list[str]:
        roots = find_roots([f"{self.uri}/{p}" for p in patterns])
        uris = [root.store.uri(e.path) for root in roots for e in files(root)]
        return sorted(uri.removeprefix(f"{self.uri}/") for uri in uris)


def grown(folder: Path) -> Path:
    for path in PATHS:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(path.encode())
    return folder


@pytest.fixture(scope="module", params=["local", "memory", "s3"])
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    if request.param == "memory":
        filesystem = fsspec.filesystem("memory")
        for path in PATHS:
            filesystem.pipe(f"/trees/{path}", path.encode())
        yield Place("memory://trees", None)
        filesystem.rm("/trees", recursive=True)
        return
    folder = grown(tmp_path_factory.mktemp("served") / "trees")
    if request.param == "local":
        yield Place(str(folder), folder)
        return
    with ObjectServer(folder.parent) as server:
        remember("s3://trees", Access.of({"anon": True, "endpoint": server.url}))
        yield Place("s3://trees", folder)


@pytest.fixture
def place(shared: Place) -> Iterator[Place]:
    yield shared
    for path in PATHS:
        shared.write(path, path.encode())


SEGMENTS = ["**", "*", "1", "1?", "?", ".h", ".*", "*.dcm", "[!a]*", "t*", "*.zip"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=3).map("/".join), min_size=1, max_size=2
    )
)
def test_a_folder_is_one_file_to_any_pattern(shared: Place, globs: list[str]) -> None:
    plain = [f"{g}/**" if g in ("1", ".h") else g for g in globs]
    folded = [path if path != ".h/d.zarr/x" else ".h/d.zarr" for path in FOLDED]
    assert shared.below(*globs) == sorted(all_meant(plain, folded))


def test_patterns_that_say_the_ending(place: Place) -> None:
    assert place.below("**/*.zarr") == ["1/a.ome.zarr", "t.zarr"]
    assert place.below("**/*.{zarr,ZARR}") == ["1/2/B.ZARR", "1/a.ome.zarr", "t.zarr"]
    assert place.below("t.zarr") == place.below("t.zarr/") == ["t.zarr"]
    assert place.below("1") == ["1/2/B.ZARR", "1/2/c.nii", "1/a.ome.zarr", "1/b.dcm", "1/c.zarr.zip"]
    assert place.below("t.zarr", "a.dcm", "gone.zarr") == ["a.dcm", "t.zarr"]


def test_patterns_that_go_on_mean_the_files_inside(place: Place) -> None:
    inside = [f"t.zarr/{name}" for name in ("0/c/0/0", "0/c/0/1", "1/deep.zarr", "zarr.json")]
    assert place.below("t.zarr/**") == inside
    assert place.below("t.zarr/*") == ["t.zarr/zarr.json"]
    assert place.below("*.zarr/zarr.json") == ["t.zarr/zarr.json"]
    assert place.below("**/*.zarr/0/**") == [
        f"{f}/0/c/0/{i}" for f in ("1/a.ome.zarr", "t.zarr") for i in (0, 1)
    ]
    assert place.below("t.zarr/zarr.json", "1/a.ome.zarr/zarr.json") == [
        "1/a.ome.zarr/zarr.json",
        "t.zarr/zarr.json",
    ]
    assert File.at(f"{place.uri}/t.zarr/zarr.json").read() == b"t.zarr/zarr.json"


def test_what_is_listed_is_what_lies_there(place: Place) -> None:
    (root,) = find_roots(f"{place.uri}/1/**/*.zarr")
    (entry,) = files(root)
    file = File.of(entry, root.store)
    at = File.at(f"{place.uri}/1/a.ome.zarr")
    assert file == at == File.at(f"{place.uri}/1/a.ome.zarr/")
    assert (file.name, file.suffix) == ("a.ome.zarr", ".zarr")
    assert file.size == sum(len(f"1/a.ome.zarr/{name}") for name in INSIDE)
    assert file.mtime is not None
    assert pickle.loads(pickle.dumps(file)) == file
    (deep,) = [e for e in files(find_roots(f"{place.uri}/**")[0]) if e.path.endswith("1/a.ome.zarr")]
    assert File.of(deep, root.store) == file  # listed as a part of all that lies there
    assert any_match(root)


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("0/c/0/1", b"another"),
        ("0/c/0/1", None),
        ("0/c/0/2", b""),
        (".hidden", b"1"),
        ("1/deep.zarr/x", b"same length!"),
    ],
)
def test_any_change_inside_is_another_etag(place: Place, path: str, data: bytes | None) -> None:
    before = File.at(f"{place.uri}/t.zarr")
    assert File.at(f"{place.uri}/t.zarr").etag == before.etag
    place.write(f"t.zarr/{path}", data)
    after = File.at(f"{place.uri}/t.zarr")
    assert after.etag != before.etag
    if path not in INSIDE:
        place.write(f"t.zarr/{path}", None)
        assert File.at(f"{place.uri}/t.zarr").etag == before.etag


def test_files_inside_are_read_together(place: Place) -> None:
    with recording_reads(ReadLog(keeps=False)) as log:
        members = Members(File.at(f"{place.uri}/t.zarr"))
        whole, none, deep = members.read(["zarr.json", "0/c/9/9", "1/deep.zarr/x"])
        assert (whole and whole.data, none, deep and deep.data) == (
            b"t.zarr/zarr.json",
            None,
            b"t.zarr/1/deep.zarr/x",
        )
        assert whole is not None
        assert whole.file == File.at(f"{place.uri}/t.zarr/zarr.json")
        assert (log.requests, log.bytes) == (3, 36)
        read = {r.uri.removeprefix(f"{place.uri}/t.zarr/"): r.ranges for r in log.files()}
        assert read == {"zarr.json": ((0, 16),), "0/c/9/9": (), "1/deep.zarr/x": ((0, 20),)}
        last, short = members.read(["zarr.json", "0/c/0/0"], -4)
        assert last is not None
        assert short is not None
        assert (last.start, last.data, short.data) == (12, b"json", b"/0/0")
        (all_of_it,) = members.read(["zarr.json"], -400)
        assert all_of_it is not None
        assert (all_of_it.start, all_of_it.data) == (0, b"t.zarr/zarr.json")
        (first,) = members.read(["zarr.json"], 2, 6)
        assert first is not None
        assert (first.start, first.data) == (2, b"zarr")
        (large,) = members.read(["zarr.json"], most=15)
        assert large is not None
        assert (large.file.size, large.data) == (16, b"")
        assert members.read_ranges([(whole.file, [(0, 2), (7, 11)]), (last.file, [(1, 3)])]) == [
            [b"t.", b"zarr"],
            [b".z"],
        ]
        assert members.read([]) == []
    assert members.folders() == ["0", "1"]
    assert members.folders("0/c") == ["0"]
    assert members.folders("nowhere") == []


def test_one_file_inside(place: Place) -> None:
    folder = File.at(f"{place.uri}/t.zarr")
    assert folder.within("0/c/0/1").read() == b"t.zarr/0/c/0/1"
    for path in ("../a.dcm", "/a.dcm", "0//c", "0/../../a.dcm", "", "a\\b", "a\0b", "."):
        with pytest.raises(StorageError, match="lies in its folder, or below"):
            folder.within(path)
        with pytest.raises(StorageError, match="lies in its folder, or below"):
            Members(folder).read([path])
    with pytest.raises(StorageError):
        folder.within("nowhere")
    with pytest.raises(StorageError):
        folder.read()


def test_a_file_that_was_written_since_is_an_error(place: Place) -> None:
    if place.folder is None:
        pytest.skip(
            "fsspec's memory says when a file was made to the microsecond, and no test can be sure of that"
        )
    folder = File.at(f"{place.uri}/t.zarr")
    members = Members(folder)
    assert members.read(["0/c/0/0"])[0] is not None
    later = (place.folder / "t.zarr/0/c/0/0").stat().st_mtime_ns + 5 * 10**9
    os.utime(place.folder / "t.zarr/0/c/0/0", ns=(later, later))
    with pytest.raises(FileChangedError, match=r"0/c/0/0 was written since t\.zarr was listed"):
        members.read(["0/c/0/0"], -2)
    assert members.read(["0/c/0/1"])[0] is not None


def test_a_path_for_other_libraries(place: Place) -> None:
    """Where the folder lies on this disk; all of it counts as read."""
    with recording_reads() as log:
        folder = File.at(f"{place.uri}/t.zarr")
    if not place.uri.startswith("/"):
        with pytest.raises(StorageError, match="is a folder, and lies elsewhere"):
            folder.local_path()
        return
    assert (folder.local_path() / "zarr.json").read_bytes() == b"t.zarr/zarr.json"
    assert (log.bytes, log.requests) == (folder.size, len(INSIDE))
    assert {r.uri.removeprefix(f"{place.uri}/t.zarr/") for r in log.files()} == set(INSIDE)
    place.write("t.zarr/0/c/0/1", b"another")
    with pytest.raises(FileChangedError):
        folder.local_path()


def test_a_folder_without_files_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.zarr/0/c").mkdir(parents=True)
    (tmp_path / "b.nii").touch()
    (root,) = find_roots(str(tmp_path))
    assert [Path(e.path).name for e in files(root)] == ["b.nii"]
    with pytest.raises(StorageError, match="holds no files"):
        File.at(tmp_path / "a.zarr")


def test_links_inside(tmp_path: Path) -> None:
    """To files elsewhere, to nothing, and back up."""
    folder = grown(tmp_path) / "t.zarr"
    before = File.at(folder)
    (tmp_path / "elsewhere").write_bytes(b"12345")
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    (folder / "loop").symlink_to(folder)
    (folder / "nothing").symlink_to(tmp_path / "nothing")
    after = File.at(folder)
    assert after.size == before.size + 5 + len(str(tmp_path / "nothing"))
    assert [m and m.data for m in Members(after).read(["link", "loop/zarr.json"])] == [
        b"12345",
        b"t.zarr/zarr.json",
    ]
    with pytest.raises(StorageError, match="is a link to nothing"):
        Members(after).read(["nothing"])


def test_a_web_server_lists_nothing(tmp_path: Path) -> None:
    grown(tmp_path / "bucket")
    with ObjectServer(tmp_path) as server:
        remember(server.url, Access.of({}))
        folder = File.at(f"{server.url}/bucket/t.zarr")
        assert (folder.size, folder.etag) == (0, "")
        found, none = Members(folder).read(["zarr.json", "gone"])
        assert found is not None
        assert (found.data, none) == (b"t.zarr/zarr.json", None)
        with pytest.raises(PatternError, match="so it makes no row"):
            files(find_roots(f"{server.url}/bucket/t.zarr")[0])
        with pytest.raises(StorageError, match="lists nothing"):
            Members(folder).folders()


def test_a_million_files_are_listed_in_pages_and_none_is_kept(tmp_path: Path) -> None:
    keys = [(f"a{i:02d}.zarr/c/{k:04d}", k) for i in range(3) for k in range(2500)]
    with ObjectServer(tmp_path, keys=lambda bucket: keys) as server:
        remember("s3://pages", Access.of({"anon": True, "endpoint": server.url}))
        (root,) = find_roots("s3://pages/**/*.zarr")
        found = files(root)
        assert [(e.path, e.size) for e in found] == [
            (f"pages/a{i:02d}.zarr", sum(range(2500))) for i in range(3)
        ]
        assert len({e.etag for e in found}) == 1  # the same paths and etags within
        assert not [r for r in server.traffic.requests if not r.is_listing]


def test_a_sum_is_one_in_any_order() -> None:
    sums = []
    for order in ((0, 1, 2), (2, 0, 1)):
        one = FolderSum()
        for i in order:
            one.add(f"c/{i}", 10 * i, f"etag {i}", None)
        sums.append((one.size, one.count, one.etag))
    assert sums[0] == sums[1]
    other = FolderSum()
    for i, j in ((0, 0), (1, 2), (2, 1)):  # two that changed places
        other.add(f"c/{i}", 10 * i, f"etag {j}", None)
    assert other.etag != sums[0][2]
    assert not is_whole("a.zarr/b")
    assert is_whole("a.ZARR/")
