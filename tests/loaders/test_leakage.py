"""Parts that a model is trained on and tested with share no subject, no session, no file and no array."""

from pathlib import Path

import numpy as np
import pytest

import neurochain as nc
from neurochain.testing.edf import write_edf


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def trials(**columns: list[str]) -> nc.Chain:
    rng = np.random.default_rng(0)
    signals = [rng.normal(size=10).astype(np.float32) for _ in range(40)]
    return nc.read_values(i=list(range(40)), signal=signals, **columns)


def by_subject() -> nc.Chain:
    return trials(subject=[f"{i // 4:02}" for i in range(40)])


def test_a_split_by_subject_is_taken() -> None:
    by_subject().save("trials")
    for part in nc.read_dataset("trials").split(train=0.5, val=0.2, test=0.3):
        assert len(part.to_pytorch(shuffle=True)) == part.count()


def test_a_split_by_row_is_refused_where_subjects_are_shared() -> None:
    by_subject().save("trials")
    parts = nc.read_dataset("trials").split(by=None, train=0.5, test=0.5)
    with pytest.raises(
        nc.LoaderError, match=r"train and test share \d+ subjects: 0\d, .*split by row; .*allow_leakage"
    ):
        parts.test.to_pytorch()
    with pytest.raises(nc.LoaderError, match="subjects"):  # what was refused is not taken for sound
        parts.train.select("signal").to_pytorch()
    allowed = nc.read_dataset("trials").split(by=None, train=0.5, test=0.5, allow_leakage=True)
    assert len(allowed.test.to_pytorch()) == 20


def test_sessions_count_where_nobody_says_the_subject() -> None:
    chain = trials(session=[f"ses{i // 4}" for i in range(40)])
    with pytest.raises(nc.LoaderError, match="sessions: ses0"):
        chain.split(by=None, train=0.5, test=0.5, seed=1).train.to_pytorch()
    both = trials(subject=[f"{i // 4:02}" for i in range(40)], session=["01"] * 40)
    both.split(train=0.5, test=0.5).train.to_pytorch()  # every subject has a first session


def test_arrays_that_are_the_same_are_found() -> None:
    noise = np.random.default_rng(0).normal(size=(2, 10))
    counts = np.array([0, 1, 0, 0, 2, 0, 0, 0, 1])  # which two trials may well have in common
    again = [noise[0], np.zeros(10), noise[1], np.zeros(10)]
    chain = nc.read_values(subject=["a", "a", "b", "b"], signal=again)
    nc.check_leakage(chain.filter(nc.Column("subject") == "a"), chain.filter(nc.Column("subject") == "b"))
    twin = nc.read_values(subject=["c", "c"], signal=[np.ones(10), noise[0]])
    with pytest.raises(
        nc.LoaderError, match="a and twin share 1 array of 'signal': row 0 of a is row 1 of twin"
    ):
        nc.check_leakage(a=chain.filter(nc.Column("subject") == "a"), twin=twin)
    nc.check_leakage(nc.read_values(n=[counts, counts]), nc.read_values(n=[counts]))


def test_arrays_of_many_shapes_are_looked_at_too() -> None:
    noise = np.random.default_rng(0).normal(size=30)
    left = nc.read_values(signal=[noise[:10], noise[:20]])
    right = nc.read_values(signal=[noise, noise[:20]])
    with pytest.raises(nc.LoaderError, match="row 1 of chain 1 is row 1 of chain 2"):
        nc.check_leakage(left, right)


def test_a_file_in_two_parts_is_found(here: Path) -> None:
    for i in range(4):
        write_edf(here / f"{i}.edf", np.full((1, 100), float(i)), 100, ["A"])
    files = nc.read_storage("*.edf").select("file")
    train, test = files.split(by=None, train=0.5, test=0.5)
    nc.check_leakage(train, test)
    with pytest.raises(nc.LoaderError, match=r"share 1 file: .*3\.edf"):
        nc.check_leakage(files.limit(4), nc.read_storage("3.edf").select("file"))


def test_one_chain_is_nothing_to_compare() -> None:
    with pytest.raises(nc.LoaderError, match="two chains or more"):
        nc.check_leakage(by_subject())
