"""Withdrawing a subject: afterwards no byte of project and cache holds it, and everybody else's rows are there."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from bids_trees import grow
from sqlalchemy import select

import neurochain as nc
from neurochain.datasets import tables
from neurochain.datasets.audit import audit
from neurochain.datasets.events import read_events
from neurochain.datasets.project import Project, close_projects
from neurochain.errors import ExpressionError, ProjectError, VersionError
from neurochain.storage.extents import ExtentCache
from neurochain.storage.memo import cache_memo

WHO = "Quokka7"
TOLD = "the-word-of-quokka"
OTHERS = ["Bilby1", "Numbat2"]


def text_of(file: nc.File) -> str:
    return file.open("r").read()


def length(told: str) -> int:
    return len(told)


def picky(file: nc.File) -> int:
    if f"sub-{WHO}" in file.path:
        raise ValueError(f"cannot read {text_of(file)}")
    return file.size


@pytest.fixture
def study(project: Project, tmp_path: Path) -> Project:
    """Project with all kinds of versions that hold the subject, by columns, files, keys, groups and given values."""
    data = tmp_path / "data"
    for name, word in [(WHO, TOLD), *((o, f"word of {o}") for o in OTHERS)]:
        (data / f"sub-{name}").mkdir(parents=True)
        (data / f"sub-{name}" / f"sub-{name}_notes.txt").write_text(word)
    files = nc.read_storage(str(data), headers=True)
    scans = files.select("file", "bids.subject").map(told=text_of).save("scans", labels=[f"with sub-{WHO}"])
    words = nc.read_dataset("scans").select("told").save("words")  # no column says whose
    assert words.schema.keys() == {"told"}
    nc.read_dataset("words").map(length).save("lengths")
    nc.read_dataset("lengths").select("length").mutate(twice=nc.Column("length") * 2).save("numbers")
    nc.read_dataset("lengths").agg(total=_total).save("totals")
    nc.read_dataset("scans").group_by("subject", n=nc.Column("told").count()).save("counts")
    nc.read_dataset("words").mutate(mean=nc.Column("told").str.len_chars().mean()).save("means")
    nc.read_values(subject=[WHO, *OTHERS], told=[TOLD, "a", "b"]).save("given")
    nc.read_values(x=[1, 2]).save("apart")
    files.filter(nc.Column("bids.subject") != WHO).select("file").save("without")
    files.settings(on_error="skip").map(picky).select("picky").save("picked")
    ExtentCache(tmp_path / ".cache" / "extents").keep("s3://b/x", "etag", [(0, TOLD.encode())])
    cache_memo().put("of a reader", TOLD.encode())
    assert scans.rows == 3
    return project


def _total(length: list[int]) -> int:
    return sum(length)


def _summed(age: list[int]) -> int:
    return sum(age)


def rows(reference: str) -> pl.DataFrame:
    return nc.read_dataset(reference).collect()


def everything(folder: Path) -> dict[str, bytes]:
    """All bytes below a folder, those of Parquet files as text too, since they are compressed."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            found[str(path)] = path.read_bytes()
            if path.suffix == ".parquet":
                frame = pl.read_parquet(path)
                found[f"{path} rows"] = repr(frame.rows()).encode() + str(frame.schema).encode()
    return found


def holding(tmp_path: Path, *needles: str) -> list[str]:
    close_projects()
    places = {**everything(tmp_path / ".neurochain"), **everything(tmp_path / ".cache")}
    return [name for name, data in places.items() if any(n.encode() in data for n in needles)]


def test_no_byte_is_left(study: Project, tmp_path: Path) -> None:
    assert len(holding(tmp_path, WHO, TOLD)) > 10
    found = nc.withdraw(subject=WHO, reason=f"sub-{WHO} asked us to")
    assert holding(tmp_path, WHO, TOLD) == []
    assert found.notes == ()
    assert (tmp_path / "data" / f"sub-{WHO}").is_dir()  # the files themselves are the user's


def test_the_others_rows_are_there(study: Project) -> None:
    found = {v.version: v for v in nc.withdraw(subject=f"sub-{WHO}").versions}
    assert {name: (v.rows, v.replaced, v.again) for name, v in found.items()} == {
        "scans@1.0.0": (1, "scans@1.0.1", False),
        "words@1.0.0": (1, "words@1.0.1", False),
        "lengths@1.0.0": (1, "lengths@1.0.1", False),
        "numbers@1.0.0": (1, "numbers@1.0.1", False),
        "totals@1.0.0": (1, None, True),
        "counts@1.0.0": (1, "counts@1.0.1", False),
        "means@1.0.0": (3, None, True),
        "given@1.0.0": (1, "given@1.0.1", False),
    }
    assert sorted(rows("scans")["told"]) == ["word of Bilby1", "word of Numbat2"]
    assert sorted(rows("lengths")["length"]) == [14, 15]
    assert sorted(rows("numbers")["twice"]) == [28, 30]
    assert rows("given").rows() == [("Bilby1", "a"), ("Numbat2", "b")]
    assert rows("apart").height == 2
    assert nc.dataset("apart").version == "1.0.0"
    assert rows("without").height == 2
    for reference in ("scans@1.0.0", "totals", "means"):
        with pytest.raises(
            VersionError, match=rf"rows of {reference.split('@')[0]}@1.0.0 were withdrawn on 20"
        ):
            rows(reference)
    assert nc.dataset("apart").reproduce(yes=True)
    with pytest.raises(VersionError, match="were withdrawn"):
        nc.dataset("scans@1.0.0").verify(yes=True)
    assert nc.dataset("scans").reproduce(yes=True).outcome == "impossible"
    assert nc.dataset("scans").verify(0)


def test_versions_stay_listed_with_date_reason_and_count(study: Project) -> None:
    found = nc.withdraw(subject=WHO, reason=f"{WHO} asked us to")
    listed = {f"{r['name']}@{r['version']}": r["description"] for r in nc.datasets().to_dicts()}
    assert listed["scans@1.0.0"].startswith("withdrawn on 20")
    assert "asked us to" in listed["scans@1.0.0"]
    assert "1 of its rows were withdrawn on 20" in str(nc.dataset("scans@1.0.0").lineage())
    stone = nc.dataset("scans@1.0.0").withdrawn
    assert stone is not None
    assert (stone["of"], stone["rows"], stone["replaced"]) == (found.pseudonym, 1, "scans@1.0.1")
    assert nc.dataset("scans@1.0.0").lineage().files().height == 2
    with study.database.read() as connection:
        events = [e for e in read_events(connection) if e.what == "withdrawn"]
        assert connection.execute(select(tables.files)).all()
    assert [e.detail["version"].split("@")[0] for e in events] == [
        v.version.split("@")[0] for v in reversed(found.versions)
    ]
    assert {e.detail["of"] for e in events} == {found.pseudonym}
    assert audit(study)


def test_a_dry_run_says_the_same_and_changes_nothing(study: Project, tmp_path: Path) -> None:
    close_projects()
    before = everything(tmp_path / ".neurochain" / "parts") | everything(tmp_path / ".cache")
    planned = nc.withdraw(subject=WHO, dry_run=True)
    assert everything(tmp_path / ".neurochain" / "parts") | everything(tmp_path / ".cache") == before
    done = nc.withdraw(subject=WHO)
    assert [(v.version, v.rows, v.again) for v in planned.versions] == [
        (v.version, v.rows, v.again) for v in done.versions
    ]
    assert planned.erased.named == done.erased.named > 0
    assert planned.erased.files == done.erased.files == 1
    assert json.dumps(done.to_json())
    again = nc.withdraw(subject=WHO)
    assert again.versions == ()
    assert (again.erased.named, again.erased.files, again.erased.texts) == (0, 0, 0)


def test_what_must_be_computed_again_is_stale_and_can_be_refreshed(project: Project) -> None:
    nc.read_values(subject=["07", "08", "09"], age=[30, 40, 50]).save("people")
    nc.read_dataset("people").agg(total=_summed).save("totals")
    nc.read_dataset("people").select("age").save("ages")
    found = nc.withdraw(subject="07")
    assert [v.version for v in found.versions if v.again] == ["totals@1.0.0"]
    assert [str(s) for s in nc.stale()] == ["totals@1.0.0: people@1.0.0 became 1.0.1"]
    nc.dataset("totals").refresh(yes=True)
    assert rows("totals")["total"].to_list() == [90]
    assert nc.stale() == []
    assert nc.withdraw(subject="07").versions == ()


def test_a_version_that_lost_rows_travels_with_its_tombstone(project: Project, tmp_path: Path) -> None:
    nc.read_values(subject=["07", "08"], age=[30, 40]).save("people")
    nc.withdraw(subject="07")
    with pytest.raises(VersionError, match="were withdrawn"):
        nc.dataset("people@1.0.0").export(tmp_path / "bundle")
    nc.dataset("people").export(tmp_path / "bundle")
    nc.import_versions(tmp_path / "bundle", into="lab2/")
    assert rows("lab2/people").rows() == [("08", 40)]
    with pytest.raises(VersionError, match="were withdrawn"):
        rows("lab2/people@1.0.0")
    assert audit(project)


def test_who_is_not_there_leaves_all_as_it_is(study: Project, tmp_path: Path) -> None:
    found = nc.withdraw(subject="Nobody")
    assert found.versions == ()
    assert found.erased.results == found.erased.cached == 0
    assert list((tmp_path / ".cache" / "memo").rglob("*"))
    activity = nc.read_dataset("words").map(length).save("again").lineage().activity
    assert activity["reused"] == 3


def test_rows_where_a_column_has_a_value(project: Project, tmp_path: Path) -> None:
    nc.read_values(group=["control", "patient", "patient"], age=[3, 40, 50]).save("people")
    nc.withdraw(where=("age", "40"))
    assert rows("people")["age"].to_list() == [3, 50]
    nc.withdraw(where=("group", "patient"))
    assert rows("people").rows() == [("control", 3)]
    assert nc.dataset("people").version == "1.0.2"
    (tmp_path / "north").mkdir()
    (tmp_path / "north" / "a.txt").write_text("a")
    nc.read_storage(str(tmp_path / "north")).select("file").map(text_of).save("texts")
    nc.read_values(site=["north", "south"]).save("sites")
    found = nc.withdraw(where=("site", "north"))
    assert [v.version for v in found.versions] == ["sites@1.0.0"]  # a folder's name is no column
    assert found.erased.results >= 2  # a header and a text: nobody can tell whose
    assert rows("texts")["text_of"].to_list() == ["a"]
    with pytest.raises(ExpressionError, match="either subject= or where="):
        nc.withdraw()
    with pytest.raises(ExpressionError, match="letters and digits"):
        nc.withdraw(subject="0/7")


def test_older_versions_are_replaced_first_so_that_the_latest_stays_the_latest(project: Project) -> None:
    for n in (1, 2, 3):
        nc.read_values(subject=["07", "08"], n=[n, n]).save("scores")
    found = nc.withdraw(subject="07")
    assert [v.replaced for v in found.versions] == ["scores@1.0.3", "scores@1.0.4", "scores@1.0.5"]
    assert rows("scores").rows() == [("08", 3)]


def test_bids_rows_leave_with_their_participants(project: Project, tmp_path: Path) -> None:
    grow(
        tmp_path / "study",
        {
            f"sub-{WHO}/eeg/sub-{WHO}_task-rest_eeg.edf": "no recording",
            "sub-02/eeg/sub-02_task-rest_eeg.edf": "no recording",
            "participants.tsv": f"participant_id\tnote\nsub-{WHO}\t{TOLD}\nsub-02\tnone\n",
        },
    )
    nc.read_bids(str(tmp_path / "study")).save("study")
    nc.read_bids(str(tmp_path / "study"), table="participants").save("people")
    nc.withdraw(subject=WHO)
    assert nc.read_dataset("study").select("bids.subject").collect()["subject"].to_list() == ["02"]
    assert rows("people").height == 1
    assert holding(tmp_path, WHO, TOLD) == []


def test_another_process_is_not_disturbed(study: Project) -> None:
    script = "import neurochain as nc, sys; from neurochain.datasets import leases; from neurochain.datasets.project import project\n"
    script += "leases.hold(project().folder); print('held', flush=True); sys.stdin.read()"
    other = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdin is not None
    assert other.stdout.readline() == "held\n"
    with pytest.raises(ProjectError, match=f"Another process uses this project.*{other.pid}"):
        nc.withdraw(subject=WHO)
    other.communicate("")
    assert nc.withdraw(subject=WHO).versions


KILLED = """
import os, signal, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
import neurochain as nc
left = int(sys.argv[1])

@event.listens_for(Engine, "commit")
def count(connection):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

nc.withdraw(subject=sys.argv[2])
print("done")
"""


def killed(tmp_path: Path, after: int) -> None:
    """Kill a withdrawal after so many transactions, run it again, and look at what is there."""
    close_projects()
    command = [sys.executable, "-c", KILLED, str(after), WHO]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    nc.withdraw(subject=WHO)
    assert sorted(rows("numbers")["twice"]) == [28, 30]
    assert nc.dataset("numbers").version == "1.0.1"
    assert rows("given").height == 2
    project = nc.dataset("given").project
    assert audit(project)
    assert holding(tmp_path, WHO, TOLD) == []


@pytest.mark.parametrize("after", [8, 20, 32, 44, 56, 68, 80])
def test_killed_in_the_middle_it_is_run_to_its_end(study: Project, tmp_path: Path, after: int) -> None:
    killed(tmp_path, after)


@pytest.mark.long
@pytest.mark.parametrize("after", range(1, 91))
def test_killed_after_each_transaction_it_is_run_to_its_end(
    study: Project, tmp_path: Path, after: int
) -> None:
    killed(tmp_path, after)


def test_what_cannot_be_told_is_said(project: Project, tmp_path: Path) -> None:
    (tmp_path / "people.tsv").write_text(f"who\tage\n{WHO}\t30\nBilby1\t40\n")
    nc.read_table(str(tmp_path / "people.tsv")).select("age").save("ages")
    nc.read_values(subject=["Bilby1"], note=[f"twin of sub-{WHO}"]).save(f"sub-{WHO}/notes")
    notes = nc.withdraw(subject=WHO).notes
    assert "ages@1.0.0 does not say whose its rows are, and was made of" in notes[0]
    assert notes[1] == f"sub-{WHO}/notes@1.0.0: 1 rows of others name it in a text"
    assert f"the dataset's name sub-{WHO}/notes holds it still" in notes
