"""What lies behind fsspec, on its memory filesystem: the same listing, the same reads."""

from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest
from brute_force import all_meant
from hypothesis import given
from hypothesis import strategies as st
from listed import beside, files

from neurochain.errors import FileChangedError, StorageError
from neurochain.storage import File, any_match, find_roots, nothing_matched, recording_reads

PATHS = ["a.dcm", "1/b.dcm", "1/2/c.nii", "1/b.json", ".h/x.dcm", "1/.y.dcm", "10/b.dcm"]


@pytest.fixture
def memory() -> Iterator[str]:
    """Bucket in memory with the files of PATHS, each with its path as content."""
    filesystem = fsspec.filesystem("memory")
    for path in PATHS:
        filesystem.pipe(f"/bucket/{path}", path.encode())
    yield "memory://bucket"
    filesystem.rm("/bucket", recursive=True)


def below(bucket: str, *patterns: str) -> list[str]:
    roots = find_roots([f"{bucket}/{p}" for p in patterns])
    uris = [root.store.uri(e.path) for root in roots for e in files(root)]
    return [uri.removeprefix(f"{bucket}/") for uri in uris]


@given(
    st.lists(
        st.lists(
            st.sampled_from(["**", "*", "1", "1?", "?", ".h", ".*", "*.dcm", "[!a]*"]), min_size=1, max_size=3
        ).map("/".join),
        min_size=1,
        max_size=2,
    )
)
def test_listing_finds_what_brute_force_finds(memory: str, globs: list[str]) -> None:
    plain = [f"{g}/**" if g in ("1", ".h") else g for g in globs]
    assert sorted(below(memory, *globs)) == sorted(all_meant(plain, PATHS))


def test_a_folder_means_all_files_below_it(memory: str) -> None:
    assert below(memory, "") == ["1/2/c.nii", "1/b.dcm", "1/b.json", "10/b.dcm", "a.dcm"]
    assert below(memory, "1") == ["1/2/c.nii", "1/b.dcm", "1/b.json"]


def test_braces_and_single_objects(memory: str) -> None:
    assert below(memory, "{a,1/b}.{dcm, nii}") == ["1/b.dcm", "a.dcm"]
    assert below(memory, "1/2/c.nii") == ["1/2/c.nii"]


def test_companions_come_from_the_same_folders(memory: str) -> None:
    (root,) = find_roots(f"{memory}/1/*.dcm")
    assert [Path(p).name for p in beside(root, ".json")] == ["b.json"]


def test_nothing_matched_names_the_nearest_folder(memory: str) -> None:
    roots = find_roots(f"{memory}/1/2/3/*.dcm")
    assert not any(any_match(r) for r in roots)
    assert "The nearest folder that exists is memory://bucket/1/2; it holds 1 .nii" in str(
        nothing_matched(roots)
    )


def test_a_bucket_that_is_not_there_is_named(memory: str) -> None:
    roots = find_roots("memory://nowhere/*.dcm")
    assert not any(any_match(r) for r in roots)
    assert "memory://nowhere" in str(nothing_matched(roots))


def test_reading(memory: str) -> None:
    with recording_reads() as log:
        file = File.at(f"{memory}/1/b.dcm")
        assert file.uri == "memory://bucket/1/b.dcm"
        assert (file.name, file.suffix, file.size) == ("b.dcm", ".dcm", 7)
        assert file.read_range(2, 4) == b"b."
        assert file.read_range(5, 100) == b"cm"
        assert file.open().read() == file.read() == b"1/b.dcm"
    (read,) = log.files()
    assert read.ranges == ((0, 7),)


def test_a_listed_file_is_the_file_at_its_address(memory: str) -> None:
    (root,) = find_roots(f"{memory}/a.dcm")
    (entry,) = files(root)
    assert File.of(entry, root.store) == File.at(f"{memory}/a.dcm")
    assert entry.mtime is not None
    assert entry.mtime.utcoffset() is not None


def test_a_local_copy_is_made_once_per_content(memory: str) -> None:
    file = File.at(f"{memory}/a.dcm")
    first = file.local_path()
    assert first.read_bytes() == b"a.dcm"
    assert first.name == "a.dcm"
    inode = first.stat().st_ino
    assert file.local_path().stat().st_ino == inode


def test_a_shorter_object_is_an_error(memory: str) -> None:
    file = File.at(f"{memory}/a.dcm")
    fsspec.filesystem("memory").pipe("/bucket/a.dcm", b"x")
    with pytest.raises(FileChangedError, match=r"memory://bucket/a\.dcm"):
        file.read()


def test_what_is_not_there_is_an_error(memory: str) -> None:
    with pytest.raises(StorageError, match="does not exist"):
        File.at(f"{memory}/nowhere")
    with pytest.raises(StorageError, match="is a folder"):
        File.at(f"{memory}/1")
    file = File.at(f"{memory}/a.dcm")
    fsspec.filesystem("memory").rm("/bucket/a.dcm")
    with pytest.raises(StorageError, match="cannot be read"):
        file.read()
