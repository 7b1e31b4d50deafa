"""Real files on a timeline, equal to what other libraries give for the same times."""

import nibabel as nib
import numpy as np
import polars as pl
import pytest

import neurochain as nc


def test_haxby_s_volumes_around_the_onsets_of_faces(real_data, project):
    subject = real_data / "openfmri_haxby/mvpa2/data/haxby2001/sub001"
    scan = subject / "BOLD/task001_run001/bold_25mm.nii.gz"
    shown = np.loadtxt(subject / "model/model001/onsets/task001_run001/cond002.txt", ndmin=2)
    events = pl.DataFrame({"onset": shown[:, 0], "duration": shown[:, 1]})
    t = nc.timeline(bold=scan, events=events)
    whole = nib.load(scan).get_fdata()
    trials = t.windows(around="events.onset", before=0.0, after=12.5)
    found = trials.map(mean=lambda bold: bold.read().mean(axis=(0, 1, 2)), first=lambda bold: bold.time[0])
    rows = found.select("event", "mean", "first").collect()
    assert rows.height == len(shown)
    for onset, mean, first in rows.rows():
        k = int(onset // 2.5)  # the volume that is being acquired
        n = -(-(onset + 12.5) // 2.5) - k
        assert first == pytest.approx(2.5 * k)
        np.testing.assert_allclose(mean, whole[..., k : k + int(n)].mean(axis=(0, 1, 2)), rtol=1e-9)


def test_windows_of_brainvision_are_mne_s(real_data):
    mne = pytest.importorskip("mne", reason="the oracle of EEG")
    path = real_data / "eeg_mne/mne/io/brainvision/tests/data/test.vhdr"
    raw = mne.io.read_raw_brainvision(path, preload=True, verbose="error")
    t = nc.timeline(eeg=path)
    labels = list(t["eeg"].labels)
    names = [n for n in raw.ch_names if n in labels and t["eeg"].units[labels.index(n)] in ("µV", "uV")]
    assert len(names) > 20
    picked = [labels.index(name) for name in names]
    values = raw.get_data(picks=names).T * 1e6
    for start, end in ((0.0, 1.0), (2.0005, 3.2), (7.1, 7.9)):
        w = t.window(start, end)["eeg"]
        first, last = (int(np.ceil(round(s * 1000, 6))) for s in (start, end))
        np.testing.assert_allclose(w.read()[:, picked], values[first:last], rtol=2e-6, atol=1e-6)
        np.testing.assert_allclose(w.time, raw.times[first:last], atol=1e-9)


def test_markers_of_brainvision_are_pulses(real_data):
    path = real_data / "eeg_mne/mne/io/brainvision/tests/data/test.vhdr"
    eeg = nc.stream(path)
    onsets = [a.onset for a in eeg.source.annotations]
    texts = {a.text for a in eeg.source.annotations}
    assert texts
    found = np.sort(np.concatenate([eeg.line(text) for text in texts if text]))
    np.testing.assert_allclose(
        found, np.sort([o for o, a in zip(onsets, eeg.source.annotations, strict=True) if a.text])
    )


def test_a_series_of_nwb(real_data):
    pynwb = pytest.importorskip("pynwb", reason="the oracle of NWB")
    path = sorted((real_data / "nwb").rglob("*.nwb"))[0]
    t = nc.timeline(v=nc.open(path, part="/acquisition/VoltageClampSeries_01"))
    with pynwb.NWBHDF5IO(str(path), "r", load_namespaces=True) as io:
        series = io.read().acquisition["VoltageClampSeries_01"]
        rate, first = series.rate, series.starting_time
        start, end = first + 0.25, first + 0.5
        a, b = (round((s - first) * rate) for s in (start, end))
        expected = series.data[a:b] * series.conversion
    w = t.window(start, end)["v"]
    assert len(w) == b - a
    np.testing.assert_allclose(w.time[[0, -1]], [start, end - 1 / rate], atol=1e-9)
    np.testing.assert_allclose(w.read()[:, 0], expected, rtol=1e-6)


def test_three_hours_at_30_khz(tmp_path):
    path = tmp_path / "long.bin"
    with path.open("wb") as file:
        file.truncate(3 * 3600 * 30_000 * 384 * 2)
        for second in (0, 5000, 10_799):
            file.seek((second * 30_000 + 7) * 384 * 2)
            file.write(np.arange(384, dtype="<i2").tobytes())
    t = nc.timeline(ephys=nc.open(path, channels=384, sampling_frequency=30_000, dtype="int16"))
    for second in (0, 5000, 10_799):
        exact = second + 7 / 30_000
        w = t.window(exact, exact + 1 / 30_000)["ephys"]
        assert (w.first, w.last) == (second * 30_000 + 7, second * 30_000 + 8)
        np.testing.assert_array_equal(w.read()[0], np.arange(384))
    assert t.window(10_799, 10_800)["ephys"].bytes_needed() == 30_000 * 384 * 2
