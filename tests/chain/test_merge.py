"""Merge: joining what means the same."""

from pathlib import Path

import polars as pl
import pytest

import neurochain as nc


@pytest.fixture
def scans(folder: Path) -> nc.Chain:
    return nc.read_values(subject=["01", "02", "03", None, "01"], scan=[1, 2, 3, 4, 5])


@pytest.fixture
def people(folder: Path) -> nc.Chain:
    return nc.read_values(participant_id=["02", "01", "04", None], age=[30, 20, 50, 99])


def test_inner_keeps_the_order_of_the_left(scans: nc.Chain, people: nc.Chain) -> None:
    out = scans.merge(people, on={"subject": "participant_id"}).collect()
    assert out.rows() == [("01", 1, 20), ("02", 2, 30), ("01", 5, 20)]


def test_left_keeps_every_row(scans: nc.Chain, people: nc.Chain) -> None:
    out = scans.merge(people, on={"subject": "participant_id"}, how="left").collect()
    assert out["scan"].to_list() == [1, 2, 3, 4, 5]
    assert out["age"].to_list() == [20, 30, None, None, 20]  # a null matches nothing


def test_several_partners(folder: Path) -> None:
    left = nc.read_values(k=["a", "b"], x=[1, 2])
    right = nc.read_values(k=["a", "b", "a"], y=[10, 20, 30])
    assert left.merge(right, on="k").collect().rows() == [("a", 1, 10), ("a", 1, 30), ("b", 2, 20)]


def test_several_keys_and_records(folder: Path) -> None:
    left = nc.read_values(r=[{"s": "01", "t": 1}, {"s": "01", "t": 2}], x=[1, 2])
    right = nc.read_values(s=["01", "01"], t=[2, 1], y=["two", "one"])
    assert left.merge(right, on=["s", "t"]).collect()["y"].to_list() == ["one", "two"]


def test_against_polars(folder: Path) -> None:
    a = {"k": [i % 7 for i in range(50)], "x": list(range(50))}
    b = {"k": [i % 5 for i in range(20)], "y": list(range(20))}
    for how in ("inner", "left"):
        expected = pl.DataFrame(a).join(pl.DataFrame(b), on="k", how=how, maintain_order="left_right")
        assert nc.read_values(a).merge(nc.read_values(b), on="k", how=how).collect().equals(expected)


def test_the_right_side_may_be_a_whole_chain(scans: nc.Chain, people: nc.Chain) -> None:
    right = people.map(group=lambda age: "old" if age > 25 else "young").select("participant_id", "group")
    merged = scans.merge(right, on={"subject": "participant_id"}).map(
        text=lambda scan, group: f"{scan} {group}"
    )
    assert merged.collect()["text"].to_list() == ["1 young", "2 old", "5 young"]
    version = merged.save("merged")
    assert [f.name for f in version.lineage().functions] == ["result", "result"]
    assert len(version.lineage().sources) == 2


def test_with_files_and_a_table(bids_tree: Path) -> None:
    (bids_tree / "participants.tsv").write_text("participant_id\tage\nsub-01\t20\nsub-02\tn/a\n")
    people = nc.read_table("study/participants.tsv").mutate(
        subject=nc.Column("participant_id").str.strip_prefix("sub-")
    )
    out = nc.read_storage("study/**/*.edf").merge(people.select("subject", "age"), on="subject").collect()
    assert out["age"].to_list() == [20, None]


def test_mistakes_are_told_when_the_merge_is_written(scans: nc.Chain, people: nc.Chain) -> None:
    with pytest.raises(
        nc.ExpressionError, match=r"'subject' is string on the left, and 'age' is int64.*cast"
    ):
        scans.merge(people, on={"subject": "age"})
    with pytest.raises(nc.ColumnExistsError, match="two columns named 'scan'"):
        scans.merge(nc.read_values(subject=["01"], scan=[1]), on="subject")
    with pytest.raises(nc.ColumnNotFoundError, match=r"'participant' is not found.*'participant_id'"):
        scans.merge(people, on={"subject": "participant"})
    with pytest.raises(nc.ExpressionError, match="'inner' and 'left'"):
        scans.merge(people, on={"subject": "participant_id"}, how="outer")  # type: ignore[arg-type]
    with pytest.raises(nc.ExpressionError, match="at least one"):
        scans.merge(people, on=[])
    renamed = (
        nc.read_values(subject=["01"], scan=[7]).mutate(other=nc.Column("scan")).select("subject", "other")
    )
    assert scans.merge(renamed, on="subject").collect()["other"].to_list() == [7, 7]


def test_a_function_is_not_run_for_the_key_check(folder: Path) -> None:
    left = nc.read_values(x=[1, 2]).map(k=lambda x: str(x))
    out = left.merge(nc.read_values(k=["2"], y=[5]), on="k")
    assert out.collect().rows() == [(2, "2", 5)]
    with pytest.raises(nc.ExpressionError, match="is string on the left"):
        left.merge(nc.read_values(k=[2], y=[5]), on="k").collect()
