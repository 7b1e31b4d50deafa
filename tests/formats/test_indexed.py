"""Slices out of the middle of .nii.gz: the bytes of nibabel, a stored index, and few bytes pulled."""

import gzip
import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import nibabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurochain.errors import FormatError
from neurochain.formats import open_volume
from neurochain.formats.arrays import indexed
from neurochain.formats.arrays.indexed import Indexed
from neurochain.storage import FolderMemo, cache_memo
from neurochain.testing import CountingFile

SHAPE = (128, 128, 64, 12)  # 25 MB of noise


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray]:
    array = np.random.default_rng(0).normal(0, 50, SHAPE).astype(np.int16)
    path = tmp_path_factory.mktemp("gz") / "bold.nii.gz"
    nibabel.save(nibabel.Nifti1Image(array, np.eye(4)), path)
    return path, array


def test_a_slice_is_pulled_by_the_index(noise: tuple[Path, np.ndarray]) -> None:
    path, array = noise
    first = CountingFile.at(path)
    np.testing.assert_array_equal(open_volume(first)[:, :, 30, 7], array[:, :, 30, 7])
    assert first.bytes_read > path.stat().st_size  # the index takes one pass
    again = CountingFile.at(path)
    np.testing.assert_array_equal(open_volume(again, "nifti")[:, :, 31, 9], array[:, :, 31, 9])
    assert again.bytes_read < 2 * indexed.SPACING
    assert again.requests == 2  # the header, and the piece
    (read,) = again._log.files()
    assert read.ranges[0] == (0, 540)
    assert len(read.ranges) == 2


def test_what_lineage_names_does_not_depend_on_the_index(noise: tuple[Path, np.ndarray]) -> None:
    path, _ = noise
    reads = []
    for _ in range(2):
        file = CountingFile.at(path)
        open_volume(file)[5, 5, 5, 11]
        reads.append(file._log.files())
    assert reads[0] == reads[1]


def test_places_of_a_large_file_are_further_apart(
    noise: tuple[Path, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, array = noise
    kept = []
    for most in (indexed.HELD, 0):
        monkeypatch.setattr(indexed, "HELD", most)
        open_volume(CountingFile.at(path))[0, 0, 0, 11]
        again = CountingFile.at(path)
        np.testing.assert_array_equal(open_volume(again)[:, :, 31, 9], array[:, :, 31, 9])
        assert again.bytes_read < 2 * indexed.SPACING * (1 if most else indexed.APART)
        kept.append(sum(p.stat().st_size for p in cache_memo().folder.rglob("*") if p.is_file()))
    assert kept[0] < path.stat().st_size / 20
    assert kept[1] - kept[0] < path.stat().st_size / 20


def test_near_the_start_no_index_is_built(noise: tuple[Path, np.ndarray]) -> None:
    path, array = noise
    file = CountingFile.at(path)
    np.testing.assert_array_equal(open_volume(file)[:, :, 3, 0], array[:, :, 3, 0])
    assert file.bytes_read < 400_000
    assert not list(cache_memo().folder.rglob("*"))


def test_the_whole_needs_no_index(noise: tuple[Path, np.ndarray]) -> None:
    path, array = noise
    file = CountingFile.at(path)
    np.testing.assert_array_equal(open_volume(file).read(), array)
    assert file.bytes_read < path.stat().st_size + 10_000
    assert not list(cache_memo().folder.rglob("*"))


@settings(max_examples=40)
@given(st.data())
def test_any_ranges_equal_slices_of_the_whole(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.getbasetemp() / "ranges"
    path = folder / "x.gz"
    if not path.exists():
        folder.mkdir(exist_ok=True)
        rng = np.random.default_rng(1)
        whole = rng.integers(0, 20, 3_000_000, np.uint8).tobytes() + bytes(3_000_000)
        (folder / "x").write_bytes(whole)
        # two members, as joined files have
        path.write_bytes(gzip.compress(whole[:2_500_000], 6) + gzip.compress(whole[2_500_000:], 1))
    whole = (folder / "x").read_bytes()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("SPACING", 200_000), ("SMALL", 1000), ("NEAR", 1000)):
            patch.setattr(indexed, name, value)
        ranges = data.draw(
            st.lists(
                st.tuples(st.integers(0, len(whole) + 10), st.integers(0, 400_000)).map(
                    lambda t: (t[0], t[0] + t[1])
                ),
                min_size=1,
                max_size=4,
            )
        )
        source = Indexed(CountingFile.at(path), FolderMemo(folder / "memo"))
        assert source.read_ranges(ranges) == [whole[a:b] for a, b in ranges]


@pytest.mark.parametrize("what", ["places", "windows", "all"])
def test_a_damaged_index_is_built_anew(noise: tuple[Path, np.ndarray], what: str) -> None:
    path, array = noise
    open_volume(CountingFile.at(path))[0, 0, 0, 11]
    table = cache_memo()._path(Indexed(CountingFile.at(path), cache_memo())._key)
    everything = [p for p in cache_memo().folder.rglob("*") if p.is_file()]
    assert table in everything
    windows = [p for p in everything if p != table]
    kept = {"places": [table], "windows": windows, "all": everything}[what]
    assert kept
    for damage in (
        None,
        lambda held: b"",
        lambda held: held[: len(held) // 10],
        lambda held: os.urandom(1000),
    ):
        for one in kept:
            one.unlink() if damage is None else one.write_bytes(damage(one.read_bytes()))
        file = CountingFile.at(path)
        np.testing.assert_array_equal(open_volume(file)[3, :, 4, 8], array[3, :, 4, 8])
        assert file.bytes_read > path.stat().st_size
        file = CountingFile.at(path)
        np.testing.assert_array_equal(open_volume(file)[3, :, 4, 8], array[3, :, 4, 8])
        assert file.bytes_read < 2 * indexed.SPACING


class Shelf(dict[str, bytes]):
    """Memo without a check of what it gives back."""

    def put(self, key: str, value: bytes) -> None:
        self[key] = value

    def get_one(self, key: str, number: int) -> bytes | None:
        return self.get(f"{key}, {number}")

    def put_many(self, key: str, values: Sequence[bytes]) -> None:
        self.update({f"{key}, {number}": value for number, value in enumerate(values)})


@settings(max_examples=40)
@given(at=st.floats(0, 1), which=st.integers(0, 10**6), value=st.integers(1, 255))
def test_no_damage_of_an_index_gives_other_bytes(
    noise: tuple[Path, np.ndarray], at: float, which: int, value: int
) -> None:
    file = CountingFile.at(noise[0])
    shelf = _shelf(noise[0])
    asked = [(5_000_000, 5_000_100), (9_300_000, 10_400_000)]
    whole = Indexed(file, Shelf(shelf)).read_ranges(asked)
    names = sorted(shelf)
    name = names[which % len(names)]
    held = bytearray(shelf[name])
    held[int(at * (len(held) - 1))] ^= value
    for broken in (bytes(held), bytes(held[: int(at * len(held))])):
        assert Indexed(file, Shelf(shelf | {name: broken})).read_ranges(asked) == whole


@lru_cache(maxsize=1)
def _shelf(path: Path) -> Shelf:
    shelf = Shelf()
    Indexed(CountingFile.at(path), shelf).read_ranges([(20_000_000, 20_000_001)])
    return shelf


def test_an_index_read_once_needs_one_group_of_windows(noise: tuple[Path, np.ndarray]) -> None:
    asked: list[str] = []

    class Watched(Shelf):
        def get(self, key: str, default: None = None) -> bytes | None:  # type: ignore[override]
            asked.append(key)
            return super().get(key)

    memo = Watched(_shelf(noise[0]))
    Indexed(CountingFile.at(noise[0]), memo).read_ranges([(12_000_000, 12_300_000)])
    assert len(asked) == 2
    assert sum(len(memo[key]) for key in asked) < 300_000


@pytest.mark.parametrize("at", [0.3, 0.9])
def test_damage_is_an_error(noise: tuple[Path, np.ndarray], tmp_path: Path, at: float) -> None:
    raw = bytearray(noise[0].read_bytes())
    place = int(len(raw) * at)
    raw[place : place + 2000] = os.urandom(2000)
    path = tmp_path / "a.nii.gz"
    path.write_bytes(raw)
    with pytest.raises(FormatError, match=r"a\.nii\.gz is damaged"):
        open_volume(CountingFile.at(path))[:, :, :, 11]
    path.write_bytes(noise[0].read_bytes()[:place])
    with pytest.raises(FormatError, match=r"a\.nii\.gz"):
        open_volume(CountingFile.at(path))[:, :, :, 11]


def test_a_memo_is_bounded(tmp_path: Path) -> None:
    memo = FolderMemo(tmp_path, limit=10_000)
    for i in range(30):
        memo.put(f"{i}", bytes([i]) * 1000)
        os.utime(memo._path(f"{i}"), (i, i))
        assert memo.get("0") is not None or i > 5
        os.utime(memo._path(f"{i}"), (i, i))
    assert sum(p.stat().st_size for p in tmp_path.rglob("*") if p.is_file()) < 12_000
    assert memo.get("29") == bytes([29]) * 1000
    assert memo.get("another") is None
