"""on_error: what becomes of a row whose function fails."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

import neurochain as nc

Calls = Callable[[], int]


def picky(x: int) -> dict[str, float]:
    """Fails on multiples of three."""
    with open("calls", "ab") as side:
        side.write(b".")
    if x % 3 == 0:
        raise ValueError(f"no data for {x}")
    return {"half": x / 2, "third": x / 3}


@pytest.fixture
def chain(folder: Path) -> nc.Chain:
    return nc.read_values(x=[1, 2, 3, 4, 6]).map(picky)


def test_raise_names_the_row_the_function_and_the_users_own_error(chain: nc.Chain, calls: Calls) -> None:
    with pytest.raises(nc.UDFError, match=r"picky\(\) failed on row 2: ValueError: no data for 3") as caught:
        chain.collect()
    cause = caught.value.__cause__
    assert isinstance(cause, ValueError)
    assert cause.__traceback__ is not None
    assert cause.__traceback__.tb_frame.f_code.co_name == "picky"  # no frame of ours before it
    assert calls() == 3
    with pytest.raises(nc.UDFError):
        chain.collect()
    assert calls() == 1  # what was computed before the failure is remembered, the failure is not


def test_the_file_of_the_row_is_named(folder: Path) -> None:
    (folder / "a.dat").write_bytes(b"a")
    with pytest.raises(nc.UDFError, match=r"row 0, file .*a\.dat: ZeroDivisionError"):
        nc.read_storage("a.dat").map(n=lambda file: 1 / 0).collect()
    version = nc.read_storage("a.dat").map(n=lambda file: 1 / 0).settings(on_error="skip").save("none")
    assert version.lineage().failures()["file"][0].endswith("a.dat")


def test_skip_leaves_the_row_out_and_counts_it(chain: nc.Chain) -> None:
    version = chain.settings(on_error="skip").save("sound")
    frame = nc.read_dataset("sound").collect()
    assert frame["x"].to_list() == [1, 2, 4]
    assert frame.columns == ["x", "half", "third"]
    lineage = version.lineage()
    assert (lineage.activity["failed"], lineage.activity["computed"]) == (2, 3)
    failures = lineage.failures()
    assert failures.select("function", "row", "error").rows() == [
        ("picky", 2, "ValueError: no data for 3"),
        ("picky", 4, "ValueError: no data for 6"),
    ]
    assert 'raise ValueError(f"no data for {x}")' in failures["traceback"][0]
    assert "2 failed" in str(lineage)
    assert "failed: picky() on row 2: ValueError: no data for 3" in str(lineage)


def test_keep_says_what_happened_to_which_row(chain: nc.Chain) -> None:
    kept = chain.settings(on_error="keep")
    frame = kept.collect()
    assert frame.columns == ["x", "half", "third", "error"]
    assert frame["half"].to_list() == [0.5, 1.0, None, 2.0, None]
    assert frame["error"].to_list()[:2] == [None, None]
    assert frame["error"][2]["function"] == "picky"
    assert frame["error"][2]["message"] == "ValueError: no data for 3"
    assert frame["error"][2]["traceback"].startswith("Traceback (most recent call last)")
    assert kept.filter(nc.Column("error").is_not_null()).collect()["x"].to_list() == [3, 6]
    version = kept.save("kept")
    assert version.rows == 5
    assert version.lineage().failures().height == 2
    assert nc.read_dataset("kept").collect().equals(frame)
    sound = nc.read_values(x=[1, 2]).map(picky).settings(on_error="keep").collect()
    assert sound["error"].null_count() == 2  # the columns do not depend on what failed


def test_a_failed_row_is_not_given_to_the_next_function(chain: nc.Chain) -> None:
    seen: list[float] = []

    def later(half: float) -> float:
        seen.append(half)
        if half == 2.0:
            raise KeyError("two")
        return half * 10

    frame = chain.map(later=later).settings(on_error="keep", workers=0).collect()
    assert seen == [0.5, 1.0, 2.0]
    assert frame["later"].to_list() == [5.0, 10.0, None, None, None]
    assert frame.columns == ["x", "half", "third", "error", "later"]
    assert [e and e["function"] for e in frame["error"]] == [None, None, "picky", "later", "picky"]


def test_settings_count_for_the_whole_chain(chain: nc.Chain) -> None:
    after = chain.map(y=lambda half: half).settings(on_error="skip")
    before = nc.read_values(x=[1, 2, 3, 4, 6]).settings(on_error="skip").map(picky).map(y=lambda half: half)
    assert after.collect().equals(before.collect())
    assert after.settings(on_error="keep").collect().height == 5
    with pytest.raises(nc.UDFError):
        after.settings(on_error="raise").collect()
    assert "error" in chain.settings(on_error="keep").schema
    assert "error" not in chain.settings(on_error="skip").schema


def test_on_error_is_part_of_the_plan(folder: Path) -> None:
    sound = nc.read_values(x=[1, 2]).map(picky)
    assert sound.save("d").version == "1.0.0"
    assert sound.save("d").version == "1.0.0"
    assert sound.settings(on_error="skip").save("d").version == "1.0.1"


def test_a_limit_counts_the_rows_that_are_left(chain: nc.Chain) -> None:
    assert chain.settings(on_error="skip").limit(3).collect()["x"].to_list() == [1, 2, 4]
    assert chain.settings(on_error="skip").count() == 3
    assert chain.settings(on_error="keep").count() == 5


@pytest.mark.parametrize("how", ["skip", "keep"])
def test_when_everything_fails(how: str, folder: Path) -> None:
    def never(x: int) -> float:
        raise RuntimeError("never")

    chain = nc.read_values(x=[1, 2]).map(y=never).settings(on_error=how)
    frame = chain.collect()
    assert frame.height == (2 if how == "keep" else 0)
    assert frame["y"].dtype == pl.Float64
    assert chain.save("none").lineage().activity["failed"] == 2
    untyped = nc.read_values(x=[1, 2]).map(y=lambda x: 1 / 0).settings(on_error=how).collect()
    assert untyped.columns[:2] == ["x", "y"]


def test_equal_arguments_fail_together(folder: Path, calls: Calls) -> None:
    frame = nc.read_values(x=[3, 3, 1, 3]).map(picky).settings(on_error="keep").collect()
    assert calls() == 2
    assert frame["error"].null_count() == 1


def test_persist_keeps_the_failures(chain: nc.Chain) -> None:
    version = chain.settings(on_error="skip").persist().save("d")
    assert version.lineage().failures().height == 2


def test_mistakes(chain: nc.Chain) -> None:
    with pytest.raises(nc.ExpressionError, match=r"on_error='ignore'\): there is 'raise', 'skip' and 'keep'"):
        chain.settings(on_error="ignore")
    with pytest.raises(nc.ColumnExistsError, match="adds the column 'error', which exists already"):
        nc.read_values(x=[1], error=["mine"]).map(picky).settings(on_error="keep")
    with pytest.raises(nc.ColumnExistsError, match="gives a column 'error'"):
        nc.read_values(x=[1]).map(error=picky).settings(on_error="keep").collect()
