"""agg: many rows to one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import neurochain as nc
from neurochain.chain.functions import grouping
from neurochain.chain.run import Run, Settings
from neurochain.datasets.project import project
from neurochain.datasets.schema import KEY

Calls = Callable[[], int]


@pytest.fixture
def trials(folder: Path) -> nc.Chain:
    return nc.read_values(
        subject=["b", "a", "b", None, "a", "b"], run=[1, 1, 1, 2, 1, 2], value=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    )


def test_groups_come_in_the_order_of_their_first_rows(trials: nc.Chain) -> None:
    chain = trials.agg(total=lambda value: sum(value), partition_by="subject")
    assert chain.collect().rows() == [("b", 10.0), ("a", 7.0), (None, 4.0)]
    several = trials.agg(total=lambda value: sum(value), partition_by=["subject", "run"])
    assert several.collect().rows() == [("b", 1, 4.0), ("a", 1, 7.0), (None, 2, 4.0), ("b", 2, 6.0)]
    assert trials.agg(total=lambda value: sum(value)).collect().rows() == [(21.0,)]
    assert chain.save("totals").rows == 3


def test_the_columns_of_the_groups_and_of_the_results_stay(trials: nc.Chain) -> None:
    def both(value: list[float], run: list[int]) -> dict[str, Any]:
        return {"n": len(value), "runs": sorted(set(run)), "profile": np.array(value[:1])}

    chain = trials.agg(both, partition_by="subject")
    assert chain.collect().columns == ["subject", "n", "runs", "profile"]
    assert [row.profile.tolist() for row in chain] == [[1.0], [2.0], [4.0]]


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [(None, list), (list, list), (np.ndarray, np.ndarray), (pl.Series, pl.Series), (pa.Array, pa.Array)],
)
def test_what_the_values_come_as(annotation: Any, kind: type, trials: nc.Chain) -> None:
    seen: list[Any] = []

    def look(value: Any) -> int:
        seen.append(value)
        return len(value)

    if annotation is not None:
        look.__annotations__["value"] = annotation
    assert trials.agg(n=look, partition_by="subject").settings(workers=0, reuse=False).collect()[
        "n"
    ].to_list() == [3, 2, 1]
    assert all(isinstance(v, kind) for v in seen)
    assert [list(map(float, v if not isinstance(v, pa.Array) else v.to_pylist())) for v in seen] == [
        [1.0, 3.0, 6.0],
        [2.0, 5.0],
        [4.0],
    ]


def test_arrays_are_stacked_where_an_array_is_wanted(folder: Path) -> None:
    frames = [np.full((2, 3), i, np.int16) for i in range(4)]

    def stack(frame: np.ndarray) -> np.ndarray:
        assert frame.shape == (2, 2, 3)
        return frame.sum(axis=0)

    def joined(frame: list[np.ndarray]) -> float:
        return float(sum(f.sum() for f in frame))

    chain = nc.read_values(frame=frames, group=[0, 1, 0, 1])
    assert [row.s.tolist() for row in chain.agg(s=stack, partition_by="group")] == [
        [[2] * 3] * 2,
        [[4] * 3] * 2,
    ]
    assert chain.agg(s=joined, partition_by="group").collect()["s"].to_list() == [12.0, 24.0]


def test_a_group_is_remembered_by_its_members_in_order(folder: Path, calls: Calls) -> None:
    def counted(x: list[int]) -> int:
        with open("calls", "ab") as side:
            side.write(b".")
        return sum(x)

    def run(x: list[int], g: list[str]) -> list[int]:
        return list(nc.read_values(x=x, g=g).agg(s=counted, partition_by="g").collect()["s"])

    assert run([1, 2, 3], ["a", "a", "b"]) == [3, 3]
    assert calls() == 2
    assert run([1, 2, 3], ["a", "a", "b"]) == [3, 3]
    assert run([1, 3, 2], ["z", "y", "z"]) == [3, 3]  # the groups' names are no arguments
    assert calls() == 0
    assert run([2, 1, 3], ["a", "a", "b"]) == [3, 3]
    assert calls() == 1  # another order
    assert run([1, 2, 3, 3], ["a", "a", "b", "b"]) == [3, 6]
    assert calls() == 1


def test_files_of_a_group(folder: Path) -> None:
    for name in ("a1", "a2", "b1"):
        (folder / f"{name}.dat").write_bytes(name.encode())

    def content(file: list[nc.File]) -> str:
        return "+".join(f.read().decode() for f in file)

    chain = nc.read_storage("*.dat").mutate(group=nc.Column("file.path").str.slice(0, 1))
    version = chain.agg(content=content, partition_by="group").save("contents")
    assert nc.read_dataset("contents").collect()["content"].to_list() == ["a1+a2", "b1"]
    assert version.lineage().reads().height == 3
    with pytest.raises(nc.UDFError, match=r"a1.dat, .*a2.dat"):
        chain.agg(content=lambda file: 1 / 0, partition_by="group").collect()


def test_random_numbers_are_the_groups_own(trials: nc.Chain) -> None:
    def draw(value: list[float], rng: np.random.Generator) -> float:
        return float(rng.random())

    first = trials.agg(r=draw, partition_by="subject").collect()
    turned = trials.order_by("value", descending=True).agg(r=draw, partition_by="subject").collect()
    assert first["r"].n_unique() == 3
    assert dict(first.rows()) == dict(turned.rows())
    assert trials.agg(r=draw, partition_by="subject").settings(seed=1).collect()["r"][0] != first["r"][0]


def test_failures(trials: nc.Chain) -> None:
    def picky(value: list[float]) -> float:
        if len(value) == 2:
            raise ValueError("two")
        return value[0]

    chain = trials.agg(v=picky, partition_by="subject")
    with pytest.raises(nc.UDFError, match="the group of row 1: ValueError: two"):
        chain.collect()
    assert chain.settings(on_error="skip").collect()["subject"].to_list() == ["b", None]
    kept = chain.settings(on_error="keep").collect()
    assert kept["v"].to_list() == [1.0, None, 4.0]
    assert kept["error"].struct.field("message").to_list() == [None, "ValueError: two", None]


def test_a_group_with_a_failed_row_has_failed(trials: nc.Chain) -> None:
    chain = trials.map(half=lambda value: value / (value != 3.0)).agg(
        s=lambda half: sum(half), partition_by="subject"
    )
    kept = chain.settings(on_error="keep").collect()
    assert kept["s"].to_list() == [None, 7.0, 4.0]
    assert "failed before" in kept["error"].struct.field("message")[0]
    assert chain.settings(on_error="skip").collect()["s"].to_list() == [7.0, 7.0, 4.0]


class SmallChain(nc.Chain):
    """A chain whose rows do not fit into memory."""

    def _run(self) -> Run:
        return Run(project(), self._settings, spool_limit=0)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(-9, 9)), min_size=1, max_size=60))
def test_against_a_dictionary_in_memory_and_by_way_of_the_disk(
    folder: Path, rows: list[tuple[int, int]]
) -> None:
    expected: dict[int, list[int]] = {}
    for group, value in rows:
        expected.setdefault(group, []).append(value)
    chain = nc.read_values(g=[g for g, _ in rows], v=[v for _, v in rows])
    grouped = chain.agg(v=lambda v: list(v), partition_by="g")
    assert grouped.collect().rows() == list(expected.items())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grouping, "PARTITION_BYTES", 0)
        small = SmallChain(grouped._plan, grouped.schema, Settings(reuse=False))
        assert small.collect().rows() == list(expected.items())
        assert SmallChain(grouped._plan, grouped.schema).collect().rows() == list(expected.items())


def test_keys_tell_the_groups_apart(trials: nc.Chain) -> None:
    state, _ = trials.agg(n=lambda value: len(value), partition_by="subject").execute()
    found = state.frame.select(KEY).collect()[KEY]
    assert found.n_unique() == 3
    again, _ = trials.agg(other=lambda run: len(run), partition_by="subject").execute()
    assert again.frame.select(KEY).collect()[KEY].equals(found)


def test_no_rows(folder: Path) -> None:
    chain = nc.read_values(x=[1], g=["a"]).filter(nc.Column("x") > 1)
    assert chain.agg(n=lambda x: len(x), partition_by="g").collect().shape == (0, 2)


def test_mistakes(trials: nc.Chain) -> None:
    with pytest.raises(nc.ColumnNotFoundError, match=r"'subjct' is not found. Did you mean 'subject'"):
        trials.agg(n=lambda value: 1, partition_by="subjct")
    with pytest.raises(nc.ColumnExistsError, match="twice"):
        trials.agg(n=lambda value: 1, partition_by=["subject", "subject"])
    with pytest.raises(nc.ColumnExistsError, match="'subject', which exists already"):
        trials.agg(subject=lambda value: 1, partition_by="subject").collect()
