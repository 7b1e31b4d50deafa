"""traced: a column changes only with the columns of inputs that it comes from."""

from collections.abc import Callable
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

import neurochain as nc
from neurochain.chain.columns import AGGREGATED, COMPUTED, SAME, ColumnLineage, traced

LEFT, RIGHT = ("a", "b", "c"), ("d", "e")
Values = dict[str, list[int]]


def both(x: int, y: int) -> int:
    return 3 * x - y


def inputs(node: ColumnLineage) -> set[str]:
    """Columns of inputs that a column comes from, by name."""
    if node.source is not None and node.function is None:
        return {node.column}
    return {name for one in node.inputs for name in inputs(one)}


def column(n: int, chain: nc.Chain) -> str:
    names = [c for c in chain.schema if c != "id"]
    return names[n % len(names)]


def add_mutate(chain: nc.Chain, n: int, new: str, other: Values) -> nc.Chain:
    return chain.mutate(**{new: nc.Column(column(n, chain)) + nc.Column(column(n + 1, chain))})


def add_map(chain: nc.Chain, n: int, new: str, other: Values) -> nc.Chain:
    named = chain.mutate(x=nc.Column(column(n, chain)), y=nc.Column(column(2 * n + 1, chain)))
    return named.map(**{new: both}).drop("x", "y")


def add_select(chain: nc.Chain, n: int, new: str, other: Values) -> nc.Chain:
    return chain.mutate(**{new: nc.Column(column(n, chain))}).select("id", column(n + 1, chain), new)


def add_merge(chain: nc.Chain, n: int, new: str, other: Values) -> nc.Chain:
    return chain.merge(nc.read_values(id=[0, 1, 2], **other), on="id", how="left", suffix=f"_{new}")


def add_filter(chain: nc.Chain, n: int, new: str, other: Values) -> nc.Chain:
    return chain.filter(nc.Column(column(n, chain)) > -1000).order_by("id")


def add_drop(chain: nc.Chain, n: int, new: str, other: Values) -> nc.Chain:
    return chain.mutate(**{new: nc.Column(column(n + 1, chain)) * 2}).drop(column(n, chain))


STEPS: list[Callable[[nc.Chain, int, str, Values], nc.Chain]] = [
    add_mutate, add_map, add_select, add_merge, add_filter, add_drop,
]  # fmt: skip


def build(values: Values, plan: list[tuple[int, int]]) -> nc.Chain:
    chain = nc.read_values(id=[0, 1, 2], **{name: values[name] for name in LEFT})
    for number, (step, n) in enumerate(plan):
        chain = STEPS[step](chain, n, f"new{number}", {name: values[name] for name in RIGHT})
    return chain


@example(plan=[(1, 0)], changed="b")
@example(plan=[(3, 0), (1, 1)], changed="d")
@given(
    plan=st.lists(st.tuples(st.integers(0, len(STEPS) - 1), st.integers(0, 5)), min_size=1, max_size=5),
    changed=st.sampled_from(LEFT + RIGHT),
)
def test_a_column_changes_only_with_what_it_comes_from(
    home: Path, plan: list[tuple[int, int]], changed: str
) -> None:
    values = {name: [7 * i + 1, 7 * i + 3, 7 * i + 4] for i, name in enumerate(LEFT + RIGHT)}
    version = build(values, plan).save("law")
    before = nc.read_dataset(version.reference).collect()
    after = build({**values, changed: [90, 81, 77]}, plan).collect()
    found = traced(version.lineage())
    for name in before.columns:
        assert inputs(found.of(name)), name
        if not before[name].equals(after[name]):
            assert changed in inputs(found.of(name)), (name, str(found.of(name)))


def said(version: nc.DatasetVersion, name: str) -> tuple[str, set[str]]:
    """What a column is to its inputs, and which these are."""
    node = traced(version.lineage()).of(name)
    return node.how, inputs(node)


def rows(version: nc.DatasetVersion) -> set[tuple[str, str]]:
    return {(verb, name) for verb, node in traced(version.lineage()).rows for name in inputs(node)}


def test_what_becomes_of_values_and_what_decides_rows(folder: Path) -> None:
    (folder / "a.txt").write_text("hello")
    values = nc.read_values(x=[1, 2, 2], y=[3, 4, 5], z=["a", "b", "b"])
    chain = values.filter(nc.Column("z") != "c").order_by("y")
    a = chain.mutate(w=nc.Column("x") * nc.Column("y"), x2=nc.Column("x")).save("a")
    assert said(a, "x2") == (SAME, {"x"})
    assert said(a, "w") == (COMPUTED, {"x", "y"})
    assert rows(a) == {("filter", "z"), ("order_by", "y")}

    mapped = nc.read_dataset("a").mutate(y=nc.Column("x") * nc.Column("w")).map(both).save("m")
    assert said(mapped, "both") == (COMPUTED, {"x", "w"})
    assert rows(mapped) == set()  # those of the version it was made of are its own

    grouped = nc.read_dataset("a").group_by("z", total=nc.Column("w").sum()).save("b")
    assert said(grouped, "z") == (SAME, {"z"})
    assert said(grouped, "total") == (AGGREGATED, {"w"})
    assert rows(grouped) == {("group_by", "z")}

    def largest(y: list[int]) -> int:
        return max(y)

    gathered = nc.read_dataset("a").agg(largest, partition_by="z").save("c")
    assert said(gathered, "largest") == (AGGREGATED, {"y"})
    assert rows(gathered) == {("group_by", "z")}

    files = (
        nc.read_storage(folder / "*.txt")
        .filter(nc.Column("format").is_null())
        .select("file.path", "header.shape")
    )
    assert said(files.save("d"), "path") == (SAME, {"file.path"})
    assert rows(nc.dataset("d")) == {("filter", "header.format")}


def test_keys_of_merges(folder: Path) -> None:
    left, right = nc.read_values(k=[1, 2], x=[1, 2]), nc.read_values(j=[2, 3], y=[1, 2])
    for how, keys in {"left": {"k"}, "right": {"k", "j"}, "full": {"k", "j"}, "semi": {"k"}}.items():
        version = left.merge(right, on={"k": "j"}, how=how).save(how)  # type: ignore[arg-type]
        assert said(version, "k")[1] == keys
        assert rows(version) == {("merge", "k"), ("merge", "j")}
