"""EEGLAB's recordings, against mne on files that eeglabio and scipy write in all layouts."""

import sys
import warnings

import h5py
import mne
import numpy as np
import pytest
import scipy.io
from eeglab_files import (
    LABELS,
    by_eeglabio,
    chunked,
    epochs_by_eeglabio,
    events_of,
    fields,
    nested,
    signal,
    structs,
    write,
)

from neurochain.errors import FormatError, MissingExtraError
from neurochain.formats import open_recording, read_header
from neurochain.formats.eeglab.reader import EeglabReader
from neurochain.storage import File
from neurochain.testing import CountingFile, FormatTests


def by_mne(path):
    """Values in microvolts, shape (n_channels, n_samples)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trials = read_header(File.at(path)).record["trials"]
        if trials == 1:
            return mne.io.read_raw_eeglab(path, preload=True, verbose="error").get_data() * 1e6
        epochs = mne.read_epochs_eeglab(path, verbose="error").get_data() * 1e6
    return epochs.transpose(1, 0, 2).reshape(epochs.shape[1], -1)


class TestEeglab(FormatTests):
    reader = EeglabReader()
    opens = "recording"

    @pytest.fixture
    def files(self, tmp_path):
        folder = tmp_path / "made"
        folder.mkdir()
        made = [
            write(folder / f"{'struct' if s else 'fields'}_{'beside' if b else 'inside'}_{'z' if z else ''}.set",
                  signal(), one_struct=s, beside=b, compressed=z)
            for s in (True, False) for b in (True, False) for z in (True, False)
        ]  # fmt: skip
        made += [
            write(folder / "double.set", signal(dtype=np.float64)),
            write(folder / "one.set", signal(1)),
            by_eeglabio(folder / "written.set", signal()),
            epochs_by_eeglabio(folder / "epochs.set", signal(3, 200, 6)),
        ]
        return made

    def beside(self, path):
        return [path.with_suffix(".fdt")] if path.with_suffix(".fdt").exists() else []

    def oracle(self, path):
        return by_mne(path)

    def tolerance(self, whole):
        return 1e-10

    def header_budget(self, path):
        return path.stat().st_size if path.stat().st_size < 200_000 else self.reader.head_size


class TestHdf5(TestEeglab):
    """MAT 7.3: the same recordings, by way of h5py."""

    @pytest.fixture
    def files(self, tmp_path):
        folder = tmp_path / "made"
        folder.mkdir()
        return [
            by_eeglabio(folder / "plain.set", signal(), "v7.3"),
            epochs_by_eeglabio(folder / "epochs.set", signal(3, 200, 6), "v7.3"),
            chunked(by_eeglabio(folder / "chunked.set", signal(), "v7.3")),
            chunked(epochs_by_eeglabio(folder / "chunked_epochs.set", signal(3, 200, 6), "v7.3")),
            nested(by_eeglabio(folder / "nested.set", signal(), "v7.3")),
        ]

    def header_budget(self, path):
        return path.stat().st_size + self.reader.head_size


@pytest.mark.parametrize("one_struct", [True, False])
@pytest.mark.parametrize("beside", [True, False])
def test_what_the_header_says(tmp_path, one_struct, beside):
    found = read_header(File.at(write(tmp_path / "a.set", signal(), one_struct, beside)))
    assert found.header == dict.fromkeys(found.header) | {
        "format": "eeglab",
        "shape": [5, 1000],
        "dtype": "float32",
        "sampling_frequency": 250.0,
        "n_channels": 5,
        "n_samples": 1000,
        "duration": 4.0,
    }
    assert found.record == {
        "mat_version": "5", "one_struct": one_struct, "nbchan": 5, "pnts": 1000, "trials": 1, "srate": 250.0, "xmin": 0.0,
        "xmax": 3.996, "ref": "common", "labels": LABELS, "types": ["EEG"] * 5, "n_events": 4,
        "data_file": "a.fdt" if beside else None, "compressed": None if beside else False,
    }  # fmt: skip


def test_events_are_those_of_mne(tmp_path):
    for path in (
        write(tmp_path / "a.set", signal()),
        write(tmp_path / "b.set", signal(), one_struct=False, compressed=True),
        by_eeglabio(tmp_path / "c.set", signal()),
        by_eeglabio(tmp_path / "d.set", signal(), "v7.3"),
        nested(by_eeglabio(tmp_path / "e.set", signal(), "v7.3")),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = mne.io.read_raw_eeglab(path, verbose="error").annotations
        found = events_of(path)
        assert len(found) >= 2
        np.testing.assert_allclose([onset for onset, _, _ in found], expected.onset)
        np.testing.assert_allclose([d or 0.0 for _, d, _ in found], np.nan_to_num(expected.duration))
        assert [text for _, _, text in found] == [str(d).removesuffix(".0") for d in expected.description]


def test_events_in_plain_numbers(tmp_path):
    assert events_of(write(tmp_path / "a.set", signal())) == [
        (0.0, 0.0, "square"),
        (0.502, 0.05, "rt"),
        (1.996, None, "5"),
        (2.798, 0.16, "boundary"),
    ]
    lost = structs(type=["a", "b"], latency=[np.nan, 26.0])
    assert events_of(write(tmp_path / "b.set", signal(), event=lost)) == [(0.1, None, "b")]
    assert events_of(write(tmp_path / "c.set", signal(), event=np.zeros((0, 0)))) == []


def test_epochs_follow_each_other(tmp_path):
    data = signal(3, 200, 6)
    for version in ("v5", "v7.3"):
        path = epochs_by_eeglabio(tmp_path / f"{version}.set", data, version)
        recording = open_recording(File.at(path))
        assert (recording.shape, recording.discontinuous) == ((3, 1200), True)
        np.testing.assert_allclose(recording[1, 450:650], np.r_[data[1, 50:, 2], data[1, :50, 3]], rtol=1e-5)
        assert read_header(File.at(path)).record["trials"] == 6
        assert [round(onset, 9) for onset, _, _ in events_of(path)][:2] == [0.2, 1.0]


def test_a_boundary_is_a_gap(tmp_path):
    assert open_recording(File.at(write(tmp_path / "a.set", signal()))).discontinuous
    at_start = structs(type=["boundary", "x"], latency=[0.5, 100.0])
    assert not open_recording(File.at(write(tmp_path / "b.set", signal(), event=at_start))).discontinuous


def test_labels(tmp_path):
    def labels(name, **changes):
        recording = open_recording(File.at(write(tmp_path / name, signal(), **changes)))
        assert recording.units == ("uV",) * 5
        return list(recording.channels)

    assert labels("a.set") == LABELS
    numbers = ["1", "2", "3", "4", "5"]
    assert labels("b.set", chanlocs=np.zeros((0, 0))) == numbers
    assert labels("c.set", chanlocs=structs(labels=["A", "B"])) == numbers  # EEGLAB removes them too
    assert labels("d.set", chanlocs=structs(labels=["A", "B", 7.0, "", "ü"])) == ["A", "B", "7", "4", "ü"]


def test_a_renamed_file_is_told_and_read(tmp_path):
    path = write(tmp_path / "new.set", signal(), beside=True, named="old.fdt")
    found = read_header(File.at(path))
    assert found.error == (
        "EEG.data names 'old.fdt', which is not there; the samples are read from 'new.fdt'. Was it renamed?"
    )
    assert found.header["shape"] == [5, 1000]
    np.testing.assert_array_equal(open_recording(File.at(path)).stored.read(), signal())
    (tmp_path / "new.fdt").rename(tmp_path / "old.fdt")
    assert read_header(File.at(path)).error is None
    np.testing.assert_array_equal(open_recording(File.at(path)).stored.read(), signal())
    (tmp_path / "old.fdt").unlink()
    assert read_header(File.at(path)).error == "EEG.data names 'old.fdt', and no such file lies beside it"
    with pytest.raises(FormatError, match="no such file lies beside it"):
        open_recording(File.at(path))


def test_folders_of_another_machine_are_left_out(tmp_path):
    path = write(tmp_path / "a.set", signal(), beside=True, named=r"C:\study\a.fdt")
    assert read_header(File.at(path)).error is None
    path = write(tmp_path / "b.set", signal(), beside=True, named="", datfile="b.fdt", data="in set file.fdt")
    assert "in set file.fdt" in read_header(File.at(path)).error


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"srate": 0.0}, r"EEG.srate is '0', which is no sampling frequency"),
        ({"srate": np.nan}, "which is no sampling frequency"),
        ({"nbchan": 4.0}, "EEG.data is 5 x 1000, and nbchan, pnts and trials say 4 x 1000 x 1"),
        ({"pnts": 1e12}, "EEG.pnts is '1000000000000', which is no count"),
        ({"trials": 2.5}, "EEG.trials is '2.5', which is no count"),
        ({"pnts": np.arange(3.0)}, "EEG.pnts is of shape 1 x 3"),
        ({"data": np.zeros((0, 0))}, "neither an array of real numbers nor the name of a file"),
        ({"data": signal() * 1j}, "neither an array of real numbers"),
        ({"data": "a.dat"}, "names 'a.dat'; only .fdt files are read"),
        ({"data": "gone.fdt"}, "no such file lies beside it"),
    ],
)
def test_what_cannot_be_is_told(tmp_path, changes, error):
    path = write(tmp_path / "a.set", signal(), **changes)
    assert error.replace("EEG.srate", "EEG.srate") in read_header(File.at(path)).error
    with pytest.raises(FormatError, match=r"a\.set: "):
        open_recording(File.at(path))


def test_a_companion_of_another_size(tmp_path):
    path = write(tmp_path / "a.set", signal(), beside=True)
    data = (tmp_path / "a.fdt").read_bytes()
    (tmp_path / "a.fdt").write_bytes(data[:-1])
    error = "a.fdt has 19,999 bytes, and 5 channels of 1,000 samples of float32 need 20,000: it is cut short"
    assert read_header(File.at(path)).error == error
    (tmp_path / "a.fdt").write_bytes(data + b"x")
    assert "of another recording" in read_header(File.at(path)).error


def test_other_files(tmp_path):
    values = {"a": 1.0, "b": "x"}
    scipy.io.savemat(tmp_path / "a.set", values, appendmat=False)
    assert read_header(File.at(tmp_path / "a.set")).error == (
        "it is a MAT-file without EEGLAB's fields: it holds a, b"
    )
    scipy.io.savemat(tmp_path / "all.set", {"EEG": structs(nbchan=[1.0, 2.0])}, appendmat=False)
    assert read_header(File.at(tmp_path / "all.set")).error == "EEG (1 x 2 struct) is not one recording"
    with h5py.File(tmp_path / "h.set", "w", userblock_size=512) as root:
        root["x"] = 1
    with open(tmp_path / "h.set", "r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\2IM")
    assert "without EEGLAB's fields: it holds x" in read_header(File.at(tmp_path / "h.set")).error
    (tmp_path / "words.set").write_text("(define x 1)")
    assert "but it is no EEGLAB file" in read_header(File.at(tmp_path / "words.set")).error
    for name in ("plain.mat", "plain.fdt"):
        scipy.io.savemat(tmp_path / name, fields(signal()), appendmat=False)
        file = CountingFile.at(tmp_path / name)
        assert read_header(file).header["format"] is None
        assert file.requests == 0


def test_links_out_of_the_file_are_not_followed(tmp_path):
    """HDF5 can take samples from any file of the machine that reads."""
    secret = tmp_path / "secret.bin"
    secret.write_bytes(b"secret" * 4000)
    path = by_eeglabio(tmp_path / "a.set", signal(), "v7.3")
    with h5py.File(path, "r+") as root:
        del root["data"]
        root.create_dataset("data", (1000, 5), "f4", external=[(str(secret), 0, 20_000)])
    assert "lies in another file, which is not followed" in read_header(File.at(path)).error
    other = by_eeglabio(tmp_path / "other.set", signal(), "v7.3")
    with h5py.File(path, "r+") as root:
        del root["data"]
        root["data"] = h5py.ExternalLink(str(other), "/data")
    assert "neither an array" in read_header(File.at(path)).error


def test_without_h5py_the_row_says_what_to_install(tmp_path, monkeypatch):
    path = by_eeglabio(tmp_path / "a.set", signal(), "v7.3")
    monkeypatch.setitem(sys.modules, "h5py", None)
    found = read_header(File.at(path))
    assert found.header["format"] == "eeglab"
    assert found.error.startswith("MAT 7.3 (HDF5) of a.set needs the package 'h5py'")
    assert "pip install 'neurochain[hdf5]'" in found.error
    with pytest.raises(MissingExtraError, match=r"MAT 7\.3"):
        open_recording(File.at(path))
