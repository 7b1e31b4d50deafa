"""Means, standard deviations and class weights: those of NumPy, computed once, and kept with the version."""

from pathlib import Path
from typing import Annotated

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

import neurochain as nc
from neurochain.loaders import statistics
from neurochain.loaders.statistics import MeanStd
from neurochain.testing.edf import write_edf

Signal = Annotated[np.ndarray, nc.Unit("uV"), nc.Axes("channel", "time")]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(statistics, "TOGETHER", 2_000)  # so that there are many blocks
    return tmp_path


@pytest.fixture
def signals(here: Path) -> np.ndarray:
    """Shape (rows, channel, time), saved with its axes."""
    made = np.random.default_rng(0).normal([[[10.0], [-4], [0]]], [[[2.0], [0.1], [30]]], (60, 3, 20))

    def signal(i: int) -> Signal:
        return made[i].astype(np.float32)

    rows = nc.read_values(i=list(range(60)), subject=[f"{i // 6:02}" for i in range(60)]).map(signal)
    rows.mutate(label=nc.Column("i") % 4 // 2).save("signals")
    return made.astype(np.float32)


def same(found: MeanStd, expected: np.ndarray) -> None:
    """Against values by channel, shape (channels, values)."""
    expected = expected.astype(np.float64)
    np.testing.assert_allclose(found.mean, expected.mean(-1), rtol=1e-12)
    np.testing.assert_allclose(found.std, expected.std(-1), rtol=1e-12)
    assert found.count.tolist() == np.full(expected.shape[:-1], expected.shape[-1]).tolist()


def test_of_each_channel(signals: np.ndarray) -> None:
    chain = nc.read_dataset("signals")
    by_channel = np.moveaxis(signals, 1, 0).reshape(3, -1)
    same(chain.mean_std("signal"), by_channel)
    same(chain.mean_std("signal", axis=0), by_channel)
    same(chain.mean_std("signal", axis="time"), np.moveaxis(signals, 2, 0).reshape(20, -1))
    same(chain.mean_std("signal", axis=-1), np.moveaxis(signals, 2, 0).reshape(20, -1))
    same(chain.mean_std("signal", axis=None), signals.reshape(-1))
    same(chain.mean_std("i"), np.arange(60))
    assert repr(chain.mean_std("i")) == "MeanStd(i: 60 values, mean 29.5, std 17.32)"
    assert "3 channels, 1,200 values each" in repr(chain.mean_std("signal"))


def test_of_the_rows_of_a_part(signals: np.ndarray) -> None:
    train = nc.read_dataset("signals").split(train=0.7, test=0.3).train
    rows = train.collect()["i"].to_list()
    assert 0 < len(rows) < 60
    same(train.mean_std("signal"), np.moveaxis(signals[rows], 1, 0).reshape(3, -1))
    labels = [i % 4 // 2 for i in rows]
    assert train.class_weights("label") == {k: len(rows) / (2 * labels.count(k)) for k in (0, 1)}


def test_they_are_computed_once_and_kept(signals: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    chain = nc.read_dataset("signals")
    train = chain.split(train=0.7, test=0.3).train
    first = [chain.mean_std("signal"), train.mean_std("signal")]
    weights = chain.class_weights("label")

    def refuse(*_: object) -> None:
        raise AssertionError("computed again")

    with monkeypatch.context() as patched:
        patched.setattr(statistics, "expand", refuse)
        patched.setattr(statistics, "_counts", refuse)
        again = [chain.mean_std("signal"), train.mean_std("signal")]
        assert chain.class_weights("label") == weights == {0: 1.0, 1: 1.0}
        with pytest.raises(AssertionError, match="computed again"):
            chain.split(train=0.7, test=0.3, seed=1).train.mean_std("signal")
    for one, other in zip(first, again, strict=True):
        assert one.to_json() == other.to_json()
    kept = nc.dataset("signals").statistics()
    assert [s.about["statistic"] for s in kept] == ["mean_std", "mean_std", "class_weights"]
    assert [len(s.about["steps"]) for s in kept] == [0, 1, 0]
    assert kept[0].found["mean"] == first[0].mean.tolist()
    nc.read_dataset("signals").filter(nc.Column("i") < 50).save("signals")
    assert nc.dataset("signals").statistics() == []  # of another version
    assert len(nc.dataset("signals@1.0.0").statistics()) == 3


def test_of_rows_that_no_version_holds(signals: np.ndarray) -> None:
    chain = nc.read_values(x=[np.array([1.0, 2]), np.array([3.0, 6])])
    found = chain.mean_std("x", axis=0)
    assert (found.mean.tolist(), found.std.tolist(), found.count.tolist()) == ([2, 4], [1, 2], [2, 2])
    same(nc.read_dataset("signals").map(twice=lambda i: i * 2).mean_std("twice"), 2 * np.arange(60))


def test_what_is_taken_back_is_not_kept_in_them(signals: np.ndarray) -> None:
    nc.read_dataset("signals").mean_std("signal")
    nc.withdraw(subject="03")
    assert nc.dataset("signals@1.0.0").statistics() == []


def test_standardized_values(signals: np.ndarray) -> None:
    scale = nc.read_dataset("signals").mean_std("signal")
    expected = (signals - scale.mean[:, None]) / scale.std[:, None]
    for batch in (signals, torch.from_numpy(signals)):
        done = scale.standardize(batch)
        assert type(done) is type(batch)
        assert done.dtype == batch.dtype
        np.testing.assert_allclose(np.asarray(done), expected, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(np.asarray(scale.standardize(batch[0])), expected[0], rtol=1e-4, atol=1e-5)
    flat = nc.read_values(x=[5, 5, 5]).mean_std("x")
    assert flat.standardize(np.array([5, 6])).tolist() == [0.0, 1.0]
    assert flat.standardize(torch.tensor([5, 6])).tolist() == [0.0, 1.0]


def test_of_windows_that_are_cut_when_they_are_asked_for(here: Path) -> None:
    waves = np.random.default_rng(3).normal([[5.0], [-3]], [[1.0], [20]], (2, 640))
    write_edf(here / "a.edf", waves, 64, ["Cz", "Pz"])
    chain = nc.read_storage("*.edf").gen(window=nc.windows(2)).select("window")
    found = chain.mean_std("window")
    np.testing.assert_allclose(found.mean, waves.mean(1), atol=0.01)
    np.testing.assert_allclose(found.std, waves.std(1), rtol=1e-3)
    nc.read_storage("*.edf").select("file").save("files")
    saved = nc.read_dataset("files").gen(window=nc.windows(2)).select("window")
    assert saved.mean_std("window").to_json() == found.to_json()
    (kept,) = nc.dataset("files").statistics()
    assert kept.about["steps"][0]["step"] == "gen"
    with pytest.raises(nc.LoaderError, match="no fixed values"):
        nc.read_dataset("files").gen(window=nc.windows(2, random=True)).select("window").mean_std("window")


@given(
    arrays_of.arrays(
        st.sampled_from([np.float32, np.float64, np.int16, np.uint8, np.bool_]),
        st.tuples(st.integers(1, 4), st.integers(1, 30)),
    ),
    st.integers(1, 29),
)
def test_pieces_have_the_moments_of_the_whole(values: np.ndarray, place: int) -> None:
    values = np.nan_to_num(values, posinf=0, neginf=0) if values.dtype.kind == "f" else values
    values = np.clip(values, -1e9, 1e9) if values.dtype.kind == "f" else values
    place = min(place, values.shape[1])
    found = statistics._Moments.of(values[:, :place]).with_others(statistics._Moments.of(values[:, place:]))
    wide = values.astype(np.float64)
    scale = 1 + np.abs(wide).max()
    np.testing.assert_allclose(found.mean, wide.mean(1), rtol=1e-9, atol=1e-12 * scale)
    np.testing.assert_allclose(found.squares, wide.var(1) * wide.shape[1], rtol=1e-6, atol=1e-9 * scale**2)


def test_nans_are_left_out_and_counted() -> None:
    rows = [np.array([1.0, np.nan]), np.array([3.0, np.nan]), np.array([np.nan, 7.0])]
    found = nc.read_values(x=rows).mean_std("x", axis=0)
    assert (found.mean.tolist(), found.std.tolist(), found.count.tolist()) == ([2, 7], [1, 0], [2, 1])
    assert found.nans == 3


def test_arrays_of_several_shapes() -> None:
    rows = [np.arange(6.0).reshape(2, 3), np.ones((2, 1)), np.zeros((2, 5))]
    chain = nc.read_values(x=rows)
    same(chain.mean_std("x", axis=0), np.concatenate(rows, axis=1))
    with pytest.raises(nc.ShapeError, match="3 entries along axis 1"):
        chain.mean_std("x", axis=1)


def test_what_cannot_be(signals: np.ndarray) -> None:
    chain = nc.read_dataset("signals")
    with pytest.raises(nc.ShapeError, match="no axis 'space': its axes are channel, time"):
        chain.mean_std("signal", axis="space")
    with pytest.raises(nc.ShapeError, match=r"no axis 2: a row has the shape \[3, 20\]"):
        chain.mean_std("signal", axis=2)
    with pytest.raises(nc.ShapeError, match="its axes have no names"):
        nc.read_values(x=[np.ones((2, 3))]).mean_std("x")
    with pytest.raises(nc.SchemaError, match="holds no numbers"):
        chain.mean_std("subject")
    with pytest.raises(nc.SchemaError, match="have no mean"):
        nc.read_values(x=[np.ones(2, np.complex64)]).mean_std("x", axis=None)
    with pytest.raises(nc.SchemaError, match="there are no rows"):
        chain.filter(nc.Column("i") < 0).mean_std("i")
    with pytest.raises(nc.ColumnNotFoundError, match="signal"):
        chain.mean_std("signl")
    with pytest.raises(nc.SchemaError, match="whole numbers, texts or booleans"):
        chain.class_weights("signal")
    with pytest.raises(nc.SchemaError, match="some rows have none"):
        nc.read_values(x=["a", None]).class_weights("x")


def test_classes_of_every_kind() -> None:
    chain = nc.read_values(word=["b", "a", "b", "b"], odd=[True, False, True, False], n=[3, 3, 3, 9])
    assert list(chain.class_weights("word").items()) == [("a", 2.0), ("b", 4 / 6)]
    assert chain.class_weights("odd") == {False: 1.0, True: 1.0}
    assert list(chain.class_weights("n").items()) == [(3, 4 / 6), (9, 2.0)]
