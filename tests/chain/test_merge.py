"""Merge: joining what means the same."""

import warnings
from pathlib import Path
from typing import Any, get_args

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keyed import keyed, keys
from polars.testing import assert_frame_equal

import neurochain as nc
from neurochain.chain.steps.merge import How
from neurochain.datasets.schema import KEY

HOWS = get_args(How)


@pytest.fixture
def scans(folder: Path) -> nc.Chain:
    return nc.read_values(subject=["01", "02", "03", None, "01"], scan=[1, 2, 3, 4, 5])


@pytest.fixture
def people(folder: Path) -> nc.Chain:
    return nc.read_values(participant_id=["02", "01", "04", None], age=[30, 20, 50, 99])


ON = {"subject": "participant_id"}


def test_inner_keeps_the_order_of_the_left(scans: nc.Chain, people: nc.Chain) -> None:
    out = scans.merge(people, on=ON).collect()
    assert out.rows() == [("01", 1, 20), ("02", 2, 30), ("01", 5, 20)]


def test_left_keeps_every_row(scans: nc.Chain, people: nc.Chain) -> None:
    out = scans.merge(people, on=ON, how="left").collect()
    assert out["scan"].to_list() == [1, 2, 3, 4, 5]
    assert out["age"].to_list() == [20, 30, None, None, 20]  # a null matches nothing


def test_right_keeps_every_row_of_the_right_in_its_order(scans: nc.Chain, people: nc.Chain) -> None:
    out = scans.merge(people, on=ON, how="right", many=True).collect()
    assert out.rows() == [
        ("02", 2, 30), ("01", 1, 20), ("01", 5, 20), ("04", None, 50), (None, None, 99),
    ]  # fmt: skip


def test_full_keeps_every_row_of_both(scans: nc.Chain, people: nc.Chain) -> None:
    chain = scans.merge(people, on=ON, how="full")
    assert chain.collect().rows() == [
        ("01", 1, 20), ("02", 2, 30), ("03", 3, None), (None, 4, None), ("01", 5, 20),
        ("04", None, 50), (None, None, 99),
    ]  # fmt: skip
    assert keyed(chain).height == 7


def test_semi_and_anti_add_nothing(scans: nc.Chain, people: nc.Chain) -> None:
    semi, anti = (scans.merge(people, on=ON, how=how) for how in ("semi", "anti"))  # type: ignore[arg-type]
    assert semi.schema == scans.schema
    assert semi.collect()["scan"].to_list() == [1, 2, 5]
    assert anti.collect()["scan"].to_list() == [3, 4]
    assert sorted(keys(semi) + keys(anti)) == sorted(keys(scans))  # rows stay the rows they were
    twice = people.union(people)
    assert scans.merge(twice, on=ON, how="semi").count() == 3  # and come once


def test_cross(scans: nc.Chain) -> None:
    other = nc.read_values(scan=["x", "y"])
    out = scans.select("scan").merge(other, how="cross")
    assert out.collect().rows() == [(i, v) for i in range(1, 6) for v in "xy"]
    assert out.collect().columns == ["scan", "scan_right"]
    keyed(out)
    with pytest.raises(nc.ExpressionError, match="takes no `on`"):
        scans.merge(other, on="scan", how="cross")


@pytest.mark.parametrize("how", HOWS)
def test_a_row_with_several_partners(folder: Path, how: How) -> None:
    left = nc.read_values(k=["a", "b", "c"], x=[1, 2, 3])
    right = nc.read_values(k=["b", "a", "a"], y=[10, 20, 30])
    on = () if how == "cross" else "k"
    if how in ("inner", "left", "full"):
        with pytest.warns(
            nc.ManyMatchesWarning,
            match=r"on k\): 2 of the left side's rows became 3.*k='a'.*\.distinct\('k'\).*many=True",
        ):
            left.merge(right, on=on, how=how).collect()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if how not in ("inner", "left", "full"):
            left.merge(right, on=on, how=how).collect()
        out = left.merge(right, on=on, how=how, many=True)
        keyed(out)
    with pytest.warns(
        nc.ManyMatchesWarning, match="2 of the right side's rows became 3.*left side's rows unique"
    ):
        right.merge(left, on="k", how="right").collect()


def test_the_warning_counts_over_batches(folder: Path) -> None:
    left = nc.read_values(k=range(2), x=range(2))
    right = nc.read_values(k=[0] * 30_000 + [1] * 50_000, y=range(80_000))
    with pytest.warns(nc.ManyMatchesWarning, match="2 of the left side's rows became 80,000"):
        assert left.merge(right, on="k").collect()["y"].to_list() == list(range(80_000))


def test_several_keys_and_records(folder: Path) -> None:
    left = nc.read_values(r=[{"s": "01", "t": 1}, {"s": "01", "t": 2}], x=[1, 2])
    right = nc.read_values(s=["01", "01"], t=[2, 1], y=["two", "one"])
    assert left.merge(right, on=["s", "t"]).collect()["y"].to_list() == ["one", "two"]
    with pytest.raises(nc.ExpressionError, match=r"'r.s' is a part of 'r'.*mutate\(s=nc.Column\('s'\)\)"):
        left.merge(right, on=["s", "t"], how="full")
    other = right.merge(left, on=["s", "t"], how="left")
    assert other.collect()["r"].to_list() == [{"s": "01", "t": 2}, {"s": "01", "t": 1}]


def test_names_on_both_sides_get_a_suffix(bids_tree: Path) -> None:
    files = nc.read_storage("study/sub-*/**/*.nii").mutate(subject=nc.Column("bids.subject"))
    left, right = files.select("file", "subject"), files.select("subject", "file")
    merged = left.merge(right, on="subject")
    assert list(merged.schema) == ["file", "subject", "file_right"]
    for row in merged:
        assert row.file.uri == row.file_right.uri
        assert isinstance(row.file_right, nc.File)
    assert merged.map(size=lambda file_right: file_right.size).count() == 2
    named = left.merge(right, on="subject", suffix="_2").select("file_2.size")
    assert named.collect().height == 2
    with pytest.raises(nc.ColumnExistsError, match=r"two columns named 'file_right'.*suffix='_other'"):
        merged.merge(right, on="subject")
    with pytest.raises(nc.ColumnExistsError, match="named 'file'"):
        left.merge(right, on="subject", suffix="")


def test_what_has_no_partner_is_null_as_a_whole(bids_tree: Path) -> None:
    files = nc.read_storage("study/sub-*/**/*.nii").mutate(subject=nc.Column("bids.subject"))
    people = nc.read_values(subject=["02", "07"])
    out = people.merge(files, on="subject", how="left")
    rows = list(out)
    assert rows[0].file is not None
    assert rows[1].file is None
    assert rows[1].bids is None
    assert list(files.merge(people, on="subject", how="full"))[-1].bids is None


@pytest.mark.parametrize("how", ["inner", "left", "right", "full"])
def test_arrays_and_lists_travel(folder: Path, how: How) -> None:
    left = nc.read_values(k=[1, 2], v=[np.eye(2), np.ones((2, 2))], l=[[1], None])
    right = nc.read_values(k=[2, 3], g=[np.arange(2), np.arange(3)], v=[np.zeros(1), np.ones(1)])
    rows = {r.k: r for r in left.merge(right, on="k", how=how)}
    assert np.array_equal(rows[2].v, np.ones((2, 2)))
    assert np.array_equal(rows[2].g, np.arange(2))
    assert np.array_equal(rows[2].v_right, [0])
    assert sorted(rows) == {"inner": [2], "left": [1, 2], "right": [2, 3], "full": [1, 2, 3]}[how]
    if 1 in rows:
        assert rows[1].g is None
        assert rows[1].v_right is None
    if 3 in rows:
        assert rows[3].v is None
        assert rows[3].l is None


KEYS: dict[str, Any] = {
    "int": st.integers(0, 4),
    "text": st.sampled_from(["", "a", "ä", "b"]),
    "float": st.sampled_from([0.0, 1.5, -2.0]),
    "bool": st.booleans(),
}


@st.composite
def sides(draw: st.DrawFn) -> tuple[pl.DataFrame, pl.DataFrame]:
    kinds = draw(st.lists(st.sampled_from(sorted(KEYS)), min_size=1, max_size=2))
    frames = []
    for name in "xy":
        height = draw(st.integers(0, 9))
        columns = {
            f"k{i}": draw(st.lists(st.none() | KEYS[kind], min_size=height, max_size=height))
            for i, kind in enumerate(kinds)
        }
        types = {"int": pl.Int64, "text": pl.String, "float": pl.Float64, "bool": pl.Boolean}
        frame = pl.DataFrame(columns, schema={f"k{i}": types[kind] for i, kind in enumerate(kinds)})
        flags = draw(st.lists(st.none() | st.booleans(), min_size=height, max_size=height))
        frames.append(
            frame.with_columns(
                pl.Series(f"{name}_flag", flags, dtype=pl.Boolean),
                pl.Series(name, range(height), dtype=pl.Int64),
            )
        )
    return frames[0], frames[1]


def typed(frame: pl.DataFrame) -> nc.Chain:
    """Chain over rows that may be none or all null: a first row says the types, and is left out again."""
    first: dict[Any, Any] = {pl.Int64: -1, pl.String: "", pl.Float64: 0.0, pl.Boolean: True}
    values = {s.name: [first[s.dtype], *s.to_list()] for s in frame.get_columns()}
    return nc.read_values(values).filter(nc.Column(frame.columns[-1]) >= 0)


@settings(max_examples=150)
@given(sides(), st.sampled_from(HOWS))
def test_against_polars(tmp_path_factory: pytest.TempPathFactory, frames: Any, how: How) -> None:
    left, right = frames
    on = [c for c in left.columns if c.startswith("k")]
    chains = [typed(f) for f in frames]
    if how == "cross":
        expected = left.join(right, how="cross", maintain_order="left_right")
        out = chains[0].merge(chains[1], how="cross")
    else:
        coalesce = None if how in ("semi", "anti") else True
        order: Any = "right_left" if how == "right" else "left_right"
        expected = left.join(right, on=on, how=how, coalesce=coalesce, maintain_order=order)
        out = chains[0].merge(chains[1], on=on, how=how, many=True)
    given = keyed(out).drop(KEY)
    if how == "full":  # Polars leaves open where the right side's rows without a partner come
        kept = given.filter(pl.col("x").is_not_null())
        assert_frame_equal(kept, expected.filter(pl.col("x").is_not_null()).select(kept.columns))
        assert given.filter(pl.col("x").is_null())["y"].is_sorted()
        expected = expected.select(given.columns).sort(pl.all(), nulls_last=True)
        given = given.sort(pl.all(), nulls_last=True)
    assert_frame_equal(given, expected.select(given.columns))


def test_constants_as_keys_and_beside_them(folder: Path) -> None:
    left = nc.read_values(x=[1, 2]).mutate(site="A", run=1, none=None)
    right = nc.read_values(y=[3, 4]).mutate(site="A", run=pl.lit(1), n=nc.Column("y").len())
    for how in ("inner", "left", "right", "full"):
        out = left.merge(right, on=["site", "run"], how=how, many=True)  # type: ignore[arg-type]
        assert (
            keyed(out).select("x", "y", "n").rows() == [(1, 3, 2), (1, 4, 2), (2, 3, 2), (2, 4, 2)]
            or how == "right"
        )
        assert out.count() == 4


def test_the_right_side_may_be_a_whole_chain(scans: nc.Chain, people: nc.Chain) -> None:
    right = people.map(group=lambda age: "old" if age > 25 else "young").select("participant_id", "group")
    merged = scans.merge(right, on=ON).map(text=lambda scan, group: f"{scan} {group}")
    assert merged.collect()["text"].to_list() == ["1 young", "2 old", "5 young"]
    version = merged.save("merged")
    assert [f.name for f in version.lineage().functions] == ["result", "result"]
    assert len(version.lineage().sources) == 2


def test_the_plan_holds_all_options(scans: nc.Chain, people: nc.Chain) -> None:
    plans = [
        str(scans.merge(people, on=ON, **options)._plan.to_json())
        for options in ({}, {"how": "left"}, {"suffix": "_2"}, {"many": True})
    ]
    assert len(set(plans)) == 4


def test_with_files_and_a_table(bids_tree: Path) -> None:
    (bids_tree / "participants.tsv").write_text("participant_id\tage\nsub-01\t20\nsub-02\tn/a\n")
    people = nc.read_table("study/participants.tsv").mutate(
        subject=nc.Column("participant_id").str.strip_prefix("sub-")
    )
    out = nc.read_storage("study/**/*.edf").merge(people.select("subject", "age"), on="subject").collect()
    assert out["age"].to_list() == [20, None]


@pytest.mark.parametrize("how", HOWS)
def test_no_rows(scans: nc.Chain, people: nc.Chain, how: How) -> None:
    on: Any = () if how == "cross" else ON
    none, nobody = scans.limit(0), people.limit(0)
    for left, right in ((none, people), (scans, nobody), (none, nobody)):
        chain = left.merge(right, on=on, how=how)
        expected = {
            "left": left.count(), "right": right.count(), "full": left.count() + right.count(),
            "anti": left.count(),
        }  # fmt: skip
        assert keyed(chain).height == expected.get(how, 0)
        assert chain.count() == expected.get(how, 0)


def test_columns_known_only_once_it_ran(scans: nc.Chain, people: nc.Chain) -> None:
    def split(participant_id):  # type: ignore[no-untyped-def] # what it gives is known when it ran
        return {"subject": participant_id, "scan": 7.5}

    right = people.filter(nc.Column("participant_id").is_not_null()).map(split)
    merged = (
        scans.merge(right, on="subject", how="full")
        .filter(nc.Column("scan_right") > 1)
        .drop("participant_id")
    )
    assert merged.schema.partial
    assert merged.collect().columns == ["subject", "scan", "age", "scan_right"]
    assert keyed(merged).height == 4
    other = nc.read_values(participant_id=["01"]).map(split).merge(scans, on="subject", many=True)
    assert other.collect()["scan_right"].to_list() == [1, 5]


def test_rows_beyond_memory_are_spooled(folder: Path) -> None:
    a = nc.read_values(k=[i % 7 for i in range(500)], x=range(500))
    b = nc.read_values(k=[i % 5 for i in range(200)], y=range(200))
    chain = a.merge(b, on="k", many=True)
    run = chain._run()
    run.spool_limit = 1_000
    frame = chain._plan.apply(run).frame.collect()
    expected = a.collect().join(b.collect(), on="k", maintain_order="left_right")
    assert frame.drop(KEY).equals(expected)
    assert frame[KEY].n_unique() == frame.height


def test_mistakes_are_told_when_the_merge_is_written(scans: nc.Chain, people: nc.Chain) -> None:
    with pytest.raises(
        nc.ExpressionError, match=r"'subject' is string on the left, and 'age' is int64.*cast"
    ):
        scans.merge(people, on={"subject": "age"})
    with pytest.raises(nc.ColumnNotFoundError, match=r"'participant' is not found.*'participant_id'"):
        scans.merge(people, on={"subject": "participant"})
    with pytest.raises(nc.ExpressionError, match="there is 'inner', 'left', 'right', 'full'"):
        scans.merge(people, on=ON, how="outer")  # type: ignore[arg-type]
    with pytest.raises(nc.ExpressionError, match="at least one"):
        scans.merge(people, on=[])
    with pytest.raises(nc.ExpressionError, match=r"not a DataFrame.*merge\(nc.read_values\(frame"):
        scans.merge(people.collect(), on=ON)  # type: ignore[arg-type]
    lists = nc.read_values(k=[[1]], v=[np.zeros(2)])
    with pytest.raises(nc.ExpressionError, match=r"'k' is list\[int64\]. A key is"):
        lists.merge(lists, on="k")


def test_a_function_is_not_run_for_the_key_check(folder: Path) -> None:
    left = nc.read_values(x=[1, 2]).map(k=lambda x: str(x))
    out = left.merge(nc.read_values(k=["2"], y=[5]), on="k")
    assert out.collect().rows() == [(2, "2", 5)]
    with pytest.raises(nc.ExpressionError, match="is string on the left"):
        left.merge(nc.read_values(k=[2], y=[5]), on="k").collect()
