"""Datasets in torchdata's StatefulDataLoader: a loop that is stopped goes on in the same order."""

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from torchdata.stateful_dataloader import StatefulDataLoader

import neurochain as nc

ROWS = 53


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*multi-threaded.*", category=DeprecationWarning)
        warnings.filterwarnings("ignore", message=".*set_vital.*")  # torchdata 0.11 beside torch 2.13
        yield


@pytest.fixture
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> nc.Chain:
    monkeypatch.chdir(tmp_path)
    nc.read_values(i=list(range(ROWS))).save("rows")
    return nc.read_dataset("rows")


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("stop", [0, 1, 4, 7])
def test_a_loop_is_taken_up(rows: nc.Chain, workers: int, stop: int) -> None:
    def loader() -> StatefulDataLoader[dict[str, object]]:
        data = rows.to_pytorch(shuffle=True, seed=3)
        return StatefulDataLoader(data, batch_size=8, num_workers=workers)

    first = loader()
    first.dataset.set_epoch(2)
    under_way = iter(first)
    done = [next(under_way)["i"].tolist() for _ in range(stop)]
    state = first.state_dict()
    rest = [batch["i"].tolist() for batch in under_way]
    assert sorted(i for batch in done + rest for i in batch) == list(range(ROWS))

    second = loader()
    second.load_state_dict(state)
    assert [batch["i"].tolist() for batch in second] == rest
    assert second.dataset.epoch == 2


@pytest.mark.parametrize("workers", [0, 2])
def test_our_own_loader_keeps_its_state_alike(rows: nc.Chain, workers: int) -> None:
    data = rows.to_pytorch(shuffle=True, seed=3)
    data.set_epoch(2)
    theirs = [batch["i"].tolist() for batch in StatefulDataLoader(data, batch_size=8, num_workers=workers)]
    ours = data.loader(batch_size=8)
    ours.set_epoch(2)
    assert [batch["i"].tolist() for batch in ours] == theirs


def test_a_state_of_other_rows_is_refused(rows: nc.Chain) -> None:
    state = rows.to_pytorch(shuffle=True, seed=3).state_dict()
    with pytest.raises(nc.LoaderError, match="seed 3"):
        rows.to_pytorch(shuffle=True, seed=4).load_state_dict(state)
    with pytest.raises(nc.LoaderError, match="rows 53"):
        rows.limit(5).to_pytorch(shuffle=True, seed=3).load_state_dict(state)
    with pytest.raises(nc.LoaderError, match="no state of a loader"):
        rows.to_pytorch().load_state_dict({"epoch": 1})
