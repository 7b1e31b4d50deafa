"""Spool: many rows go through functions in batches, in order, on disk where they are too many for memory."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neurochain as nc
from neurochain.chain.run import BATCH, Run
from neurochain.chain.spool import Spool
from neurochain.datasets.project import project

ROWS = 2 * BATCH + 1000


def test_rows_of_several_batches_keep_their_order(folder: Path) -> None:
    chain = nc.read_values(x=range(ROWS)).map(y=lambda x: x * 2)
    assert chain.collect()["y"].to_list() == list(range(0, 2 * ROWS, 2))
    # Half of them known, in another order.
    other = nc.read_values(x=range(ROWS + BATCH, BATCH, -1)).map(y=lambda x: x * 2)
    state, run = other.execute()
    assert state.frame.collect()["y"].to_list() == list(range(2 * (ROWS + BATCH), 2 * BATCH, -2))
    assert run.activity.counts.reused == ROWS - BATCH - 1


def test_a_failure_in_the_middle_is_no_end_of_the_rows(folder: Path) -> None:
    # Polars' own collect_batches ends here without an error, with the rows so far.
    chain = nc.read_values(x=[str(i) for i in range(ROWS)] + ["no number"]).mutate(
        n=nc.Column("x").cast("int64")
    )
    for run in (lambda: list(chain), lambda: chain.save("d"), lambda: chain.map(y=lambda n: n).collect()):
        with pytest.raises(nc.ExpressionError, match="failed in column 'x' for 1 out of"):
            run()
    with pytest.raises(nc.DatasetNotFoundError):
        nc.dataset("d")


def test_iteration_may_stop_early(folder: Path) -> None:
    rows = iter(nc.read_values(x=range(ROWS)))
    assert [next(rows).x for _ in range(3)] == [0, 1, 2]
    rows.close()  # type: ignore[attr-defined]


def test_a_script_that_fails_between_batches_ends(script: Callable[..., Any]) -> None:
    done = script(
        f"""
        import neurochain as nc
        nc.read_values(x=range({4 * ROWS})).map(y=lambda x: 1 // (x - 70_000)).collect()
        """,
        ok=False,
    )
    assert done.returncode == 1
    assert "UDFError: result() failed on row 70000" in done.stderr


class SmallChain(nc.Chain):
    """A chain whose rows between two steps do not fit into memory."""

    def _run(self) -> Run:
        return Run(project(), self._settings, spool_limit=100)


@pytest.mark.parametrize("chain_type", [nc.Chain, SmallChain])
def test_a_spool_on_disk_gives_the_same(
    chain_type: type[nc.Chain], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "neurochain.chain.functions.mapping.batches", lambda frame: frame.collect().iter_slices(7)
    )

    def ragged(x: int) -> Any:
        return None if x < 10 else np.arange(float(x // 10))

    start = nc.read_values(x=range(40))
    chain = (
        chain_type(start._plan, start.schema)
        .map(v=ragged)
        .map(lambda x: None if x < 20 else {"a": x, "b": "t"})
    )
    frame = chain.collect()
    assert frame["x"].to_list() == list(range(40))
    assert frame["a"].to_list() == [None if x < 20 else x for x in range(40)]
    assert [None if r.v is None else len(r.v) for r in chain] == [
        None if x < 10 else x // 10 for x in range(40)
    ]
    assert chain.persist().collect().equals(frame)
    assert frame.equals(nc.Chain(chain._plan, chain.schema).collect())


def test_an_empty_spool_is_an_error(folder: Path) -> None:
    with pytest.raises(ValueError, match="Nothing was spooled"):
        Spool(project(), 100).read()
