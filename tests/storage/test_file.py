"""File: opened and read by range as the bytes themselves would be, and never other bytes than were listed."""

import hashlib
import io
import json
import os
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochain.errors import FileChangedError, StorageError
from neurochain.storage import File, recording_reads
from neurochain.testing import CountingFile

CONTENT = bytes(range(256)) * 300 + b"end"  # more than one buffer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "scan.nii"
    made.write_bytes(CONTENT)
    return made


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_large_blocks_are_filled_by_two_threads_also_in_a_forked_process(tmp_path: Path) -> None:
    path = tmp_path / "large.bin"
    content = os.urandom(2**20) * 9 + b"odd"
    path.write_bytes(content)

    def is_filled() -> bool:
        into = bytearray(len(content) - 5)
        return File.at(path).fill([5], len(into), memoryview(into)) and into == content[5:]

    assert is_filled()
    child = os.fork()
    if not child:
        os._exit(0 if is_filled() else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (0, 0),
        (0, 1),
        (5, 5),
        (10, 20),
        (0, 10**9),
        (len(CONTENT) - 1, len(CONTENT)),
        (len(CONTENT), 10**9),
        (10**9, 10**9),
    ],
)
def test_a_range_is_half_open_and_ends_with_the_file(path: Path, start: int, end: int) -> None:
    assert File.at(path).read_range(start, end) == CONTENT[start:end]


@pytest.mark.parametrize(("start", "end"), [(-1, 3), (3, 2), (-5, -1)])
def test_a_range_that_is_none_is_refused(path: Path, start: int, end: int) -> None:
    with pytest.raises(ValueError, match=rf"read_range\({start}, {end}\)"):
        File.at(path).read_range(start, end)


def test_an_empty_file_has_no_bytes(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    file = File.at(tmp_path / "empty")
    assert (file.size, file.read(), file.open().read(), file.read_range(0, 10)) == (0, b"", b"", b"")


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("read"), st.integers(-1, 3000)),
        st.tuples(st.just("seek"), st.integers(0, len(CONTENT) + 10)),
        st.tuples(st.just("from_here"), st.integers(-50, 50)),
        st.tuples(st.just("from_end"), st.integers(-len(CONTENT), 0)),
        st.tuples(st.just("readline"), st.just(0)),
    ),
    max_size=12,
)


@given(OPERATIONS, st.sampled_from([1, 7, 512, 64 * 1024]))
def test_an_open_file_does_what_the_bytes_in_memory_do(
    tmp_path_factory: pytest.TempPathFactory, operations: list[tuple[str, int]], buffer_size: int
) -> None:
    made = tmp_path_factory.getbasetemp() / "operations.bin"
    if not made.exists():
        made.write_bytes(CONTENT)
    with File.at(made).open(buffer_size=buffer_size) as opened, io.BytesIO(CONTENT) as expected:
        for verb, number in operations:
            results = [_do(stream, verb, number) for stream in (opened, expected)]
            assert results[0] == results[1]
            assert opened.tell() == expected.tell()


def _do(stream: IO[bytes], verb: str, number: int) -> object:
    match verb:
        case "read":
            return stream.read(number)
        case "readline":
            return stream.readline()
        case "seek":
            return stream.seek(number)
        case "from_end":
            return stream.seek(number, os.SEEK_END)
        case _:
            return stream.seek(max(number, -stream.tell()), os.SEEK_CUR)


def test_seeking_before_the_start_is_refused(path: Path) -> None:
    with File.at(path).open() as opened, pytest.raises(ValueError, match="before the start"):
        opened.seek(-1)


def test_text_is_decoded(tmp_path: Path) -> None:
    made = tmp_path / "participants.tsv"
    made.write_bytes("id\tname\r\n01\tMüller\n".encode())
    with File.at(made).open("r") as opened:
        assert opened.readlines() == ["id\tname\n", "01\tMüller\n"]
    made.write_bytes("Müller".encode("latin-1"))
    with File.at(made).open("rt", encoding="latin-1") as opened:
        assert opened.read() == "Müller"


@pytest.mark.parametrize("mode", ["w", "wb", "a", "r+", "x", ""])
def test_files_are_read_only(path: Path, mode: str) -> None:
    with pytest.raises(ValueError, match="read-only"):
        File.at(path).open(mode)


def test_open_pulls_only_what_is_asked_for(path: Path) -> None:
    with recording_reads() as log, File.at(path).open(buffer_size=1024) as opened:
        opened.seek(5000)
        assert opened.read(10) == CONTENT[5000:5010]
    assert (log.bytes, log.requests) == (1024, 1)


# A file that is no longer the one that was listed.


def rewritten(path: Path) -> None:
    path.write_bytes(CONTENT[::-1])


def grown(path: Path) -> None:
    with path.open("ab") as out:
        out.write(b"more")


def cut(path: Path) -> None:
    os.truncate(path, 100)


def replaced(path: Path) -> None:
    status = path.stat()
    other = path.with_name("other")
    other.write_bytes(CONTENT[::-1])
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(path)


def rewritten_with_its_time_put_back(path: Path) -> None:
    status = path.stat()
    path.write_bytes(CONTENT[::-1])
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.parametrize("change", [rewritten, grown, cut, replaced, rewritten_with_its_time_put_back])
@pytest.mark.parametrize(
    "read",
    [File.read, lambda f: f.read_range(0, 10), lambda f: f.open().read(), File.local_path],
    ids=["read", "read_range", "open", "local_path"],
)
def test_a_changed_file_is_an_error(
    path: Path, change: Callable[[Path], None], read: Callable[[File], object]
) -> None:
    file = File.at(path)
    change(path)
    with pytest.raises(FileChangedError, match=r"scan\.nii has changed since it was listed"):
        read(file)


def test_a_file_that_is_cut_while_it_is_open_is_an_error(path: Path) -> None:
    unchecked = File(str(path), len(CONTENT))  # no etag: nothing but the length can be checked
    cut(path)
    with pytest.raises(FileChangedError, match=r"ended at byte 100 where 76,803 were expected"):
        unchecked.read()


def test_a_file_that_is_gone_is_an_error(path: Path) -> None:
    file = File.at(path)
    path.unlink()
    with pytest.raises(StorageError, match="cannot be opened: No such file") as caught:
        file.read()
    assert str(path) in str(caught.value)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="is a folder, not a file"):
        File.at(tmp_path)
    with pytest.raises(StorageError, match="cannot be read: No such file"):
        File.at(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("scan.nii.gz", ".nii.gz"),
        ("SCAN.NII.GZ", ".nii.gz"),
        ("scan.dcm", ".dcm"),
        ("a.b.edf", ".edf"),
        ("README", ""),
        ("x.gz", ".gz"),
        (".hidden", ""),
        ("1.2.840.113619", ".113619"),
    ],
)
def test_name_and_suffix(name: str, suffix: str) -> None:
    file = File(f"/data/v1.0/{name}", 0)
    assert (file.name, file.suffix) == (name, suffix)


def test_a_relative_path_becomes_absolute(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    assert File.at("scan.nii") == File.at(path)
    assert File.at("scan.nii").local_path() == path


def test_pickling_keeps_the_file_and_drops_the_log(path: Path) -> None:
    with recording_reads() as log:
        file = File.at(path)
    again = pickle.loads(pickle.dumps(file))
    assert again == file
    assert hash(again) == hash(file)
    assert again.read() == CONTENT
    assert not log, "reads of the copy belong to nobody here"
    file.read_range(0, 5)
    assert log.bytes == 5


def test_many_threads_read_what_one_reads(path: Path) -> None:
    with recording_reads() as log:
        file = File.at(path)
        ranges = [(i * 1000, (i + 1) * 1000) for i in range(77)]
        with ThreadPoolExecutor(8) as pool:
            parts = list(pool.map(lambda r: file.read_range(*r), ranges))
    assert b"".join(parts) == CONTENT
    (read,) = log.files()
    assert read.ranges == ((0, len(CONTENT)),)
    assert read.sha256 == hashlib.sha256(CONTENT).digest()
    assert log.requests == 77


def test_a_counting_file_counts(path: Path) -> None:
    file = CountingFile.at(path)
    file.read_range(0, 100)
    file.read_range(50, 70)
    assert (file.bytes_read, file.requests) == (120, 2)


def test_a_file_beside_reports_to_the_same_log(tmp_path: Path) -> None:
    (tmp_path / "a.hdr").write_bytes(b"head")
    (tmp_path / "a.img").write_bytes(b"values")
    with recording_reads() as log:
        assert File.at(tmp_path / "a.hdr").beside("a.img").read() == b"values"
    assert [read.uri for read in log.files()] == [str(tmp_path / "a.img")]


@pytest.mark.parametrize("name", ["", ".", "..", "../a.img", "b/a.img", "b\\a.img", "a\0b", "absent.img"])
def test_what_lies_beside_lies_in_the_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "a.hdr").write_bytes(b"head")
    with pytest.raises(StorageError):
        File.at(tmp_path / "b" / "a.hdr").beside(name)


def test_a_companion_that_changed_since_it_was_listed_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.hdr").write_bytes(b"head")
    (tmp_path / "a.img").write_bytes(b"values")
    head, image = File.at(tmp_path / "a.hdr"), File.at(tmp_path / "a.img")
    listed = File(head.uri, head.size, head.etag, companions=json.dumps({"a.img": image.etag}))
    assert pickle.loads(pickle.dumps(listed)).beside("a.img").read() == b"values"
    (tmp_path / "a.img").write_bytes(b"others!")
    with pytest.raises(FileChangedError, match=r"a\.img"):
        listed.beside("a.img")
