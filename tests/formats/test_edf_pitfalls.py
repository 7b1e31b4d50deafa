"""What real EDF and BDF files get wrong, and what reading makes of it."""

import pickle
import re
import struct
import warnings
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import mne
import numpy as np
import pytest
from edf_files import ANNOTATIONS, edf_bytes, noise, write

from neurochain.errors import ColumnNotFoundError, FormatError
from neurochain.formats import open_recording, read_header
from neurochain.storage import File
from neurochain.testing import CountingFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.edf"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"digital_min": 7, "digital_max": 7}, "digital range of signal 1 .'bad'. is 7 to 7"),
        ({"physical_min": 3, "physical_max": 3}, "physical range of signal 1 .'bad'. is 3 to 3"),
        ({"physical_min": "n/a"}, "physical minimum of signal 1 .'bad'. .at byte 472. is 'n/a'"),
        ({"physical_max": "inf"}, "physical maximum"),
        ({"digital_max": "1e9x"}, "digital maximum"),
        ({"digital_min": "0.5"}, "no whole number"),
    ],
)
def test_a_scale_that_cannot_be_costs_one_channel(path: Path, change: dict[str, object], text: str) -> None:
    good, bad = noise(2, 8), noise(2, 8, 1)
    write(path, [{"label": "good", "samples": good}, {"label": "bad", "samples": bad, **change}], 2)
    found = read_header(File.at(path))
    assert found.header["n_channels"] == 2
    assert re.search(text, str(found.error))
    recording = open_recording(File.at(path))
    np.testing.assert_allclose(recording.channel("good"), (good.ravel() + 0.5) * 200 / 65535, atol=1e-9)
    np.testing.assert_array_equal(recording.stored[1], bad.ravel())
    for use in (
        lambda: recording.channel("bad"),
        lambda: recording[1, 3],
        recording.read,
        lambda: np.asarray(pickle.loads(pickle.dumps(recording.pick(["bad"])))),
    ):
        with pytest.raises(FormatError, match=r"a\.edf does not say what the values of 'bad' mean: .*stored"):
            use()
    assert recording.pick(["good"])[...].shape == (1, 16)


def test_a_digital_range_that_descends_is_told_and_read_as_others_do(path: Path) -> None:
    digital = noise(2, 100)
    write(path, [{"label": "c", "samples": digital, "digital_min": 32767, "digital_max": -32768}], 2)
    assert "the digital range of signal 0 ('c') is 32767 to -32768: it must ascend" in str(
        read_header(File.at(path)).error
    )
    values = open_recording(File.at(path)).channel("c")
    assert values[0] == 100  # digital -32768 is the maximum here
    raw = mne.io.read_raw_edf(path, verbose="ERROR")
    np.testing.assert_allclose(values, raw.get_data()[0] * 1e6, atol=1e-9)


def test_a_physical_range_that_descends_is_a_polarity(path: Path) -> None:
    digital = noise(2, 100)
    write(path, [{"label": "c", "samples": digital, "physical_min": 100, "physical_max": -100}], 2)
    assert read_header(File.at(path)).error is None
    values = open_recording(File.at(path)).channel("c")
    raw = mne.io.read_raw_edf(path, verbose="ERROR")
    np.testing.assert_allclose(values, raw.get_data()[0] * 1e6, atol=1e-9)
    assert values[0] == 100


def test_without_a_number_of_records_the_size_decides(path: Path) -> None:
    whole = edf_bytes(
        [{"label": "c", "samples": noise(3, 8)}, {"label": "d", "samples": noise(3, 8)}], 3, stated=-1
    )
    for more, n_records in ((0, 3), (1, 3), (31, 3), (-1, 2), (-33, 1), (-96, 0)):
        path.write_bytes(whole[: len(whole) + more] if more <= 0 else whole + bytes(more))
        found = read_header(File.at(path))
        assert (found.error, found.header["n_samples"]) == (None, 8 * n_records)
        recording = open_recording(File.at(path))
        assert recording.shape == (2, 8 * n_records)
        np.testing.assert_array_equal(recording.stored[0], noise(3, 8).ravel()[: 8 * n_records])
        assert recording.window(0, n_records).shape == (2, 8 * n_records)


def test_bytes_behind_the_records_are_left_alone(path: Path) -> None:
    path.write_bytes(edf_bytes([{"label": "c", "samples": noise(2, 8)}], 2) + b"\xff" * 100)
    assert read_header(File.at(path)).header["n_samples"] == 16
    np.testing.assert_array_equal(open_recording(File.at(path)).stored[0], noise(2, 8).ravel())


def test_records_without_duration_have_no_rate(path: Path) -> None:
    write(path, [{"label": "c", "samples": noise(2, 8)}], 2, 0)
    header = read_header(File.at(path)).header
    assert (header["sampling_frequency"], header["n_samples"], header["duration"]) == (None, 16, 0.0)
    recording = open_recording(File.at(path))
    np.testing.assert_array_equal(recording.stored[0], noise(2, 8).ravel())
    with pytest.raises(ValueError, match="does not say how often its channels were sampled"):
        recording.window(0, 1)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
def test_labels_and_units_beyond_ascii(path: Path, encoding: str) -> None:
    data = bytearray(edf_bytes([{"label": "c", "samples": noise(1, 8)}], 1))
    data[256:272] = "Gefäß Ø".encode(encoding).ljust(16)
    data[256 + 96 : 256 + 104] = "µV".encode(encoding).ljust(8)
    path.write_bytes(data)
    recording = open_recording(File.at(path))
    assert (recording.channels, recording.units) == (("Gefäß Ø",), ("µV",))
    assert recording.window(0, 1, channels=["Gefäß Ø"]).shape == (1, 8)
    found = read_header(File.at(path)).record
    assert found is not None
    assert found["labels"] == ["Gefäß Ø"]


def test_labels_that_are_empty_or_the_same(path: Path) -> None:
    labels = ["", "EEG", "", "EEG"]
    write(path, [{"label": label, "samples": noise(1, 8, i)} for i, label in enumerate(labels)], 1)
    recording = open_recording(File.at(path))
    assert recording.channels == tuple(labels)
    with pytest.raises(ColumnNotFoundError, match=r"several channels ''.*\[0, 2\]"):
        recording.pick([""])
    np.testing.assert_array_equal(recording.pick([3, 0]).stored[...], [noise(1, 8, 3)[0], noise(1, 8)[0]])


def test_24_bits_at_their_ends(tmp_path: Path) -> None:
    values = np.array([[-(2**23), 2**23 - 1, -1, 0, 1, 255, -256, 65536]])
    status = np.array([[0xFC00FF - 2**24, 0x0000FF, 0x010000, 1, 2, 3, 4, 5]])
    path = tmp_path / "a.bdf"
    write(path, [{"label": "A1", "samples": values}, {"label": "Status", "samples": status}], 1, bdf=True)
    recording = open_recording(File.at(path))
    assert recording.channels == ("A1", "Status")  # triggers stay a channel
    np.testing.assert_array_equal(recording.stored[...], [values[0], status[0]])
    np.testing.assert_array_equal(recording.stored.channel("Status") & 0xFF, status[0] & 0xFF)
    assert read_header(File.at(path)).header["dtype"] == "int24"


@pytest.mark.parametrize(
    ("at", "field"),
    [
        (236, b"99999999"),  # data records
        (252, b"9999"),  # signals
        (252, b"0   "),
        (256 + 216, b"99999999"),  # samples in a record
        (244, b"1e308   "),  # duration
        (244, b"-1      "),
        (244, b"nan     "),
        (184, b"-1      "),
    ],
)
def test_a_header_that_lies_costs_no_memory(path: Path, at: int, field: bytes) -> None:
    data = bytearray(edf_bytes([{"label": "c", "samples": noise(2, 8)}], 2))
    data[at : at + len(field)] = field
    path.write_bytes(data)
    file = CountingFile.at(path)
    assert read_header(file).error
    assert file.bytes_read <= len(data)
    with pytest.raises(FormatError, match=r"a\.edf"):
        open_recording(File.at(path))


def test_an_annotation_signal_that_lies(path: Path) -> None:
    rng = np.random.default_rng(1)
    signals = [{"label": "c", "samples": noise(3, 8)}, {**ANNOTATIONS, "samples": noise(3, 20)}]
    for reserved in ("EDF+C", "EDF+D"):
        raw = edf_bytes(signals, 3, reserved=reserved)
        for _ in range(300):
            data = bytearray(raw)
            for record in range(3):
                at = 256 * 3 + record * 56 + 16
                data[at : at + 40] = bytes(rng.choice([*b"+-0129.\x14\x14\x15\0\0ab@\xff"], 40).tolist())
            path.write_bytes(data)
            recording = open_recording(File.at(path))
            for use in (
                lambda r=recording: r.annotations,
                lambda r=recording: r.segments,
                lambda r=recording: r.start_time,
                lambda r=recording: r.window(0, 1),
            ):
                with suppress(FormatError):  # and nothing else
                    use()
            assert recording.stored[0, :8].shape == (8,)


def test_real_windows_equal_mne(edf_recordings: list[Path]) -> None:
    compared = 0
    for path in edf_recordings:
        ours = open_recording(File.at(path))
        read = mne.io.read_raw_bdf if path.suffix == ".bdf" else mne.io.read_raw_edf
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            raw = read(path, verbose="ERROR", stim_channel=None)
        rate = raw.info["sfreq"]
        for i, label in enumerate(ours.channels):
            scale = {"uV": 1e-6, "µV": 1e-6, "mV": 1e-3}.get(ours.units[i], 1.0)
            if ours.sampling_frequencies[i] != rate or ours.channels.count(label) > 1:
                continue  # mne resamples them, or gives them other names
            start, end = ours.duration / 4, ours.duration / 2
            part = ours.window(start, end, channels=[label])
            first = round(part.start * rate)
            theirs = raw.get_data([i], first, first + part.shape[1])[0]
            np.testing.assert_allclose(part[0] * scale, theirs, rtol=1e-9, atol=1e-9 * np.abs(theirs).max())
            compared += 1
    assert compared > 10


def test_every_real_file_is_indexed_and_opens(edf_recordings: list[Path]) -> None:
    for path in edf_recordings:
        found = read_header(File.at(path))
        assert found.error is None, path
        recording = open_recording(File.at(path))
        assert found.record is not None
        assert list(recording.channels) == found.record["labels"]
        assert isinstance(recording.start_time, datetime)
        assert recording.start_time.replace(microsecond=0) == found.header["start_time"]
        assert recording.segments == ((0.0, recording.duration),)
        assert recording.pick([0]).bytes_needed() >= recording.lengths[0] * struct.calcsize("h")
