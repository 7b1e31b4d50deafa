import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochain.formats.bids.entities import ENTITIES, BidsRecord, entities
from neurochain.testing.format_tests import check_record


def set_of(path):
    return {name: value for name, value in entities(path).items() if value is not None}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (
            "/data/ds/sub-01/ses-02/func/sub-01_ses-02_task-rest_acq-hb_run-03_echo-1_bold.nii.gz",
            {
                "subject": "01",
                "session": "02",
                "task": "rest",
                "acquisition": "hb",
                "run": "03",
                "echo": "1",
                "suffix": "bold",
                "extension": ".nii.gz",
                "datatype": "func",
            },
        ),
        (
            "s3://bucket/sub-A1/eeg/sub-A1_task-mmn_eeg.edf",
            {"subject": "A1", "task": "mmn", "suffix": "eeg", "extension": ".edf", "datatype": "eeg"},
        ),
        ("sub-01_T1w.nii", {"subject": "01", "suffix": "T1w", "extension": ".nii"}),
        (
            "sub-01/ses-pre/anat/sub-01_T1w.nii",
            {"subject": "01", "session": "pre", "suffix": "T1w", "extension": ".nii", "datatype": "anat"},
        ),
        (
            "sub-01/ses-1/sub-01_ses-1_scans.tsv",
            {"subject": "01", "session": "1", "suffix": "scans", "extension": ".tsv"},
        ),
        (
            "derivatives/p/sub-1/anat/sub-1_space-MNI152NLin2009cAsym_res-2_desc-preproc_T1w.nii.gz",
            {
                "subject": "1",
                "space": "MNI152NLin2009cAsym",
                "resolution": "2",
                "description": "preproc",
                "suffix": "T1w",
                "extension": ".nii.gz",
                "datatype": "anat",
            },
        ),
    ],
)
def test_entities_of_standard_paths(path, expected):
    assert set_of(path) == expected


@pytest.mark.parametrize(
    "path",
    [
        "",
        "IM0001.dcm",
        "sub-01/anat/notes.txt",
        "sub-01/anat/",
        "participants.tsv",
        "sub-01.nii",
        "sub-_T1w.nii",
        "sub-01_task_rest_bold.nii",
        "sub-01_T1w",
        "task-rest_bold.json",
        "xsub-01_T1w.nii",
    ],
)
def test_other_paths_have_none(path):
    assert set_of(path) == {}


def test_unknown_entities_are_passed_over():
    assert set_of("sub-01_foo-3_bold.nii") == {"subject": "01", "suffix": "bold", "extension": ".nii"}


@given(
    st.dictionaries(
        st.sampled_from(sorted(set(ENTITIES) - {"sub"})), st.from_regex(r"[0-9A-Za-z]{1,6}", fullmatch=True)
    )
)
def test_what_is_written_is_read(labels):
    name = "_".join(["sub-01", *(f"{key}-{value}" for key, value in labels.items()), "bold.nii.gz"])
    found = entities(f"/d/sub-01/func/{name}")
    check_record(BidsRecord, found)
    assert found["subject"] == "01"
    assert {ENTITIES[k]: v for k, v in labels.items()} == {
        long: found[long] for long in ENTITIES.values() if found[long] is not None and long != "subject"
    }


@given(st.text())
def test_any_text_has_an_answer(path):
    check_record(BidsRecord, entities(path))


def test_answers_are_not_shared():
    entities("x")["subject"] = "changed"
    assert entities("x")["subject"] is None


def test_real_trees(real_data):
    paths = [p.as_posix() for p in (real_data / "bids_examples_meta").rglob("sub-*_*.nii.gz")]
    assert paths
    for path in paths:
        found = entities(path)
        assert f"/sub-{found['subject']}/" in path
        assert found["datatype"] in path.split("/")
        assert found["extension"] == ".nii.gz"
