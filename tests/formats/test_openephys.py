"""Open Ephys, made as its manual says: streams beside structure.oebin, and the one-channel files before it."""

import json
import pickle
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openephys_files import BESIDE, PROBE, channel, lines, samples, stream, structure

import neurochain as nc
from neurochain.errors import FormatError
from neurochain.formats import open_recording, read_header
from neurochain.formats.openephys.continuous import ContinuousReader
from neurochain.formats.openephys.numbers import SampleNumbers
from neurochain.formats.openephys.oebin import OpenEphysReader
from neurochain.storage import File
from neurochain.testing import CountingFile, RecordingTests


class TestOpenEphys(RecordingTests):
    reader = OpenEphysReader()
    opens = "recording"

    @pytest.fixture
    def files(self, tmp_path):
        """One stream each: whole, and with gaps."""
        found = []
        for name, jumps in (("a", ()), ("b", (300, 301, 700))):
            folder = tmp_path / name
            found.append(structure(folder, [stream(folder, PROBE, 5, 1000.0, jumps=jumps)]))
        return found

    def beside(self, path):
        return [path.parent / "continuous"]

    def header_budget(self, path):
        return path.stat().st_size

    def oracle(self, path):
        return samples(5).T * (0.195 * np.arange(1, 6))[:, None]


class TestContinuous(RecordingTests):
    reader = ContinuousReader()
    opens = "recording"

    @pytest.fixture
    def files(self, tmp_path):
        """One channel each: whole, and with gaps."""
        return [
            channel(tmp_path / "100_CH7.continuous"),
            channel(tmp_path / "100_ADC1.continuous", label="ADC1", bitVolts=0.000152588),
            channel(tmp_path / "100_CH8.continuous", (0, 1024, 9000, 10024, 50_000)),
        ]

    def oracle(self, path):
        step = 0.000152588 if "ADC" in path.name else 0.195
        return samples(1, (path.stat().st_size - 1024) // 2070 * 1024).T * step


def test_streams_are_told_and_chosen(tmp_path):
    path = structure(tmp_path, [stream(tmp_path, PROBE, 4, 30_000.0), stream(tmp_path, BESIDE, 2, 30_303.0)])
    found = read_header(File.at(path))
    assert found.error is None
    assert found.header["format"] == "openephys"
    assert found.header["shape"] is None
    assert found.record == {
        "gui_version": "0.6.4",
        "streams": ["ProbeA-AP", "PXIe-6341"],
        "stream_frequencies": [30_000.0, 30_303.0],
        "channel_counts": [4, 2],
        "sample_counts": [1000, 1000],
    }
    with pytest.raises(FormatError, match=r"it has 2 streams: 'ProbeA-AP', 'PXIe-6341'. Say which: nc.open"):
        nc.open(path)
    with pytest.raises(FormatError, match=r"no stream 'ProbeB'; there are 'ProbeA-AP'"):
        nc.open(path, part="ProbeB")
    beside = nc.open(path, part="PXIe-6341")
    assert beside.units == ("V", "V")
    np.testing.assert_allclose(beside.read(), samples(2).T * [[0.00015], [0.0003]])
    again = pickle.loads(pickle.dumps(nc.open(path, part=PROBE).pick(["AP2"])))
    np.testing.assert_allclose(again.read(), samples(4).T[1:2] * 0.39)


def test_a_part_of_what_has_none_is_refused(tmp_path):
    with pytest.raises(FormatError, match="holds one array: leave out part='x'"):
        nc.open(channel(tmp_path / "a.continuous"), part="x")


def test_gaps_are_found_by_few_reads(tmp_path):
    path = structure(tmp_path, [stream(tmp_path, PROBE, 2, 1000.0, jumps=(300, 301, 700), n_samples=100_000)])
    file = CountingFile.at(path)
    recording = open_recording(file)
    before = file.bytes_read
    assert recording.segments == ((0, 0.3), (0.39, 0.391), (0.481, 0.88), (0.97, 100.27))
    assert file.bytes_read - before < 8 * 120
    np.testing.assert_array_equal(recording.stored.window(0.481, 0.6).read(), samples(2, 100_000)[301:420].T)
    with pytest.raises(nc.ShapeError, match=r"has a gap from 0\.3 s to 0.39 s"):
        recording.window(0.2, 0.5)
    old = open_recording(File.at(channel(tmp_path / "b.continuous", (0, 1024, 9000), sampleRate=1024)))
    assert old.segments == ((0, 2), (9000 / 1024, 9000 / 1024 + 1))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda s: s.clear(), "does not list streams"),
        (lambda s: s["continuous"][0].pop("folder_name"), "stream 0 has no folder_name"),
        (lambda s: s["continuous"][0].update(folder_name="../../elsewhere"), "there is no continuous/../../elsewhere/continuous.dat"),
        (lambda s: s["continuous"][0].update(folder_name="gone"), "there is no continuous/gone/continuous.dat beside it"),
        (lambda s: s["continuous"][0].update(sample_rate=0), "has no sample_rate"),
        (lambda s: s["continuous"][0].update(channels=[]), "lists no channels"),
        (lambda s: s["continuous"][0].update(num_channels=7), "lists 5 channels, and num_channels is 7"),
        (lambda s: s["continuous"][0].update(num_channels=3, channels=s["continuous"][0]["channels"][:3]), "333 numbers|1,000 numbers|4 bytes more"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said(tmp_path, change, said):
    path = structure(tmp_path, [stream(tmp_path, PROBE, 5, 1000.0)])
    found = json.loads(path.read_text())
    change(found)
    path.write_text(json.dumps(found))
    with pytest.raises(FormatError, match=said):
        open_recording(File.at(path))


def test_the_header_of_a_channel(tmp_path):
    path = channel(tmp_path / "100_CH7.continuous")
    found = read_header(File.at(path))
    assert found.error is None
    assert found.header["n_samples"] == 3072
    assert found.header["start_time"] == datetime(2017, 5, 3, 15, 33, 5)
    assert found.record == {"version": "0.4", "channel": "CH7", "bit_volts": 0.195, "start_sample": 2048}
    path.write_bytes(path.read_bytes()[:-30])
    assert "which are 2 blocks of 2,070 bytes and 2,040 bytes more" in str(read_header(File.at(path)).error)
    for other, said in (
        ({"version": 0.1}, "version 0.1"),
        ({"blockLength": 512}, "other lengths"),
        ({"sampleRate": 0}, "sampleRate"),
    ):
        assert said in str(read_header(File.at(channel(path, **other))).error)


@given(gaps=st.lists(st.tuples(st.integers(1, 400), st.integers(1, 99)), max_size=12), n=st.integers(0, 400))
def test_numbers_have_the_gaps_that_all_of_them_show(tmp_path_factory, gaps, n):
    numbers = 7 + np.arange(n, dtype="<i8")
    for at, missing in gaps:
        numbers[at:] += missing
    path = tmp_path_factory.mktemp("numbers") / "sample_numbers.npy"
    np.save(path, numbers)
    found = SampleNumbers.of(File.at(path))
    firsts, counts = found.blocks()
    assert (
        np.concatenate(
            [np.zeros(0, int), *(f + np.arange(c) for f, c in zip(firsts, counts, strict=True))]
        ).tolist()
        == numbers.tolist()
    )
    assert found.is_gapless == (len(firsts) < 2)


def test_other_numbers_are_none_of_samples(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(3.0))
    assert SampleNumbers.of(File.at(tmp_path / "a.npy")) is None  # seconds
    for wrong in (np.zeros((2, 2), int), np.arange(3, dtype=np.int32), np.arange(3, dtype=">i8")):
        np.save(tmp_path / "a.npy", wrong)
        with pytest.raises(FormatError, match=r"is no \.npy of one axis|does not hold"):
            SampleNumbers.of(File.at(tmp_path / "a.npy"))
    (tmp_path / "a.npy").write_bytes(b"\x93NUMPY" + b"x" * 100)
    with pytest.raises(FormatError, match=r"is no \.npy"):
        SampleNumbers.of(File.at(tmp_path / "a.npy"))


def test_samples_belong_to_the_row(tmp_path, project):
    place = tmp_path / "data" / "rec 1"
    structure(place, [stream(place, PROBE, 5, 1000.0), stream(place, BESIDE, 2, 1000.0)])

    def rows() -> list:
        found = nc.read_storage(tmp_path / "data" / "**" / "*.oebin").collect()
        return [
            found["openephys"].struct.field("sample_counts").to_list(),
            found["file"].struct.field("companions").to_list(),
        ]

    (counts,), (companions,) = rows()
    assert counts == [1000, 1000]
    assert sorted(json.loads(companions))[:2] == [
        f"continuous/{BESIDE}/{name}" for name in ("continuous.dat", "sample_numbers.npy")
    ]
    samples(2, 1200).tofile(place / "continuous" / BESIDE / "continuous.dat")
    (counts,), (others,) = rows()
    assert counts == [1000, 1200]
    assert others != companions


def test_gaps_that_cannot_be_told_are_no_continuity(tmp_path):
    path = structure(tmp_path, [stream(tmp_path, PROBE, 2, 1000.0)])
    numbers = tmp_path / "continuous" / PROBE / "sample_numbers.npy"
    whole = numbers.read_bytes()
    numbers.write_bytes(whole[:-8])
    with pytest.raises(FormatError, match="does not hold 1,000 numbers"):
        open_recording(File.at(path))
    np.save(numbers, np.concatenate([np.arange(500), np.arange(400, 900)]))
    with pytest.raises(FormatError, match="do not ascend"):
        _ = open_recording(File.at(path)).segments
    numbers.unlink()
    assert not open_recording(File.at(path)).discontinuous  # nobody says anything of gaps


@pytest.mark.parametrize("folder", ["../up", "a\\b", "a\0b", "a//b", "x" * 300, "structure.oebin"])
def test_folders_that_cannot_be_are_an_error_of_the_row(tmp_path, folder):
    path = structure(tmp_path, [{**stream(tmp_path, PROBE, 2, 1000.0), "folder_name": folder}])
    assert "beside it" in str(read_header(File.at(path)).error)


@pytest.mark.parametrize("before", [False, True])
def test_lines_are_annotations(tmp_path, before):
    said = stream(tmp_path, PROBE, 2, 1000.0)
    events = lines(tmp_path, PROBE, [5010, 5020, 5025, 5500], [4, -4, 1, 4], 1000.0, before)
    recording = nc.open(structure(tmp_path, [said], [events]))
    assert [(a.onset, a.duration, a.text) for a in recording.annotations] == [
        (0.01, 0.01, "TTL 4"),
        (0.025, None, "TTL 1"),
        (0.5, None, "TTL 4"),
    ]
    np.testing.assert_array_equal(nc.stream(recording).line("TTL 4"), [0.01, 0.5])


def test_lines_belong_to_the_row_and_are_checked(tmp_path):
    said = stream(tmp_path, PROBE, 2, 1000.0)
    events = lines(tmp_path, PROBE, [5010, 5020], [1, -1], 1000.0)
    path = structure(tmp_path, [said], [events])
    before = nc.read_storage(path).collect()["file"].struct.field("companions")[0]
    states = tmp_path / "events" / PROBE / "TTL" / "states.npy"
    np.save(states, np.array([1], "<i2"))
    assert nc.read_storage(path).collect()["file"].struct.field("companions")[0] != before
    with pytest.raises(nc.FormatError, match="2 sample numbers, and 1 states"):
        _ = nc.open(path).annotations
    states.write_bytes(b"nothing")
    with pytest.raises(nc.FormatError, match=r"is no \.npy file"):
        _ = nc.open(path).annotations
