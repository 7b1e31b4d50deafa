"""Lookup: the results of the arguments asked for, and never a neighbour's."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neurochain.datasets import lookup as module
from neurochain.datasets.hidden import ARG, ORDINAL, READS, READS_TYPE
from neurochain.datasets.ledger import Ledger
from neurochain.datasets.lookup import Lookup
from neurochain.datasets.parts import write_part
from neurochain.datasets.project import Project
from neurochain.datasets.schema import Schema
from neurochain.datasets.types import Field, Scalar

NUMBERS = Schema([Field("x", Scalar("int64"))])
BATCHES = st.lists(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3)), max_size=40), min_size=1, max_size=5
)
ASKED = st.lists(st.integers(0, 35), max_size=60)
MANY_EXAMPLES = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def digest(number: int) -> bytes:
    return number.to_bytes(16, "big")


def digests(numbers: list[int]) -> pl.Series:
    return pl.Series([digest(n) for n in numbers], dtype=pl.Binary)


def one_each(calls: list[tuple[int, int]], value: int) -> tuple[pl.DataFrame, dict[int, list[int]]]:
    """A row for each call; its value is found nowhere else."""
    frame = pl.DataFrame(
        {
            ARG: digests([a for a, _ in calls]),
            READS: pl.Series([None] * len(calls), dtype=READS_TYPE),
            "x": pl.Series(range(value, value + len(calls)), dtype=pl.Int64),
        }
    )
    return frame, {a: [value + i] for i, (a, _) in enumerate(calls)}


def many_each(calls: list[tuple[int, int]], value: int) -> tuple[pl.DataFrame, dict[int, list[int]]]:
    """As many rows for each call as it says; none is a row without a number."""
    rows: list[dict[str, Any]] = []
    model: dict[int, list[int]] = {}
    for argument, count in calls:
        mine = list(range(value + len(rows), value + len(rows) + count))
        model[argument] = mine
        if count == 0:
            rows.append({ARG: digest(argument), ORDINAL: None, "x": None})
        rows += [{ARG: digest(argument), ORDINAL: i, "x": x} for i, x in enumerate(mine)]
    frame = pl.DataFrame(rows, schema={ARG: pl.Binary, ORDINAL: pl.UInt32, "x": pl.Int64})
    return frame.with_columns(pl.lit(None, READS_TYPE).alias(READS)), model


def answer(found: Lookup, asked: list[int], many: bool) -> list[list[int] | None]:
    """For each argument its results, or None where it is not known."""
    which, frame = found.find(digests(asked))
    assert len(which) == frame.height
    assert (np.diff(which) >= 0).all()
    out: list[list[int] | None] = [None] * len(asked)
    for number, row in zip(which.tolist(), frame.iter_rows(named=True), strict=True):
        assert row[ARG] == digest(asked[number])
        results = out[number] = out[number] or []
        if many and row[ORDINAL] is not None:
            assert row[ORDINAL] == len(results)
        if row["x"] is not None:
            results.append(row["x"])
    return out


@pytest.fixture(params=["in memory", "from the parts", "from the parts, in small pieces"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How the rows are come by."""
    if request.param != "in memory":
        monkeypatch.setattr(module, "ROWS_IN_MEMORY", 0)
    if "small" in request.param:
        monkeypatch.setattr(module, "GAP", 2)
        monkeypatch.setattr(module, "SPAN", 3)
    return str(request.param)


@pytest.mark.parametrize("many", [False, True])
def test_random_questions_against_a_dict(project: Project, way: str, many: bool) -> None:
    make = many_each if many else one_each
    hidden = Ledger(project, "key", many=many).hidden

    @MANY_EXAMPLES
    @given(BATCHES, ASKED)
    def check(batches: list[list[tuple[int, int]]], asked: list[int]) -> None:
        model: dict[int, list[int]] = {}
        parts = []
        for number, batch in enumerate(batches):
            frame, values = make(batch, 1000 * number)
            if frame.height:
                part = write_part(project, frame.select([*hidden, "x"]), NUMBERS)
                parts.append((part.hash, NUMBERS, part.rows))
            model |= values
        found = Lookup(project, parts, NUMBERS, hidden)
        assert len(found) == len(model)
        assert answer(found, asked, many) == [model.get(a) for a in asked]

    check()


def test_equal_arguments_beside_a_gap_of_the_same_length(project: Project, way: str) -> None:
    """Rows 0, 0, 2 of three are as many as 0, 1, 2 and have the same ends."""
    ledger = Ledger(project, "key")
    frame, _ = one_each([(7, 0), (8, 0), (9, 0)], 70)
    ledger.append(frame, NUMBERS)
    found = ledger.lookup()
    assert found is not None
    assert answer(found, [7, 7, 9], many=False) == [[70], [70], [72]]
    assert answer(found, [9, 7, 9, 5, 8], many=False) == [[72], [70], [72], None, [71]]


def test_what_was_computed_again_counts(project: Project, way: str) -> None:
    ledger = Ledger(project, "key", many=True)
    for calls, value in [([(1, 2), (2, 0), (3, 1)], 10), ([(1, 0), (2, 3)], 20)]:
        frame, _ = many_each(calls, value)
        ledger.append(frame, NUMBERS)
    found = ledger.lookup()
    assert found is not None
    assert answer(found, [1, 2, 3, 2], many=True) == [[], [21, 22, 23], [13], [21, 22, 23]]


def test_nothing_is_asked(project: Project, way: str) -> None:
    ledger = Ledger(project, "key")
    assert ledger.lookup() is None
    ledger.append(one_each([(1, 1)], 0)[0], NUMBERS)
    found = ledger.lookup()
    assert found is not None
    which, frame = found.find(digests([]))
    assert len(which) == frame.height == 0
    assert frame.columns == [ARG, READS, "x"]
