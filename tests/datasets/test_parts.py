"""Parts: content-addressed, whole or not there."""

import hashlib
import json
import stat
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest
from processes import kill_after, run_all, start
from sqlalchemy import select

from neurochain.datasets import tables
from neurochain.datasets.parts import Part, part_path, register_parts, scan_parts, write_part
from neurochain.datasets.project import Project
from neurochain.datasets.schema import KEY, Schema
from neurochain.datasets.types import Array, Field, List, Record, Scalar
from neurochain.errors import ProjectError, VersionError

SCHEMA = Schema([Field("n", Scalar("int64")), Field("text", Scalar("string"))])


def frame(first: int = 0, rows: int = 3) -> pl.DataFrame:
    numbers = range(first, first + rows)
    return pl.DataFrame(
        {KEY: [bytes([n]) for n in numbers], "n": numbers, "text": [f"é{n}" for n in numbers]}
    )


def files(project: Project) -> list[Path]:
    beside = {project.folder, project.folder / "leases"}
    return sorted(p for p in project.folder.rglob("*") if p.is_file() and p.parent not in beside)


def test_a_part_is_named_by_its_bytes(project: Project) -> None:
    part = write_part(project, frame(), SCHEMA)
    path = part_path(project, part.hash)
    assert path.name == f"{part.hash}.parquet"
    assert hashlib.sha256(path.read_bytes()).hexdigest() == part.hash
    assert (part.rows, part.bytes) == (3, path.stat().st_size)


def test_the_same_rows_are_one_file(project: Project) -> None:
    first, second, other = (write_part(project, frame(n), SCHEMA) for n in (0, 0, 1))
    assert first == second != other
    assert files(project) == sorted(part_path(project, p.hash) for p in (first, other))


def test_every_process_writes_the_same_bytes(project: Project) -> None:
    script = (
        "from neurochain.datasets.parts import write_part\n"
        "frame = pl.DataFrame({'n': range(100_000), 's': ['x'] * 100_000})\n"
        "print(write_part(project, frame).hash)\n"
    )
    assert len(set(run_all(script, 2))) == 1
    assert len(files(project)) == 1


def test_parts_are_read_in_order_with_key_and_schema(project: Project) -> None:
    parts = [write_part(project, frame(n), SCHEMA).hash for n in (6, 0, 3)]
    back = scan_parts(project, parts, SCHEMA).collect()
    assert back.columns == [KEY, "n", "text"]
    assert back["n"].to_list() == [6, 7, 8, 0, 1, 2, 3, 4, 5]
    assert scan_parts(project, parts, SCHEMA, hidden={}).collect().columns == ["n", "text"]
    assert scan_parts(project, parts[:1] * 2, SCHEMA).select(pl.len()).collect().item() == 6


def test_no_parts_are_no_rows_of_the_schema(project: Project) -> None:
    back = scan_parts(project, [], SCHEMA).collect()
    assert back.schema == {KEY: pl.Binary(), **SCHEMA.leaves()}
    empty = write_part(project, frame(rows=0), SCHEMA)
    assert scan_parts(project, [empty.hash], SCHEMA).collect().height == 0


def test_columns_that_an_older_part_lacks_are_null(project: Project) -> None:
    wider = Schema(
        [
            *SCHEMA.values(),
            Field("when", Scalar("datetime[UTC]")),
            Field("r", Record("R", (Field("l", List(Record("S", (Field("x", Scalar("float32")),)))),))),
            Field("a", Array("float32", (2,))),
        ]
    )
    old = write_part(project, frame(0, 1), SCHEMA)
    new_rows = frame(1, 1).with_columns(
        pl.lit(None, dtype=pl.Datetime("us", "UTC")).alias("when"),
        pl.Series("r.l", [[{"x": 1.0}]], dtype=wider.leaves()["r.l"]),
        pl.Series("a", [b"\0" * 8]),
    )
    new = write_part(project, new_rows, wider)
    back = scan_parts(project, [old.hash, new.hash], wider, hidden={}).collect()
    assert back.schema == wider.leaves()
    assert back["r.l"].to_list() == [None, [{"x": 1.0}]]
    assert back["a"].to_list() == [None, b"\0" * 8]
    narrow = scan_parts(project, [new.hash], SCHEMA, hidden={}).collect()
    assert narrow.columns == ["n", "text"]


def test_a_missing_part_is_named(project: Project) -> None:
    kept, lost = write_part(project, frame(), SCHEMA), write_part(project, frame(9), SCHEMA)
    part_path(project, lost.hash).unlink()
    with pytest.raises(VersionError, match=rf"1 of 2 parts are missing on disk, .*{lost.hash}.*backup"):
        scan_parts(project, [kept.hash, lost.hash], SCHEMA)


def test_the_schema_stands_in_the_file(project: Project) -> None:
    part = write_part(project, frame(), SCHEMA)
    stored = pq.read_metadata(part_path(project, part.hash)).metadata[b"neurochain"]
    assert Schema.from_json(json.loads(stored)) == SCHEMA


def test_arrays_are_stored_plain_and_other_columns_compressed(project: Project) -> None:
    arrays = Schema([Field("n", Scalar("int64")), Field("a", Array("float32", (1_000,)))])
    rows = pl.DataFrame({"n": [1], "a": [b"\0" * 4_000]})
    plain, packed = write_part(project, rows, arrays), write_part(project, frame(), SCHEMA)

    def compression(part: Part) -> str:
        metadata = pq.ParquetFile(part_path(project, part.hash)).metadata
        return str(metadata.row_group(0).column(0).compression)

    assert compression(plain) == "UNCOMPRESSED"
    assert compression(packed) == "ZSTD"


def test_a_part_that_cannot_be_written_leaves_nothing(project: Project) -> None:
    (project.folder / "parts").write_text("in the way")
    with pytest.raises(ProjectError, match=r"A part could not be written to .*parts"):
        write_part(project, frame(), SCHEMA)
    assert not list(project.staging.iterdir())


WRITES = """
from neurochain.datasets.parts import write_part
for i in range(100_000):
    write_part(project, pl.DataFrame({"n": range(i, i + 2_000)}))
"""


def test_a_kill_leaves_whole_parts_only(project: Project) -> None:
    kill_after(start(WRITES), project.parts, 30)
    written = sorted(project.parts.rglob("*"))
    parts = [p for p in written if p.is_file()]
    assert len(parts) >= 30
    for path in parts:
        assert path.name == f"{hashlib.sha256(path.read_bytes()).hexdigest()}.parquet"
        assert path.parent.name == path.name[:2]
        assert pl.read_parquet(path).height == 2_000
        assert stat.S_ISREG(path.stat().st_mode)
    assert {p.parent for p in files(project)} <= {p.parent for p in parts} | {project.staging}
    assert len(list(project.staging.iterdir())) <= 1


def test_parts_are_registered_once(project: Project) -> None:
    part = write_part(project, frame(), SCHEMA)
    for parts in ([], [part], [part, part]):
        with project.database.write() as connection:
            register_parts(connection, parts)
    with project.database.read() as connection:
        rows = connection.execute(select(tables.parts)).all()
    assert [(r.hash, r.rows, r.bytes) for r in rows] == [(part.hash, part.rows, part.bytes)]
