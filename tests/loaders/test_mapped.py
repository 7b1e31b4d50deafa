"""Mapped files that are large for the machine are read and not mapped: the same values, with no more memory."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import neurochain as nc
from neurochain.loaders import mapped
from neurochain.loaders.mapped import Mapped


@pytest.fixture(params=[0.0, 1.0], ids=["read", "mapped"])
def share(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> float:
    """Of memory, from which on a file is large."""
    monkeypatch.setattr(mapped, "LARGE", request.param)
    return float(request.param)


@pytest.fixture(scope="module")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("maps") / "x.npy"
    np.save(path, np.arange(500 * 12, dtype=np.int16).reshape(500, 3, 4))
    return path


@given(rows=st.lists(st.integers(0, 499), max_size=40), start=st.integers(0, 500), length=st.integers(0, 500))
def test_entries_are_those_of_the_array(
    share: float, numbers: Path, rows: list[int], start: int, length: int
) -> None:
    one, whole = Mapped(numbers), np.load(numbers)
    assert one.is_large == (share == 0)
    for wanted in (rows, list(range(start, min(start + length, 500)))):
        out = np.empty((len(wanted), 3, 4), np.int16)
        found = one.take(np.array(wanted, np.int64), out)
        np.testing.assert_array_equal(found, whole[wanted] if wanted else out)
    end = min(start + length, 500)
    np.testing.assert_array_equal(one.piece(start, end), whole[start:end])
    assert one.piece(start, end).flags.writeable


def test_what_the_disk_is_waited_for_is_counted(numbers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapped, "LARGE", 0.0)
    real = os.preadv

    def never_at_once(fd: int, buffers: list[memoryview], offset: int, flags: int = 0) -> int:
        if flags:
            raise BlockingIOError
        return real(fd, buffers, offset)

    monkeypatch.setattr(mapped, "NOW", 8)
    monkeypatch.setattr(os, "preadv", never_at_once)
    one = Mapped(numbers)
    found = one.take(np.array([7, 3]), np.empty((2, 3, 4), np.int16))
    np.testing.assert_array_equal(found, np.load(numbers)[[7, 3]])
    assert one.waits == 2

    def a_little_at_once(fd: int, buffers: list[memoryview], offset: int, flags: int = 0) -> int:
        return real(fd, [buffers[0][:5]], offset)

    monkeypatch.setattr(os, "preadv", a_little_at_once)
    found = one.take(np.array([7, 3]), np.empty((2, 3, 4), np.int16))
    np.testing.assert_array_equal(found, np.load(numbers)[[7, 3]])


def test_a_file_that_was_cut_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapped, "LARGE", 0.0)
    np.save(tmp_path / "x.npy", np.zeros((100, 1_000)))
    one = Mapped(tmp_path / "x.npy")
    one.piece(0, 1)
    os.truncate(tmp_path / "x.npy", 5_000)
    with pytest.raises(nc.LoaderError, match="has become shorter"):
        one.take(np.array([50]), np.empty((1, 1_000)))


def test_each_machine_says_for_itself_what_is_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "x.npy", np.arange(1_000.0))
    one = Mapped(tmp_path / "x.npy")
    assert not one.is_large
    packed = pickle.dumps(one)
    monkeypatch.setattr(mapped, "LARGE", 0.0)
    assert pickle.loads(packed).is_large


def test_loaders_of_large_files(share: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    nc.read_values(
        i=list(range(90)),
        x=[np.full((5, 5), i) for i in range(90)],
        w=[np.full(i % 4, i, np.float32) for i in range(90)],
        s=[f"row {i}" for i in range(90)],
    ).save("rows")
    data = nc.read_dataset("rows").to_pytorch(shuffle=True, ragged={"w": "pad"})
    again = pickle.loads(pickle.dumps(data))
    for found in (data.loader(8), data.loader(8, num_workers=1), again.loader(8)):
        seen = []
        for batch in found:
            assert (batch["x"] == batch["i"][:, None, None]).all()
            assert batch["s"] == [f"row {i}" for i in batch["i"]]
            assert batch["w_shape"][:, 0].tolist() == [i % 4 for i in batch["i"].tolist()]
            seen += batch["i"].tolist()
        assert sorted(seen) == list(range(90))


@pytest.mark.parametrize("there", [False, True], ids=["opened by name", "just made"])
def test_a_large_file_whose_name_is_gone_is_still_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    """Where the disk has little room, its name may go while a loader has it."""
    monkeypatch.setattr(mapped, "LARGE", 0.0)
    path, whole = tmp_path / "x.npy", np.arange(600, dtype=np.int16).reshape(100, 6)
    np.save(path, whole)
    one = Mapped(tmp_path / "named.npy", path) if there else Mapped(path)
    assert len(one.values) == 100
    path.unlink()
    reads = []
    real = os.preadv

    def counted(fd: int, buffers: list[memoryview], offset: int, flags: int = 0) -> int:
        reads.append(offset)
        return real(fd, buffers, offset, flags)

    monkeypatch.setattr(os, "preadv", counted)
    found = one.take(np.array([9, 3, 3]), np.empty((3, 6), np.int16))
    np.testing.assert_array_equal(found, whole[[9, 3, 3]])
    assert len(reads) == 3
