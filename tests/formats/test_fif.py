import gzip
import shutil
import warnings
from datetime import datetime

import mne
import numpy as np
import pytest
from fif_files import KINDS, UNITS, chain, load, raw_of, save, with_directory
from hypothesis import given
from hypothesis import strategies as st
from in_memory import memory_file
from noted import noted

from neurochain.errors import FormatError
from neurochain.formats import open_recording, read_header
from neurochain.formats.fif.reader import FifReader
from neurochain.formats.recordings.interleaved import Interleaved
from neurochain.storage import File
from neurochain.storage.access import Access, remember
from neurochain.testing import CountingFile, ObjectServer, RecordingTests

TYPES = {"short": np.int16, "int": np.int32, "single": np.float32, "double": np.float64}


def with_gap(path):
    """Eight seconds of which the third was not recorded."""
    raw = raw_of(2000)
    texts = ["before", "BAD_ACQ_SKIP", "behind"]
    times = mne.Annotations([1.28, 2.28, 4.28], [0.0, 1.0, 0.4], texts, orig_time=raw.info["meas_date"])
    return save(raw.set_annotations(times), path, buffer_size_sec=0.1)


@pytest.fixture
def made(tmp_path):
    """Recordings in every format of numbers, with and without a directory."""
    folder = tmp_path / "made"
    folder.mkdir()
    paths = [save(raw_of(seed=i), folder / f"{fmt}_raw.fif", fmt) for i, fmt in enumerate(TYPES)]
    return [
        *paths,
        with_directory(paths[0], folder / "listed_raw.fif"),
        with_directory(paths[2], folder / "ended_raw.fif", last=[(-1, -1, -1, -1)]),
        with_gap(folder / "gap_raw.fif"),
        save(raw_of(names=[f"a channel with the long name {i}" for i in range(6)]), folder / "long_raw.fif"),
    ]


# Samples and gains that were changed at random multiply to what is no number, and NumPy says so.
@pytest.mark.filterwarnings("ignore:(invalid value|overflow) encountered:RuntimeWarning")
class TestFif(RecordingTests):
    reader = FifReader()
    opens = "recording"

    @pytest.fixture
    def files(self, made):
        return made

    def oracle(self, path):
        whole = load(path).get_data()
        # MNE-Python fills gaps with zeros.
        return np.delete(whole, range(500, 750), axis=1) if path.stem == "gap_raw" else whole

    def tolerance(self, whole):
        return 1e-15 * np.abs(whole).max()

    def header_budget(self, path):
        # Files as small as these are pulled whole; how it is with large ones is tested below.
        return path.stat().st_size + 4096

    def test_stored_values_are_exact(self, files):
        for path in files[:4]:
            stored = self.open(path).stored
            assert stored.dtype == TYPES[path.name.partition("_")[0]]
            data = path.read_bytes()
            places = [(at + 16, at + 16 + size) for kind, _, size, at in chain(data) if kind == 300]
            whole = b"".join(data[a:b] for a, b in places)
            expected = np.frombuffer(whole, stored.dtype.newbyteorder(">")).reshape(-1, len(KINDS)).T
            np.testing.assert_array_equal(stored.read(), expected)


@given(st.data())
def test_any_range_of_any_channels_in_any_buffers_equals_the_whole(data):
    counts = np.array(data.draw(st.lists(st.integers(0, 5), min_size=1, max_size=6)), np.int64)
    n_channels, n = data.draw(st.integers(1, 4)), int(counts.sum())
    whole = np.arange(n * n_channels, dtype=">i2").reshape(n, n_channels)
    raw, starts, at = b"", [], 0
    for count in counts.tolist():
        raw += b"x" * data.draw(st.integers(0, 3))
        starts.append(len(raw))
        raw += whole[at : at + count].tobytes()
        at += count

    samples = Interleaved(memory_file("memory", raw), np.array(starts), counts, n_channels, np.dtype(">i2"))
    start = data.draw(st.integers(0, n))
    end = data.draw(st.integers(start, n))
    channels = data.draw(st.lists(st.integers(0, n_channels - 1), max_size=5))
    found = samples.read(channels, start, end)
    assert found.dtype == np.int16
    np.testing.assert_array_equal(found, whole[start:end, channels].T)


def test_samples_behind_the_end_are_an_error(tmp_path):
    (tmp_path / "a").write_bytes(bytes(10))
    samples = Interleaved(File.at(tmp_path / "a"), np.array([2]), np.array([5]), 1, np.dtype(">i2"))
    assert samples.read([0], 0, 4).shape == (1, 4)
    with pytest.raises(FormatError, match=r"ends at byte 10; .* up to byte 12"):
        samples.read([0], 0, 5)


def test_header_of_a_made_file(tmp_path):
    raw = raw_of()
    raw.info["bads"] = ["EEG 001"]
    with raw.info._unlock():
        raw.info["utc_offset"], raw.info["lowpass"], raw.info["line_freq"] = "UTC+02:00", 100.0, 50.0
    found = read_header(File.at(save(raw, tmp_path / "a_raw.fif")))
    assert found.header == {
        "format": "fif",
        "modality": None,
        "shape": [6, 1000],
        "dtype": "float32",
        "voxel_sizes": None,
        "affine": None,
        "sampling_frequency": 250.0,
        "n_channels": 6,
        "n_samples": 1000,
        "duration": 4.0,
        "start_time": datetime(2021, 2, 3, 6, 5, 7, 69000),
        "error": None,
    }
    n_tags = len(chain((tmp_path / "a_raw.fif").read_bytes()))
    theirs = load(tmp_path / "a_raw.fif").info["chs"]
    expected = {
        "data": "raw data",
        "n_tags": n_tags,
        "has_directory": False,
        "n_buffers": 8,
        "n_skips": 0,
        "first_sample": 70,
        "next_file": None,
        "meas_date": datetime(2021, 2, 3, 4, 5, 6, 789000),
        "utc_offset": "UTC+02:00",
        "highpass": 0.0,
        "lowpass": 100.0,
        "line_frequency": 50.0,
        "labels": ["EEG 000", "EEG 001", "EEG 002", "MAG 003", "GRAD 004", "STIM 005"],
        "kinds": ["eeg", "eeg", "eeg", "meg", "meg", "stim"],
        "coil_types": [int(ch["coil_type"]) for ch in theirs],
        "units": list(UNITS),
        "cals": [ch["cal"] for ch in theirs],
        "ranges": [ch["range"] for ch in theirs],
        "bads": ["EEG 001"],
    }
    assert {key: found.record[key] for key in expected} == expected
    assert {"measurement", "measurement info", "subject", "raw data"} <= set(found.record["blocks"])
    for private in ("Haagse", "Harry", "MCH", "Doctor"):
        assert private not in repr(found)


def test_local_time_is_told_only_where_the_file_knows_it(tmp_path):
    for i, (offset, expected) in enumerate(
        [(None, None), ("UTC-05:30", datetime(2021, 2, 2, 22, 35, 7, 69000)), ("Mars", None)]
    ):
        raw = raw_of(100)
        with raw.info._unlock():
            raw.info["utc_offset"] = offset
        path = save(raw, tmp_path / f"{i}_raw.fif")
        assert read_header(File.at(path)).header["start_time"] == expected
        assert open_recording(File.at(path)).start_time == expected
    path = save(raw_of(100, date=False), tmp_path / "none_raw.fif")
    assert read_header(File.at(path)).record["meas_date"] is None


def test_units_channels_and_gains(made):
    for path in made:
        raw, recording = load(path), open_recording(File.at(path))
        assert list(recording.channels) == raw.ch_names
        assert recording.units == UNITS
        np.testing.assert_array_equal(recording.gains, [ch["cal"] * ch["range"] for ch in raw.info["chs"]])
        assert recording.sampling_frequency == raw.info["sfreq"]


def test_gaps_are_left_out(tmp_path):
    path = with_gap(tmp_path / "a_raw.fif")
    recording = open_recording(File.at(path))
    assert recording.discontinuous
    assert recording.shape == (6, 1750)
    assert read_header(File.at(path)).record["n_skips"] == 1


def test_a_gap_at_the_start_moves_the_first_sample(tmp_path):
    raw = raw_of(1000)
    raw.set_annotations(mne.Annotations([0.28], [1.0], ["BAD_ACQ_SKIP"], orig_time=raw.info["meas_date"]))
    path = save(raw, tmp_path / "a_raw.fif", buffer_size_sec=0.1)
    theirs, found = load(path), read_header(File.at(path))
    assert found.record["first_sample"] == theirs.first_samp
    assert not open_recording(File.at(path)).discontinuous
    np.testing.assert_allclose(open_recording(File.at(path)).read(), theirs.get_data(), rtol=1e-15)


def test_a_recording_in_several_files_says_so(tmp_path):
    path = save(raw_of(30_000, kinds=["eeg"] * 40), tmp_path / "a_raw.fif", split_size="2MB")
    parts = sorted(tmp_path.glob("a_raw*.fif"))
    assert len(parts) >= 3
    found = {p.name: read_header(File.at(p)) for p in parts}
    assert found["a_raw.fif"].record["next_file"] == "a_raw-1.fif"
    assert found["a_raw-1.fif"].record["next_file"] == "a_raw-2.fif"
    assert found[f"a_raw-{len(parts) - 1}.fif"].record["next_file"] is None
    assert all(f.error is None for f in found.values())
    whole, names = load(path).get_data(), ["a_raw.fif", *(f"a_raw-{i}.fif" for i in range(1, len(parts)))]
    np.testing.assert_allclose(
        np.concatenate([open_recording(File.at(tmp_path / n)).read() for n in names], axis=1),
        whole,
        rtol=1e-15,
    )
    firsts = [found[n].record["first_sample"] for n in names]
    lengths = [found[n].header["n_samples"] for n in names]
    np.testing.assert_array_equal(np.diff(firsts), lengths[:-1])


def test_files_without_raw_data_say_what_they_hold(tmp_path):
    raw = raw_of(1000)
    events = np.array([[300 + 70, 0, 1], [500 + 70, 0, 1]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        epochs = mne.Epochs(raw, events, tmin=0, tmax=0.2, baseline=None, preload=True, verbose="error")
        epochs.save(tmp_path / "a-epo.fif", verbose="error")
        epochs.average(picks="all").save(tmp_path / "a-ave.fif", verbose="error")
        mne.write_cov(tmp_path / "a-cov.fif", mne.make_ad_hoc_cov(raw.info, verbose="error"), verbose="error")
    for name, block in (("a-epo.fif", "epochs"), ("a-ave.fif", "evoked"), ("a-cov.fif", "covariance")):
        found = read_header(File.at(tmp_path / name))
        assert (found.header["format"], found.error, found.header["shape"]) == ("fif", None, None)
        assert found.record["data"] is None
        assert block in found.record["blocks"]
        with pytest.raises(FormatError, match=rf"holds no raw recording, but: .*{block}.*MNE-Python"):
            open_recording(File.at(tmp_path / name))
    assert read_header(File.at(tmp_path / "a-ave.fif")).header["sampling_frequency"] == 250.0


def test_compressed_files_are_refused_with_the_reason(made):
    path = made[0].parent / "packed_raw.fif.gz"
    path.write_bytes(gzip.compress(made[0].read_bytes()))
    found = read_header(File.at(path))
    assert (found.header["format"], "unpack it" in found.error) == ("fif", True)
    with pytest.raises(FormatError, match="unpack it"):
        open_recording(File.at(path))


def test_complex_samples_are_refused(tmp_path):
    info = mne.create_info(2, 100.0, "eeg")
    raw = mne.io.RawArray(np.ones((2, 200)) * (1 + 1j), info, verbose="error")
    found = read_header(File.at(save(raw, tmp_path / "a_raw.fif")))
    assert "complex64 numbers; only real ones are read" in found.error


@pytest.mark.parametrize("date", [True, False])
def test_annotations_equal_mnes(tmp_path, date):
    raw = raw_of(2000, date=date)
    origin = raw.info["meas_date"]
    texts = ["blink", "a: colon", "BAD segment"]
    raw.set_annotations(mne.Annotations([0.3, 1.1, 2.28], [0.0, 0.5, 1.0], texts, orig_time=origin))
    path = save(raw, tmp_path / "a_raw.fif")
    found = noted(File.at(path))
    theirs = load(path)
    np.testing.assert_allclose([a[0] for a in found], theirs.annotations.onset - theirs.first_time, atol=1e-6)
    np.testing.assert_allclose([a[1] for a in found], theirs.annotations.duration, atol=1e-6)
    assert [a[2] for a in found] == texts
    assert noted(File.at(save(raw_of(500), tmp_path / "none_raw.fif"))) == ()


def test_the_clock_goes_on_in_gaps(tmp_path):
    path = with_gap(tmp_path / "a_raw.fif")
    found = noted(File.at(path))
    np.testing.assert_allclose([a[0] for a in found], [1.0, 2.0, 4.0], atol=1e-6)
    np.testing.assert_allclose([a[1] for a in found], [0.0, 1.0, 0.4], atol=1e-6)
    segments = open_recording(File.at(path)).segments
    assert segments == ((0.0, 2.0), (3.0, 8.0))
    whole = open_recording(File.at(path))[...]
    for (start, end), at in zip(segments, (0, 500), strict=True):
        expected = raw_of(2000).get_data()[:, round(start * 250) : round(end * 250)]
        np.testing.assert_allclose(whole[:, at : at + expected.shape[1]], expected, rtol=1e-6, atol=1e-12)


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Thirty seconds of 306 channels, in buffers that nobody reads along, without a directory and with one."""
    folder = tmp_path_factory.mktemp("large")
    raw = raw_of(7500, kinds=["mag"] * 306)
    path = save(raw, folder / "large_raw.fif", buffer_size_sec=0.2)
    return path, with_directory(path, folder / "large_listed_raw.fif")


def described(path):
    """Bytes in front of the samples, which describe them, and number of buffers."""
    buffers = [at for kind, _, _, at in chain(path.read_bytes()) if kind == 300]
    return buffers[0], len(buffers)


def test_the_header_costs_the_description_and_the_directory(large):
    for path, has_directory in zip(large, (False, True), strict=True):
        file = CountingFile.at(path)
        found = read_header(file)
        before, n_buffers = described(large[0])
        assert (found.error, found.record["has_directory"], found.record["n_buffers"]) == (
            None,
            has_directory,
            n_buffers,
        )
        # With a directory, that is pulled; without one, tags are looked for in windows, and at a few of the buffers.
        assert file.bytes_read <= 4096 + before + (
            16 * (n_buffers + 400) if has_directory else before + 3 * 4096
        )
        assert file.requests <= (12 if has_directory else 40)


def test_a_window_pulls_its_samples(large):
    whole = load(large[0]).get_data()
    for path in large:
        file = CountingFile.at(path)
        recording = open_recording(file, format="fif")
        before = file.bytes_read
        np.testing.assert_allclose(recording[17, 3010:3020], whole[17, 3010:3020], rtol=1e-15)
        assert file.bytes_read - before == 10 * 306 * 4 == recording._samples.bytes_needed([17], 3010, 3020)
        before = file.bytes_read
        np.testing.assert_allclose(recording.window(2, 4).read(), whole[:, 500:1000], rtol=1e-15)
        assert file.bytes_read - before <= 500 * 306 * 4 + 16 * 11


def test_what_was_found_by_following_is_remembered(large):
    class Remembered(dict):
        def put(self, key, value):
            self[key] = value

    memo = Remembered()
    path = large[0]
    first, again = CountingFile.at(path), CountingFile.at(path)
    one = open_recording(first, format="fif", memo=memo)
    two = open_recording(again, format="fif", memo=memo)
    assert len(memo) == 1
    assert again.requests < first.requests / 2
    np.testing.assert_array_equal(one[:, 5:9], two[:, 5:9])
    open_recording(File.at(large[1]), memo=memo)
    assert len(memo) == 1  # a directory needs no memory


def test_a_recording_in_an_object_store(tmp_path, large, made):
    (tmp_path / "served").mkdir()
    shutil.copytree(made[0].parent, tmp_path / "served" / "fif")
    for path in large:
        shutil.copyfile(path, tmp_path / "served" / "fif" / path.name)
    with ObjectServer(tmp_path / "served") as server:
        remember("s3://fif", Access.of({"anon": True, "endpoint": server.url}))
        for path in (*made, *large):
            file = CountingFile.at(f"s3://fif/{path.name}")
            server.traffic.clear()
            found = read_header(file)
            assert repr(found) == repr(read_header(File.at(path)))
            if path in large:
                assert server.traffic.bytes < path.stat().st_size / 20
            np.testing.assert_array_equal(
                open_recording(file)[:, 300:309], open_recording(File.at(path))[:, 300:309]
            )


def test_real_files_equal_mne(real_data):
    paths = sorted((real_data / "eeg_mne").rglob("*.fif"))
    assert paths
    for path in paths:
        file = CountingFile.at(path)
        found = read_header(file)
        raw, recording = load(path), open_recording(File.at(path))
        assert found.error is None
        assert file.bytes_read < path.stat().st_size / 10
        assert list(recording.channels) == raw.ch_names
        assert recording.sampling_frequency == raw.info["sfreq"]
        assert found.record["first_sample"] == raw.first_samp
        assert (found.record["lowpass"], found.record["highpass"]) == (
            raw.info["lowpass"],
            raw.info["highpass"],
        )
        whole = raw.get_data()
        np.testing.assert_allclose(recording.read(), whole, rtol=1e-15)
        np.testing.assert_allclose(recording[50:3:-7, 900:1100], whole[50:3:-7, 900:1100], rtol=1e-15)
