"""read_bids(table=…): the rows of all tables of a kind, by whom they speak of."""

import gzip
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from bids_trees import grow

import neurochain as nc
from neurochain.testing import ObjectServer

EVENTS = "onset\tduration\ttrial_type\tcode\n1.5\t2\tgo\t01\n3\tn/a\tstop\t02\n"


def run(chain: nc.Chain) -> tuple[Any, Any]:
    """Rows, and what was pulled for them."""
    state, made = chain.execute()
    return state.frame.collect(), made.activity.counts


@pytest.fixture
def tree(folder: Path) -> Path:
    """Recordings with tables of their own, inherited ones, and none."""
    return grow(
        folder / "ds",
        {
            "participants.tsv": "participant_id\tage\tfile\nsub-01\t31\ta\nsub-02\tn/a\tb\n",
            "task-rest_events.tsv": "onset\tduration\n0\t300\n",
            "sub-01/sub-01_sessions.tsv": "session_id\tdate\nses-1\t2020\nses-2\t2021\n",
            "sub-01/ses-1/sub-01_ses-1_scans.tsv": "filename\tquality\nfunc/sub-01_ses-1_task-go_run-1_echo-1_bold.nii\t3\n",
            "sub-01/ses-1/func/sub-01_ses-1_task-go_run-1_events.tsv": EVENTS,
            "sub-01/ses-1/func/sub-01_ses-1_task-go_run-1_echo-1_bold.nii": None,
            "sub-01/ses-1/func/sub-01_ses-1_task-go_run-1_echo-2_bold.nii": None,
            "sub-01/ses-1/func/sub-01_ses-1_task-go_run-1_echo-1_sbref.nii": None,
            "sub-01/ses-1/func/sub-01_ses-1_task-rest_bold.nii": None,
            "sub-01/ses-1/anat/sub-01_ses-1_T1w.nii": None,
            "sub-02/ieeg/sub-02_task-rest_ieeg.edf": None,
            "sub-02/ieeg/sub-02_task-rest_events.tsv": "onset\tduration\tvalue\n7\t0\t5\n",
            "sub-02/ieeg/sub-02_task-rest_channels.tsv": "name\ttype\tlow_cutoff\nA1\tSEEG\t0.1\nA2\tSEEG\tn/a\n",
            "sub-02/ieeg/sub-02_space-MNI_electrodes.tsv": "name\tx\nA1\t1.5\n",
            "sub-02/ieeg/sub-02_space-native_electrodes.tsv": "name\tx\nA1\t2.5\n",
        },
    )


def test_events(tree: Path) -> None:
    events = nc.read_bids(tree, table="events")
    columns = ["subject", "task", "echo", "onset", "duration", "trial_type", "code", "value"]
    assert events.select(*columns).collect().rows() == [
        ("01", "go", "1", 1.5, 2, "go", "01", None),
        ("01", "go", "1", 3.0, None, "stop", "02", None),
        ("01", "go", "2", 1.5, 2, "go", "01", None),
        ("01", "go", "2", 3.0, None, "stop", "02", None),
        ("01", "rest", None, 0.0, 300, None, None, None),
        ("02", "rest", None, 7.0, 0, None, None, 5),
    ]
    tables = events.collect()["table"].to_list()
    assert tables[4:] == ["task-rest_events.tsv", "sub-02/ieeg/sub-02_task-rest_events.tsv"]
    assert run(events)[0]["_key"].n_unique() == 6
    row = next(iter(events))
    assert row.file.name == "sub-01_ses-1_task-go_run-1_echo-1_bold.nii"
    assert events.filter(nc.Column("onset") > 2, nc.Column("trial_type") == "stop").count() == 2


def test_events_of_a_real_tree(real_data: Path, folder: Path) -> None:
    root = real_data / "bids_examples_meta" / "eeg_matchingpennies"
    events = nc.read_bids(root, table="events")
    for subject in ("05", "06"):
        path = f"sub-{subject}/eeg/sub-{subject}_task-matchingpennies_events.tsv"
        expected = pl.read_csv(root / path, separator="\t", null_values="n/a")
        found = events.filter(nc.Column("subject") == subject).collect()
        assert found["table"].unique().to_list() == [path]
        assert found.select(expected.columns).equals(expected)
    channels = nc.read_bids(root, table="channels").filter(nc.Column("status") == "bad").collect()
    assert channels.filter(pl.col("file").struct.field("path").str.starts_with("sub-05")).height > 0


def test_events_beside_the_scans(tree: Path) -> None:
    scans = nc.read_bids(tree, headers=False)
    events = nc.read_bids(tree, table="events")
    merged = scans.merge(events, on="file.path", how="left", many=True)
    frame = merged.select("bids.suffix", "age", "onset").collect()
    assert frame.height == 8
    assert frame.filter(pl.col("onset").is_null())["suffix"].to_list() == ["T1w", "sbref"]
    assert frame.filter(pl.col("onset") == 7)["age"].to_list() == [None]
    assert events.count() == 6


def test_events_and_files_have_one_identity(tree: Path) -> None:
    (tree / "task-rest_ieeg.json").write_text('{"SamplingFrequency": 100}')
    scans = {row.file.uri: row.file.companions for row in nc.read_bids(tree, headers=False)}
    for row in nc.read_bids(tree, table="events"):
        assert row.file.companions == scans[row.file.uri]


def test_people(tree: Path) -> None:
    people = nc.read_bids(tree, table="participants")
    assert people.select("subject", "participant_id", "age", "file", "pipeline").collect().rows() == [
        ("01", "sub-01", 31, "a", None),
        ("02", "sub-02", None, "b", None),
    ]
    scans = nc.read_bids(tree, headers=False).merge(people, on="subject")
    assert scans.count() == 6
    sessions = (
        nc.read_bids(tree, table="sessions").select("subject", "session", "session_id", "date").collect()
    )
    assert sessions.rows() == [("01", "1", "ses-1", 2020), ("01", "2", "ses-2", 2021)]
    rated = nc.read_bids(tree, table="scans")
    assert rated.collect()["path"].to_list() == [
        "sub-01/ses-1/func/sub-01_ses-1_task-go_run-1_echo-1_bold.nii"
    ]


def test_channels_and_electrodes(tree: Path) -> None:
    channels = nc.read_bids(tree, table="channels").select("subject", "name", "type", "low_cutoff").collect()
    assert channels.rows() == [("02", "A1", "SEEG", 0.1), ("02", "A2", "SEEG", None)]
    electrodes = nc.read_bids(tree, table="electrodes").select("table", "x").collect()
    assert [(table.rpartition("/")[2], x) for table, x in electrodes.iter_rows()] == [
        ("sub-02_space-MNI_electrodes.tsv", 1.5),
        ("sub-02_space-native_electrodes.tsv", 2.5),
    ]
    assert nc.read_bids(tree, table="optodes").count() == 0


def test_types_are_those_of_all_files(tree: Path) -> None:
    path = tree / "sub-02/ieeg/sub-02_task-rest_events.tsv"
    path.write_text("onset\tduration\ttrial_type\n1e1\tlong\t7\n")
    frame = nc.read_bids(tree, table="events").select("onset", "duration", "trial_type").collect()
    assert frame.dtypes == [pl.Float64, pl.String, pl.String]
    assert frame.rows()[-1] == (10.0, "long", "7")


def test_columns_whose_names_are_taken(tree: Path) -> None:
    path = tree / "sub-02/ieeg/sub-02_task-rest_events.tsv"
    path.write_text('onset\tfile\tbids\tfile_events\t_key\t"a\tb"\n1\tx\ty\tv\tz\t"w"\n')
    row = nc.read_bids(tree, table="events").collect().to_dicts()[-1]
    assert (row["file_events"], row["bids_events"], row["_key_events"], row["a\tb"]) == ("x", "y", "z", "w")
    assert row["file_events_events"] == "v"
    assert row["bids"]["subject"] == "02"


def test_columns_that_look_like_patterns(tree: Path) -> None:
    (tree / "participants.tsv").write_text(
        "participant_id\t*\t^a.*$\ta.b\nsub-01\t1\t2\t3\nsub-02\t4\t5\tx\n"
    )
    people = nc.read_bids(tree, table="participants").collect()
    assert people.select("*_", "^a.*$_").rows() == [(1, 2), (4, 5)]
    rows = {row.bids.subject: row.participants for row in nc.read_bids(tree, headers=False)}
    assert rows["02"] == {"participant_id": "sub-02", "*_": 4, "^a.*$_": 5, "a.b": "x"}
    scans = nc.read_bids(tree, headers=False)
    assert scans.filter(nc.Column("participants.a.b") == "3").count() == 5
    (tree / "participants.tsv").write_text("participant_id\t*\t*_\n")
    assert "'_' behind" in nc.read_bids(tree, table="participants").collect()["problem"][0]


def test_tables_that_cannot_be_read_are_rows(tree: Path) -> None:
    (tree / "sub-02/ieeg/sub-02_task-rest_events.tsv").write_text("onset\tduration\n1\n")
    (tree / "sub-01/ses-1/func/sub-01_ses-1_task-go_events.tsv").write_text(EVENTS)
    frame = nc.read_bids(tree, table="events").select("task", "onset", "table", "problem").collect()
    assert frame["task"].to_list() == ["go", "go", "rest", "rest"]
    assert frame["onset"].to_list() == [None, None, 0.0, None]
    assert (
        "task-go_events.tsv and sub-01/ses-1/func/sub-01_ses-1_task-go_run-1_events.tsv do"
        in frame["problem"][0]
    )
    assert "line 2: 1 cells" in frame["problem"][3]
    (tree / "participants.tsv").write_bytes(b"\xff\xfe\0")
    people = nc.read_bids(tree, table="participants").collect()
    assert people["subject"].to_list() == [None]
    assert "no UTF-8" in people["problem"][0]


def test_tables_are_read_once(tree: Path) -> None:
    events = nc.read_bids(tree, table="events")
    first, counts = run(events)
    assert counts.requests == 4  # three tables and the description
    again, counts = run(events)
    assert counts.requests == 0
    assert again.equals(first)
    path = tree / "task-rest_events.tsv"
    path.write_text("onset\tduration\n0\t30\n")
    changed, counts = run(events)
    assert counts.bytes == path.stat().st_size
    assert [a != b for a, b in zip(first.rows(), changed.rows(), strict=True)] == [False] * 4 + [True, False]
    version = events.save("events")
    assert events.save("events").reference == version.reference
    assert set(version.lineage().files()["path"]) >= {"task-rest_events.tsv", "dataset_description.json"}
    assert version.lineage().sources[0].reference["table"] == "events"
    assert nc.read_dataset("events").filter(nc.Column("onset") == 7).count() == 1


def test_recordings_without_a_header(folder: Path) -> None:
    beats = gzip.compress(b"1.5\t3\nn/a\t4\n")
    tree = grow(
        folder / "ds [1]",
        {
            "task-rest_physio.json": {"SamplingFrequency": 50, "StartTime": -1, "Columns": ["a", "b"]},
            "sub-01/func/sub-01_task-rest_physio.tsv.gz": beats,
            "sub-01/func/sub-01_task-rest_recording-eye_physio.tsv.gz": beats,
            "sub-01/func/sub-01_task-rest_recording-eye_physio.json": {"Columns": ["x", "y"]},
            "sub-01/func/sub-01_task-talk_physio.tsv.gz": beats,
            "sub-01/func/sub-01_task-rest_desc-more_timeseries.tsv.gz": gzip.compress(b"a\n1\n"),
        },
    )
    func = tree / "sub-01" / "func"
    plain = nc.read_table(func / "sub-01_task-rest_physio.tsv.gz").collect()
    assert plain.to_dict(as_series=False) == {"a": [1.5, None], "b": [3, 4]}
    eye = nc.read_table(func / "sub-01_task-rest_recording-eye_physio.tsv.gz").collect()
    assert eye.columns == ["x", "y"]
    assert nc.read_table(func / "sub-01_task-rest_desc-more_timeseries.tsv.gz").collect()["a"].to_list() == [
        1
    ]
    with pytest.raises(nc.FormatError, match=r"no sidecar names its columns.*sub-01_task-talk_physio\.json"):
        nc.read_table(func / "sub-01_task-talk_physio.tsv.gz")
    (func / "sub-01_task-rest_physio.json").write_text('{"Columns": ["a"]}')
    with pytest.raises(nc.FormatError, match="it has 2 columns, and its sidecar names 1"):
        nc.read_table(func / "sub-01_task-rest_physio.tsv.gz")
    rows = nc.read_bids(tree).filter(nc.Column("suffix") == "physio").select("task", "Columns").collect()
    assert rows.rows()[0] == ("rest", ["a"])


def test_a_moving_recording_on_an_object_store(folder: Path) -> None:
    grow(
        folder / "served/ds",
        {"task-walk_motion.json": {"Columns": ["x"]}, "sub-1/motion/sub-1_task-walk_motion.tsv": "1\n2\n"},
    )
    with ObjectServer(folder / "served") as server:
        path = "s3://ds/sub-1/motion/sub-1_task-walk_motion.tsv"
        nc.read_storage("s3://ds/**", anon=True, storage_options={"endpoint": server.url})
        assert nc.read_table(path).collect()["x"].to_list() == [1, 2]


def test_functions_get_the_recording(tree: Path) -> None:
    events = nc.read_bids(tree, table="events")
    sizes = events.map(place=lambda file, onset: f"{file.name[:6]} {onset}").select("place").collect()
    assert sizes["place"].to_list()[-1] == "sub-02 7.0"
