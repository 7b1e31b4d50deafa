"""Inheritance and entities, against the specification told slowly, bids2table and ancpbids."""

import json
import tempfile
from pathlib import Path
from typing import Any

import ancpbids
import bids2table
import bidsschematools
import polars as pl
import pytest
from bids_trees import grow, said, slow_metadata, slow_sidecars
from hypothesis import given, settings
from hypothesis import strategies as st

import neurochain as nc
from neurochain.chain.sources.bids.tree import Tree, entities
from neurochain.chain.sources.listing import Listing
from neurochain.datasets.types import Record
from neurochain.formats.bids.entities import BidsRecord
from neurochain.formats.bids.entities import entities as entities_of
from neurochain.formats.bids.names import METADATA, TABLES
from neurochain.storage.listing import folder_root

INDEXES = {"run", "echo", "flip", "inv", "split"}  # numbers in bids2table; texts as written here


def metadata(root: Path, **options: Any) -> dict[str, dict[str, Any] | None]:
    """What the sidecar column says of each file."""
    frame = nc.read_bids(root, headers=False, **options).select("file.path", "sidecar").collect()
    return {path: json.loads(text) if text else None for path, text in frame.iter_rows()}


def is_data(path: str) -> bool:
    name = path.rpartition("/")[2]
    suffix, _, ending = said(name)[1], *name.partition(".")[1:]
    belongs = ending in ("eeg", "vmrk")
    return f".{ending}" not in METADATA and not (ending == "tsv" and suffix in TABLES) and not belongs


def check_with_bids2table(root: Path) -> None:
    """The same files with the same entities, and the same metadata of each."""
    theirs = {row["path"]: row for row in bids2table.index_dataset(root).to_pylist() if is_data(row["path"])}
    chain = nc.read_bids(root, headers=False)
    ours = {row["file"]["path"]: row for row in chain.collect().to_dicts()}
    assert ours.keys() == theirs.keys()
    short = {
        f.description.partition("-")[0]: name for name, f in BidsRecord.model_fields.items() if f.description
    }
    short |= {"suffix": "suffix", "ext": "extension", "datatype": "datatype"}
    for path, row in theirs.items():
        for key in row.keys() & short.keys():
            value = ours[path]["bids"][short[key]]
            assert (int(value) if key in INDEXES and value else value) == row[key], (path, key)
        found = json.loads(ours[path]["sidecar"] or "{}")
        assert found == bids2table.load_bids_metadata(root / path), path


@pytest.mark.parametrize(
    "name", ["bids_examples_meta/ds210", "bids_examples_meta/eeg_matchingpennies", "bids_mri"]
)
def test_real_trees(name: str, real_data: Path, folder: Path) -> None:
    root = real_data / name
    check_with_bids2table(root)
    layout = ancpbids.BIDSLayout(str(root))
    theirs = []
    for path, found in metadata(root).items():
        assert (found or {}) == slow_metadata(root, path)
        theirs.append(layout.get_metadata(str(root / path)))
        assert theirs[-1] in ({}, found), path  # ancpbids 0.4 passes over some of a folder's sidecars
    assert any(theirs)


def test_no_field_stands_in_the_way_of_a_sidecars_key(folder: Path) -> None:
    known = json.loads((Path(bidsschematools.__file__).parent / "data" / "schema.json").read_text())
    keys = {said["name"] for said in known["objects"]["metadata"].values()}
    assert {"RepetitionTime", "SamplingFrequency"} < keys
    schema = nc.read_bids(grow(folder / "ds", {"sub-1/anat/sub-1_T1w.nii": None})).schema
    fields = {
        f.name for column in schema.values() if isinstance(column.type, Record) for f in column.type.fields
    }
    assert not keys & {*schema, *fields}


def test_a_made_tree(folder: Path) -> None:
    root = grow(
        folder / "ds",
        {
            "bold.json": {"a": 0, "top": 1},
            "task-rest_bold.json": None,
            "acq-hi_T1w.json": {"a": "T1w"},
            "sub-01/sub-01_bold.json": {"a": 1, "deep": {"x": 1, "y": 2}},
            "sub-01/ses-A/sub-01_ses-A_task-rest_bold.json": {"a": 2, "deep": {"x": 3}},
            "sub-01/ses-A/func/sub-01_ses-A_task-rest_run-01_bold.json": {"a": 3},
            "sub-01/ses-A/func/sub-01_ses-A_task-rest_run-01_bold.nii.gz": None,
            "sub-01/ses-A/func/sub-01_ses-A_task-rest_run-1_bold.nii.gz": None,
            "sub-01/ses-A/func/sub-01_ses-A_task-rest_run-02_echo-2_part-mag_bold.nii.gz": None,
            "sub-01/ses-A/func/sub-01_ses-A_task-rest_foo-3_bold.nii": None,
            "sub-01/ses-A/func/sub-01_ses-A_task-rest_recording-eye_physio.tsv.gz": None,
            "sub-01/ses-A/func/sub-01_ses-A_task-rest_physio.json": {
                "Columns": ["x"],
                "SamplingFrequency": 50,
            },
            "sub-01/ses-A/anat/sub-01_ses-A_acq-hi_T1w.nii": None,
            "sub-01/ses-A/anat/sub-01_ses-A_acq-higher_T1w.nii": None,
            "sub-01/ses-A/func/bold.nii": None,
            "sub-01/ses-A/func/sub-01_ses-A_task_rest_bold.nii": None,
            "sub-02/eeg/sub-02_task-rest_eeg.set": None,
            "sub-02/eeg/sub-02_task-rest_eeg.fdt": None,
            "sub-02/eeg/sub-01_task-rest_eeg.edf": None,
        },
    )
    (root / "task-rest_bold.json").unlink()
    found = metadata(root)
    assert all((value or {}) == slow_metadata(root, path) for path, value in found.items())
    assert found["sub-01/ses-A/func/sub-01_ses-A_task-rest_run-01_bold.nii.gz"] == {
        "a": 3,
        "top": 1,
        "deep": {"x": 3},
    }
    assert found["sub-01/ses-A/func/sub-01_ses-A_task-rest_run-1_bold.nii.gz"] == {
        "a": 2,
        "top": 1,
        "deep": {"x": 3},
    }
    assert found["sub-01/ses-A/anat/sub-01_ses-A_acq-higher_T1w.nii"] is None
    assert not any(path.endswith(("/bold.nii", "task_rest_bold.nii", ".fdt")) for path in found)
    for path in ("func/bold.nii", "func/sub-01_ses-A_task_rest_bold.nii"):
        (root / "sub-01/ses-A" / path).unlink()  # bids2table takes these names
    (root / "sub-02/eeg/sub-02_task-rest_eeg.fdt").unlink()
    check_with_bids2table(root)


def test_derivatives_inherit_from_their_own_root(folder: Path) -> None:
    root = grow(
        folder / "ds",
        {
            "T1w.json": {"a": "raw"},
            "sub-01/anat/sub-01_T1w.nii": None,
            "derivatives/p/dataset_description.json": {"Name": "p", "BIDSVersion": "1.9.0"},
            "derivatives/p/desc-x_T1w.json": {"b": 1},
            "derivatives/p/sub-01/anat/sub-01_desc-x_T1w.nii": None,
        },
    )
    assert metadata(root, derivatives=True) == {
        "derivatives/p/sub-01/anat/sub-01_desc-x_T1w.nii": {"b": 1},
        "sub-01/anat/sub-01_T1w.nii": {"a": "raw"},
    }
    pipeline = root / "derivatives" / "p"
    check_with_bids2table(pipeline)


KEYS = st.sets(st.sampled_from(["ses-1", "task-a", "task-b", "run-1", "run-01", "echo-1"]), max_size=4)


def name_of(parts: set[str], suffix: str, ending: str, first: str = "") -> str:
    kept = {part.partition("-")[0]: part for part in sorted(parts)}
    return "_".join([*([first] if first else []), *kept.values(), suffix]) + ending


FOLDERS = st.sampled_from(["", "sub-1", "sub-1/ses-1", "sub-1/func", "sub-1/ses-1/func", "sub-2/func"])
SUFFIX = st.sampled_from(["bold", "sbref"])
FILES = st.sets(
    st.builds(
        lambda folder, parts, suffix: f"{folder}/{name_of(parts, suffix, '.nii', folder.partition('/')[0])}",
        FOLDERS.filter(bool),
        KEYS,
        SUFFIX,
    ),
    min_size=1,
    max_size=6,
)
SIDECARS = st.sets(
    st.builds(
        lambda folder, parts, suffix, first: f"{folder}/{name_of(parts, suffix, '.json', first)}".lstrip("/"),
        FOLDERS,
        KEYS,
        SUFFIX,
        st.sampled_from(["", "", "sub-1"]),
    ),
    max_size=12,
)


@settings(max_examples=40)
@given(files=FILES, documents=SIDECARS)
def test_any_tree(files: set[str], documents: set[str], folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder) as place:
        contents: dict[str, Any] = dict.fromkeys(files)
        contents |= {path: {"all": i, f"k{i}": i} for i, path in enumerate(sorted(documents))}
        root = grow(Path(place), contents)
        frame = nc.read_bids(root, headers=False).select("file.path", "sidecar", "problem").collect()
        assert set(frame["path"]) == files
        for path, text, problem in frame.iter_rows():
            if any(len(level) > 1 for level in slow_sidecars(root, path)):
                assert (text, "one at most may apply" in problem) == (None, True)
            else:
                assert (json.loads(text or "{}"), problem) == (slow_metadata(root, path), None)


PARTS = st.sampled_from(
    ["sub-01", "ses-x", "task-rest", "foo-1", "run-1", "run-2", "bold", "T1w.nii", "eeg.tsv.gz", "a"]
)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["sub-01", "sub-01/ses-y", "sub-01/func", "sub-01/ses-z/eeg"]),
            st.lists(PARTS, min_size=1, max_size=8),
        )
    )
)
def test_entities_are_those_of_each_path(made: list[tuple[str, list[str]]]) -> None:
    paths = sorted({f"{place}/{'_'.join(['sub-01', *parts])}.nii" for place, parts in made})
    with tempfile.TemporaryDirectory() as place:
        listing = Listing.of(folder_root(grow(Path(place), dict.fromkeys(paths)), ["sub-*/**/*"]))
        tree = Tree.of(listing, {}, {})
        found = dict(zip(tree.data["path"], entities(tree.data).iter_rows(named=True), strict=True))
    for path in paths:
        expected = entities_of(path)
        if expected["subject"] is None:
            assert path not in found
        else:
            assert found[path] == {f"bids.{name}": value for name, value in expected.items()}


def test_many_documents_of_one_folder_are_told_apart(folder: Path) -> None:
    runs = range(300)
    files: dict[str, Any] = {f"sub-1/func/sub-1_task-a_run-{i}_bold.nii": None for i in runs}
    files |= {f"sub-1/func/sub-1_task-a_run-{i}_bold.json": {"i": i} for i in runs}
    frame = nc.read_bids(grow(folder / "ds", files), headers=False).select("run", "i").collect()
    assert frame.filter(pl.col("run").cast(pl.Int64) != pl.col("i")).is_empty()
    assert frame.height == 300
