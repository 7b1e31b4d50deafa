"""Garbage: what nothing refers to goes, what somebody needs stays."""

import os

import polars as pl
import pytest
from drafts import ORIGIN, draft, save
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update
from test_leases import holder

from neurochain.datasets import garbage, leases, tables
from neurochain.datasets.activity import Activity, Input, UsedFunction
from neurochain.datasets.garbage import Files, Garbage, collect_garbage
from neurochain.datasets.hidden import ARG, ORDINAL, READS, READS_TYPE
from neurochain.datasets.ledger import Ledger
from neurochain.datasets.parts import Part, part_path, write_part
from neurochain.datasets.project import STAGING, Project, scratch_project
from neurochain.datasets.publishing import publish
from neurochain.datasets.schema import Schema
from neurochain.datasets.types import Field, Scalar
from neurochain.datasets.versions import find_version
from neurochain.errors import ProjectError, VersionError

NUMBERS = Schema([Field("x", Scalar("int64"))])


def collect(project: Project, ledger: int | None = None, dry_run: bool = False) -> Garbage:
    """As another process would, when this one has ended."""
    leases.release()
    return collect_garbage(project, ledger, dry_run)


def on_disk(project: Project) -> set[str]:
    return {p.stem for p in project.parts.rglob("*.parquet")}


def known(project: Project) -> set[str]:
    with project.database.read() as connection:
        return set(connection.execute(select(tables.parts.c.hash)).scalars())


def part(project: Project, number: int) -> Part:
    return write_part(project, pl.DataFrame({"n": [number]}))


def rows(*values: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            ARG: [v.to_bytes(16, "big") for v in values],
            READS: pl.Series([None] * len(values), dtype=READS_TYPE),
            "x": values,
        }
    )


def remember(project: Project, key: str, *values: int, used: float = 0.0) -> str:
    """Enter results in the ledger; the hash of their part."""
    before = on_disk(project)
    Ledger(project, key).append(rows(*values), NUMBERS)
    c = tables.ledger.c
    with project.database.write() as connection:
        connection.execute(update(tables.ledger).where(c.reuse_key == key).values(used=used))
    (new,) = on_disk(project) - before
    return new


def results(project: Project, key: str) -> list[int]:
    lazy = Ledger(project, key).known()
    return [] if lazy is None else sorted(lazy.collect()["x"].to_list())


def test_everything_that_refers_to_parts_is_known() -> None:
    assert {f"{c.table.name}.{c.name}" for c in garbage.PART_COLUMNS} == {
        "version_parts.part",
        "ledger.part",
        "inputs.manifest",
        "activity_udfs.reads",
        "activities.failures",
        "input_parts.part",
    }
    assert {str(c) for c in garbage.PART_COLUMNS} == {str(c) for i in tables.REFERENCES for c in i.columns}


def test_what_is_referred_to_stays_and_the_rest_goes(project: Project) -> None:
    manifest, reads, failures, *lost = (part(project, n) for n in range(6))
    activity = Activity(
        inputs=[Input("storage", {}, manifest=manifest.hash)],
        functions=[UsedFunction("f" * 32, "mean", None, {}, (), reads.hash)],
        failures=failures.hash,
    )
    made = draft(project, [1, 2], activity=activity, manifests=[manifest, reads, failures])
    version, _ = publish(project, made, ORIGIN)
    entry = remember(project, "key", 7)
    wanted = {manifest.hash, reads.hash, failures.hash, entry, *version.part_hashes()}
    expected = Files(3, sum(p.bytes for p in lost))

    found = collect(project, dry_run=True)
    assert (found.parts, found.dry_run) == (expected, True)
    assert on_disk(project) == wanted | {p.hash for p in lost}
    assert collect(project).parts == expected
    assert on_disk(project) == known(project) == wanted
    assert collect(project) == Garbage(Files(), Files(), Files(), Files(), (), False)
    assert version.scan().collect()["n"].to_list() == [1, 2]


def test_an_empty_project_has_no_garbage(project: Project) -> None:
    assert collect(project) == Garbage(Files(), Files(), Files(), Files(), (), False)


def test_projects_of_killed_replays_go(project: Project) -> None:
    left = project.folder / "scratch" / "killed" / "parts"
    left.mkdir(parents=True)
    (left / "x.parquet").write_bytes(b"12345")
    os.utime(left.parent, (1.0, 1.0))
    with scratch_project(project) as running:
        running.database.close()
        assert collect_garbage(project).leftovers == Files(1, 5)
        assert not left.parent.exists()
        assert running.folder.exists()
    assert not running.folder.exists()


def test_leftovers_go(project: Project) -> None:
    (project.staging).mkdir()
    (project.folder / STAGING / "half.parquet").write_bytes(b"half")
    (project.folder / STAGING / "call-1").write_bytes(b"c")
    assert collect(project, dry_run=True).leftovers == Files(2, 5)
    assert collect(project).leftovers == Files(2, 5)
    assert list((project.folder / STAGING).iterdir()) == []


def test_rows_of_parts_that_nobody_uses_are_forgotten(project: Project) -> None:
    entry = remember(project, "key", 1)
    part_path(project, entry).unlink()
    assert collect(project, ledger=0).evicted.count == 1
    assert known(project) == set()


def test_nothing_younger_than_a_running_process_goes(project: Project) -> None:
    old = part(project, 0)
    leases.release()
    process = holder()
    try:
        young = part(project, 1)
        (project.folder / STAGING / "half.parquet").write_bytes(b"half")
        leases.release()
        found = collect(project)
        assert found.parts == Files(1, old.bytes)
        assert (found.kept, found.leftovers) == (Files(1, young.bytes), Files())
        assert [lease.pid for lease in found.running] == [process.pid]
        assert on_disk(project) == {young.hash}
    finally:
        process.kill()
        process.communicate()
    again = collect(project)
    assert (again.parts, again.leftovers, again.kept) == (Files(1, young.bytes), Files(1, 4), Files())


def test_a_process_keeps_its_own_parts(project: Project) -> None:
    mine = part(project, 0)
    assert collect_garbage(project).kept == Files(1, mine.bytes)
    assert on_disk(project) == {mine.hash}


def test_an_old_part_that_is_written_again_is_young(project: Project) -> None:
    old = part(project, 0)
    path = part_path(project, old.hash)
    os.utime(path, (1.0, 1.0))
    leases.release()
    assert part(project, 0) == old
    assert path.stat().st_mtime > 1.0
    assert collect_garbage(project).kept.count == 1


def test_a_draft_whose_part_was_deleted_is_refused_whole(project: Project) -> None:
    save(project, [1])
    late = draft(project, [2])
    collect(project)
    with pytest.raises(
        VersionError, match=r"1 of 1 parts are missing.*neurochain gc.*compute the dataset again"
    ):
        publish(project, late, ORIGIN)
    assert find_version(project, "scores").version == "1.0.0"
    assert save(project, [2]).scan().collect()["n"].to_list() == [2]


def test_the_results_used_longest_ago_are_forgotten_first(project: Project) -> None:
    parts = [
        remember(project, key, n, used=u) for n, (key, u) in enumerate([("a", 3.0), ("b", 1.0), ("c", 2.0)])
    ]
    sizes = [part_path(project, p).stat().st_size for p in parts]
    assert collect(project, ledger=sum(sizes)).evicted == Files()
    bound = sizes[0] + sizes[2]
    assert collect(project, ledger=bound, dry_run=True).parts == Files(1, sizes[1])
    assert [results(project, k) for k in "abc"] == [[0], [1], [2]]
    found = collect(project, ledger=bound)
    assert found.evicted == found.parts == Files(1, sizes[1])
    assert [results(project, k) for k in "abc"] == [[0], [], [2]]
    assert collect(project, ledger=sizes[0]).evicted.count == 1
    assert [results(project, k) for k in "abc"] == [[0], [], []]
    assert collect(project, ledger=0).evicted.count == 1
    assert on_disk(project) == known(project) == set()


def test_results_that_are_a_versions_rows_too_are_forgotten_but_stay(project: Project) -> None:
    entry = remember(project, "key", 1)
    version = save(project, [5])
    with project.database.write() as connection:
        values = {"version": version.id, "ordinal": 9, "part": entry}
        connection.execute(tables.version_parts.insert(), values)
    found = collect(project, ledger=0)
    assert (found.evicted.count, found.parts) == (1, Files())
    assert entry in on_disk(project)
    assert results(project, "key") == []


def test_the_results_of_a_function_of_many_rows_go_together(project: Project) -> None:
    """One call's rows may lie in two parts; half of them would look like all."""
    call = (1).to_bytes(16, "big")
    ledger = Ledger(project, "key", many=True)

    def numbered(*numbers: int) -> pl.DataFrame:
        return pl.DataFrame(
            {
                ARG: [call] * len(numbers),
                ORDINAL: pl.Series(numbers, dtype=ledger.hidden[ORDINAL]),
                READS: pl.Series([None] * len(numbers), dtype=READS_TYPE),
                "x": numbers,
            }
        )

    ledger.append_all([(numbered(0, 1), NUMBERS), (numbered(2, 3), NUMBERS)])
    size = sum(part_path(project, h).stat().st_size for h in on_disk(project))
    found = collect(project, ledger=size - 1)
    assert found.evicted.count == 2
    assert Ledger(project, "key", many=True).known() is None


def test_forgotten_results_stay_for_those_who_may_have_looked_them_up(project: Project) -> None:
    entry = remember(project, "key", 1)
    os.utime(part_path(project, entry), (1.0, 1.0))
    process = holder()
    try:
        assert collect(project, ledger=0, dry_run=True).kept.count == 1
        found = collect(project, ledger=0)
        assert (found.evicted.count, found.parts, found.kept.count) == (1, Files(), 1)
        assert (results(project, "key"), on_disk(project)) == ([], {entry})
        assert collect(project).kept.count == 1
    finally:
        process.kill()
        process.communicate()
    assert collect(project).parts.count == 1


def test_many_parts_go_in_several_transactions(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(garbage, "BATCH", 2)
    for n in range(5):
        part(project, n)
    for n in range(5):
        remember(project, f"key {n}", n)
    found = collect(project, ledger=0)
    assert (found.parts.count, found.evicted.count) == (10, 5)
    assert on_disk(project) == known(project) == set()


def test_a_file_that_cannot_be_deleted_is_said(project: Project) -> None:
    lost = part_path(project, part(project, 0).hash)
    lost.unlink()
    lost.mkdir()
    os.utime(lost, (1.0, 1.0))
    with pytest.raises(ProjectError, match=r"The garbage in .* cannot be deleted"):
        collect(project)


@given(
    sizes=st.lists(st.tuples(st.integers(1, 300), st.integers(0, 5)), max_size=6),
    share=st.floats(0, 1.2),
)
def test_what_stays_fits_and_is_the_most_recent(
    sizes: list[tuple[int, int]], share: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    project = Project(tmp_path_factory.mktemp("gc").resolve())
    for number, (count, used) in enumerate(sizes):
        first = number * 1_000
        remember(project, f"key {number}", *range(first, first + count), used=float(used))
    total = sum(p.stat().st_size for p in project.parts.rglob("*.parquet"))
    bound = int(total * share)
    collect(project, ledger=bound)
    stays = [bool(results(project, f"key {n}")) for n in range(len(sizes))]
    by_use = sorted(range(len(sizes)), key=lambda n: (sizes[n][1], n))
    assert [stays[n] for n in by_use] == sorted(stays)  # those that are gone were used before those that stay
    assert sum(p.stat().st_size for p in project.parts.rglob("*.parquet")) <= bound
    assert all(stays) or share < 1
    project.database.close()
    leases.release()
