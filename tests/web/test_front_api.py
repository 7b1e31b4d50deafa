"""What the page asks of the server beside rows: places of rows, columns without values, who made a column."""

from pathlib import Path

import nibabel
import numpy as np
import polars as pl
import pytest

import neurochain as nc
from neurochain.datasets.project import Project
from neurochain.errors import ParameterError
from neurochain.web.api.columns import column_summary
from neurochain.web.api.held import Holder
from neurochain.web.api.place import row_place
from neurochain.web.api.questions import COLUMNS, names
from neurochain.web.api.row import row_detail
from neurochain.web.api.versions import row_page, version_facts

FRAME = pl.DataFrame(
    {
        "a,b": [3, 1, 2, 5, 4],
        "whole": [0, 7, 49, 30, 20],
        "nothing": pl.Series([None] * 5, dtype=pl.Float64),
        "no list": pl.Series([None] * 5, dtype=pl.List(pl.Int64)),
        "one list": pl.Series([None, [1], None, None, None], dtype=pl.List(pl.Int64)),
    }
)


@pytest.fixture
def saved(project: Project) -> str:
    FRAME.write_parquet("frame.parquet")
    return nc.read_table("frame.parquet").save("frame").reference


@pytest.mark.parametrize(
    "order",
    [{}, {"sort": "a,b"}, {"sort": "a,b", "descending": "1"}, {"filter": '[["a,b",">",2]]', "sort": "whole"}],
)
def test_places_of_rows_are_those_of_the_page(project: Project, saved: str, order: dict[str, str]) -> None:
    holder = Holder()
    rows = row_page(project, holder, {"ref": saved, **order})["rows"]
    keys = [None, *(row["key"] for row in rows), None]
    for i, row in enumerate(rows):
        place = row_place(project, holder, {"ref": saved, "key": row["key"], **order})
        assert place == {"index": i, "matched": len(rows), "before": keys[i], "after": keys[i + 2]}


def test_row_that_is_filtered_out_has_no_place(project: Project, saved: str) -> None:
    holder = Holder()
    key = row_page(project, holder, {"ref": saved})["rows"][0]["key"]
    place = row_place(project, holder, {"ref": saved, "key": key, "filter": '[["a,b",">",3]]'})
    assert place == {"index": None, "matched": 2, "before": None, "after": None}
    for wrong in ("zz", "00" * 16):
        with pytest.raises(ParameterError):
            row_place(project, holder, {"ref": saved, "key": wrong})


def test_columns_without_values_are_named(project: Project, saved: str) -> None:
    assert version_facts(project, {"ref": saved})["empty"] == ["nothing", "no list"]


def test_names_may_hold_commas(project: Project, saved: str) -> None:
    page = row_page(project, Holder(), {"ref": saved, "columns": '["a,b", "whole"]'})
    assert page["columns"] == ["a,b", "whole"]
    assert page["rows"][0]["cells"] == [3, 0]
    assert names({"columns": "a,b"}, COLUMNS) == ["a", "b"]
    for wrong in ("[", "[1]", "[" * 5000):
        with pytest.raises(ParameterError):
            names({"columns": wrong}, COLUMNS)


def test_bins_of_whole_numbers_hold_equally_many(project: Project) -> None:
    # 50 values over 40 bins: some bins would hold two of them, and look twice as frequent.
    pl.DataFrame({"k": list(range(50)) * 4}).write_parquet("k.parquet")
    reference = nc.read_table("k.parquet").save("k").reference
    found = column_summary(project, Holder(), {"ref": reference, "path": "k"})
    assert set(found["histogram"]["counts"]) == {8}
    assert (found["distinct"], found["about"]) == (50, False)


def test_functions_of_the_version_before_are_named(project: Project, tmp_path: Path) -> None:
    values = np.arange(64, dtype="i2").reshape(4, 4, 4)
    nibabel.Nifti1Image(values, np.eye(4)).to_filename(tmp_path / "a.nii")

    def mean(volume: nc.Volume) -> float:
        return float(np.asarray(volume[..., 2]).mean())

    nc.read_storage(str(tmp_path / "*.nii")).map(mean).save("means")
    nc.read_dataset("means").filter(nc.Column("mean") > 0).save("chosen")
    nc.read_dataset("chosen").mutate(mean=nc.Column("mean") * 2).save("twice")

    def maker(reference: str) -> list[tuple[str, str]]:
        columns = version_facts(project, {"ref": reference})["columns"]
        return [(c["function"], c["made_for"]) for c in columns if c["name"] == "mean"]

    assert maker("means@1.0.0") == maker("chosen@1.0.0") == [("mean", "means@1.0.0")]
    assert maker("twice@1.0.0") == [(None, None)]  # another value under the same name
    holder = Holder()
    key = row_page(project, holder, {"ref": "chosen@1.0.0"})["rows"][0]["key"]
    row = row_detail(project, holder, {"ref": "chosen@1.0.0", "key": key})
    assert [(f["path"], f["function"], f["reference"], f["value"]) for f in row["features"]] == [
        ("mean", "mean", "means@1.0.0", float(values[..., 2].mean()))
    ]
    assert [read["function"] for read in row["reads"]] == ["headers", "mean"]
