"""Real recordings in NWB: what pynwb reads back is what another library reads from the original."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from sessions import read, valid

import neurochain as nc


def test_a_brainvision_recording_in_volts(real_data: Path, tmp_path: Path) -> None:
    mne = pytest.importorskip("mne", reason="the oracle of EEG")
    path = real_data / "eeg_mne/mne/io/brainvision/tests/data/test.vhdr"
    raw = mne.io.read_raw_brainvision(path, preload=True, verbose="error")
    t = nc.timeline(eeg=path)

    def check(file) -> None:
        series = file.acquisition["eeg"]
        names = series.electrodes.to_dataframe()["channel_name"].to_list()
        assert len(names) > 20
        assert series.data.dtype == np.int16
        values = series.data[:] * series.conversion + series.offset
        start = round(2.5 * raw.info["sfreq"])
        np.testing.assert_allclose(values, raw.get_data(picks=names)[:, start : start + 1000].T, rtol=1e-9)
        assert series.starting_time == 2.5
        began = file.session_start_time.replace(tzinfo=UTC)
        assert abs(began - raw.info["meas_date"].replace(tzinfo=UTC)).total_seconds() < 1e-3
        others = [one for name, one in file.acquisition.items() if name != "eeg"]
        assert {one.unit for one in others} >= {"BS", "ARU"}

    read(valid(t.to_nwb(tmp_path / "eeg.nwb", t.window(2.5, 3.5)), own=True), check)


def test_frames_of_a_film(real_data: Path, tmp_path: Path) -> None:
    films = sorted(real_data.glob("**/test_vid.mp4"))
    if not films:
        pytest.skip("no film in the folder of real files")
    t = nc.timeline(film=films[0])
    start = t.span[0]
    path = t.to_nwb(
        tmp_path / "film.nwb",
        [t.window(start + a, start + a + 0.1) for a in (1.0, 0.5)],
        session_start_time=datetime(2026, 5, 1, tzinfo=UTC),
    )
    video = nc.open(films[0])
    since = video.times - start + 1e-6
    inside = np.flatnonzero(((since >= 0.5) & (since < 0.6)) | ((since >= 1.0) & (since < 1.1)))

    def check(file) -> None:
        series = file.acquisition["film"]
        np.testing.assert_allclose(series.timestamps[:], video.times[inside])
        np.testing.assert_array_equal(series.data[:], video.frames(inside).transpose(0, 2, 1, 3))

    read(valid(path), check)
