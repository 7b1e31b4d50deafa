import re
import warnings
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from edf_files import ANNOTATIONS, TALS, edf_bytes, noise, with_gaps, write
from hypothesis import given
from hypothesis import strategies as st
from in_memory import memory_file

from neurochain.errors import ColumnNotFoundError, FormatError, ShapeError
from neurochain.formats import Annotation, open_recording, read_header
from neurochain.formats.edf.reader import EdfReader
from neurochain.storage import File
from neurochain.testing import CountingFile, RecordingTests
from neurochain.testing.edf import write_edf


@pytest.fixture
def made(tmp_path):
    """Files of every kind, and the digital samples of each."""
    folder = tmp_path / "made"
    folder.mkdir()
    a, b = noise(4, 100), noise(4, 100, 1)
    wide = noise(3, 256, 2, bdf=True)
    c = noise(2, 50)
    gaps = folder / "gaps.edf"
    data, samples = with_gaps([0, 1, 7.5, 8.5, 60], n=20, notes=[(8, "restart")])
    gaps.write_bytes(data)
    return {
        write(
            folder / "plain.edf", [{"label": "Fp1", "samples": a}, {"label": "Fp2", "samples": b}], 4
        ): np.stack([a.ravel(), b.ravel()]),
        write(folder / "wide.bdf", [{"label": "A1", "samples": wide}], 3, bdf=True): wide.reshape(1, -1),
        write(
            folder / "plus.edf",
            [
                {**ANNOTATIONS, "samples": TALS},
                {"label": "Fz", "samples": c, "physical_min": 5, "physical_max": -3},
            ],
            2,
            reserved="EDF+C",
        ): c.reshape(1, -1),
        write(folder / "open.edf", [{"label": "Cz", "samples": a}], 4, stated=-1): a.reshape(1, -1),
        write(folder / "one.edf", [{"label": "Cz", "samples": noise(1, 4000)}], 1, 8): noise(1, 4000),
        gaps: samples.reshape(1, -1),
    }


def physical(path, digital):
    """Values by the formula of the standard, from a file made here."""
    low, high = (5, -3) if path.name == "plus.edf" else (-100, 100)
    first, last = (-(2**23), 2**23 - 1) if path.suffix == ".bdf" else (-32768, 32767)
    return low + (digital - first) * (high - low) / (last - first)


class TestEdf(RecordingTests):
    reader = EdfReader()

    @pytest.fixture
    def files(self, made):
        self.made = made
        return sorted(made)

    def oracle(self, path):
        return physical(path, self.made[path])

    def tolerance(self, whole):
        return 1e-12 * np.abs(whole).max()

    def header_budget(self, path):
        return 4096

    def needed(self, path):
        # Without a number of records, any whole number of them is right.
        return 512 if path.name == "open.edf" else path.stat().st_size

    def test_stored_values_are_exact(self, files):
        for path in files:
            stored = self.open(path).stored
            assert stored.dtype == (np.int32 if path.suffix == ".bdf" else np.int16)
            np.testing.assert_array_equal(stored.read(), self.made[path])


@given(st.data())
def test_any_range_of_any_channels_equals_the_whole(data):
    n_records, per_record = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 7))
    n_channels, bdf = data.draw(st.integers(1, 4)), data.draw(st.booleans())
    digital = [
        noise(n_records, per_record, i, bdf) if per_record * n_records > 1 else np.ones((1, 1), int)
        for i in range(n_channels)
    ]
    signals = [{"label": f"c{i}", "samples": d} for i, d in enumerate(digital)]
    signals.insert(
        data.draw(st.integers(0, n_channels)), {**ANNOTATIONS, "samples": np.zeros((n_records, 3))}
    )
    raw = edf_bytes(signals, n_records, bdf=bdf)
    whole = np.stack([d.ravel() for d in digital])

    fills = data.draw(st.booleans())  # as files elsewhere, and as files here are read
    recording = open_recording(memory_file("memory.edf", raw, fills=fills)).stored
    n = n_records * per_record
    bound = st.none() | st.integers(-n - 1, n + 1)
    step = st.sampled_from([None, 1, 2, 3, -1, -2])
    samples = data.draw(st.integers(-n, n - 1) | st.builds(slice, bound, bound, step))
    channels = data.draw(st.integers(-n_channels, n_channels - 1) | st.builds(slice, bound, bound, step))
    np.testing.assert_array_equal(recording[channels, samples], whole[channels, samples])
    np.testing.assert_array_equal(recording.channel(f"c{n_channels - 1}"), whole[-1])


def test_header_of_a_made_file(tmp_path):
    path = write(
        tmp_path / "a.edf",
        [
            {
                "label": "EEG Fp1",
                "samples": noise(2, 100),
                "unit": "uV",
                "prefiltering": "HP:0.1Hz",
                "transducer": "AgCl",
            },
            {**ANNOTATIONS, "samples": TALS},
            {
                "label": "Temp",
                "samples": noise(2, 100),
                "unit": "degC",
                "physical_min": 34.4,
                "physical_max": 40.2,
            },
        ],
        2,
        0.5,
        reserved="EDF+D",
        patient="MCH-0234567 F 02-MAY-1951 Haagse_Harry",
        recording="Startdate 02-MAR-2002 EMG561 BK/JOP Sony",
    )
    found = read_header(File.at(path))
    assert found.header == {
        "format": "edf",
        "modality": None,
        "shape": [2, 200],
        "dtype": "int16",
        "voxel_sizes": None,
        "affine": None,
        "sampling_frequency": 200.0,
        "n_channels": 2,
        "n_samples": 200,
        "duration": 1.0,
        "start_time": datetime(2002, 3, 2, 5, 6, 7),
        "error": None,
    }
    assert found.record["labels"] == ["EEG Fp1", "Temp"]
    assert found.record["units"] == ["uV", "degC"]
    assert found.record["physical_min"] == [-100.0, 34.4]
    assert found.record["prefiltering"] == ["HP:0.1Hz", ""]
    assert (found.record["version"], found.record["discontinuous"]) == ("EDF+D", True)
    assert (found.record["n_signals"], found.record["n_annotation_signals"]) == (3, 1)
    assert "Haagse" not in repr(found)
    assert "EMG561" not in repr(found)


@pytest.mark.parametrize(
    ("date", "recording", "year"),
    [
        ("01.01.85", "", 1985),
        ("01.01.84", "", 2084),
        ("01.01.99", "", 1999),
        ("01.01.00", "", 2000),
        ("01.01.yy", "Startdate 01-JAN-2090", None),
        ("01.01.85", "Startdate 01-JAN-2085", 2085),
        ("31.02.20", "", None),
        ("00.00.00", "", None),
    ],
)
def test_years_of_two_digits(tmp_path, date, recording, year):
    path = write(
        tmp_path / "a.edf", [{"label": "c", "samples": noise(1, 8)}], 1, date=date, recording=recording
    )
    found = read_header(File.at(path)).header
    assert (found["start_time"].year if found["start_time"] else None) == year
    assert found["error"] is None


def test_rates_that_differ(tmp_path):
    fast, slow = noise(3, 100), noise(3, 10, 1)
    path = write(
        tmp_path / "a.edf", [{"label": "fast", "samples": fast}, {"label": "slow", "samples": slow}], 3
    )
    header = read_header(File.at(path)).header
    assert (header["sampling_frequency"], header["n_samples"], header["shape"]) == (None, None, None)
    assert (header["n_channels"], header["duration"]) == (2, 3.0)
    recording = open_recording(File.at(path))
    for use in (
        np.asarray,
        len(recording) and (lambda r: r[0]),
        lambda r: r.shape,
        lambda r: r.sampling_frequency,
    ):
        with pytest.raises(ShapeError, match=r"10 Hz: slow; 100 Hz: fast.*channel\('name'\)"):
            use(recording)
    np.testing.assert_array_equal(recording.stored.channel("slow"), slow.ravel())
    np.testing.assert_array_equal(recording.stored.channel("fast", 95, 205), fast.ravel()[95:205])
    np.testing.assert_array_equal(recording.stored.channel(1, -5), slow.ravel()[-5:])


def test_channel_that_is_not_there(tmp_path):
    samples = noise(1, 8)
    path = write(tmp_path / "a.edf", [{"label": n, "samples": samples} for n in ("Fp1", "Fp2", "Fp2")], 1)
    recording = open_recording(File.at(path))
    with pytest.raises(ColumnNotFoundError, match=r"no channel 'Fp3'.*Did you mean"):
        recording.channel("Fp3")
    with pytest.raises(ColumnNotFoundError, match=r"several channels 'Fp2'.*\[1, 2\]"):
        recording.channel("Fp2")


@pytest.mark.parametrize(
    ("change", "text"),
    [({"n": -4}, "samples of signal 0"), ({"n": 2.5}, "no whole number")],
)
def test_signal_that_lies_is_an_error_row(tmp_path, change, text):
    data = bytearray(edf_bytes([{"label": "c", "samples": noise(2, 8)}], 2))
    data[256 + 216 : 256 + 224] = str(change["n"]).encode().ljust(8)
    (tmp_path / "a.edf").write_bytes(data)
    found = read_header(File.at(tmp_path / "a.edf"))
    assert found.header["format"] == "edf"
    assert re.search(text, found.error)
    with pytest.raises(FormatError, match=r"a\.edf"):
        open_recording(File.at(tmp_path / "a.edf"))


@pytest.mark.parametrize(
    ("fixed", "text"),
    [
        ({"stated": 9}, "9 data records of 16 bytes, up to byte 656, and the file ends at byte 544"),
        ({"stated": -3}, "-3 data records"),
        ({"stated": "x"}, "number of data records"),
        ({"header_bytes": 999}, "it has 999 bytes"),
        ({"n_signals": 300}, "header of 300 signals needs 77,056 bytes"),
    ],
)
def test_header_that_lies_is_an_error_row(tmp_path, fixed, text):
    path = write(tmp_path / "a.edf", [{"label": "c", "samples": noise(2, 8)}], 2, **fixed)
    assert text in read_header(File.at(path)).error


def test_one_channel_pulls_its_samples(tmp_path):
    signals = [{"label": f"c{i}", "samples": noise(20, 50_000, i)} for i in range(4)]
    path = write(tmp_path / "a.edf", signals, 20)
    file = CountingFile.at(path)
    recording = open_recording(file, format="edf")
    before = file.bytes_read
    part = recording.stored[2, 100_500:180_000]
    np.testing.assert_array_equal(part, signals[2]["samples"].ravel()[100_500:180_000])
    assert file.bytes_read - before == 79_500 * 2
    assert before <= 4096


def test_many_channels_cost_the_header_and_no_more(tmp_path):
    path = write(tmp_path / "a.edf", [{"label": f"c{i}", "samples": noise(1, 8)} for i in range(200)], 1)
    file = CountingFile.at(path)
    assert read_header(file).header["n_channels"] == 200
    assert file.bytes_read == 256 * 201
    assert file.requests == 2


def test_real_files_equal_edfio(edf_recordings, edfio):
    for path in edf_recordings:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = edfio.read_bdf(path) if path.suffix == ".bdf" else edfio.read_edf(path)
        ours = open_recording(File.at(path))
        assert list(ours.channels) == [s.label for s in theirs.signals]
        assert ours.units == tuple(s.physical_dimension for s in theirs.signals)
        for i, signal in enumerate(theirs.signals):
            assert ours.sampling_frequencies[i] == signal.sampling_frequency
            np.testing.assert_array_equal(ours.stored.channel(i), signal.digital)
            np.testing.assert_allclose(
                ours.channel(i), signal.data, rtol=1e-12, atol=1e-9 * np.abs(signal.data).max()
            )


def test_real_files_equal_pyedflib(edf_recordings, pyedflib):
    compared = 0
    for path in edf_recordings:
        ours = open_recording(File.at(path))
        try:
            theirs = pyedflib.EdfReader(str(path))
        except OSError:
            continue  # stricter about reserved fields than these files are
        with theirs:
            # In plain EDF it takes annotations, the last signal there, for samples.
            labels = [c.strip() for c in theirs.getSignalLabels()]
            assert [c for c in labels if c != "EDF Annotations"] == list(ours.channels)
            # Its microseconds are wrong: it reads 0.394531 s as 39453.
            assert theirs.getStartdatetime().replace(microsecond=0) == ours.start_time.replace(microsecond=0)
            for i in range(len(ours.channels)):
                np.testing.assert_array_equal(ours.stored.channel(i), theirs.readSignal(i, digital=True))
                np.testing.assert_allclose(ours.channel(i), theirs.readSignal(i), rtol=1e-9, atol=1e-9)
                compared += 1
    assert compared


def test_real_headers(edf_recordings):
    for path in edf_recordings:
        file = CountingFile.at(path)
        found = read_header(file)
        assert found.error is None, (path, found.error)
        assert file.bytes_read <= max(4096, found.record["header_bytes"])
        assert found.header["n_channels"] == len(found.record["labels"]) > 0
        assert isinstance(found.header["start_time"], datetime)
        assert Path(path).suffix == f".{found.header['format']}"


def test_made_files_are_read_by_other_libraries(tmp_path, edfio):
    notes = [
        Annotation(-0.5, None, "Lights off"),
        Annotation(1.25, 0.5, "blink", "O2"),
        Annotation(2, None, "Ä"),
    ]
    waves = np.sin(np.arange(300) / 9) * [[30.0], [-70.0]]
    path = write_edf(tmp_path / "a.edf", waves, 100, ["Fp1", "O2"], annotations=notes)
    theirs = edfio.read_edf(path)
    assert [(a.onset, a.duration, a.text) for a in theirs.annotations] == [
        (-0.5, None, "Lights off"),
        (1.25, 0.5, "blink@@O2"),
        (2.0, None, "Ä"),
    ]
    np.testing.assert_allclose(theirs.get_signal("O2").data, waves[1], atol=0.002)
    ours = open_recording(File.at(path))
    assert ours.annotations == tuple(notes)
    assert ours.start_time == datetime(2026, 1, 1) == theirs.startdatetime
    np.testing.assert_allclose(ours.read(), waves, atol=0.002)
    assert not ours.discontinuous
    with pytest.raises(ValueError, match="3 data records have so many starts, not 1"):
        write_edf(path, waves, 100, ["Fp1", "O2"], starts=[0])


def test_threads_that_read_other_channels_get_their_own(tmp_path):
    waves = np.repeat(np.arange(8.0)[:, None], 2_000, axis=1)
    write_edf(tmp_path / "a.edf", waves, 100, [f"c{i}" for i in range(8)])
    recording = open_recording(File.at(tmp_path / "a.edf"))

    def level(i):
        return [
            round(float(recording.pick([i, 7 - i]).read_window(k / 10, k / 10 + 1)[0, 0])) for k in range(100)
        ]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(level, range(8)))
    assert found == [[i] * 100 for i in range(8)]
