"""stale and refresh: versions whose inputs are no longer what they were, computed again in order."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import neurochain as nc
from neurochain.chain import parameters
from neurochain.errors import ReplayError


def double(x: int) -> int:
    return 2 * x


def pixel(volume) -> float:  # type: ignore[no-untyped-def]
    return float(volume[0, 0])


@pytest.fixture
def scans(dicom_tree: Path) -> nc.DatasetVersion:
    """Three datasets, each made of the one before."""
    nc.read_storage(f"{dicom_tree}/**/*.dcm").map(pixel=pixel).select("file", "pixel", "dose").save(
        "pixels", description="corner", labels=["raw"], tolerance={"pixel": 0.5}
    )
    nc.read_dataset("pixels").mutate(more=nc.Column("pixel") + 1).save("more")
    return nc.read_dataset("more@^1").group_by(total=nc.Column("more").sum()).save("total")


def said() -> dict[str, tuple[str, ...]]:
    return {s.version.reference: s.reasons for s in nc.stale()}


def test_nothing_is_stale(scans: nc.DatasetVersion) -> None:
    assert nc.stale() == []
    assert scans.refresh() == []


def test_files_new_changed_and_gone(scans: nc.DatasetVersion, dicom_tree: Path) -> None:
    paths = sorted(dicom_tree.rglob("*.dcm"))
    shutil.copy(paths[0], paths[0].with_name("im9.dcm"))
    paths[1].touch()
    paths[2].unlink()
    paths[3].with_suffix(".json").write_text('{"dose": 99}')
    assert said() == {
        "pixels@1.0.0": (f"{dicom_tree}/**/*.dcm: 1 file new, 2 changed, 1 gone",),
        "more@1.0.0": ("pixels@1.0.0 is stale",),
        "total@1.0.0": ("more@1.0.0 is stale",),
    }
    done = scans.refresh(yes=True)
    assert [r.after.reference for r in done] == ["pixels@1.0.1", "more@1.0.1", "total@1.0.1"]
    activity = done[0].after.lineage().activity
    assert (activity["computed"], activity["reused"]) == (3, 6)  # what is new and what has changed
    rows = nc.read_dataset("pixels").collect()
    assert rows.height == 9
    assert 99.0 in rows["dose"].to_list()
    assert (done[0].after.description, done[0].after.labels) == ("corner", ("raw",))
    assert done[0].after.tolerances == {"pixel": 0.5}
    assert nc.stale() == []
    assert done[2].after.reproduce(yes=True).outcome == "identical"


def test_a_newer_version_of_an_input(folder: Path) -> None:
    nc.read_values(x=[1, 2]).save("a")
    nc.read_dataset("a").map(y=double).save("latest")
    nc.read_dataset("a@1.0.0").map(y=double).save("exact")
    nc.read_dataset("a@~1.0").map(y=double).save("range")
    nc.read_values(x=[1, 2, 3]).save("a")
    nc.read_values(x=[1, 2, 3, 4]).save("a", bump="minor")
    assert said() == {"latest@1.0.0": ("a@1.0.0 became 1.1.0",), "range@1.0.0": ("a@1.0.0 became 1.0.1",)}
    assert [len(nc.dataset(n).refresh(yes=True)) for n in ("latest", "exact", "range")] == [1, 0, 1]
    assert [nc.dataset(n).rows for n in ("latest", "exact", "range")] == [4, 2, 3]
    assert nc.dataset("latest").lineage().activity["reused"] == 2
    assert nc.stale() == []


def test_what_is_gone_or_has_changed_is_said(folder: Path) -> None:
    table = folder / "people.csv"
    table.write_text("age\n1\n")
    nc.read_table(table).save("people")
    table.write_text("age\n2\n")
    assert said() == {"people@1.0.0": (f"{table} has changed",)}
    (done,) = nc.dataset("people").refresh()
    assert nc.read_dataset("people").collect()["age"].to_list() == [2]
    assert str(done).startswith("people@1.0.0 -> 1.0.1: 0 computed, 0 reused")
    table.unlink()
    assert "people.csv" in said()["people@1.0.1"][0]


def test_a_file_that_was_only_touched(folder: Path) -> None:
    (folder / "data").mkdir()
    path = folder / "data" / "a.txt"
    path.write_text("x")
    nc.read_storage(f"{folder}/data/*").select("file.path").save("v")
    path.touch()
    (done,) = nc.dataset("v").refresh()
    assert done.after.content_hash == done.before.content_hash
    assert nc.stale() == []


def test_bids(bids_tree: Path) -> None:
    (bids_tree / "dataset_description.json").write_text('{"Name": "x", "BIDSVersion": "1.8.0"}')
    (bids_tree / "participants.tsv").write_text("participant_id\tage\nsub-01\t30\n")
    nc.read_bids(bids_tree).select("file.path", "age").save("v")
    assert nc.stale() == []
    (bids_tree / "participants.tsv").write_text("participant_id\tage\nsub-01\t31\n")
    assert said() == {"v@1.0.0": (f"{bids_tree}: 1 file changed",)}
    nc.dataset("v").refresh()
    assert 31 in nc.read_dataset("v").collect()["age"].to_list()


def test_parameters_stay(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parameters, "_asked", {})
    nc.read_values(x=[1]).save("a")
    monkeypatch.setenv("NEUROCHAIN_PARAM_LEAST", "5")
    least = nc.param("least", 1)
    nc.read_dataset("a").map(y=lambda x: x + least).save("b")
    monkeypatch.setattr(parameters, "_asked", {})
    nc.read_values(x=[2]).save("a")
    (done,) = nc.dataset("b").refresh(yes=True)
    assert nc.read_dataset("b").collect()["y"].to_list() == [7]
    assert done.after.lineage().activity["parameters"] == {"least": {"value": 5, "from": "environment"}}


def test_values_that_were_given_stay(folder: Path) -> None:
    table = folder / "t.csv"
    table.write_text("x,z\n1,5\n")
    nc.read_values(x=[1, 2]).merge(nc.read_table(table), on="x", how="left").save("v")
    table.write_text("x,z\n1,6\n")
    (done,) = nc.dataset("v").refresh()
    assert nc.read_dataset("v").collect()["z"].to_list() == [6, None]
    assert done.after.lineage().sources[0].parts == done.before.lineage().sources[0].parts
    assert done.after.reproduce().outcome == "identical"


def test_nothing_runs_without_being_asked(folder: Path) -> None:
    nc.read_values(x=[1, 2]).save("a")
    nc.read_dataset("a").map(y=double).save("b")
    nc.read_values(x=[3]).save("a")
    with pytest.raises(ReplayError, match="Nothing was run"):
        nc.dataset("b").refresh()
    assert nc.dataset("b").version == "1.0.0"


def test_the_commands(folder: Path) -> None:
    nc.read_values(x=[1, 2]).save("a")
    nc.read_dataset("a").map(y=double).save("b")
    nc.read_values(x=[3]).save("a")

    def command(*arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "neurochain.cli", *arguments],
            capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    assert "a@1.0.0 became 1.0.1" in command("stale", "--exit-code", code=1)
    assert json.loads(command("stale", "--json")) == [
        {"version": "b@1.0.0", "reasons": ["a@1.0.0 became 1.0.1"]}
    ]
    assert "return 2 * x" in command("refresh", "b", code=2)
    assert "b@1.0.0 -> 1.0.1: 1 computed, 0 reused (a@1.0.0 became 1.0.1)" in command("refresh", "b", "--yes")
    assert "nothing is stale" in command("stale", "b", "--exit-code")
