"""Any composition of verbs gives what Polars gives, and keys stay unique."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from keyed import keyed
from polars.testing import assert_frame_equal

import neurochain as nc
from neurochain.datasets.schema import KEY

VALUES = {
    "g": ["a", "b", None, "a", "b", "c", None, "a"],
    "x": [3, 1, None, -2, 1, 0, 5, 3],
    "y": [0.5, None, 1.5, -1.0, 0.0, 2.5, 0.5, 0.5],
}
SIDE = {"g": ["a", "c", "a", None], "z": [1, 2, 3, 4]}
FRAME, OTHER = pl.DataFrame(VALUES), pl.DataFrame(SIDE)
Verb = tuple[Callable[[nc.Chain], nc.Chain], Callable[[pl.DataFrame], pl.DataFrame]]


def merge(how: Any) -> Verb:
    def ours(chain: nc.Chain) -> nc.Chain:
        return chain.merge(nc.read_values(SIDE), on="g", how=how, many=True).select("g", "x", "y")

    def polars(frame: pl.DataFrame) -> pl.DataFrame:
        coalesce = None if how in ("semi", "anti") else True
        order: Any = "right_left" if how == "right" else "left_right"
        return frame.join(OTHER, on="g", how=how, coalesce=coalesce, maintain_order=order).select(
            "g", "x", "y"
        )

    return ours, polars


VERBS: dict[str, Verb] = {
    "filter": (lambda c: c.filter(nc.Column("x") > 0), lambda f: f.filter(pl.col("x") > 0)),
    "mutate": (lambda c: c.mutate(x=nc.Column("x") + 1), lambda f: f.with_columns(pl.col("x") + 1)),
    "window": (
        lambda c: c.mutate(x=nc.Column("x").max().over("g")),
        lambda f: f.with_columns(pl.col("x").max().over("g")),
    ),
    "order_by": (
        lambda c: c.order_by("x", "y"),
        lambda f: f.sort("x", "y", nulls_last=True, maintain_order=True),
    ),
    "limit": (lambda c: c.limit(5), lambda f: f.head(5)),
    "distinct": (
        lambda c: c.distinct("g", "x"),
        lambda f: f.unique(["g", "x"], keep="first", maintain_order=True),
    ),
    "union": (lambda c: c.union(c.limit(2)), lambda f: pl.concat([f, f.head(2)])),
    "union reversed": (
        lambda c: nc.read_values(VALUES).union(c),
        lambda f: pl.concat([FRAME, f]),
    ),
    "drop": (
        lambda c: c.mutate(w=1).drop("w", "y").mutate(y=nc.Column("x") / 2),
        lambda f: f.with_columns(y=pl.col("x") / 2).select("g", "x", "y"),
    ),
    "group_by": (
        lambda c: c.group_by("g", x=nc.Column("x").sum(), y=nc.Column("y").max()),
        lambda f: f.group_by("g", maintain_order=True).agg(pl.col("x").sum(), pl.col("y").max()),
    ),
    "persist": (lambda c: c.persist(), lambda f: f),
    **{how: merge(how) for how in ("inner", "left", "right", "semi", "anti")},
}


@given(st.lists(st.sampled_from(sorted(VERBS)), max_size=5))
def test_verbs_one_after_the_other(tmp_path: Path, names: list[str]) -> None:
    chain, frame = nc.read_values(VALUES), FRAME
    for name in names:
        ours, polars = VERBS[name]
        chain, frame = ours(chain), polars(frame)
    given = keyed(chain)
    assert_frame_equal(given.drop(KEY), frame.select("g", "x", "y"))
    assert chain.count() == frame.height
    sampled = keyed(chain.sample(3, seed=1))
    assert sampled.height == min(3, frame.height)
    assert sampled.equals(given.filter(pl.col(KEY).is_in(sampled[KEY].implode())))


@given(st.lists(st.sampled_from(sorted(set(VERBS) - {"persist"})), max_size=4))
def test_the_schema_is_known_before_it_runs(tmp_path: Path, names: list[str]) -> None:
    chain = nc.read_values(VALUES)
    for name in names:
        chain = VERBS[name][0](chain)
    state, _ = chain.execute()
    assert state.schema == chain.schema
    again = chain.limit(0)
    assert keyed(again).height == 0
    assert again.schema == chain.schema
