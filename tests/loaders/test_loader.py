"""Loaders: the same batches for any number of workers, also from the middle of an epoch."""

import gc
import json
import pickle
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

import neurochain as nc
from neurochain.loaders.buffers import KEPT
from neurochain.loaders.maps import settle
from neurochain.loaders.order import Order

ROWS = 103


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*worker processes in total.*")
        # Python 3.12 warns of any fork of a process with threads; the workers touch none of their state.
        warnings.filterwarnings("ignore", message=".*multi-threaded.*", category=DeprecationWarning)
        yield tmp_path


@pytest.fixture
def saved(here: Path) -> nc.Chain:
    nc.read_values(
        i=list(range(ROWS)),
        signal=[np.full((4, 3), i, np.float32) for i in range(ROWS)],
        name=[f"row {i} µV" for i in range(ROWS)],
        odd=[bool(i % 2) for i in range(ROWS)],
    ).save("rows")
    return nc.read_dataset("rows")


def numbers(loader: Any) -> list[list[int]]:
    return [batch["i"].tolist() for batch in loader]


def check(batch: dict[str, Any]) -> None:
    rows = batch["i"]
    assert batch["signal"].dtype == torch.float32
    assert torch.equal(batch["signal"], rows.float()[:, None, None].expand(-1, 4, 3))
    assert batch["name"] == [f"row {i} µV" for i in rows.tolist()]
    assert torch.equal(batch["odd"], rows % 2 == 1)


@pytest.mark.parametrize("workers", [0, 1, 2, 8])
def test_batches_are_the_same_for_any_number_of_workers(saved: nc.Chain, workers: int) -> None:
    loader = saved.to_pytorch(shuffle=True, seed=4).loader(batch_size=10, num_workers=workers)
    assert len(loader) == 11
    for epoch in range(2):
        order = Order(ROWS, 4, epoch).between(0, ROWS).tolist()
        batches = list(loader)
        for batch in batches:
            check(batch)
        assert [b["i"].tolist() for b in batches] == [order[k : k + 10] for k in range(0, ROWS, 10)]


@pytest.mark.parametrize(("before", "after"), [(0, 0), (0, 2), (2, 0), (2, 1)])
@pytest.mark.parametrize("epoch", [0, 3])
def test_a_loop_is_resumed_in_the_middle(saved: nc.Chain, before: int, after: int, epoch: int) -> None:
    loader = saved.to_pytorch(shuffle=True).loader(batch_size=10, num_workers=before)
    loader.set_epoch(epoch)
    batches = iter(loader)
    for _ in range(4):
        next(batches)
    state = json.loads(json.dumps(loader.state_dict()))
    assert (state["epoch"], state["position"]) == (epoch, 40)
    rest = [b["i"].tolist() for b in batches]
    again = nc.read_dataset("rows").to_pytorch(shuffle=True).loader(batch_size=10, num_workers=after)
    again.load_state_dict(state)
    assert again.epoch == epoch
    assert numbers(again) == rest
    assert numbers(again) == numbers(loader)  # both are in the next epoch


def test_a_state_of_another_version_is_refused(saved: nc.Chain) -> None:
    state = saved.to_pytorch(shuffle=True).loader().state_dict()
    nc.read_values(i=list(range(ROWS))).save("others")
    with pytest.raises(nc.LoaderError, match="identity"):
        nc.read_dataset("others").to_pytorch(shuffle=True).loader().load_state_dict(state)


def test_the_end_of_an_epoch_is_the_beginning_of_the_next(saved: nc.Chain) -> None:
    loader = saved.to_pytorch(shuffle=True).loader(batch_size=50)
    assert loader.state_dict()["epoch"] == 0
    list(loader)
    state = loader.state_dict()
    assert (state["epoch"], state["position"]) == (1, 0)


def test_positions_of_a_loader_of_ones_own_follow_the_order(saved: nc.Chain) -> None:
    data = saved.to_pytorch(shuffle=True, seed=4)
    ready = data.loader(batch_size=10)
    assert numbers(DataLoader(data, batch_size=10)) == numbers(ready)
    data.set_epoch(1)
    loader = DataLoader(data, batch_size=10, num_workers=2, persistent_workers=True)
    assert numbers(loader) == numbers(ready)
    data.set_epoch(2)  # workers that live on see it
    assert numbers(loader) == numbers(ready)


def test_a_batch_that_is_kept_is_never_written_over(saved: nc.Chain) -> None:
    loader = saved.to_pytorch().loader(batch_size=2)
    parts = [batch["signal"][0, :2, 1] for batch in loader]  # views keep it too
    assert [float(part[0]) for part in parts] == list(range(0, ROWS, 2))


def test_buffers_are_used_again(saved: nc.Chain) -> None:
    gc.collect()
    loader = saved.select("signal").to_pytorch().loader(batch_size=2)
    places = [batch["signal"].data_ptr() for batch in loader]
    assert len(set(places)) < KEPT


def test_transforms_get_rows(saved: nc.Chain) -> None:
    def half(row: dict[str, Any]) -> tuple[torch.Tensor, int]:
        return row["signal"][:2], int(row["i"])

    data = saved.to_pytorch(transform=half)
    signal, label = data[7]
    assert tuple(signal.shape) == (2, 3)
    assert label == 7
    signals, labels = next(iter(data.loader(batch_size=5)))
    assert tuple(signals.shape) == (5, 2, 3)
    assert labels.tolist() == [0, 1, 2, 3, 4]


CHOICES: dict[str, Callable[[nc.Chain], nc.Chain]] = {
    "filter": lambda c: c.filter(nc.Column("odd")),
    "filter, select": lambda c: c.filter(nc.Column("i") > 50).select("signal", "i", "name", "odd"),
    "limit": lambda c: c.limit(17),
    "order": lambda c: c.order_by("i", descending=True),
    "mutate": lambda c: c.mutate(twice=nc.Column("i") * 2),
    "filter, mutate": lambda c: c.filter(nc.Column("odd")).mutate(mean=nc.Column("i").mean()),
    "mutate, filter": lambda c: c.mutate(mean=nc.Column("i").mean()).filter(nc.Column("odd")),
    "union": lambda c: c.union(c.filter(nc.Column("odd"))),
    "map": lambda c: c.map(square=lambda i: i * i),
    "replaced": lambda c: c.mutate(i=nc.Column("i") + 1).filter(nc.Column("odd")),
}


@pytest.mark.parametrize("choice", list(CHOICES))
def test_rows_are_those_of_the_chain(saved: nc.Chain, choice: str) -> None:
    chain = CHOICES[choice](saved)
    frame = chain.collect()
    (batch,) = chain.to_pytorch().loader(batch_size=1000)
    assert list(batch) == frame.columns
    assert len(batch["i"]) == frame.height
    for name in frame.columns:
        expected = frame[name].to_list()
        found = batch[name] if isinstance(batch[name], list) else batch[name].tolist()
        assert found == expected, name


def test_columns_are_mapped_once(saved: nc.Chain, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROCHAIN_CACHE", str(here / "cache"))
    saved.to_pytorch()
    settle()
    made = {p: p.stat().st_ino for p in (here / "cache" / "maps").rglob("*.npy")}
    assert made
    saved.filter(nc.Column("odd")).select("signal").to_pytorch()
    saved.select("name", "i").limit(3).to_pytorch()
    settle()
    assert {p: p.stat().st_ino for p in (here / "cache" / "maps").rglob("*.npy")} == made
    values = {np.load(p, mmap_mode="r").shape for p in made}
    assert (ROWS, 4, 3) in values  # any tool reads them


def test_a_map_that_is_gone_is_said(saved: nc.Chain, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROCHAIN_CACHE", str(here / "cache"))
    data = pickle.loads(pickle.dumps(saved.select("i").to_pytorch()))
    for path in (here / "cache" / "maps").rglob("*.npy"):
        path.unlink()
    with pytest.raises(nc.LoaderError, match="is gone: the cache folder was emptied"):
        data[0]
    assert numbers(saved.select("i").to_pytorch().loader(batch_size=ROWS)) == [list(range(ROWS))]


def test_maps_are_bounded(saved: nc.Chain, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROCHAIN_CACHE", str(here / "cache"))
    monkeypatch.setenv("NEUROCHAIN_MAPS_BYTES", "20000")
    for k in range(5):
        nc.read_values(x=[np.full(1000, i + k, np.float32) for i in range(3)]).to_pytorch()
    settle()
    held = sum(p.stat().st_size for p in (here / "cache" / "maps").rglob("*.npy"))
    assert 12_000 < held <= 20_000


def test_options_that_the_loader_sets_itself_are_refused(saved: nc.Chain) -> None:
    with pytest.raises(nc.LoaderError, match=r"loader\(shuffle=…\)"):
        saved.to_pytorch().loader(shuffle=True)
    with pytest.raises(nc.LoaderError, match="give both, or none"):
        saved.to_pytorch().loader(rank=1)


def test_no_rows_are_no_batches(saved: nc.Chain) -> None:
    data = saved.filter(nc.Column("i") < 0).to_pytorch(shuffle=True)
    assert len(data) == 0
    assert list(data.loader()) == []
    empty = nc.read_values(x=[1, 2]).filter(nc.Column("x") > 2).to_pytorch()
    assert list(empty.loader()) == []


def test_nulls_count_where_they_are_chosen(here: Path) -> None:
    nc.read_values(x=[1.5, None, 3.5, None], i=[0, 1, 2, 3]).save("gaps")
    chain = nc.read_dataset("gaps")
    with pytest.raises(nc.SchemaError, match="null in 2 rows, row 1 first"):
        chain.to_pytorch()
    with pytest.raises(nc.SchemaError, match="null in 1 rows, row 2 first"):
        chain.filter(nc.Column("i") != 1).to_pytorch()
    (batch,) = chain.filter(nc.Column("x").is_not_null()).to_pytorch().loader()
    assert batch["x"].tolist() == [1.5, 3.5]
