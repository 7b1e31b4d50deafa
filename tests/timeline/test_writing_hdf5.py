"""What is HDF5's own in files of windows; what stands in them is tested with Zarr, in `test_writing_tree`."""

from pathlib import Path

import h5py
import numpy as np

import neurochain as nc
from neurochain.timeline.writing import tree


def made() -> nc.Timeline:
    volumes = np.arange(2 * 3 * 4 * 50, dtype=np.int16).reshape(2, 3, 4, 50)
    return nc.timeline(
        ephys=nc.Recording.of(np.arange(2000, dtype=np.int32).reshape(2, 1000), 10.0),
        bold=nc.stream(nc.Volume.of(volumes, axes=("x", "y", "z", "t")), repetition_time=2.0),
        events={"onset": [1.0], "what": ["ü"]},
    ).where("signal > 20")


def test_a_window_is_one_stretch_where_times_come_first(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(tree, "AT_ONCE", 2000)
    with h5py.File(made().to_hdf5(tmp_path / "w.h5")) as file:
        for name in ("ephys/data", "ephys/mask", "ephys/time", "bold/time"):
            assert file[name].chunks is None
        at = file["ephys/data"].id.get_offset()
        assert (tmp_path / "w.h5").read_bytes()[at : at + 8] == np.array([0, 1000], "<i4").tobytes()
        assert file["bold/data"].chunks == (2, 3, 4, 50)
        assert file["ephys/mask"].dtype == bool


def test_chunks_of_volumes_are_about_a_megabyte(tmp_path: Path) -> None:
    volumes = np.zeros((64, 64, 30, 20), np.int16)
    t = nc.timeline(bold=nc.stream(nc.Volume.of(volumes, axes=("x", "y", "z", "t")), repetition_time=2.0))
    with h5py.File(t.to_hdf5(tmp_path / "w.h5")) as file:
        assert file["bold/data"].chunks == (64, 64, 30, 4)


def test_texts_are_utf8_and_attributes_have_no_limit(tmp_path: Path) -> None:
    labels = [f"Elektrode {i} µ" for i in range(10_000)]
    t = nc.timeline(grid=nc.Recording.of(np.zeros((10_000, 2)), 1.0, labels))
    with h5py.File(t.to_hdf5(tmp_path / "w.h5")) as file:
        assert file["grid"].attrs["labels"].tolist() == labels
        assert isinstance(file.attrs["lineage"], str)
        assert "labels" not in file["grid"]
    with h5py.File(made().to_hdf5(tmp_path / "w.h5")) as file:
        assert h5py.check_string_dtype(file["events/columns/what"].dtype).encoding == "utf-8"
        assert [d.label for d in file["events/columns/what"].dims] == ["time"]


def test_neurochain_opens_what_it_wrote(tmp_path: Path) -> None:
    path = made().to_hdf5(tmp_path / "w.h5")
    np.testing.assert_array_equal(nc.open(path, part="ephys/data")[...], np.arange(2000).reshape(2, 1000).T)
    opened = nc.open(path, part="ephys/data", sampling_frequency=10, channels=2)
    assert opened.shape == (2, 1000)
