"""read_bids: one row per image or recording, with what the tree says of it."""

import json
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from bids_trees import grow

import neurochain as nc
from neurochain.testing import ObjectServer
from neurochain.testing.edf import write_edf

PEOPLE = "participant_id\tage\tsex\tcode\nsub-01\t31\tf\t007\nsub-02\tn/a\tm\t8\n"


def run(chain: nc.Chain) -> tuple[Any, Any]:
    """Rows, and what was pulled for them."""
    state, made = chain.execute()
    return state.frame.collect(), made.activity.counts


@pytest.fixture
def tree(folder: Path) -> Path:
    """Two subjects, one with sessions, sidecars at every level, tables, and all that is no data."""
    voxels = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    image = nibabel.Nifti1Image(voxels, np.diag([2.0, 2, 2, 1])).to_bytes()  # type: ignore[no-untyped-call]
    write_edf(folder / "signal.edf", np.zeros((2, 200)), 100, ["Fz", "Cz"])
    return grow(
        folder / "ds",
        {
            "README": "words",
            "participants.tsv": PEOPLE,
            "participants.json": {"age": {"Units": "years"}},
            "task-rest_bold.json": {"RepetitionTime": 2.0, "TaskName": "rest"},
            "sub-01/ses-1/sub-01_ses-1_scans.tsv": "filename\tacq_time\nfunc/sub-01_ses-1_task-rest_run-1_bold.nii\t2020-01-01T10:00:00\n",
            "sub-01/sub-01_sessions.tsv": "session_id\tmood\nses-1\t5\nses-2\tn/a\n",
            "sub-01/sub-01_task-rest_bold.json": {"EchoTime": 0.03, "TaskName": "of the subject"},
            "sub-01/ses-1/sub-01_ses-1_task-rest_bold.json": {"EchoTime": 0.031},
            "sub-01/ses-1/func/sub-01_ses-1_task-rest_run-1_bold.json": {"SliceTiming": [0.0, 1.0]},
            "sub-01/ses-1/func/sub-01_ses-1_task-rest_run-1_bold.nii": image,
            "sub-01/ses-1/func/sub-01_ses-1_task-rest_run-1_events.tsv": "onset\tduration\n1\t2\n",
            "sub-01/ses-2/func/sub-01_ses-2_task-rest_run-1_bold.nii": image,
            "sub-02/anat/sub-02_T1w.nii": image,
            "sub-02/dwi/sub-02_dwi.nii.gz": None,
            "sub-02/dwi/sub-02_dwi.bval": "0 1000",
            "sub-02/dwi/sub-02_dwi.bvec": "0 1\n0 0\n0 0",
            "sub-02/eeg/sub-02_task-rest_eeg.edf": (folder / "signal.edf").read_bytes(),
            "sub-02/eeg/sub-02_task-rest_channels.tsv": "name\ttype\nFz\tEEG\nCz\tEEG\n",
            "sub-02/eeg/sub-02_task-talk_eeg.vhdr": "no header",
            "sub-02/eeg/sub-02_task-talk_eeg.eeg": b"x",
            "sub-02/eeg/sub-02_task-talk_eeg.vmrk": "no marks",
            "sub-02/meg/sub-02_task-rest_meg.ds/data.meg4": b"12345",
            "sub-02/meg/sub-02_task-rest_meg.ds/deep/er.res4": b"123",
            "sub-02/meg/sub-02_task-rest_meg.json": {"DewarPosition": "upright"},
            "sub-02/anat/notes.txt": "strange",
            "sourcedata/sub-01/anat/sub-01_T1w.nii": image,
            "code/sub-01_T1w.nii": image,
            "derivatives/prep/dataset_description.json": {"Name": "prep", "BIDSVersion": "1.9.0"},
            "derivatives/prep/sub-02/anat/sub-02_desc-brain_T1w.nii": image,
            "derivatives/prep/desc-brain_T1w.json": {"SkullStripped": True},
            "derivatives/other/sub-02/anat/sub-02_label-GM_probseg.nii": image,
        },
    )


DATA = [
    "sub-01/ses-1/func/sub-01_ses-1_task-rest_run-1_bold.nii",
    "sub-01/ses-2/func/sub-01_ses-2_task-rest_run-1_bold.nii",
    "sub-02/anat/sub-02_T1w.nii",
    "sub-02/dwi/sub-02_dwi.nii.gz",
    "sub-02/eeg/sub-02_task-rest_eeg.edf",
    "sub-02/eeg/sub-02_task-talk_eeg.vhdr",
    "sub-02/meg/sub-02_task-rest_meg.ds",
]


def test_rows_are_images_and_recordings(tree: Path) -> None:
    frame = nc.read_bids(tree).collect()
    assert frame["file"].struct.field("path").to_list() == DATA
    assert frame["problem"].null_count() == frame.height
    rows = dict(zip(DATA, frame.to_dicts(), strict=True))
    bold, meg, dwi = rows[DATA[0]], rows[DATA[6]], rows[DATA[3]]
    assert bold["header"]["shape"] == [2, 3, 4]
    assert (bold["bids"]["subject"], bold["bids"]["session"], bold["bids"]["run"]) == ("01", "1", "1")
    assert (bold["bids"]["datatype"], bold["bids"]["suffix"], bold["bids"]["extension"]) == (
        "func",
        "bold",
        ".nii",
    )
    assert bold["pipeline"] is None
    assert rows[DATA[4]]["header"]["sampling_frequency"] == 100.0
    assert "empty (0 bytes)" in dwi["header"]["error"]
    assert (dwi["bids"]["subject"], dwi["bids"]["suffix"]) == ("02", "dwi")
    assert (meg["file"]["size"], meg["header"]["format"], meg["bids"]["extension"]) == (8, None, ".ds")
    assert meg["file"]["uri"] == str(tree / DATA[6])
    assert json.loads(meg["sidecar"]) == {"DewarPosition": "upright"}


def test_metadata_are_inherited(tree: Path) -> None:
    scans = nc.read_bids(tree)
    frame = scans.select("file.path", "RepetitionTime", "EchoTime", "TaskName", "SliceTiming").collect()
    assert frame.rows()[:3] == [
        (DATA[0], 2.0, 0.031, "of the subject", [0.0, 1.0]),
        (DATA[1], 2.0, 0.03, "of the subject", None),
        (DATA[2], None, None, None, None),
    ]
    companions = [json.loads(c or "{}") for c in scans.collect()["file"].struct.field("companions")]
    assert list(companions[0]) == [
        "../../../task-rest_bold.json",
        "../../sub-01_task-rest_bold.json",
        "../sub-01_ses-1_task-rest_bold.json",
        "sub-01_ses-1_task-rest_run-1_bold.json",
    ]
    assert list(companions[3]) == ["sub-02_dwi.bval", "sub-02_dwi.bvec"]
    assert list(companions[5]) == ["sub-02_task-talk_eeg.eeg", "sub-02_task-talk_eeg.vmrk"]
    assert all(etag for one in companions for etag in one.values())


def test_tables_of_people(tree: Path) -> None:
    scans = nc.read_bids(tree, headers=False)
    frame = scans.select("subject", "session", "age", "sex", "code", "mood", "acq_time").collect()
    assert frame.rows()[:3] == [
        ("01", "1", 31, "f", "007", 5, "2020-01-01T10:00:00"),
        ("01", "2", 31, "f", "007", None, None),
        ("02", None, None, "m", "8", None, None),
    ]
    assert "header" not in scans.schema
    row = next(iter(scans))
    assert row.participants == {"participant_id": "sub-01", "age": 31, "sex": "f", "code": "007"}


def test_derivatives(tree: Path) -> None:
    both = nc.read_bids(tree, derivatives=True, headers=False).filter(nc.Column("pipeline").is_not_null())
    frame = both.select("pipeline", "file.path", "SkullStripped", "sex", "description").collect()
    assert frame.rows() == [
        ("other", "derivatives/other/sub-02/anat/sub-02_label-GM_probseg.nii", None, "m", None),
        ("prep", "derivatives/prep/sub-02/anat/sub-02_desc-brain_T1w.nii", True, "m", "brain"),
    ]
    one = nc.read_bids(tree, derivatives="prep", headers=False)
    assert one.count() == len(DATA) + 1
    assert nc.read_bids(tree / "derivatives" / "prep").count() == 1
    with pytest.raises(nc.NothingMatchedError, match=r"no derivatives of 'pep'.*'prep'"):
        nc.read_bids(tree, derivatives=["pep"]).count()
    with pytest.raises(nc.PatternError, match="fmriprep"):
        nc.read_bids(tree, derivatives="derivatives/prep")


def test_what_is_no_dataset(tree: Path, folder: Path) -> None:
    with pytest.raises(
        nc.FormatError, match=r"no BIDS dataset: it has no dataset_description.json.*validate=False"
    ):
        nc.read_bids(tree / "sub-02")
    with pytest.raises(nc.NothingMatchedError, match="no folder"):
        nc.read_bids(folder / "nowhere")
    with pytest.raises(nc.PatternError, match="'events'"):
        nc.read_bids(tree, table="event")
    (tree / "dataset_description.json").write_text("[1]")
    with pytest.raises(nc.FormatError, match="no JSON object"):
        nc.read_bids(tree).count()
    assert nc.read_bids(tree, validate=False).count() == len(DATA)
    (tree / "dataset_description.json").unlink()
    assert nc.read_bids(tree, validate=False).count() == len(DATA)
    empty = grow(folder / "empty", {"sub-01/anat/notes.txt": "x"})
    with pytest.raises(nc.NothingMatchedError, match="holds no image or recording"):
        nc.read_bids(empty).count()


def test_ignored_files(tree: Path) -> None:
    (tree / ".bidsignore").write_text(
        "# none of these\n*_dwi.*\n/sub-02/meg/\nsub-01/sub-01_task-rest_bold.json\n"
    )
    frame = nc.read_bids(tree).select("file.path", "TaskName").collect()
    assert frame["path"].to_list() == [*DATA[:3], *DATA[4:6]]
    assert frame["TaskName"][0] == "rest"
    (tree / ".bidsignore").write_bytes(b"\xff\xfe\0")
    with pytest.raises(nc.FormatError, match=r"bidsignore is no UTF-8 text.*validate=False"):
        nc.read_bids(tree).count()
    assert nc.read_bids(tree, validate=False).count() == len(DATA)


def test_two_sidecars_of_one_level(tree: Path) -> None:
    (tree / "sub-01/sub-01_bold.json").write_text('{"EchoTime": 1}')
    chain = nc.read_bids(tree)
    frame = chain.filter(nc.Column("problem").is_not_null()).collect()
    assert frame["file"].struct.field("path").to_list() == DATA[:2]
    assert "sub-01/sub-01_bold.json and sub-01/sub-01_task-rest_bold.json do" in frame["problem"][0]
    assert frame["header"].struct.field("error").to_list() == frame["problem"].to_list()
    assert frame["sidecar"].to_list() == [None, None]
    assert (
        chain.filter(nc.Column("header.error").is_null()).count() == 3
    )  # the .nii.gz is empty, the .vhdr no header


def test_metadata_that_cannot_be_read(tree: Path) -> None:
    (tree / "sub-01/sub-01_task-rest_bold.json").write_text("{")
    (tree / "sub-01/sub-01_sessions.tsv").write_text("session_id\tmood\nses-1\n")
    (tree / "sub-01/ses-1/sub-01_ses-1_scans.tsv").write_text("file\n1\n")
    (tree / "sub-02/meg/sub-02_task-rest_meg.json").write_bytes(b"\xff\xfe")
    (tree / "participants.tsv").write_text(PEOPLE + "sub-02\t1\tm\t9\n")
    problems = dict(nc.read_bids(tree, headers=False).select("file.path", "problem").collect().iter_rows())
    for part in ("sub-01_task-rest_bold.json is no JSON", "line 2: 1 cells", "no column 'filename'"):
        assert part in problems[DATA[0]]
    assert "filename" not in problems[DATA[1]]
    assert problems[DATA[2]] == "participants.tsv has several rows for 02."
    assert "no UTF-8" in problems[DATA[6]]


def test_all_is_remembered(tree: Path) -> None:
    chain = nc.read_bids(tree)
    first, counts = run(chain)
    assert counts.requests > 0
    again, counts = run(chain)
    assert (counts.bytes, counts.requests) == (0, 0)
    assert again.equals(first)
    top = tree / "task-rest_bold.json"
    top.write_text('{"RepetitionTime": 2.5}')
    changed, counts = run(chain)
    assert (counts.bytes, counts.requests) == (top.stat().st_size, 1)
    differ = [a != b for a, b in zip(first.rows(), changed.rows(), strict=True)]
    assert differ == [True, True, False, False, False, False, False]
    anew, counts = run(chain.settings(reuse=False))
    assert counts.requests > 1
    assert anew.equals(changed)


def test_each_document_is_pulled_once(tree: Path) -> None:
    _, counts = run(nc.read_bids(tree, headers=False))
    used = [
        *tree.glob("*.tsv"),
        *(p for p in tree.glob("*.json") if p.name != "participants.json"),
        *tree.glob("sub-*/**/*.json"),
        *tree.glob("sub-*/**/*_scans.tsv"),
        *tree.glob("sub-*/*_sessions.tsv"),
    ]
    assert (counts.bytes, counts.requests) == (sum(p.stat().st_size for p in used), len(used))
    _, counts = run(nc.read_bids(tree))  # only headers are left
    assert counts.requests <= len(DATA)
    _, counts = run(nc.read_bids(tree, table="channels"))
    assert counts.requests == 1


def test_only_rows_with_a_changed_sidecar_are_computed_again(tree: Path) -> None:
    chain = nc.read_bids(tree).filter(nc.Column("suffix") != "meg").map(first=first_byte)
    version = chain.save("bytes")
    assert chain.save("bytes").reference == version.reference
    (tree / "task-rest_bold.json").write_text('{"RepetitionTime": 9.5}')
    _, counts = run(chain)
    assert (counts.computed, counts.reused) == (2, 4)
    new = chain.save("bytes")
    assert new.reference == "bytes@1.0.1"
    assert new.diff().counts == {"added": 0, "removed": 0, "changed": 2, "same": 4}
    assert nc.read_dataset("bytes").select("RepetitionTime").collect()["RepetitionTime"].to_list()[:2] == [
        9.5,
        9.5,
    ]


def first_byte(file: nc.File) -> int:
    return sum(file.read_range(0, 1))


def test_lineage(tree: Path) -> None:
    version = nc.read_bids(tree, derivatives="prep").save("scans")
    (source,) = version.lineage().sources
    assert source.kind == "storage"
    assert source.reference["source"] == "bids"
    assert source.reference["roots"] == {"ds": str(tree)}
    assert source.reference["files"] == len(DATA) + 1
    assert source.reference["strange"] == 1
    assert source.reference["described"] == {
        "": {"Name": "made", "BIDSVersion": "1.9.0"},
        "derivatives/prep": {"Name": "prep", "BIDSVersion": "1.9.0"},
    }
    files = version.lineage().files()
    used = dict(files.select("path", "header_reads").iter_rows())
    assert set(used) >= {*DATA, "participants.tsv", "task-rest_bold.json", "dataset_description.json"}
    assert not any("events" in path or "sourcedata" in path for path in used)
    (read,) = used["participants.tsv"]
    assert (read["name"], read["ranges"]) == ("participants.tsv", [[0, len(PEOPLE)]])
    assert "storage: 8 files" in str(version.lineage())


def test_on_an_object_store(tree: Path, folder: Path) -> None:
    here, _ = run(nc.read_bids(tree, derivatives=True))
    with ObjectServer(folder) as server:
        options: dict[str, Any] = {"endpoint": server.url}
        chain = nc.read_bids("s3://ds", derivatives=True, anon=True, storage_options=options)
        there, counts = run(chain)
        gets = [r for r in server.traffic.requests if r.method == "GET" and "list-type" not in r.query]
        assert counts.requests == len(gets)
        server.traffic.requests.clear()
        again, counts = run(chain)
        assert counts.requests == 0
        listed = [r.query.get("prefix", "") for r in server.traffic.requests if "list-type" in r.query]
        assert len(set(listed)) == len(listed)
        assert not any(prefix.startswith(("sourcedata", "code")) for prefix in listed)
    with pytest.raises(nc.FormatError, match="no BIDS dataset"), ObjectServer(folder) as server:
        nc.read_bids("s3://ds/sub-02", anon=True, storage_options={"endpoint": server.url})
    place = ["_key", *(f"file.{name}" for name in ("uri", "root", "etag", "mtime", "companions"))]
    assert there.drop(place).equals(here.drop(place))
    assert again.equals(there)


NO_ZARR = "it holds no zarr.json, and no .zarray or .zgroup: it is no Zarr, or is not there"


def test_trees_that_hold_little(folder: Path) -> None:
    folders = grow(
        folder / "folders",
        {"sub-1/meg/sub-1_meg.ds/x": "1", "sub-1/micr/sub-1_sample-A_SEM.ome.zarr/0/c": "22"},
    )
    rows = (
        nc.read_bids(folders)
        .select("file.path", "file.size", "header.error", "sidecar", "extension")
        .collect()
    )
    assert rows.rows() == [
        ("sub-1/meg/sub-1_meg.ds", 1, None, None, ".ds"),
        ("sub-1/micr/sub-1_sample-A_SEM.ome.zarr", 2, NO_ZARR, None, ".ome.zarr"),
    ]
    etags = nc.read_bids(folders).select("file.etag").collect()["etag"].to_list()
    (folders / "sub-1/meg/sub-1_meg.ds/y").write_text("more")
    again = nc.read_bids(folders).select("file.etag").collect()["etag"].to_list()
    assert [a == b for a, b in zip(etags, again, strict=True)] == [False, True]
    one = grow(folder / "one", {"sub-1/sub-1_T1w.nii": None})
    assert nc.read_bids(one, headers=False).collect().height == 1
    bare = grow(folder / "bare", {"README": "nothing"})
    for kind in ("participants", "sessions", "scans", "events"):
        assert nc.read_bids(one, table=kind).collect().is_empty()
        assert nc.read_bids(bare, table=kind).collect().is_empty()


def test_files_in_the_wrong_folder(folder: Path) -> None:
    tree = grow(
        folder / "ds",
        {
            "sub-1/anat/sub-2_T1w.nii": None,
            "sub-1/ses-a/anat/sub-1_ses-b_T1w.nii": None,
            "sub-1/ses-a/anat/sub-1_T1w.nii": None,
        },
    )
    rows = dict(nc.read_bids(tree, headers=False).select("file.path", "problem").collect().iter_rows())
    assert list(rows.values()) == [
        "Its name says sub-2, its folder sub-1.",
        None,
        "Its name says ses-b, its folder ses-a.",
    ]


def test_names_of_any_characters(folder: Path) -> None:
    tree = grow(
        folder / "a [b] {c,d} *" / "Müller ds",
        {
            "sub-1/anat/sub-1_T1w.nii": None,
            "sub-1/anat/sub-1_Übersicht.nii": None,
            "sub-1/meg/sub-1_meg.ds/ä/ö": "x",
            "derivatives/[x]/dataset_description.json": {"Name": "x", "BIDSVersion": "1.9.0"},
            "derivatives/[x]/sub-1/anat/sub-1_desc-y_T1w.nii": None,
            "derivatives/x/sub-1/anat/sub-1_desc-y_T1w.nii": None,
        },
    )
    frame = nc.read_bids(tree, derivatives="[x]").select("file.uri", "pipeline").collect()
    assert frame.rows() == [
        (str(tree / "derivatives/[x]/sub-1/anat/sub-1_desc-y_T1w.nii"), "[x]"),
        (str(tree / "sub-1/anat/sub-1_T1w.nii"), None),
        (str(tree / "sub-1/meg/sub-1_meg.ds"), None),
    ]
