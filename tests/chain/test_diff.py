"""diff: what is different between two versions; bump and ranges of versions."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import neurochain as nc
from neurochain.datasets.diff import VersionDiff


def values(**columns: list[object]) -> nc.Chain:
    return nc.read_values(columns, key="id")


@pytest.fixture
def diff(folder: Path) -> VersionDiff:
    values(id=["a", "b", "c"], x=[1.0, float("nan"), 3.0], s=["p", "q", None]).save("d")
    values(id=["b", "c", "d"], x=[float("nan"), 3.5, 4.0], s=["q", None, "r"]).save("d")
    return nc.dataset("d").diff()


def test_rows_by_their_key(diff: VersionDiff) -> None:
    assert diff.counts == {"added": 1, "removed": 1, "changed": 1, "same": 1}
    assert diff.column_counts == {"x": 1}
    assert diff.added()["id"].to_list() == ["d"]
    assert diff.removed()["id"].to_list() == ["a"]
    assert diff.changed().to_dicts() == [{"x (old)": 3.0, "x": 3.5}]
    assert not diff.same_content
    assert "rows: 1 added, 1 removed, 1 changed, 1 same" in repr(diff)


def test_by_named_columns(folder: Path) -> None:
    nc.read_values(subject=["01", "02"], run=[1, 1], x=[1, 2]).save("d")
    nc.read_values(subject=["02", "01", "01"], run=[1, 1, 2], x=[3, 1, 9]).save("d")
    found = nc.dataset("d").diff(key=["subject", "run"])
    assert found.counts == {"added": 1, "removed": 0, "changed": 1, "same": 1}
    assert found.changed().to_dicts() == [{"subject": "02", "run": 1, "x (old)": 2, "x": 3}]
    with pytest.raises(nc.SchemaError, match=r"does not tell the rows of d@1.0.1 apart: 3 rows, 2 keys"):
        nc.dataset("d").diff(key="subject")
    with pytest.raises(
        nc.ColumnNotFoundError, match=r"d@1.0.0 has no column 'subjct'. Did you mean 'subject'"
    ):
        nc.dataset("d").diff(key="subjct")


def test_columns_and_their_types(folder: Path) -> None:
    values(id=["a"], x=[1], gone=[True], image=[np.zeros(2, np.float32)]).save("d")
    values(id=["a"], x=["1"], new=[None], image=[np.zeros(3, np.float32)]).save("d")
    found = nc.dataset("d").diff()
    assert (found.columns_added, found.columns_removed) == (("new",), ("gone",))
    assert found.columns_changed == {"x": ("int64", "string"), "image": ("float32[2]", "float32[3]")}
    assert "column x: int64 -> string" in repr(found)


def test_code_steps_and_inputs(folder: Path) -> None:
    start = values(id=["a", "b"], x=[1, 2]).save("start")
    source = nc.read_dataset("start")

    def feature(x: int) -> int:
        return x + 1

    source.map(f=feature).save("d")

    def feature(x: int) -> int:  # type: ignore[no-redef]
        return x + 2

    values(id=["a", "b"], x=[1, 3]).save("start")
    nc.read_dataset("start").filter(nc.Column("x") > 0).map(f=feature).save("d")
    found = nc.dataset("d").diff("d@1.0.0")
    assert "-    return x + 1" in found.code
    assert "+    return x + 2" in found.code
    assert found.inputs == ["- start@1.0.0", "+ start@1.0.1"]
    assert any(line.startswith("+ filter(x > 0)") for line in found.steps)
    assert found.counts["changed"] == 2
    assert found.to_json()["changed_in"] == {"x": 1, "f": 2}
    assert start.diff("start").counts["changed"] == 1  # also the other way round


def test_the_same_rows_from_another_place(folder: Path) -> None:
    for name in ("one", "two"):
        (folder / name).mkdir()
        (folder / name / "a.dat").write_bytes(b"content")
    nc.read_storage("one", headers=False).save("d")
    (folder / "one" / "a.dat").touch()  # another etag
    nc.read_storage("one", headers=False).save("d", bump="patch")
    found = nc.dataset("d").diff()
    assert found.same_content
    assert found.counts == {"added": 0, "removed": 0, "changed": 0, "same": 1}
    assert "rows: the same 1" in repr(found)


@given(
    st.dictionaries(st.integers(0, 9), st.none() | st.floats(allow_infinity=False), min_size=1),
    st.dictionaries(st.integers(0, 9), st.none() | st.floats(allow_infinity=False), min_size=1),
)
def test_against_dictionaries(
    folder: Path, old: dict[int, float | None], new: dict[int, float | None]
) -> None:
    versions = [
        nc.read_values({"id": list(d), "x": [1.5, *d.values()][1:]}, key="id")
        .mutate(x=nc.Column("x").cast(float))
        .save("d", bump="patch")
        for d in (old, new)
    ]
    found = versions[1].diff(versions[0])

    def same(a: float | None, b: float | None) -> bool:
        return a == b or (a is not None and b is not None and a != a and b != b)

    both = old.keys() & new.keys()
    assert found.counts == {
        "added": len(new.keys() - old.keys()),
        "removed": len(old.keys() - new.keys()),
        "changed": sum(not same(old[k], new[k]) for k in both),
        "same": sum(same(old[k], new[k]) for k in both),
    }


def test_the_first_version_has_none_before(folder: Path) -> None:
    version = values(id=["a"]).save("d")
    with pytest.raises(nc.DatasetNotFoundError, match=r"d@1.0.0 is the first version"):
        version.diff()


def test_bump(folder: Path) -> None:
    chain = nc.read_values(x=[1])
    assert chain.save("d").version == "1.0.0"
    assert chain.save("d").version == "1.0.0"
    assert chain.save("d", bump="patch").version == "1.0.1"
    assert chain.save("d", bump="minor").version == "1.1.0"
    assert chain.save("d", bump="major").version == "2.0.0"
    assert nc.read_values(y=[1]).save("d", bump="patch").version == "3.0.0"  # the rule asks for more
    with pytest.raises(nc.VersionError, match=r"bump='big'\): there is 'major', 'minor' and 'patch'"):
        chain.save("d", bump="big")
    with pytest.raises(nc.VersionError, match="give one of them"):
        chain.save("d", version="9.0.0", bump="major")


def test_ranges_of_versions(folder: Path) -> None:
    for number in ("1.0.0", "1.2.0", "1.2.1", "2.0.0"):
        nc.read_values(x=[number]).save("d", version=number)
    found = {
        r: nc.read_dataset(f"d@{r}").collect()["x"].item() for r in ("^1", "~1.2", "1.0", "latest", "^1.2.1")
    }
    assert found == {"^1": "1.2.1", "~1.2": "1.2.1", "1.0": "1.0.0", "latest": "2.0.0", "^1.2.1": "1.2.1"}
    with pytest.raises(nc.DatasetNotFoundError, match=r"no version \^3. Existing: 2.0.0, 1.2.1"):
        nc.dataset("d@^3")
    assert pl.Series([nc.dataset("d@^1").version]).to_list() == ["1.2.1"]
