"""Location: uris are left out of parts and come back from where the roots lie today."""

import datetime as dt
from typing import Any

import polars as pl
from drafts import ORIGIN, save
from sqlalchemy import update

from neurochain.datasets import tables
from neurochain.datasets.activity import Activity
from neurochain.datasets.content import ContentHash
from neurochain.datasets.filetable import root_name
from neurochain.datasets.location import FILE, file_columns, relative_uris, restore_uris, strip_uris
from neurochain.datasets.parts import write_part
from neurochain.datasets.project import Project
from neurochain.datasets.publishing import Draft, publish
from neurochain.datasets.schema import KEY, Schema
from neurochain.datasets.types import Field, Record, Scalar
from neurochain.datasets.versions import find_version

PAIR = Record("Pair", (Field("before", FILE), Field("after", FILE), Field("n", Scalar("int64"))))
SCHEMA = Schema([Field("file", FILE), Field("pair", PAIR)])
ROOTS = {"data": "/data/", "cloud": "s3://bucket/study"}


def a_file(uri: str | None, root: str | None, path: str | None) -> dict[str, Any]:
    when = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
    if uri is None:
        return dict.fromkeys(f.name for f in FILE.fields)
    return {"uri": uri, "size": 1, "etag": "1", "mtime": when, "root": root, "path": path, "companions": None}


def frame(*rows: dict[str, dict[str, Any]]) -> pl.DataFrame:
    flat = [{f"{c}.{k}": v for c, file in row.items() for k, v in file.items()} for row in rows]
    return pl.DataFrame(flat, schema=SCHEMA.leaves())


ROWS = frame(
    {
        "file": a_file("/data/01/a b.nii", "data", "01/a b.nii"),
        "pair.before": a_file("s3://bucket/study/x", "cloud", "x"),
        "pair.after": a_file("/elsewhere/y", None, None),
    },
    {"file": a_file(None, None, None), "pair.before": a_file("/data/é", "data", "é")},
)


def test_columns_that_hold_files_are_found_inside_records() -> None:
    assert list(file_columns(SCHEMA)) == ["file", "pair.before", "pair.after"]


def test_strip_and_restore_are_inverse() -> None:
    stored = strip_uris(ROWS, SCHEMA)
    assert stored["file.uri"].to_list() == [None, None]
    assert stored["pair.after.uri"].to_list() == ["/elsewhere/y", None]
    assert stored.columns == ROWS.columns
    assert restore_uris(stored.lazy(), SCHEMA, ROOTS).collect().equals(ROWS)


def test_a_moved_root_moves_its_files_only() -> None:
    moved = restore_uris(strip_uris(ROWS, SCHEMA).lazy(), SCHEMA, {**ROOTS, "data": "/new/place"}).collect()
    assert moved["file.uri"].to_list() == ["/new/place/01/a b.nii", None]
    assert moved["pair.before.uri"].to_list() == ["s3://bucket/study/x", "/new/place/é"]
    assert moved["pair.after.uri"].to_list() == ["/elsewhere/y", None]


def test_rows_without_files_or_roots_pass_through() -> None:
    plain = pl.DataFrame({"n": [1]})
    schema = Schema([Field("n", Scalar("int64"))])
    assert strip_uris(plain, schema).equals(plain)
    assert restore_uris(plain.lazy(), schema, {}).collect().equals(plain)
    rootless = frame({"file": a_file("/x", None, None)})
    assert restore_uris(strip_uris(rootless, SCHEMA).lazy(), SCHEMA, {}).collect().equals(rootless)


def test_a_saved_version_follows_its_root(project: Project) -> None:
    name = root_name(project, "/data", "data")
    schema = Schema([Field("file", FILE)])
    rows = ROWS.head(1).select(list(schema.leaves())).with_columns(pl.lit(name).alias("file.root"))
    stored = strip_uris(rows, schema)
    content = ContentHash(schema)
    content.update(stored)
    part = write_part(project, stored.insert_column(0, pl.Series(KEY, [b"k"])), schema)
    draft = Draft("scans", schema, {}, [part], content.hexdigest(), 1, (), Activity())
    publish(project, draft, ORIGIN)
    assert find_version(project, "scans").scan().collect()["file.uri"].item() == "/data/01/a b.nii"
    with project.database.write() as connection:
        connection.execute(update(tables.roots).values(uri="/mnt/disk/"))
    assert find_version(project, "scans").scan().collect()["file.uri"].item() == "/mnt/disk/01/a b.nii"
    assert save(project, [1]).scan().collect().height == 1


def test_uris_become_relative_to_the_innermost_root() -> None:
    roots = {"data": "/data", "inner": "/data/01/", "cloud": "s3://bucket/study"}
    uris = ["/data/a", "/data/01/b/c", "/database/x", "s3://bucket/study/é", None]
    back = relative_uris(pl.DataFrame({"uri": uris, "etag": list("12345")}), roots)
    assert back.columns == ["root", "path", "etag"]
    assert back.select("root", "path").rows() == [
        ("data", "a"),
        ("inner", "b/c"),
        (None, "/database/x"),
        ("cloud", "é"),
        (None, None),
    ]
