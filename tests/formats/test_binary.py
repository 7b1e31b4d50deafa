"""Raw samples: what is said beside them or by the caller, and what is refused."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import neurochain as nc
from neurochain.errors import FormatError
from neurochain.formats import open_recording, read_header
from neurochain.formats.binary.layout import BinaryLayout
from neurochain.formats.binary.reader import BinaryReader
from neurochain.storage import File
from neurochain.testing import ObjectServer, RecordingTests

SAID = {"n_channels": 4, "sampling_frequency": 1000.0, "dtype": "int16"}


def values(n_samples: int = 60, dtype: str = "int16") -> np.ndarray:
    return np.random.default_rng(0).integers(-99, 99, (n_samples, 4)).astype(dtype)


def written(path: Path, said: dict | None = None, dtype: str = "int16", front: bytes = b"") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(front + values(dtype=dtype).tobytes())
    if said is not None:
        path.with_suffix(".json").write_text(json.dumps(said))
    return path


class TestBinary(RecordingTests):
    reader = BinaryReader()
    opens = "recording"

    @pytest.fixture
    def files(self, tmp_path):
        """Samples of several kinds, described in several ways."""
        made = [
            written(tmp_path / "a" / "a.dat", SAID),
            written(tmp_path / "b" / "b.raw", {**SAID, "gain": [0.5, 1, 2, 4], "offset": 3, "unit": "mV"}),
            written(tmp_path / "c" / "c.bin", {**SAID, "dtype": ">f4", "channels": list("wxyz")}, ">f4"),
            written(tmp_path / "d" / "traces.raw", None, "uint16", b"head"),
            written(tmp_path / "e" / "probe.dat", None),
        ]
        (tmp_path / "d" / "binary.json").write_text(
            json.dumps(
                {
                    "class": "spikeinterface.core.binaryrecordingextractor.BinaryRecordingExtractor",
                    "kwargs": {
                        "file_paths": ["/elsewhere/traces.raw"],
                        "sampling_frequency": 30000,
                        "num_channels": 4,
                        "channel_ids": ["c0", "c1", "c2", "c3"],
                        "dtype": "<u2",
                        "file_offset": 4,
                        "gain_to_uV": 0.195,
                        "offset_to_uV": -6389.76,
                        "time_axis": 0,
                    },
                }
            )
        )
        (tmp_path / "e" / "params.py").write_text(
            "import os\ndat_path = r'..\\probe.dat'\nn_channels_dat = 4\ndtype = 'int16'\noffset = 0\n"
            "sample_rate = 25000.0\nhp_filtered = False\nx = os.getcwd()\n"
        )
        return made

    def beside(self, path):
        names = (path.with_suffix(".json"), path.parent / "binary.json", path.parent / "params.py")
        return [one for one in names if one.exists()]

    def header_budget(self, path):
        return min(4096, path.stat().st_size) + sum(one.stat().st_size for one in self.beside(path))

    def needed(self, path):
        return 5  # whole samples are whole samples; the smallest has 8 bytes

    def oracle(self, path):
        dtype = {"c": ">f4", "d": "uint16"}.get(path.parent.name, "int16")
        front = 4 if path.parent.name == "d" else 0
        raw = np.frombuffer(path.read_bytes()[front:], dtype).reshape(-1, 4).T.astype(float)
        gain = {"b": [0.5, 1, 2, 4], "d": 0.195}.get(path.parent.name, 1.0)
        offset = {"b": 3.0, "d": -6389.76}.get(path.parent.name, 0.0)
        return raw * np.reshape(gain, (-1, 1)) + offset


def test_what_lies_beside_stands_in_the_header(tmp_path):
    found = read_header(
        File.at(written(tmp_path / "b.raw", {**SAID, "gain": 0.5, "unit": "mV", "channels": list("wxyz")}))
    )
    assert found.error is None
    assert found.header["format"] == "binary"
    assert found.header["shape"] == [4, 60]
    assert found.header["duration"] == 0.06
    assert found.record == {
        "described_by": "b.json",
        "labels": ["w", "x", "y", "z"],
        "gains": [0.5] * 4,
        "offsets": [0.0] * 4,
        "unit": "mV",
        "first_byte": 0,
    }


def test_the_caller_may_say_it(tmp_path):
    path = written(tmp_path / "probe.dat")
    recording = nc.open(path, channels=4, sampling_frequency=30_000, dtype="int16", gain=0.195, unit="uV")
    np.testing.assert_allclose(recording.read(), values().T * 0.195)
    assert recording.units == ("uV",) * 4
    assert recording.duration == 60 / 30_000
    again = pickle.loads(pickle.dumps(recording.pick(["2"])))
    np.testing.assert_allclose(again.read(), values().T[2:3] * 0.195)
    named = nc.open(path, channels=["a", "b", "c", "d"], sampling_frequency=1, dtype="<i2", first_byte=8)
    np.testing.assert_array_equal(named.stored[2], values()[1:, 2])


def test_nothing_is_assumed(tmp_path):
    path = written(tmp_path / "probe.dat")
    assert read_header(File.at(path)).header["format"] is None
    for how in ({}, {"format": "binary"}):
        with pytest.raises(FormatError, match="nothing says how they lie"):
            nc.open(path, **how)
    with pytest.raises(FormatError, match="say sampling_frequency and dtype too"):
        nc.open(path, channels=4)
    with pytest.raises(FormatError, match="say channels and sampling_frequency and dtype too"):
        nc.open(path, gain=2.0)
    written(tmp_path / "probe.dat", {"SamplingFrequency": 1000, "EEGChannelCount": 4})  # of something else
    assert read_header(File.at(path)).header["format"] is None


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (
            {"channels": 7},
            r"480 bytes, which are 34 samples of 7 channels x 2 bytes \(int16\) and 4 bytes more",
        ),
        (
            {"dtype": "float64", "channels": 16},
            r"480 bytes, which are 3 samples of 16 channels x 8 bytes \(float64\) and 96",
        ),
        ({"channels": 0}, "a recording has 1 to"),
        ({"channels": True}, "give how many there are, or their labels"),
        ({"channels": "4"}, "give how many there are, or their labels"),
        ({"channels": 10**9}, "a recording has 1 to 65,536"),
        ({"dtype": "words"}, "dtype='words'"),
        ({"dtype": "complex64"}, "dtype='complex64'"),
        ({"sampling_frequency": 0}, "is no positive number of Hz"),
        ({"sampling_frequency": "30k"}, "sampling_frequency='30k' is no number"),
        ({"sampling_frequency": float("inf")}, "is no number"),
        ({"gain": [1, 2]}, "2 numbers are given for 4 channels"),
        ({"first_byte": -1}, "first_byte=-1 is no number of bytes"),
        ({"first_byte": 1000}, "0 bytes behind the first 1,000"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_arithmetic(tmp_path, said, why):
    path = written(tmp_path / "probe.dat")
    with pytest.raises(FormatError, match=why):
        nc.open(path, **{"channels": 4, "sampling_frequency": 1000, "dtype": "int16", **said})


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({**SAID, "n_channels": 7}, "34 samples of 7 channels"),
        ({**SAID, "time_axis": 1}, "probe.json beside it says time_axis=1"),
        ({"n_channels": 4, "dtype": "int16"}, "probe.json beside it says no sampling frequency"),
        ({**SAID, "dtype": "eggs"}, "probe.json beside it says dtype='eggs'"),
        ({**SAID, "n_channels": {}}, "probe.json beside it says channels="),
    ],
)
def test_what_is_said_beside_and_cannot_be_is_an_error_of_the_row(tmp_path, said, why):
    path = written(tmp_path / "probe.dat", said)
    assert why in str(read_header(File.at(path)).error)
    with pytest.raises(FormatError, match=why):
        open_recording(File.at(path), format="binary")


def test_descriptions_belong_to_their_files_in_a_chain(tmp_path, project):
    written(tmp_path / "data" / "a.dat", SAID)
    path = written(tmp_path / "data" / "b.dat")
    params = tmp_path / "data" / "params.py"
    params.write_text("dat_path='b.dat'\nn_channels_dat=4\ndtype='int16'\nsample_rate=500\n")

    def rates() -> list[float]:
        rows = nc.read_storage(tmp_path / "data" / "*.dat").order_by("file.path").collect()
        return rows["header"].struct.field("sampling_frequency").to_list()

    assert rates() == [1000.0, 500.0]
    params.write_text("dat_path='b.dat'\nn_channels_dat=4\ndtype='int16'\nsample_rate=250\n")
    assert rates() == [1000.0, 250.0]
    assert path.exists()


def test_files_of_a_listing_beside_which_nothing_lies_cost_no_request_for_it(tmp_path, project):
    for i in range(5):
        written(tmp_path / "served" / "weights" / f"{i}.bin")
    with ObjectServer(tmp_path / "served") as server:
        there = {"anon": True, "storage_options": {"endpoint": server.url}}
        rows = nc.read_storage("s3://weights/*.bin", **there).collect()
        assert rows["header"].struct.field("format").to_list() == [None] * 5
        methods = [r.method for r in server.traffic.requests if r.path.count("/") > 1]
    assert methods.count("GET") == 5
    assert "HEAD" not in methods


@given(text=st.text(max_size=200))
def test_any_params_are_read_or_passed_over(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("raw")
    path = written(folder / "probe.dat")
    (folder / "params.py").write_text(
        "dat_path='probe.dat'\nn_channels_dat=4\ndtype='int16'\n" + text, "utf-8", "replace"
    )
    read_header(File.at(path))


@given(
    channels=st.one_of(st.integers(-5, 10**12), st.lists(st.text(max_size=3), max_size=5), st.none(), st.floats()),
    rate=st.one_of(st.floats(), st.integers(), st.text(max_size=3)),
    dtype=st.sampled_from(["int16", "<f8", "O", "S3", "U", "i4,f4", "", None, "V4", "datetime64[s]", "float16"]),
    size=st.integers(0, 10_000),
)  # fmt: skip
def test_a_layout_is_sound_or_refused(channels, rate, dtype, size):
    try:
        layout = BinaryLayout.of(channels, rate, dtype)
        n = layout.samples(size)
    except FormatError:
        return
    assert n * layout.n_channels * np.dtype(layout.dtype).itemsize == size
