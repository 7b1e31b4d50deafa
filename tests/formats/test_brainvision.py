import re
import shutil
from datetime import datetime
from itertools import product

import numpy as np
import pytest
from brainvision_files import TYPES, by_mne, header_text, noise, write
from hypothesis import given
from hypothesis import strategies as st
from noted import noted

from neurochain.errors import StorageError
from neurochain.formats import companions, open_recording, read_header
from neurochain.formats.brainvision.reader import BrainVisionReader
from neurochain.storage import File
from neurochain.storage.access import Access, remember
from neurochain.testing import CountingFile, Fault, ObjectServer, RecordingTests

ENTRIES = [
    "Fp1,,0.5,µV",
    r"Fz\1 left,Cz,0.0488281,mV",
    "Oz,,0.1",
    "T7,,",
    "T8,,,nV",
    "Status,,-2,",
    "Air,,0.25,C",
]


PAUSED = [
    "New Segment,,1,1,0,20200203040506000000",
    "Stimulus,S1,30,1,0",
    "New Segment,,51,1,0,20200203040516000000",
    "Stimulus,S2,60,5,0",
]


@pytest.fixture
def made(tmp_path):
    """Recordings of every kind."""
    folder = tmp_path / "made"
    paths = [
        write(folder / f"{b}_{o}.vhdr", noise(5, 60, b), b, o)
        for b, o in product(TYPES, ("MULTIPLEXED", "VECTORIZED"))
    ]
    return [
        *paths,
        write(folder / "latin.vhdr", noise(7, 40), encoding="latin-1", entries=ENTRIES, Codepage=None),
        write(folder / "ansi.vhdr", noise(7, 40), encoding="latin-1", entries=ENTRIES, Codepage="ANSI"),
        write(folder / "utf.vhdr", noise(7, 40), entries=ENTRIES, first="BrainVision Data Exchange Header File Version 2.0"),
        write(folder / "gap.vhdr", noise(3, 90), marks=PAUSED),
        write(folder / "core.vhdr", noise(2, 40), marks=None, MarkerFile=None, DataPoints=40,
              first="Brain Vision Core Data Format Header File, Version 1.0".replace(" Format", "")),
    ]  # fmt: skip


class TestBrainVision(RecordingTests):
    reader = BrainVisionReader()
    opens = "recording"

    @pytest.fixture
    def files(self, made):
        return made

    def oracle(self, path):
        return by_mne(path)[0]

    def tolerance(self, whole):
        return 1e-12 * np.abs(whole).max()

    def beside(self, path):
        return [p for p in (path.with_suffix(".eeg"), path.with_suffix(".vmrk")) if p.exists()]

    def header_budget(self, path):
        marks = path.with_suffix(".vmrk")
        return path.stat().st_size + (marks.stat().st_size if marks.exists() else 0)

    def needed(self, path):
        # Behind its name everything of the last channel may be left out, and then all that follows.
        data = path.read_bytes()
        return [m.end() for m in re.finditer(rb"^Ch\d+=", data, re.MULTILINE)][-1]

    def test_stored_values_are_exact(self, files):
        for path in files[:6]:
            binary = path.stem.rpartition("_")[0]
            stored = self.open(path).stored
            assert stored.dtype == np.dtype(TYPES[binary]).newbyteorder("=")
            np.testing.assert_array_equal(stored.read(), noise(5, 60, binary))


@given(st.data())
def test_any_range_of_any_channels_equals_the_whole(tmp_path, data):
    n, n_channels = data.draw(st.integers(1, 30)), data.draw(st.integers(1, 5))
    orientation = data.draw(st.sampled_from(["MULTIPLEXED", "VECTORIZED"]))
    whole = np.arange(n * n_channels).reshape(n_channels, n)
    recording = open_recording(File.at(write(tmp_path / "a.vhdr", whole, orientation=orientation))).stored
    bound = st.none() | st.integers(-n - 1, n + 1)
    step = st.sampled_from([None, 1, 2, 3, -1, -2])
    samples = data.draw(st.integers(-n, n - 1) | st.builds(slice, bound, bound, step))
    channels = data.draw(st.integers(-n_channels, n_channels - 1) | st.builds(slice, bound, bound, step))
    np.testing.assert_array_equal(recording[channels, samples], whole[channels, samples])
    some = data.draw(st.lists(st.integers(0, n_channels - 1), max_size=6))
    np.testing.assert_array_equal(recording._samples.read(some, 0, n), whole[some])


def test_header_of_a_made_file(tmp_path):
    how = {"DataPoints": 60, "SegmentationType": "MARKERBASED", "SegmentDataPoints": 20, "Averaged": "NO"}
    path = write(tmp_path / "a.vhdr", noise(7, 60), entries=ENTRIES, comment="Patient: Harry Haagse", **how)
    found = read_header(File.at(path))
    assert found.header == {
        "format": "brainvision",
        "modality": None,
        "shape": [7, 60],
        "dtype": "int16",
        "voxel_sizes": None,
        "affine": None,
        "sampling_frequency": 500.0,
        "n_channels": 7,
        "n_samples": 60,
        "duration": 0.12,
        "start_time": datetime(2020, 2, 3, 4, 5, 6, 123456),
        "error": None,
    }
    assert found.record == {
        "version": "1.0",
        "codepage": "UTF-8",
        "data_file": "a.eeg",
        "marker_file": "a.vmrk",
        "data_orientation": "MULTIPLEXED",
        "binary_format": "INT_16",
        "sampling_interval": 2000.0,
        "data_points": 60,
        "segmentation": "MARKERBASED",
        "segment_data_points": 20,
        "averaged": False,
        "labels": ["Fp1", "Fz, left", "Oz", "T7", "T8", "Status", "Air"],
        "references": ["", "Cz", "", "", "", "", ""],
        "units": ["µV", "mV", "µV", "µV", "nV", "µV", "C"],
        "resolutions": [0.5, 0.0488281, 0.1, 1.0, 1.0, -2.0, 0.25],
    }
    recording = open_recording(File.at(path))
    assert recording.discontinuous
    assert recording.start_time == datetime(2020, 2, 3, 4, 5, 6, 123456)


def test_the_micro_sign_in_every_encoding(tmp_path):
    for i, unit in enumerate(
        ("µV".encode("latin-1"), "µV".encode(), "\u03bcV".encode(), "µV".encode() + b"\r\nx=\xb5")
    ):
        data = header_text(1, entries=["c,,1,@"], Codepage=None, MarkerFile=None).encode().replace(b"@", unit)
        (tmp_path / f"{i}.vhdr").write_bytes(data)
        (tmp_path / "data.eeg").write_bytes(bytes(8))
        assert open_recording(File.at(tmp_path / f"{i}.vhdr")).units == ("µV",), unit


def test_the_data_file_may_be_named_by_a_placeholder(tmp_path):
    path = write(tmp_path / "sub-01.vhdr", noise(2, 10), DataFile="$b.eeg", MarkerFile="$b.vmrk")
    found = read_header(File.at(path))
    assert (found.error, found.record["data_file"], found.record["marker_file"]) == (
        None,
        "sub-01.eeg",
        "sub-01.vmrk",
    )
    np.testing.assert_array_equal(open_recording(File.at(path)).stored.read(), noise(2, 10))


def test_the_other_byte_order(tmp_path):
    path = write(tmp_path / "a.vhdr", noise(2, 10), UseBigEndianOrder="YES", dtype=">i2")
    np.testing.assert_array_equal(open_recording(File.at(path)).stored.read(), noise(2, 10))


def test_markers_equal_mnes(tmp_path, made):
    for path in made:
        found = noted(File.at(path))
        theirs = by_mne(path)[1].annotations
        # For MNE-Python samples behind a pause follow at once; these do so 9.9 s later.
        pause = 9.9 * (theirs.onset >= 0.1) if path.stem == "gap" else 0.0
        np.testing.assert_allclose([m[0] for m in found], theirs.onset + pause)
        np.testing.assert_allclose([m[1] for m in found], theirs.duration)
        assert [m[2] for m in found] == list(theirs.description)
    assert found == ()  # the last has no marker file
    assert noted(File.at(made[0]))[1] == (0.06, 0.02, "Comment/one, two")


@pytest.mark.parametrize(
    ("marks", "time", "gap"),
    [
        (["New Segment,,1,1,0,20200203040506123456", "New Segment,,5,1,0,20200203040606000000"],
         datetime(2020, 2, 3, 4, 5, 6, 123456), True),
        (["New Segment,,1,1,0,00000000000000000000"], None, False),
        (["New Segment,,1,1,0"], None, False),
        (["Stimulus,S1,1,1,0", "New Segment,,5,1,0,20200203040606000000"], None, True),
        ([], None, False),
    ],
)  # fmt: skip
def test_new_segments_tell_the_time_and_the_gaps(tmp_path, marks, time, gap):
    path = write(tmp_path / "a.vhdr", noise(2, 10), marks=marks)
    recording = open_recording(File.at(path))
    assert read_header(File.at(path)).header["start_time"] == time == recording.start_time
    assert recording.discontinuous is gap


SECOND = "20200203040506000000"


@pytest.mark.parametrize(
    ("marks", "segments"),
    [
        ([f"New Segment,,1,1,0,{SECOND}"], ((0.0, 0.2),)),
        ([], ((0.0, 0.2),)),
        (
            [f"New Segment,,1,1,0,{SECOND}", "New Segment,,51,1,0,20200203040516000000"],
            ((0.0, 0.1), (10.0, 10.1)),
        ),
        (
            [f"New Segment,,1,1,0,{SECOND}", "New Segment,,51,1,0,20200203040506090000"],
            ((0.0, 0.1), (0.1, 0.2)),
        ),
        ([f"New Segment,,1,1,0,{SECOND}", "New Segment,,51,1,0,20200203040306000000"], None),
        ([f"New Segment,,1,1,0,{SECOND}", "New Segment,,51,1,0"], None),
        (["New Segment,,1,1,0", f"New Segment,,51,1,0,{SECOND}"], None),
        ([f"New Segment,,1,1,0,{SECOND}", f"New Segment,,999,1,0,{SECOND}"], ((0.0, 0.2),)),
    ],
)
def test_stretches_without_gaps(tmp_path, marks, segments):
    path = write(
        tmp_path / "a.vhdr", noise(2, 100), marks=[*marks, "Stimulus,S1,51,1,0", "Stimulus,S2,76,1,0"]
    )
    recording = open_recording(File.at(path))
    found = ((0.0, recording.duration),) if segments is None else segments  # what nobody timed counts as one
    np.testing.assert_allclose(recording.segments, found, atol=1e-12)
    assert recording.discontinuous or segments is not None
    onsets = [a[0] for a in noted(File.at(path)) if a[2].startswith("Stimulus")]
    shift = 0.0 if segments is None or len(segments) < 2 else segments[1][0] - 0.1
    np.testing.assert_allclose(onsets, [0.1 + shift, 0.15 + shift], atol=1e-12)


def test_pieces_that_were_cut_out_have_no_times(tmp_path):
    path = write(tmp_path / "a.vhdr", noise(2, 100), SegmentationType="MARKERBASED")
    recording = open_recording(File.at(path))
    assert recording.segments == ((0.0, recording.duration),)
    assert recording.discontinuous


@pytest.mark.parametrize(
    ("orientation", "bytes_of_one"), [("MULTIPLEXED", 8 * 2 * 5000), ("VECTORIZED", 2 * 5000)]
)
def test_a_window_pulls_its_samples(tmp_path, orientation, bytes_of_one):
    values = noise(8, 100_000)
    path = write(tmp_path / "a.vhdr", values, orientation=orientation)
    file = CountingFile.at(path)
    assert read_header(file).error is None
    text = len(path.read_bytes()), path.with_suffix(".vmrk").stat().st_size
    assert (file.bytes_read, file.requests) == (sum(text), 2)
    recording = open_recording(file, format="brainvision")
    assert file.bytes_read == 2 * sum(text)
    before = file.bytes_read
    np.testing.assert_array_equal(recording.stored[3, 20_000:25_000], values[3, 20_000:25_000])
    assert file.bytes_read - before == bytes_of_one
    assert recording._samples.bytes_needed([3], 20_000, 25_000) == bytes_of_one
    before = file.bytes_read
    np.testing.assert_array_equal(recording.window(40, 50).stored.read(), values[:, 20_000:25_000])
    assert file.bytes_read - before == 8 * 2 * 5000


def test_a_recording_in_an_object_store(tmp_path, made):
    shutil.copytree(made[0].parent, tmp_path / "served" / "eeg")
    down: list[str] = []
    with ObjectServer(
        tmp_path / "served",
        fault=lambda r: Fault("status", 403) if r.path.endswith(tuple(down) or ("?",)) else None,
    ) as server:
        remember("s3://eeg", Access.of({"anon": True, "endpoint": server.url}))
        for path in made:
            uri = f"s3://eeg/{path.name}"
            file = CountingFile.at(uri)
            server.traffic.clear()
            found = read_header(file)
            assert repr(found) == repr(read_header(File.at(path)))
            # The header, the size of the data, and size and first bytes of the markers.
            asked = [(r.method, r.path.rpartition(".")[2]) for r in server.traffic.requests]
            assert sorted(asked[:4]) == sorted(
                [("GET", "vhdr"), ("HEAD", "eeg"), ("HEAD", "vmrk"), ("GET", "vmrk")][
                    : 2 if path.stem == "core" else 4
                ]
            )
            assert file.bytes_read == texts(path)
            np.testing.assert_array_equal(open_recording(file)[:, 3:9], open_recording(File.at(path))[:, 3:9])
        down.append(".eeg")
        with pytest.raises(
            StorageError, match=r"\.eeg cannot be read"
        ):  # a store that fails is no fault of the file
            read_header(File.at(f"s3://eeg/{made[0].name}"))


def texts(path):
    """Bytes of the texts of a recording."""
    return sum(p.stat().st_size for p in (path, path.with_suffix(".vmrk")) if p.exists())


def test_what_belongs_to_a_header():
    assert companions()[".vhdr"] == (".eeg", ".dat", ".avg", ".seg", ".vmrk")


def test_files_beside_a_header_are_not_looked_into(made):
    for ending in (".eeg", ".vmrk"):
        file = CountingFile.at(made[0].with_suffix(ending))
        assert read_header(file).header["format"] is None
        assert file.requests == 0


def test_real_files_equal_mne(real_data):
    paths = sorted((real_data / "eeg_mne").rglob("*.vhdr"))
    assert len(paths) >= 3
    for path in paths:
        file = CountingFile.at(path)
        found = read_header(file)
        assert found.error is None
        assert file.bytes_read <= path.stat().st_size + 4096
        values, raw = by_mne(path)
        recording = open_recording(File.at(path))
        assert list(recording.channels) == raw.ch_names
        assert recording.sampling_frequency == raw.info["sfreq"] == found.header["sampling_frequency"]
        assert (
            recording.start_time == raw.info["meas_date"].replace(tzinfo=None) == found.header["start_time"]
        )
        np.testing.assert_allclose(recording.read(), values, rtol=1e-12, atol=1e-12 * np.abs(values).max())
        np.testing.assert_allclose(recording[5:2:-1, 3:40], values[5:2:-1, 3:40], rtol=1e-12, atol=1e-9)
        markers = noted(File.at(path))
        np.testing.assert_allclose([m[0] for m in markers], raw.annotations.onset)
        assert [m[2] for m in markers] == list(raw.annotations.description)
