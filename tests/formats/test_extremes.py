"""Extremes of samples and their pyramid: what they say is what all samples say."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import neurochain as nc
from neurochain.formats import Recording, open_recording
from neurochain.formats.recordings.extremes import extremes, merged
from neurochain.formats.recordings.pyramid import Pyramid
from neurochain.formats.recordings.storedsamples import StoredSamples
from neurochain.storage import File, cache_memo
from neurochain.storage.memo import FolderMemo
from neurochain.testing.edf import write_edf

KINDS = (np.int16, np.float32, np.int32, ">i2")


def directly(values: np.ndarray, bin: int) -> np.ndarray:
    """Extremes bin after bin."""
    bins = [values[:, i : i + bin] for i in range(0, values.shape[1], bin)]
    low, high = [np.fmin.reduce(b, 1) for b in bins], [np.fmax.reduce(b, 1) for b in bins]
    return np.stack([np.stack(low, 1), np.stack(high, 1)], -1)


@given(st.data())
def test_extremes_are_those_of_each_bin(data: st.DataObject) -> None:
    n_channels, n = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 200))
    bin, kind = data.draw(st.integers(1, 70)), np.dtype(data.draw(st.sampled_from(KINDS)))
    values = (
        np.random.default_rng(data.draw(st.integers(0, 99))).integers(-999, 999, (n_channels, n)).astype(kind)
    )
    if kind.kind == "f":
        values[values > 600] = np.nan
    if data.draw(st.booleans()):
        values = np.asfortranarray(values)
    found = extremes(values, bin)
    np.testing.assert_array_equal(found, directly(values, bin))
    count = data.draw(st.integers(1, 9))
    np.testing.assert_array_equal(merged(found, count), directly(values, bin * count))


def of_file(folder: Path, n_channels: int, n: int, kind: str) -> tuple[Recording, np.ndarray]:
    rng = np.random.default_rng(n)
    if kind == "edf":
        values = rng.normal(0, 100, (n_channels, n // 100 * 100)).round()
        path = write_edf(folder / "made.edf", values, 100, [f"E{i}" for i in range(n_channels)])
        recording = open_recording(File.at(path)).stored
        return recording, np.asarray(recording)
    values = rng.integers(-(2**15), 2**15, (n_channels, n), np.int16)
    values[:, n // 3] = 2**15 - 1  # one spike
    (folder / "made.bin").write_bytes(values.T.tobytes())

    opened = nc.open(
        folder / "made.bin", channels=n_channels, sampling_frequency=1000.0, dtype="int16", gain=0.5
    )
    assert isinstance(opened, Recording)
    return opened.stored, values


@pytest.fixture(scope="module", params=["edf", "binary"])
def made(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Recording, np.ndarray]:
    return of_file(tmp_path_factory.mktemp("made"), 70, 70_300, request.param)


@given(st.data())
def test_any_window_level_and_channels(made: tuple[Recording, np.ndarray], data: st.DataObject) -> None:
    recording, values = made
    n = values.shape[1]
    pyramid = Pyramid(StoredSamples.of(recording), cache_memo(), "made")
    bin = data.draw(st.one_of(st.sampled_from([1, 3, 16, 48, 64, 1024]), st.integers(1, 5000)))
    first = data.draw(st.integers(0, n - 1))
    last = data.draw(st.integers(first + 1, min(n, first + 3000 * bin)))
    channels = data.draw(st.lists(st.integers(0, 69), min_size=1, max_size=5, unique=True))
    begin, end = first // bin * bin, min(-(-last // bin) * bin, n)
    wanted = directly(values[channels, begin:end], bin)
    for _ in range(2):  # made, and remembered
        np.testing.assert_array_equal(pyramid.columns(first, last, bin, channels), wanted)
    assert pyramid.missing(first, last, bin, channels) == []
    again = Pyramid(StoredSamples.of(recording), cache_memo(), "made")
    np.testing.assert_array_equal(again.columns(first, last, bin, channels), wanted)
    piece = data.draw(st.integers(1, bin))
    rough = pyramid.sampled(first, last, bin, channels, piece)
    some = [directly(values[channels, a : min(a + piece, end)], piece) for a in range(begin, end, bin)]
    np.testing.assert_array_equal(rough, np.concatenate(some, 1))


def test_a_higher_level_is_made_of_a_lower_one(tmp_path: Path) -> None:
    recording, values = of_file(tmp_path, 3, 600_000, "binary")
    pyramid = Pyramid(StoredSamples.of(recording), FolderMemo(tmp_path / "memo"), "made")
    pyramid.columns(0, 600_000, 64, [0, 1, 2])
    made = pyramid.missing(0, 600_000, 256, [0])
    (tmp_path / "made.bin").unlink()  # nothing is read any more
    assert made
    found = pyramid.columns(0, 600_000, 256, [0, 1, 2])
    np.testing.assert_array_equal(found, directly(values, 256))


def test_it_ends_where_it_is_told(tmp_path: Path) -> None:
    recording, _ = of_file(tmp_path, 2, 300_000, "binary")
    pyramid = Pyramid(StoredSamples.of(recording), FolderMemo(tmp_path / "memo"), "made")
    calls = []

    def stop() -> None:
        calls.append(1)
        if len(calls) > 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        pyramid.columns(0, 300_000, 16, [0], stop)
    assert len(calls) == 4
