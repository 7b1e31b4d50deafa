"""What Delta tables ask of readers: deletion vectors, names and types in files, and what is refused."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from delta_logs import add, column, commit, deleted, mapped, metadata, protocol, remove

import neurochain as nc


def table(folder: Path, **declared: Any) -> nc.DeltaTable:
    return nc.DeltaTable(name="impedance", uri=str(folder), **declared)


def with_deletions(folder: Path) -> None:
    """Three files in two partitions; of two of them rows were deleted, of one of those again."""
    begin = (
        protocol("deletionVectors"),
        metadata(column("i", "long"), column("p", "string"), partitions=["p"]),
    )
    wide = {"minValues": {"i": 1}, "maxValues": {"i": 4}, "nullCount": {"i": 0}, "tightBounds": False}
    rows, more = pl.DataFrame({"i": [1, 2, 3, 4]}), pl.DataFrame({"i": [5, 6]})
    first, plain = "p=a%20b/é 1.parquet", "c.parquet"
    given = {"partitionValues": {"p": "a b"}}
    commit(
        folder,
        0,
        *begin,
        add(folder, first, rows, **given),
        add(folder, plain, more, partitionValues={"p": None}),
    )
    commit(folder, 1, remove(first), add(folder, first, rows, wide, **given, deletionVector=deleted(1)))
    commit(
        folder,
        2,
        {"commitInfo": {"operation": "DELETE"}},
        remove(first, deletionVector=deleted(1)),
        add(folder, first, rows, wide, **given, deletionVector=deleted(1, 2)),
        add(
            folder,
            "b.parquet",
            pl.DataFrame({"i": [7, 8]}),
            partitionValues={"p": "a b"},
            deletionVector=deleted(0),
        ),
    )


def test_deleted_rows_are_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "with space"
    with_deletions(folder)
    found = table(folder)
    assert found().sort("i").collect().rows() == [(1, "a b"), (4, "a b"), (5, None), (6, None), (8, "a b")]
    assert found(nc.Filter("i", "between", [2, 7])).sort("i").collect()["i"].to_list() == [4, 5, 6]
    assert found(nc.Filter("p", "=", "a b"), ["i"]).sort("i").collect()["i"].to_list() == [1, 4, 8]
    assert found(version=1).sort("i").collect()["i"].to_list() == [1, 3, 4, 5, 6]
    assert found(version=0).collect().height == 6
    assert found().select(pl.len()).collect().item() == 5
    assert found.facts().rows == 5
    assert found.facts().size == 3 * 0 + sum(f.stat().st_size for f in folder.rglob("*.parquet"))


def test_the_last_row_of_a_key_is_looked_for_among_those_that_are_left(tmp_path: Path) -> None:
    begin = protocol("deletionVectors"), metadata(column("k", "long"), column("v", "string"))
    rows = pl.DataFrame({"k": [1, 2, 1], "v": ["old", "b", "new"]})
    commit(tmp_path, 0, *begin, add(tmp_path, "z.parquet", rows))
    commit(tmp_path, 1, add(tmp_path, "a.parquet", pl.DataFrame({"k": [2], "v": ["later"]})))
    found = table(tmp_path, unique_columns=["k"])
    assert found().sort("k").collect().rows() == [(1, "new"), (2, "later")]
    entry = add(tmp_path, "z.parquet", rows, deletionVector=deleted(2))
    commit(tmp_path, 2, {"commitInfo": {"operation": "DELETE"}}, remove("z.parquet"), entry)
    # The file has not become a later one by having lost a row.
    assert found().sort("k").collect().rows() == [(1, "old"), (2, "later")]


def test_columns_with_other_names_in_files(tmp_path: Path) -> None:
    columns = (
        mapped("implant id", "col-1", "long"),
        mapped("p", "col-2", "string", 2),
        mapped("r", "col-3", {"type": "struct", "fields": [mapped("a", "a", "long", 4)]}, 3),
    )
    begin = (
        protocol(reader=2),
        metadata(*columns, partitions=["p"], configuration={"delta.columnMapping.mode": "name"}),
    )
    stats = {"minValues": {"col-1": 1}, "maxValues": {"col-1": 2}, "nullCount": {"col-1": 0}}
    later = {"minValues": {"col-1": 3}, "maxValues": {"col-1": 3}, "nullCount": {"col-1": 0}}
    files = [
        add(
            tmp_path,
            "a.parquet",
            pl.DataFrame({"col-1": [1, 2], "col-3": [{"a": 1}, None]}),
            stats,
            partitionValues={"col-2": "x"},
        ),
        add(tmp_path, "b.parquet", pl.DataFrame({"col-1": [3]}), later, partitionValues={"col-2": None}),
    ]
    commit(tmp_path, 0, *begin, *files)
    found = table(tmp_path)
    assert found().sort("implant id").collect().rows() == [
        (1, "x", {"a": 1}),
        (2, "x", None),
        (3, None, None),
    ]
    (tmp_path / "b.parquet").unlink()  # is not looked at:
    assert found(nc.Filter("implant id", "<=", 1), ["p", "implant id"]).collect().rows() == [("x", 1)]
    assert found(nc.Filter("p", "=", "x"), ["implant id"]).collect().height == 2


@pytest.mark.parametrize(
    ("actions", "said"),
    [
        ([protocol("variantType"), metadata(column("i", "long"))], "asks for variantType of Delta Lake"),
        (
            [
                protocol(reader=2),
                metadata(mapped("i", "c", "long"), configuration={"delta.columnMapping.mode": "id"}),
            ],
            "maps its columns by 'id'",
        ),
        (
            [
                protocol(reader=2),
                metadata(
                    mapped("r", "c", {"type": "struct", "fields": [mapped("a", "d", "long", 2)]}),
                    configuration={"delta.columnMapping.mode": "name"},
                ),
            ],
            "column 'r' holds records whose fields have other names",
        ),
        (
            [
                protocol("typeWidening", "timestampNtz"),
                metadata(
                    column("t", "timestamp_ntz", **{"delta.typeChanges": [{"fromType": "date", "toType": "timestamp_ntz"}]})
                ),
            ],
            "column 't' was widened from date to timestamp_ntz",
        ),
        ([protocol(), metadata(column("b", "binary"), column("i", "long"), partitions=["b"])], "which holds bytes"),
    ],
    ids=["feature", "mode", "records", "type", "bytes"],
)  # fmt: skip
def test_what_is_not_read_is_refused_by_name(tmp_path: Path, actions: list[Any], said: str) -> None:
    commit(tmp_path, 0, *actions)
    with pytest.raises(nc.TableError, match=said):
        table(tmp_path)()


def test_a_table_of_a_later_protocol_is_refused(tmp_path: Path) -> None:
    commit(
        tmp_path,
        0,
        {"protocol": {"minReaderVersion": 9, "minWriterVersion": 9}},
        metadata(column("i", "long")),
    )
    with pytest.raises((nc.TableError, nc.StorageError), match="Table 'impedance'"):
        table(tmp_path)()


def test_files_elsewhere(tmp_path: Path) -> None:
    """A shallow clone names the files of another table by whole addresses."""
    commit(tmp_path / "a", 0, protocol(), metadata(column("i", "long")))
    entry = add(tmp_path / "a", "x 1.parquet", pl.DataFrame({"i": [1]}))
    entry["add"]["path"] = (tmp_path / "a/x 1.parquet").as_uri()
    commit(tmp_path / "b", 0, protocol(), metadata(column("i", "long")), json.loads(json.dumps(entry)))
    assert table(tmp_path / "b")().collect()["i"].to_list() == [1]
