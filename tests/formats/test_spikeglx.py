"""SpikeGLX: what a .meta says, samples in microvolts, and what is refused."""

import os
import re
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from spikeglx_files import beside, onebox, probe, samples, second, write

import neurochain as nc
from neurochain.errors import FormatError
from neurochain.formats import open_recording, read_header
from neurochain.formats.spikeglx.gains import physical
from neurochain.formats.spikeglx.meta import parse
from neurochain.formats.spikeglx.reader import SpikeglxReader
from neurochain.storage import File
from neurochain.storage.access import Access, remember
from neurochain.testing import CountingFile, ObjectServer, RecordingTests

REAL = Path(os.environ.get("NEUROCHAIN_REAL_DATA", "")) / "spikeglx_meta"
METAS = sorted(REAL.rglob("*.meta")) if REAL.name in os.listdir(REAL.parent) else []


class TestSpikeglx(RecordingTests):
    reader = SpikeglxReader()
    opens = "recording"

    @pytest.fixture
    def files(self, tmp_path):
        """A recording of every kind."""
        folder = tmp_path / "made"
        return [
            write(folder / "a_g0_t0.imec0.ap.meta", probe()),
            write(folder / "a_g0_t0.imec0.lf.meta", probe(band="lf")),
            write(folder / "b_g0_t0.imec.ap.meta", second()),
            write(folder / "c_g0_t0.nidq.meta", beside()),
            write(folder / "d_g0_t0.obx0.obx.meta", onebox()),
        ]

    def beside(self, path):
        return [path.with_suffix(".bin")]

    def header_budget(self, path):
        return path.stat().st_size

    def needed(self, path):
        # What follows the sampling frequency may be left out: then nobody knows the gains.
        return re.search(rb"^\w+SampRate=", path.read_bytes(), re.MULTILINE).end()

    def oracle(self, path):
        recording = open_recording(File.at(path))
        return samples(path, *recording.shape).T * recording.gains[:, None]


def test_headers(tmp_path):
    found = read_header(File.at(write(tmp_path / "a_g0_t0.imec0.ap.meta", probe())))
    assert found.error is None
    assert found.name == "spikeglx"
    assert found.header["shape"] == [9, 100]
    assert found.header["sampling_frequency"] == 30000.390639481
    assert found.header["start_time"] == datetime(2024, 3, 13, 12, 16, 32)
    record = found.record
    assert (record["stream"], record["band"], record["probe_type"]) == ("imec", "ap", 0)
    assert record["saved_channels"] == [*range(8), 16]
    assert record["labels"][0] == "AP0"
    assert record["labels"][-1] == "SY0"
    assert record["gains"] == [*(500.0 + 10 * i for i in range(8)), 1.0]
    assert record["start_sample"] == 1738008
    assert not any("somebody" in str(value) for value in record.values())


def test_steps_are_microvolts_of_the_own_gain(tmp_path):
    path = write(tmp_path / "a_g0_t0.imec0.ap.meta", probe())
    recording = open_recording(File.at(path))
    raw = samples(path, 9, 100).T
    for i in range(8):
        expected = raw[i] * (1e6 * 0.6 / 512 / (500 + 10 * i))
        np.testing.assert_allclose(recording[i], expected, rtol=1e-12)
    np.testing.assert_array_equal(recording[8], raw[8])
    assert recording.units == ("uV",) * 8 + ("",)
    low = open_recording(File.at(write(tmp_path / "a_g0_t0.imec0.lf.meta", probe(band="lf"))))
    raw = samples(tmp_path / "a_g0_t0.imec0.lf.meta", 9, 100).T
    np.testing.assert_allclose(low[3], raw[3] * (1e6 * 0.6 / 512 / 265), rtol=1e-12)
    assert low.channels[3] == "LF3"


@pytest.mark.parametrize(
    ("keys", "step"),
    [
        (second(), 1e6 * 0.5 / 8192 / 80),
        (second(imMaxInt=None), 1e6 * 0.5 / 8192 / 80),
        (second(imDatPrb_type=2013, imMaxInt=2048, imAiRangeMax=0.62, imChan0apGain=100), 1e6 * 0.62 / 2048 / 100),
        (second(imDatPrb_type=2021, imMaxInt=2048, imAiRangeMax=0.62), 1e6 * 0.62 / 2048 / 100),
        (second(imDatPrb_type=1110, imMaxInt=512, **{"~imroTbl": "(1110,2,0,500,250,1)(0 0 0)"}), 1e6 * 0.5 / 512 / 500),
        (second(imDatPrb_type=99_999, imMaxInt=512), np.nan),
        (second(imDatPrb_type=99_999, imMaxInt=512, imChan0apGain=40), 1e6 * 0.5 / 512 / 40),
    ],
)  # fmt: skip
def test_probes_with_one_gain(tmp_path, keys, step):
    recording = open_recording(File.at(write(tmp_path / "b_g0_t0.imec.ap.meta", keys)))
    np.testing.assert_allclose(recording.gains, [*[step] * 8, 1.0])
    if np.isnan(step):
        with pytest.raises(FormatError, match="does not say what the values of 'AP0' mean"):
            recording.read()
        assert recording.stored.read().dtype == np.int16
        assert recording.pick(["SY0"]).read().shape == (1, 100)


def test_what_is_recorded_beside_is_in_volts(tmp_path):
    recording = open_recording(File.at(write(tmp_path / "c_g0_t0.nidq.meta", beside())))
    volts = 5 / 32768
    np.testing.assert_allclose(recording.gains, [volts / 200] * 2 + [volts / 2] * 2 + [volts] * 2 + [1])
    assert recording.units == ("V",) * 6 + ("",)
    assert recording.channels == ("MN0C0", "MN0C1", "MA0C0", "MA0C1", "XA0", "XA1", "XD0")
    box = open_recording(File.at(write(tmp_path / "d_g0_t0.obx0.obx.meta", onebox())))
    np.testing.assert_allclose(box.gains, [volts] * 3 + [1, 1])
    assert box.channels == ("XA0", "XA1", "XA2", "XD0", "SY0")


def test_some_channels_saved(tmp_path):
    keys = probe(snsSaveChanSubset="1,3:4,16", snsApLfSy="3,0,1", nSavedChans=4)
    recording = open_recording(File.at(write(tmp_path / "a_g0_t0.imec0.ap.meta", keys)))
    assert recording.channels == ("AP1", "AP3", "AP4", "SY0")
    np.testing.assert_allclose(recording.gains[:3], [1e6 * 0.6 / 512 / g for g in (510, 530, 540)])


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"typeThis": None}, "no typeThis; known are imec, nidq, obx"),
        ({"typeThis": "eyes"}, "typeThis=eyes; known are"),
        ({"nSavedChans": 8}, "contradicts itself: nSavedChans=8"),
        ({"snsApLfSy": "8,0"}, "does not say how many channels were saved"),
        ({"snsApLfSy": "7,1,1"}, "snsSaveChanSubset names other channels"),
        ({"snsSaveChanSubset": "0:8,x"}, "names no channels"),
        ({"snsSaveChanSubset": "0:99999999"}, "not so many channels can be"),
        ({"snsSaveChanSubset": "0:7,17"}, "channel 17 was saved"),
        ({"imSampRate": 0}, "says no sampling frequency"),
        ({"imSampRate": "fast"}, "says no sampling frequency"),
        ({"fileSizeBytes": 1818}, r"fileSizeBytes=1,818, and a_g0_t0.imec0.ap.bin has 1,800 bytes \(100 samples of 9 channels x 2"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said(tmp_path, how, said):
    path = tmp_path / "a_g0_t0.imec0.ap.meta"
    write(path, probe(), **how) if "nSavedChans" not in how else write(
        path, {**probe(), "nSavedChans": 9}, **how
    )
    assert re.search(said, str(read_header(File.at(path)).error))
    with pytest.raises(FormatError, match=said):
        open_recording(File.at(path))


def test_samples_that_are_no_whole_ones_are_refused_unless_they_are_being_acquired(tmp_path):
    path = write(tmp_path / "a_g0_t0.imec0.ap.meta", probe(), fileSizeBytes=1807)
    data = path.with_suffix(".bin")
    data.write_bytes(data.read_bytes() + b"1234567")
    assert "100 samples of 9 channels x 2 bytes (int16) and 7 bytes more" in str(
        read_header(File.at(path)).error
    )
    write(path, probe(), fileSizeBytes=None)
    data.write_bytes(data.read_bytes() + b"1234567")
    assert open_recording(File.at(path)).shape == (9, 100)
    data.write_bytes(b"1234567")
    assert "7 bytes, which are 0 samples of 9 channels" in str(read_header(File.at(path)).error)


def test_a_meta_without_its_samples_says_so_and_other_files_are_not_taken_for_one(tmp_path):
    path = write(tmp_path / "a_g0_t0.imec0.ap.meta", probe())
    path.with_suffix(".bin").unlink()
    found = read_header(File.at(path))
    assert "there is no a_g0_t0.imec0.ap.bin beside it" in str(found.error)
    assert found.record["start_sample"] == 1738008
    (tmp_path / "asset.png.meta").write_text("fileFormatVersion: 2\n")
    assert read_header(File.at(tmp_path / "asset.png.meta")).header["format"] is None
    path.write_text("something else")
    assert "its name ends in '.meta', but it is no SPIKEGLX file" in str(read_header(File.at(path)).error)


def test_it_is_opened_by_its_samples_and_in_a_chain(tmp_path, project):
    path = write(tmp_path / "data" / "a_g0_t0.imec0.ap.meta", probe())
    assert nc.open(path.with_suffix(".bin")).shape == (9, 100)

    def lengths() -> list[int]:
        return (
            nc.read_storage(tmp_path / "data" / "*.meta")
            .collect()["header"]
            .struct.field("n_samples")
            .to_list()
        )

    write(path, probe(), fileSizeBytes=None)
    assert lengths() == [100]
    samples(path, 9, 200).tofile(path.with_suffix(".bin"))  # it is being acquired
    assert lengths() == [200]


def test_a_hundred_gigabytes_cost_the_meta_alone(tmp_path):
    row, n_samples = 385 * 2, 130_000_000
    path = write(tmp_path / "a_g0_t0.imec0.ap.meta", second(384), 1, fileSizeBytes=row * n_samples)
    os.truncate(path.with_suffix(".bin"), row * n_samples)
    file = CountingFile.at(path)
    found = read_header(file)
    assert found.error is None
    assert found.header["n_samples"] == n_samples
    assert (file.bytes_read, file.requests) == (path.stat().st_size, 1)
    file = CountingFile.at(path)
    window = open_recording(file).window(4000.0, 4000.1)
    before = file.bytes_read, file.requests
    assert window.bytes_needed() == 3000 * row
    assert window.read().shape == (385, 3000)
    assert (file.bytes_read, file.requests) == (before[0] + 3000 * row, before[1] + 1)


@pytest.mark.skipif(not METAS, reason="NEUROCHAIN_REAL_DATA has no spikeglx_meta")
@pytest.mark.parametrize("path", METAS, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_real_metas(path, tmp_path):
    meta = parse(path.name, path.read_text())
    steps, units = physical(meta)
    assert len(steps) == len(meta.channels) == int(meta.values["nSavedChans"])
    assert np.isfinite(steps).all()
    assert meta.rate > 2000
    analog = [s for s, u in zip(steps, units, strict=True) if u == "uV"]
    assert all(0.1 < s < 10 for s in analog)
    copy = tmp_path / path.name
    size = int(meta.values.get("fileSizeBytes", 7_700_000))
    with copy.with_suffix(".bin").open("wb") as file:
        file.truncate(size)
    copy.write_bytes(path.read_bytes())
    header = read_header(File.at(copy))
    assert header.error is None, header.error
    if "fileTimeSecs" in meta.values:
        assert header.header["duration"] == pytest.approx(float(meta.values["fileTimeSecs"]), rel=0.01)
    recording = open_recording(File.at(copy))
    found = recording.window(0, 0.1).read()
    assert len(found) == len(meta.channels)
    assert 0 <= found.shape[1] - 0.1 * meta.rate < 1


def test_a_tenth_of_a_second_from_a_bucket_is_one_request(tmp_path):
    keys = second(384)
    path = write(tmp_path / "served" / "probe" / "a_g0_t0.imec0.ap.meta", keys, 9_000)
    with ObjectServer(tmp_path / "served") as server:
        remember("s3://probe", Access.of({"anon": True, "endpoint": server.url}))
        file = CountingFile.at(f"s3://probe/{path.name}")
        recording = open_recording(file)
        assert file.bytes_read == path.stat().st_size
        before = file.bytes_read, file.requests
        found = recording.stored.window(0.1, 0.2).read()
        np.testing.assert_array_equal(found, samples(path, 385, 9_000)[3000:6000].T)
        assert file.requests - before[1] == 1
        assert file.bytes_read - before[0] <= 1.05 * 3000 * 385 * 2
