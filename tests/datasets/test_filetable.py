"""FileTable: what storage held, brought up to what it holds."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from processes import run_all
from sqlalchemy import select

from neurochain.datasets import tables
from neurochain.datasets.filetable import (
    COLUMNS,
    FileChanges,
    known_files,
    merge_listing,
    root_name,
    root_uris,
)
from neurochain.datasets.project import Project


def listing(etags: dict[str, str]) -> pl.DataFrame:
    rows = {
        "uri": list(etags),
        "etag": list(etags.values()),
        "size": [1] * len(etags),
        "mtime": [1.5] * len(etags),
    }
    return pl.DataFrame(rows, schema=COLUMNS)


def known(project: Project, prefix: str) -> dict[str, str]:
    return dict(known_files(project, prefix).rows())


def merge(project: Project, etags: dict[str, str], prefix: str = "/data/") -> FileChanges:
    return merge_listing(project, listing(etags), known_files(project, prefix))


def test_new_changed_and_gone_files_are_counted_and_kept(project: Project) -> None:
    assert merge(project, {"/data/a": "1", "/data/b": "1", "/data/c": "1"}) == FileChanges(3, 0, 0)
    assert merge(project, {"/data/a": "1", "/data/b": "1", "/data/c": "1"}) == FileChanges(0, 0, 0)
    assert merge(project, {"/data/a": "1", "/data/b": "2", "/data/d": "1"}) == FileChanges(1, 1, 1)
    assert known(project, "/data/") == {"/data/a": "1", "/data/b": "2", "/data/d": "1"}
    assert merge(project, {}) == FileChanges(0, 0, 3)
    assert known(project, "/data/") == {}


def test_files_outside_the_listing_stay(project: Project) -> None:
    merge(project, {"/data/a.nii": "1", "/data/a.txt": "1"})
    merge(project, {"/database/x": "1"}, prefix="/database/")
    scope = known_files(project, "/data/").filter(pl.col("uri").str.ends_with(".nii"))
    assert merge_listing(project, listing({"/data/b.nii": "1"}), scope) == FileChanges(1, 0, 1)
    assert known(project, "/data/") == {"/data/a.txt": "1", "/data/b.nii": "1"}
    assert known(project, "/database/") == {"/database/x": "1"}


PATHS = st.dictionaries(
    st.text("ab/é~\U0001f9e0", min_size=1, max_size=3).map("/data/".__add__), st.sampled_from("123")
)


@given(PATHS, PATHS)
def test_the_table_is_the_last_listing(
    project: Project, first: dict[str, str], second: dict[str, str]
) -> None:
    merge(project, first)
    assert known(project, "/data/") == first
    changes = merge(project, second)
    assert known(project, "/data/") == second
    both = set(first) & set(second)
    assert changes.new == len(set(second) - both)
    assert changes.gone == len(set(first) - both)
    assert changes.changed == sum(first[uri] != second[uri] for uri in both)


def test_size_and_time_are_kept(project: Project) -> None:
    rows = pl.DataFrame({"uri": ["/data/a"], "etag": ["1"], "size": [2**40], "mtime": [None]}, schema=COLUMNS)
    merge_listing(project, rows, known_files(project, "/data/"))
    with project.database.read() as connection:
        row = connection.execute(select(tables.files)).one()
    assert (row.size, row.mtime) == (2**40, None)


def test_a_root_keeps_its_name_and_no_two_have_one(project: Project) -> None:
    assert root_name(project, "/a/data", "data") == "data"
    assert root_name(project, "/b/data", "data") == "data-2"
    assert root_name(project, "/c/data", "data") == "data-3"
    assert root_name(project, "/a/data", "another wish") == "data"
    assert root_name(project, "/d", "data-2") == "data-2-2"
    assert root_uris(project) == {
        "data": "/a/data",
        "data-2": "/b/data",
        "data-3": "/c/data",
        "data-2-2": "/d",
    }


ROOTS = """
from neurochain.datasets.filetable import root_name
for i in range(10):
    own = root_name(project, f"/{number}/{i}/data", "data")
    assert own == root_name(project, f"/{number}/{i}/data", "data")
    print(root_name(project, f"/shared/{i}", "data"))
"""


@pytest.mark.parametrize("processes", [4])
def test_root_names_are_unique_and_shared_under_races(project: Project, processes: int) -> None:
    printed = run_all(ROOTS, processes)
    assert len(set(printed)) == 1  # a shared root has one name in all of them
    roots = root_uris(project)
    assert len(roots) == len(set(roots.values())) == 10 * processes + 10
