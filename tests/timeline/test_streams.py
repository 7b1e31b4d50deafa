"""Streams: what a file holds, and when; against the truth of the rig."""

import json

import nibabel as nib
import numpy as np
import polars as pl
import pytest
from rig import CHANNELS, RATE, SECONDS, TR

import neurochain as nc


def test_a_recording(rig):
    found = nc.stream(nc.open(rig.probe, **rig.raw))
    assert (found.kind, found.axes, found.shape) == ("recording", ("time", "channel"), rig.samples.shape)
    assert found.clock.n_samples == SECONDS * RATE
    assert (found.clock.start, found.clock.end) == (0.0, SECONDS)
    np.testing.assert_array_equal(found.read(100, 130), rig.samples[100:130])
    assert found.dtype == np.int16  # no gain is said: the numbers are the values
    assert found.bytes_needed(0, 10) == 10 * CHANNELS * 2


def test_gains_make_float32_of_small_integers(rig):
    recording = nc.open(rig.probe, **rig.raw, gain=0.195, offset=2.0, unit="uV")
    found = nc.stream(recording)
    assert found.dtype == np.float32
    assert set(found.units) == {"uV"}
    np.testing.assert_allclose(found.read(0, 50), recording[:, :50].T, rtol=1e-6)
    np.testing.assert_array_equal(nc.stream(recording.stored).read(0, 50), rig.samples[:50])


def test_a_recording_that_starts_elsewhere(rig):
    found = nc.stream(nc.open(rig.probe, **rig.raw), start=100.0)
    assert found.clock.between(100.5, 101.0) == (500, 1000)
    assert found.said.by == "the caller"


def test_rising_edges_of_a_channel(rig):
    found = nc.stream(nc.open(rig.probe, **rig.raw))
    np.testing.assert_allclose(found.line(str(CHANNELS - 1)), rig.pulses, atol=1e-9)
    np.testing.assert_allclose(found.line(str(CHANNELS - 1)), rig.pulses, atol=1e-9)  # remembered
    with pytest.raises(nc.ColumnNotFoundError, match="no line of pulses 'sync'"):
        found.line("sync")


def test_a_film(rig):
    found = nc.stream(rig.film)
    assert found.kind == "video"
    np.testing.assert_allclose(found.clock.times(0, len(rig.frames)), rig.frames, atol=1e-9)
    video = nc.open(rig.film)
    np.testing.assert_array_equal(found.read(3, 6), video[3:6])


def test_a_film_with_times_of_its_own(rig, tmp_path):
    times = rig.frames + 5
    np.save(tmp_path / "frames.npy", times)
    found = nc.stream(rig.film, times=tmp_path / "frames.npy")
    np.testing.assert_array_equal(found.clock.times(0, len(times)), times)
    assert found.files[1].name == "frames.npy"
    with pytest.raises(nc.FormatError, match="there are 3 times, and"):
        nc.stream(rig.film, times=[1, 2, 3])


def test_a_scan_and_its_sidecar(rig):
    found = nc.stream(rig.scan)
    assert (found.kind, found.axes) == ("volume", ("x", "y", "z", "time"))
    np.testing.assert_allclose(found.clock.times(0, 8), np.arange(8) * TR, atol=1e-12)
    assert found.said.by == "sub-01_task-x_bold.json"
    np.testing.assert_array_equal(found.read(2, 4), rig.volumes[..., 2:4])
    expected = np.array([0.0, 1.2, 0.6])[:, None] + np.arange(1, 3) * TR
    np.testing.assert_allclose(found.slice_times(1, 3), expected)
    # A volume is acquired until the next one: it belongs to each window that this touches.
    assert found.between(3.0, 4.0) == (1, 2)
    assert found.between(2.5, 5.0) == (1, 2)
    assert found.between(2.4, 5.1) == (0, 3)


def saved(folder, units, zoom, sidecar=None, name="sub-02_bold.nii"):
    image = nib.Nifti1Image(np.zeros((2, 2, 2, 5), np.int16), np.eye(4))
    image.header.set_xyzt_units("mm", units)
    image.header.set_zooms((1, 1, 1, zoom))
    nib.save(image, folder / name)
    if sidecar is not None:
        (folder / name.replace(".nii", ".json")).write_text(json.dumps(sidecar))
    return folder / name


@pytest.mark.parametrize(("units", "zoom"), [("sec", 1.5), ("msec", 1500), ("usec", 1.5e6)])
def test_a_header_says_the_unit_of_its_time(tmp_path, units, zoom):
    found = nc.stream(saved(tmp_path, units, zoom))
    np.testing.assert_allclose(found.clock.times(0, 5), np.arange(5) * 1.5)


def test_nobody_says_how_long_a_volume_takes(tmp_path):
    path = saved(tmp_path, None, 2.0)
    with pytest.raises(
        nc.FormatError,
        match=r"pixdim\[4\] is 2, but xyzt_units does not say in which unit.*repetition_time=2.0",
    ):
        nc.stream(path)
    assert nc.stream(path, repetition_time=2.0).clock.end == 10


def test_volume_timing(tmp_path):
    said = {"VolumeTiming": [0, 4.5, 9, 14, 18], "AcquisitionDuration": 2.0, "StartTime": 1.0}
    found = nc.stream(saved(tmp_path, "sec", 2.0, said))
    np.testing.assert_allclose(found.clock.times(0, 5), np.array([0, 4.5, 9, 14, 18]) + 1)
    assert found.between(3.5, 5.0) == (1, 1)  # between two acquisitions
    assert found.between(2.5, 5.6) == (0, 2)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"RepetitionTime": "2"}, "no number"),
        ({"RepetitionTime": -1}, "which is no time"),
        ({"VolumeTiming": [0, 1]}, "times of 2 volumes, and there are 5"),
        ({"VolumeTiming": [0, 1, 1, "a", 2]}, "no list of numbers"),
        ({"RepetitionTime": 2, "SliceTiming": [0, 1, 2]}, "3 slices .*2 along z"),
        ({"RepetitionTime": 2, "AcquisitionDuration": 3}, "takes 3 s"),
    ],
)
def test_sidecars_that_cannot_be(tmp_path, said, message):
    with pytest.raises(nc.FormatError, match=message):
        nc.stream(saved(tmp_path, "sec", 2.0, said))


def test_slices_encoded_backwards(tmp_path):
    said = {"RepetitionTime": 2, "SliceTiming": [0, 1], "SliceEncodingDirection": "k-"}
    np.testing.assert_array_equal(
        nc.stream(saved(tmp_path, "sec", 2.0, said)).slice_times(0, 1)[:, 0], [1, 0]
    )


def test_a_scan_without_time():
    with pytest.raises(nc.ShapeError, match="none of them is time"):
        nc.stream(nc.Volume.of(np.zeros((3, 3, 3))))


def test_tables(rig):
    events, behavior = nc.stream(rig.events), nc.stream(rig.behavior)
    assert (events.kind, behavior.kind) == ("events", "table")
    assert not events.is_bounded
    np.testing.assert_array_equal(events.clock.times(0, 4), [2, 6, 11.25, 19.8])
    assert events.cut(1, 2)["trial_type"].to_list() == ["stop"]
    assert behavior.labels == ("velocity", "lick")
    np.testing.assert_allclose(behavior.read(10, 12)[:, 0], np.sin([0.2, 0.22]), atol=1e-6)


def test_tables_of_all_kinds(tmp_path):
    np.testing.assert_array_equal(nc.stream([3.0, 1.0, 2.0]).clock.times(0, 3), [1, 2, 3])
    frame = pl.DataFrame({"timestamps": [2.0, 1.0], "x": [1, None]})
    found = nc.stream(frame)
    np.testing.assert_array_equal(found.read(0, 2), [[np.nan], [1]])
    assert nc.stream({"x": [1, 2, 3]}, sampling_frequency=2).clock.end == 1.5
    pandas = pytest.importorskip("pandas", reason="a table of pandas needs pandas")
    assert nc.stream(pandas.DataFrame({"time": [0.0, 1.0], "x": [1, 2]})).labels == ("x",)
    with pytest.raises(nc.ColumnNotFoundError, match="no column that says when"):
        nc.stream({"x": [1.0, 2.0]})
    with pytest.raises(nc.FormatError, match=r"row 1 .* has no time"):
        nc.stream({"time": [1.0, None], "x": [1.0, 2.0]})


def test_physio_of_bids(real_data):
    path = (
        real_data
        / "bids_examples_meta"
        / "ds210"
        / "sub-01"
        / "func"
        / "sub-01_task-rest_run-01_physio.tsv.gz"
    )
    if not path.exists() or not path.stat().st_size:
        pytest.skip("this physio recording is empty in the examples")
    said = json.loads((path.parents[1] / "sub-01_task-rest_physio.json").read_text())
    found = nc.stream(path)
    assert found.clock.start == said["StartTime"]
    assert found.clock.period == pytest.approx(1 / said["SamplingFrequency"])


def test_spikes_of_a_table():
    units = pl.DataFrame({"id": [4, 9], "spike_times": [[0.5, 0.1], [0.3]]})
    found = nc.stream(units)
    assert (found.kind, found.labels) == ("spikes", ("4", "9"))
    np.testing.assert_array_equal(found.clock.times(0, 3), [0.1, 0.3, 0.5])
    np.testing.assert_array_equal(found.read(0, 3), [0, 1, 0])


def test_what_makes_no_sense_is_refused(rig):
    with pytest.raises(nc.FormatError, match=r"stream\(repetition_time=…\): a video"):
        nc.stream(rig.film, repetition_time=2.0)
    with pytest.raises(nc.FormatError, match=r"stream\(sampling_frequency=…\): a recording"):
        nc.stream(nc.open(rig.probe, **rig.raw), sampling_frequency=5)
    with pytest.raises(nc.StorageError):
        nc.stream("nothing_here.mp4")
