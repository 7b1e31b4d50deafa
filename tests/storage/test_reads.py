"""ReadLog: whatever the order of the reads, the ranges that were read and the hash of their bytes."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochain.errors import FileChangedError
from neurochain.storage import File, ReadLog, reads, recording_reads

CONTENT = hashlib.shake_128(b"content").digest(200)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("reads") / "content.bin"
    made.write_bytes(CONTENT)
    return made


def expected(ranges: list[tuple[int, int]]) -> tuple[tuple[tuple[int, int], ...], bytes]:
    """Ranges and hash from a mark per byte, the slow way."""
    marks = [any(start <= i < end for start, end in ranges) for i in range(len(CONTENT))]
    starts = [i for i, mark in enumerate(marks) if mark and (i == 0 or not marks[i - 1])]
    ends = [i + 1 for i, mark in enumerate(marks) if mark and not (i + 1 < len(marks) and marks[i + 1])]
    return tuple(zip(starts, ends, strict=True)), hashlib.sha256(
        bytes(b for b, mark in zip(CONTENT, marks, strict=True) if mark)
    ).digest()


RANGES = st.lists(
    st.tuples(st.integers(0, 220), st.integers(0, 40)).map(lambda r: (r[0], r[0] + r[1])), max_size=15
)


@given(RANGES, st.sampled_from([0, 1, 30, 100, 10**6]))
def test_any_order_of_reads_gives_the_ranges_and_their_hash(
    path: Path, ranges: list[tuple[int, int]], keep: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reads, "KEEP_BYTES", keep or 1)  # a small memory: the rest is read again for the hash
        with recording_reads() as log:
            file = File.at(path)
            for start, end in ranges:
                assert file.read_range(start, end) == CONTENT[start:end]
        found = log.files()
    true_ranges, digest = expected(ranges)
    assert [(r.uri, r.etag, r.ranges, r.sha256) for r in found] == (
        [(file.uri, file.etag, true_ranges, digest)] if true_ranges else []
    )
    assert log.bytes == sum(len(CONTENT[a:b]) for a, b in ranges)
    assert log.requests == sum(bool(CONTENT[a:b]) for a, b in ranges)


@given(RANGES)
def test_a_file_given_away_whole_counts_whole(path: Path, ranges: list[tuple[int, int]]) -> None:
    with recording_reads() as log:
        file = File.at(path)
        for start, end in ranges:
            file.read_range(start, end)
        assert file.local_path() == path
    (read,) = log.files()
    assert read.ranges == ((0, len(CONTENT)),)
    assert read.sha256 == hashlib.sha256(CONTENT).digest()


def test_files_come_in_the_order_of_first_use(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).write_text(name)
    with recording_reads() as log:
        files = [File.at(tmp_path / name) for name in "cab"]
        for file in (*files, files[0]):
            file.read()
    assert [Path(r.uri).name for r in log.files()] == ["c", "a", "b"]


def test_take_forgets_the_files_and_keeps_the_totals(path: Path) -> None:
    log = ReadLog()
    assert not log
    with recording_reads(log) as same:
        assert same is log
        File.at(path).read_range(0, 10)
        assert log
        assert [r.ranges for r in log.take()] == [((0, 10),)]
        assert not log
        File.at(path).read_range(20, 30)
    assert [r.ranges for r in log.take()] == [((20, 30),)]
    assert (log.bytes, log.requests) == (20, 2)


def test_a_log_follows_its_files_out_of_the_block(path: Path) -> None:
    with recording_reads() as log:
        inside = File.at(path)
    outside = File.at(path)
    inside.read_range(0, 10)
    outside.read_range(100, 110)
    assert [r.ranges for r in log.files()] == [((0, 10),)]


def test_the_innermost_block_records(path: Path) -> None:
    with recording_reads() as outer:
        with recording_reads() as inner:
            File.at(path).read_range(0, 10)
        File.at(path).read_range(50, 60)
    assert [r.ranges for r in inner.files()] == [((0, 10),)]
    assert [r.ranges for r in outer.files()] == [((50, 60),)]


def test_a_failed_block_leaves_no_log_behind(path: Path) -> None:
    with pytest.raises(RuntimeError), recording_reads() as log:
        raise RuntimeError
    File.at(path).read()
    assert not log


def test_bytes_that_cannot_be_read_again_are_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reads, "KEEP_BYTES", 10)
    made = tmp_path / "x"
    made.write_bytes(CONTENT)
    with recording_reads() as log:
        File.at(made).read()
    made.write_bytes(CONTENT[::-1])
    with pytest.raises(FileChangedError):
        log.files()
