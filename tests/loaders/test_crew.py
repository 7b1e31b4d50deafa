"""Processes that take batches: they hand over what nobody else writes to, and no error and no death loses a row."""

import os
import signal
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import neurochain as nc
from neurochain.loaders.crew import HELD, PREFETCH, Crew
from neurochain.loaders.slots import Slot, size_of

ROWS = 400


@pytest.fixture
def crew() -> Iterator[Crew]:
    made = Crew(squares, 2)
    yield made
    made.close()


def squares(rows: Any) -> dict[str, Any]:
    if 13 in rows and len(rows) == 1:
        raise ValueError("no luck")
    return {
        "square": rows.astype(np.float64) ** 2,
        "text": [str(row) for row in rows],
        "deep": {"row": rows.copy()},
    }


def items(count: int = 50, size: int = 8) -> list[np.ndarray]:
    return [np.arange(i * size, (i + 1) * size) for i in range(count)]


def ready(crew: Crew) -> None:
    """Wait until the processes have begun; what they say of it lies in their pipes."""
    next(iter(crew.batches(items(1))))
    deadline = time.monotonic() + 60
    while not all(worker.pipe.poll() for worker in crew._workers):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def check(batch: dict[str, Any], rows: np.ndarray) -> None:
    assert np.array_equal(batch["square"], rows.astype(np.float64) ** 2)
    assert batch["text"] == [str(row) for row in rows]
    assert np.array_equal(batch["deep"]["row"], rows)


def test_batches_come_in_their_order_and_pass_after_pass(crew: Crew) -> None:
    ready(crew)
    for _ in range(3):
        for batch, rows in zip(crew.batches(items()), items(), strict=True):
            check(batch, rows)
    assert all(worker.ready for worker in crew._workers)


def test_batches_that_are_kept_are_never_written_over(crew: Crew) -> None:
    ready(crew)
    kept = list(crew.batches(items()))
    views = [batch["square"][2:4] for batch in crew.batches(items())]
    for batch, view, rows in zip(kept, views, items(), strict=True):
        check(batch, rows)
        assert np.array_equal(view, rows[2:4].astype(np.float64) ** 2)


def test_a_pass_that_is_left_does_not_disturb_the_next(crew: Crew) -> None:
    ready(crew)
    for count in (1, 2, 5):
        batches = crew.batches(items())
        for rows in items()[:count]:
            check(next(batches), rows)
        batches.close()
    for batch, rows in zip(crew.batches(items(30, 5)), items(30, 5), strict=True):
        check(batch, rows)
    assert sorted(crew._free) == list(range(2 * PREFETCH + HELD)) or len(crew._free) >= 2 * PREFETCH


def test_two_passes_at_once_do_not_take_each_others_batches(crew: Crew) -> None:
    ready(crew)
    first, second = crew.batches(items()), crew.batches(items(50, 5))
    for number in range(50):
        check(next(first), items()[number])
        check(next(second), items(50, 5)[number])
        if number == 20:
            check(next(iter(crew.batches(items(3, 11)))), items(3, 11)[0])


def test_a_process_that_dies_with_batches_that_nobody_wants(crew: Crew) -> None:
    def loop() -> None:
        for batch, rows in zip(crew.batches(items()), items(), strict=True):
            check(batch, rows)

    ready(crew)
    batches = crew.batches(items())
    for rows in items()[:3]:
        check(next(batches), rows)
    batches.close()
    for worker in crew._workers:
        os.kill(worker.process.pid, signal.SIGKILL)
        worker.process.wait()
    with pytest.warns(UserWarning, match="process of the loader died"):
        loop()


def test_an_error_there_is_raised_here(crew: Crew) -> None:
    ready(crew)
    with pytest.raises(ValueError, match="no luck"):
        list(crew.batches([np.array([i]) for i in range(30)]))
    for batch, rows in zip(crew.batches(items()), items(), strict=True):
        check(batch, rows)


def test_a_process_that_dies_loses_nothing(crew: Crew) -> None:
    ready(crew)

    def loop() -> None:
        for number, (batch, rows) in enumerate(zip(crew.batches(items(200)), items(200), strict=True)):
            check(batch, rows)
            if number in (20, 60):
                os.kill(crew._workers[number // 60].process.pid, signal.SIGKILL)

    with pytest.warns(UserWarning, match="process of the loader died"):
        loop()


def test_processes_end_with_the_crew() -> None:
    made = Crew(squares, 2)
    ready(made)
    processes = [worker.process for worker in made._workers]
    del made
    assert [process.wait(10) is not None for process in processes] == [True, True]


def test_batches_that_grow_beyond_a_slot_come_all_the_same(crew: Crew) -> None:
    ready(crew)
    sizes = [np.arange(n) for n in (8, 100, 5_000, 8, 20_000, 3)]
    for batch, rows in zip(crew.batches(sizes * 3), sizes * 3, strict=True):
        check(batch, rows)


def test_a_slot_is_free_when_the_last_view_is_gone() -> None:
    slot, freed = Slot(10_000), []
    packed = slot.pack({"a": np.arange(10), "b": [np.ones((3, 2), np.float32)], "c": torch.arange(4)})
    found = slot.unpack(packed, lambda: freed.append(1))
    assert np.array_equal(found["a"], np.arange(10))
    assert torch.equal(found["c"], torch.arange(4))
    view = found["b"][0].T[1:]
    tensor = torch.from_numpy(found["a"])[3:]
    del found, packed
    assert freed == []
    del view
    assert freed == []
    assert tensor[0] == 3
    del tensor
    assert freed == [1]
    assert size_of({"a": np.zeros(10), "b": ["x"]}) > 80


def test_what_numpy_has_no_type_for_travels_as_it_is() -> None:
    slot = Slot(10_000)
    packed = slot.pack({"half": torch.ones(3, dtype=torch.bfloat16), "whole": torch.ones(3)})
    found = slot.unpack(packed, None)
    assert found["half"].dtype == torch.bfloat16
    assert torch.equal(found["whole"], torch.ones(3))


def test_rows_of_a_version_come_from_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    nc.read_values(
        i=list(range(ROWS)),
        signal=[np.full((32, 8), i, np.float32) for i in range(ROWS)],
        name=[str(i) for i in range(ROWS)],
    ).save("rows")
    loader = nc.read_dataset("rows").to_pytorch(shuffle=True).loader(batch_size=16, num_workers=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        deadline = time.monotonic() + 60
        while loader._crew is None or not all(worker.ready for worker in loader._crew._workers):
            assert time.monotonic() < deadline
            for batch in loader:
                rows = batch["i"]
                assert torch.equal(batch["signal"], rows.float()[:, None, None].expand(-1, 32, 8))
                assert batch["name"] == [str(i) for i in rows.tolist()]
    assert loader.epoch > 0
