"""Ledger: what is known stays known, once."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from processes import run_all
from sqlalchemy import func, select

from neurochain.datasets import arrays, tables
from neurochain.datasets.hidden import ARG, HIDDEN, READS, READS_TYPE
from neurochain.datasets.ledger import COMPACT, Ledger
from neurochain.datasets.parts import part_path
from neurochain.datasets.project import Project
from neurochain.datasets.schema import Schema
from neurochain.datasets.types import Array, Field, Ragged, Scalar

NUMBERS = Schema([Field("x", Scalar("int64"))])


def rows(args: list[int], values: list[Any] | None = None) -> pl.DataFrame:
    return pl.DataFrame(
        {
            ARG: [a.to_bytes(16, "big") for a in args],
            READS: pl.Series([[READ] for _ in args], dtype=READS_TYPE),
            "x": pl.Series(values or [a * a for a in args], dtype=pl.Int64),
        }
    )


READ = {"uri": "/a", "etag": "1", "ranges": [[0, 4], [8, 9]], "sha256": b"\0" * 32}


def known(project: Project, key: str = "key") -> dict[int, Any]:
    lazy = Ledger(project, key).known()
    if lazy is None:
        return {}
    frame = lazy.collect()
    assert frame.columns[:2] == list(HIDDEN)
    args = [int.from_bytes(a, "big") for a in frame[ARG]]
    assert len(args) == len(set(args))
    return dict(zip(args, frame["x"], strict=True))


def parts_of(project: Project, key: str = "key") -> int:
    query = select(func.count()).where(tables.ledger.c.reuse_key == key)
    with project.database.read() as connection:
        return int(connection.execute(query).scalar_one())


def test_an_unknown_key_knows_nothing(project: Project) -> None:
    ledger = Ledger(project, "key")
    assert ledger.known() is None
    assert ledger.schema is None
    assert ledger.bytes == 0
    ledger.append(rows([]), NUMBERS)
    assert ledger.known() is None
    assert parts_of(project) == 0


def test_what_was_appended_is_known_at_once_and_later(project: Project) -> None:
    ledger = Ledger(project, "key")
    ledger.append(rows([1, 2]), NUMBERS)
    ledger.append(rows([3]), NUMBERS)
    mine = ledger.known()
    assert mine is not None
    frame = mine.collect()
    assert frame["x"].to_list() == [1, 4, 9]
    assert frame[READS].to_list() == [[READ]] * 3
    assert known(project) == {1: 1, 2: 4, 3: 9}
    assert ledger.schema == NUMBERS
    assert ledger.bytes > 0
    assert known(project, "another key") == {}


def test_arrays_of_several_shapes_become_ragged(project: Project) -> None:
    blocks = [np.arange(2, dtype="float32"), np.arange(3, dtype="float32"), np.arange(2, dtype="float32") + 5]
    ledger = Ledger(project, "key")
    for i, block in enumerate(blocks):
        column = arrays.encode([block], np.dtype("float32")).alias("x")
        ledger.append(rows([i]).with_columns(column), Schema([Field("x", Array("float32", block.shape))]))
    assert ledger.schema == Schema([Field("x", Ragged("float32", 1))])
    found = Ledger(project, "key").known()
    assert found is not None
    frame = found.collect().sort(ARG)
    back = arrays.decode_ragged(frame["x.data"].to_list(), frame["x.shape"].to_list(), Ragged("float32", 1))
    for block, out in zip(blocks, back, strict=True):
        np.testing.assert_array_equal(out, block)


def test_many_appends_are_joined_and_all_are_kept(project: Project) -> None:
    ledger = Ledger(project, "key")
    Ledger(project, "other").append(rows([7]), NUMBERS)
    for i in range(2 * COMPACT + 3):
        ledger.append(rows([2 * i, 2 * i + 1]), NUMBERS)
        assert parts_of(project) <= COMPACT
    assert known(project) == {a: a * a for a in range(4 * COMPACT + 6)}
    assert known(project, "other") == {7: 49}


def test_the_same_rows_appended_over_and_over_are_kept(project: Project) -> None:
    ledger = Ledger(project, "key")
    for _ in range(3 * COMPACT):  # a joined part may have the bytes of one that it replaces
        ledger.append(rows([1, 2]), NUMBERS)
        assert parts_of(project) > 0
    assert known(project) == {1: 1, 2: 4}


def test_two_writers_of_one_argument_give_one_row(project: Project) -> None:
    first, second = Ledger(project, "key"), Ledger(project, "key")
    first.append(rows([1, 2]), NUMBERS)
    second.append(rows([2, 3]), NUMBERS)
    assert known(project) == {1: 1, 2: 4, 3: 9}


def test_a_row_that_was_wanted_anew_replaces_the_old_one(project: Project) -> None:
    ledger = Ledger(project, "key")
    ledger.append(rows([1, 2], [10, 20]), NUMBERS)
    ledger.append(rows([1], [11]), NUMBERS)
    assert known(project) == {1: 11, 2: 20}
    for i in range(COMPACT):
        ledger.append(rows([100 + i]), NUMBERS)
    assert known(project)[1] == 11


def test_rows_that_were_lost_are_not_known(project: Project) -> None:
    ledger = Ledger(project, "key")
    ledger.append(rows([1]), NUMBERS)
    ledger.append(rows([2]), NUMBERS)
    with project.database.read() as connection:
        lost = connection.execute(select(tables.ledger.c.part).order_by(tables.ledger.c.id)).scalars().first()
    part_path(project, str(lost)).unlink()
    assert known(project) == {2: 4}
    Ledger(project, "key").append(rows([1]), NUMBERS)
    assert known(project) == {1: 1, 2: 4}


def test_older_rows_of_another_type_are_forgotten(project: Project) -> None:
    texts = Schema([Field("x", Scalar("string"))])
    Ledger(project, "key").append(rows([1, 2]).cast({"x": pl.String}), texts)
    Ledger(project, "key").append(rows([2, 3]), NUMBERS)
    assert known(project) == {2: 4, 3: 9}


APPENDS = """
from neurochain.datasets.hidden import ARG, READS, READS_TYPE
from neurochain.datasets.ledger import Ledger
from neurochain.datasets.schema import Schema
from neurochain.datasets.types import Field, Scalar
schema = Schema([Field("x", Scalar("int64"))])
ledger = Ledger(project, "key")
for i in range(20):
    arg = i if i % 2 else 1_000 * number + i
    frame = pl.DataFrame({ARG: [arg.to_bytes(16, "big")],
                          READS: pl.Series([None], dtype=READS_TYPE), "x": [arg * arg]})
    ledger.append(frame, schema)
"""


@pytest.mark.parametrize("processes", [4])
def test_processes_that_append_and_join_at_once_lose_nothing(project: Project, processes: int) -> None:
    run_all(APPENDS, processes)
    expected = {i for i in range(20) if i % 2}
    expected |= {1_000 * n + i for n in range(processes) for i in range(0, 20, 2)}
    assert known(project) == {a: a * a for a in expected}
