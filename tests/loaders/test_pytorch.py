"""Chains under a DataLoader: tensors by column, each row once, and errors that name the rows."""

import pickle
import warnings
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
import torch
from pydicom.data import get_testdata_file
from torch.utils.data import DataLoader

import neurochain as nc
from neurochain.testing.edf import write_edf


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def values() -> nc.Chain:
    return nc.read_values(
        i=list(range(10)),
        f=[float(i) / 2 for i in range(10)],
        b=[i % 2 == 0 for i in range(10)],
        s=[f"row {i}" for i in range(10)],
        a=[np.full((2, 3), i, dtype=np.float32) for i in range(10)],
    )


def test_row_is_a_dict_by_column() -> None:
    row = values().to_pytorch()[3]
    assert list(row) == ["i", "f", "b", "s", "a"]
    assert row["s"] == "row 3"
    assert row["i"] == torch.tensor(3)
    assert row["i"].dtype == torch.int64
    assert row["f"].dtype == torch.float64
    assert row["b"].dtype == torch.bool
    assert row["a"].dtype == torch.float32
    assert torch.equal(row["a"], torch.full((2, 3), 3.0))


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_each_row_exactly_once(workers: int) -> None:
    with warnings.catch_warnings():
        # Python 3.12 warns of any fork of a process with threads; the workers touch none of their state.
        warnings.filterwarnings("ignore", message=".*multi-threaded.*", category=DeprecationWarning)
        loader = DataLoader(values().to_pytorch(), batch_size=4, shuffle=True, num_workers=workers)
        batches = list(loader)
    assert sorted(int(i) for batch in batches for i in batch["i"]) == list(range(10))
    for batch in batches:
        assert torch.equal(batch["a"][:, 0, 0], batch["i"].float())
        assert batch["s"] == [f"row {int(i)}" for i in batch["i"]]


def test_saved_version_gives_the_same_batches() -> None:
    values().save("rows")
    fresh = next(iter(DataLoader(values().to_pytorch(), batch_size=10)))
    saved = next(iter(DataLoader(nc.read_dataset("rows").to_pytorch(), batch_size=10)))
    for name, column in fresh.items():
        assert column == saved[name] if isinstance(column, list) else torch.equal(column, saved[name])


def test_dicom_is_frame_row_column(here: Path) -> None:
    source = Path(str(get_testdata_file("MR_small.dcm")))
    (here / "a.dcm").write_bytes(source.read_bytes())
    row = nc.read_storage("a.dcm").select("file").to_pytorch()[0]
    expected = pydicom.dcmread(source).pixel_array
    assert row["file"].dtype == torch.float32
    np.testing.assert_array_equal(row["file"].numpy(), expected.astype(np.float32))


def test_nifti_is_x_y_z_t(here: Path) -> None:
    stored = np.arange(2 * 3 * 4 * 5, dtype=np.int16).reshape(2, 3, 4, 5)
    nibabel.Nifti1Image(stored, np.eye(4)).to_filename(here / "a.nii.gz")
    row = nc.read_storage("a.nii.gz").select("file").to_pytorch()[0]
    np.testing.assert_array_equal(row["file"].numpy(), stored.astype(np.float32))


def test_edf_is_channel_sample(here: Path) -> None:
    signals = np.random.default_rng(1).normal(0, 20, (3, 200))
    write_edf(here / "a.edf", signals, 100, ["A", "B", "C"])
    row = nc.read_storage("a.edf").select("file").to_pytorch()[0]
    assert tuple(row["file"].shape) == (3, 200)
    np.testing.assert_allclose(row["file"].numpy(), signals, atol=0.01)


def test_files_come_in_batches_from_workers(here: Path) -> None:
    stored = np.arange(8, dtype=np.float32).reshape(2, 2, 2)
    for i in range(6):
        nibabel.Nifti1Image(stored + i, np.eye(4)).to_filename(here / f"{i}.nii")
    dataset = nc.read_storage("*.nii").select("file").to_pytorch()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*multi-threaded.*", category=DeprecationWarning)
        batches = list(DataLoader(dataset, batch_size=3, num_workers=2))
    assert [tuple(b["file"].shape) for b in batches] == [(3, 2, 2, 2)] * 2
    np.testing.assert_array_equal(torch.cat([b["file"] for b in batches])[:, 0, 0, 0].numpy(), np.arange(6))


def test_shapes_that_differ_name_both_rows(here: Path) -> None:
    for name, shape in (("a", (2, 2, 2)), ("b", (2, 2, 3))):
        nibabel.Nifti1Image(np.zeros(shape, np.int16), np.eye(4)).to_filename(here / f"{name}.nii")
    loader = nc.read_storage("*.nii").select("file").to_pytorch().loader(batch_size=2)
    with pytest.raises(
        nc.ShapeError, match=r"a\.nii\) has shape \[2, 2, 2\] and row 1 .*b\.nii\) has \[2, 2, 3\]"
    ):
        next(iter(loader))


def test_ragged_arrays_name_both_rows() -> None:
    chain = nc.read_values(x=[np.zeros(2), np.zeros(3)])
    with pytest.raises(nc.ShapeError, match=r"row 0 has shape \[2\] and row 1 has \[3\]"):
        next(iter(chain.to_pytorch().loader(batch_size=2)))


def test_nulls_are_refused_with_the_row() -> None:
    with pytest.raises(nc.SchemaError, match="null in 1 rows, row 1 first"):
        nc.read_values(x=[1, None, 3]).to_pytorch()


def test_unknown_file_is_refused_by_name(here: Path) -> None:
    (here / "notes.txt").write_text("hello")
    dataset = nc.read_storage("notes.txt").select("file").to_pytorch()
    with pytest.raises(nc.FormatError, match=r"notes\.txt"):
        dataset[0]


def test_index_outside_is_refused() -> None:
    dataset = values().to_pytorch()
    assert len(dataset) == 10
    assert dataset[-1]["s"] == "row 9"
    with pytest.raises(IndexError, match="10 rows"):
        dataset[10]


def test_dataset_pickles_for_spawned_workers() -> None:
    again = pickle.loads(pickle.dumps(values().to_pytorch()))
    assert torch.equal(again[4]["a"], values().to_pytorch()[4]["a"])


def test_tensors_do_not_share_what_is_kept() -> None:
    dataset = values().to_pytorch()
    dataset[2]["a"][:] = -1
    assert torch.equal(dataset[2]["a"], torch.full((2, 3), 2.0))
