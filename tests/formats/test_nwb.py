"""NWB: files that pynwb wrote, and real ones, against pynwb and h5py."""

import pickle
import shutil
import sys
from datetime import datetime

import h5py
import numpy as np
import pytest
from nwb_files import AP, LABELS, LFP_PATH, POSITION, RATE, scattered, session, spike_times, voltages
from pynwb import NWBHDF5IO, TimeSeries

import neurochain as nc
from neurochain.errors import ColumnNotFoundError, FormatError
from neurochain.formats import open_recording, read_header, read_identifiers
from neurochain.formats.nwb.reader import NwbReader
from neurochain.storage import Access, File, ReadLog, recording_reads, remember
from neurochain.testing import ObjectServer, RecordingTests
from neurochain.testing.object_server import Fault

PACKINGS = {
    "plain": {},
    "chunked": {"chunks": (100, 3)},
    "gzip": {"chunks": (700, 4), "compression": "gzip", "shuffle": True},
    "summed": {"chunks": (3000, 1), "compression": "gzip", "fletcher32": True},
}


class TestNwb(RecordingTests):
    reader = NwbReader()
    opens = "recording"

    @pytest.fixture
    def files(self, tmp_path):
        return [session(tmp_path / f"{name}.nwb", **packing) for name, packing in PACKINGS.items()]

    def header_budget(self, path):
        return path.stat().st_size + self.reader.head_size

    def oracle(self, path):
        with NWBHDF5IO(path, "r") as io:
            return io.read().acquisition["ElectricalSeries"].get_data_in_units().T

    def tolerance(self, whole):
        return 1e-12


def test_header_says_what_is_there(tmp_path):
    found = read_header(File.at(session(tmp_path / "a.nwb")))
    assert found.error is None
    assert found.header["start_time"] == datetime(2026, 3, 4, 5, 6, 7)
    assert (found.header["shape"], found.header["sampling_frequency"]) == ([4, 3000], RATE)
    assert (found.header["dtype"], found.header["duration"]) == ("int16", 3.0)
    record = found.record
    assert record["series"] == [AP, POSITION, "/processing/behavior/licks", LFP_PATH]
    assert record["series_types"] == ["ElectricalSeries", "SpatialSeries", "TimeSeries", "ElectricalSeries"]
    assert record["series_channels"] == [4, 2, 1, 4]
    assert record["series_samples"] == [3000, 150, 5, 300]
    np.testing.assert_array_equal(record["series_frequencies"], [RATE, np.nan, np.nan, 100.0])
    assert record["series_units"] == ["V", "m", "", "V"]
    assert tuple(record[f"subject_{n}"] for n in ("species", "sex", "age")) == ("Mus musculus", "F", "P90D")
    assert (record["trial_count"], record["unit_count"], record["electrode_count"]) == (4, 3, 4)
    assert record["intervals"] == ["trials"]
    assert record["devices"] == ["probe"]


def test_names_are_identifiers_alone(tmp_path):
    path = session(tmp_path / "a.nwb")
    assert read_identifiers(File.at(path), "nwb") == {
        "identifier": "made",
        "session_id": "s1",
        "session_description": "made for tests, of seeded numbers",
        "experimenter": "Doe, Jane",
        "institution": "nowhere",
        "lab": "none",
        "subject_id": "M1",
    }
    assert "M1" not in repr(read_header(File.at(path)))


def test_series_are_opened_by_name(tmp_path):
    path = session(tmp_path / "a.nwb", **PACKINGS["gzip"])
    ap = nc.open(path)
    assert ap.channels == LABELS[::-1]
    assert set(ap.units) == {"V"}
    assert ap.start == 0.5
    assert ap.start_time == datetime(2026, 3, 4, 5, 6, 7, 500_000)
    np.testing.assert_allclose(ap.gains, [1e-6, 2e-6, 3e-6, 4e-6])
    window = ap.window(1.0, 1.25, channels=["AP1", "AP4"])
    np.testing.assert_allclose(window.read(), (voltages()[500:750] * ap.gains + 2e-6).T[[3, 0]])
    lfp = nc.open(path, part="lfp")
    assert lfp.shape == (4, 300)
    np.testing.assert_array_equal(nc.open(path, part=LFP_PATH).read(), lfp.read())
    again = pickle.loads(pickle.dumps(lfp.pick([1])))
    np.testing.assert_array_equal(again.read(), lfp.read()[1:2])
    with pytest.raises(ColumnNotFoundError, match=r"no time series 'lfq'. Did you mean 'lfp'\?"):
        nc.open(path, part="lfq")


def test_samples_with_times_of_their_own(tmp_path):
    path = session(tmp_path / "a.nwb")
    head = nc.open(path, part=POSITION)
    assert head.channels == ("x", "y")
    assert head.discontinuous
    np.testing.assert_allclose(head.segments, [(0, 2), (10, 11)])
    assert head.sampling_frequency == pytest.approx(50)
    np.testing.assert_array_equal(head.window(10.0, 10.1).read(), np.arange(300.0).reshape(150, 2)[100:105].T)
    with pytest.raises(nc.ShapeError, match="has a gap from 2 s to 10 s"):
        head.window(1.9, 10.1)
    with pytest.raises(FormatError, match=r"licks/timestamps were taken at uneven times: nc.open_table"):
        nc.open(path, part="licks")
    licks = nc.open_table(path, variable="licks")
    assert licks.to_dict(as_series=False) == {
        "time": [0.1, 0.2, 1.5, 1.6, 9.0],
        "value": [0.0, 1.0, 2.0, 3.0, 4.0],
    }


def test_times_that_cannot_be(tmp_path):
    path = session(tmp_path / "a.nwb")
    for times, said in [
        ([5.0, 4.0, 3.0], "do not ascend"),
        ([0.0, np.nan, 1.0], "hold|holds times that are no numbers"),
        ([1.0], "has 1 times, from which no sampling frequency can be told"),
        ([1.0, 1.0, 1.0], "do not ascend"),
    ]:
        with h5py.File(path, "r+") as file:
            group = file["processing/behavior/licks"]
            for name, values in (("data", np.zeros(len(times))), ("timestamps", times)):
                del group[name]
                group[name] = values
        with pytest.raises(FormatError, match=said):
            nc.open(path, part="licks")


def test_tables(tmp_path):
    path = session(tmp_path / "a.nwb")
    units = nc.open_table(path, variable="units")
    assert units.columns == ["id", "spike_times", "electrodes", "waveform_mean", "quality"] or set(units.columns) == {
        "id", "spike_times", "electrodes", "waveform_mean", "quality",
    }  # fmt: skip
    assert units["quality"].to_list() == ["mua", "good", "good"]
    for unit, found in enumerate(
        nc.open_table(path, variable="units", columns=["spike_times"])["spike_times"]
    ):
        np.testing.assert_array_equal(found, spike_times(unit))
    trials = nc.open_table(path, variable="/intervals/trials")
    assert trials["correct"].to_list() == [False, True, False, True]
    assert trials["stop_time"].to_list() == [0.5, 1.5, 2.5, 3.5]
    electrodes = nc.open_table(path, variable="electrodes", columns=["label", "location"])
    assert electrodes.to_dict(as_series=False) == {"label": list(LABELS), "location": ["CA1"] * 4}
    series = nc.open_table(path, variable="ElectricalSeries")
    np.testing.assert_allclose(series["value"].to_numpy(), voltages() * [1e-6, 2e-6, 3e-6, 4e-6] + 2e-6)
    with pytest.raises(FormatError, match="has 3 tables: /units, /intervals/trials, /general"):
        nc.open_table(path)
    with pytest.raises(ColumnNotFoundError, match=r"no table 'trails'. Did you mean 'trials'"):
        nc.open_table(path, variable="trails")
    with pytest.raises(ColumnNotFoundError, match=r"no column 'spikes'"):
        nc.open_table(path, variable="units", columns=["spikes"])


def test_a_table_is_the_beginning_of_a_chain(tmp_path, project):
    path = session(tmp_path / "a.nwb")
    chain = nc.read_table(path, variable="trials").filter(nc.Column("correct"))
    assert chain.select("start_time").collect()["start_time"].to_list() == [1.0, 3.0]
    assert (
        chain.save("trials").content_hash
        == nc.read_table(path, variable="trials").filter(nc.Column("correct")).save("trials").content_hash
    )


def test_links_lead_no_further_than_the_folder(tmp_path):
    path, outside = session(tmp_path / "in" / "a.nwb"), session(tmp_path / "b.nwb", start=7.0)
    shutil.copyfile(outside, tmp_path / "in" / "c.nwb")
    with h5py.File(path, "r+") as file:
        file["acquisition/soft"] = h5py.SoftLink(AP)
        file["acquisition/near"] = h5py.ExternalLink("c.nwb", AP)
        file["acquisition/far"] = h5py.ExternalLink("../b.nwb", AP)
        file["acquisition/gone"] = h5py.ExternalLink("d.nwb", AP)
        file["acquisition/round"] = h5py.SoftLink("/acquisition/round")
        shared = file.create_group("acquisition/shared")
        shared.attrs["neurodata_type"] = "TimeSeries"
        shared["data"] = h5py.ExternalLink("c.nwb", f"{AP}/data")
        shared["starting_time"] = 1.0
        shared["starting_time"].attrs["rate"] = 2 * RATE
    np.testing.assert_array_equal(nc.open(path, part="/acquisition/soft").stored.read(), voltages().T)
    near = nc.open(path, part="/acquisition/near")
    assert near.start == 7.0
    np.testing.assert_array_equal(near.stored.read(), voltages().T)
    assert nc.open(path, part="/acquisition/near").start == 7.0  # remembered
    shared = nc.open(path, part="/acquisition/shared")
    assert (shared.start, shared.sampling_frequency) == (1.0, 2 * RATE)
    np.testing.assert_array_equal(shared.stored.read(), voltages().T)
    for part, said in [
        ("far", r"'\.\./b\.nwb', which is not in its folder"),
        ("gone", "bring it there"),
        ("round", "round"),
    ]:
        with pytest.raises((FormatError, ColumnNotFoundError), match=said):
            nc.open(path, part=f"/acquisition/{part}")


def test_images_over_time_are_a_volume(tmp_path):
    path = session(tmp_path / "a.nwb")
    frames = np.arange(5 * 4 * 3, dtype=np.uint16).reshape(5, 4, 3)
    with h5py.File(path, "r+") as file:
        group = file.create_group("acquisition/photons")
        group.attrs["neurodata_type"] = "TwoPhotonSeries"
        group["data"] = frames
        group["starting_time"] = 0.0
        group["starting_time"].attrs["rate"] = 30.0
    volume = nc.open(path, part="photons")
    assert volume.axes == ("t", "x", "y")
    np.testing.assert_array_equal(volume[2], frames[2])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: f.attrs.pop("nwb_version"), "without nwb_version"),
        (lambda f: f[AP]["starting_time"].attrs.__setitem__("rate", -1.0), "says a rate of -1.0 Hz"),
        (lambda f: f[AP].__delitem__("data"), "has no time series|no data|several|has 1"),
    ],
)
def test_what_cannot_be_is_said(tmp_path, change, said):
    path = session(tmp_path / "a.nwb")
    with h5py.File(path, "r+") as file:
        change(file)
        del file["processing"]
    with pytest.raises(FormatError, match=said):
        nc.open(path)


def test_real_files(real_data):
    paths = sorted((real_data / "nwb").rglob("*.nwb"))
    assert paths
    for path in paths:
        header = read_header(File.at(path))
        assert header.error is None
        with NWBHDF5IO(path, "r") as io:
            file = io.read()
            assert header.record["nwb_version"] == io.nwb_version[0]
            series = {s.name: s for s in file.acquisition.values() if isinstance(s, TimeSeries)}
            assert {f"/acquisition/{name}" for name in series} <= set(header.record["series"])
            for name, one in series.items():
                found = nc.open(path, part=f"/acquisition/{name}")
                assert found.sampling_frequency == one.rate
                np.testing.assert_array_equal(found.read()[0], one.get_data_in_units())


class TestCosts:
    """What headers and windows pull, from the disk and from a server."""

    @pytest.fixture
    def server(self, tmp_path):
        (tmp_path / "files").mkdir()
        with ObjectServer(tmp_path) as server:
            remember("s3://files", Access.of({"anon": True, "endpoint": server.url}))
            yield server

    def test_a_header_of_scattered_pieces_takes_four_requests(self, tmp_path, server):
        path = scattered(tmp_path / "files" / "a.nwb")
        assert path.stat().st_size > 2 * 10**6
        log = ReadLog(keeps=False)
        with recording_reads(log):
            found = read_header(File.at("s3://files/a.nwb"))
        assert found.error is None
        assert len(found.record["series"]) == 60
        assert log.requests <= 4

    def test_a_window_takes_its_chunks_in_one_round_trip(self, tmp_path, server):
        path = session(tmp_path / "files" / "a.nwb", chunks=(400, 2))
        with recording_reads(ReadLog("bytes", keeps=False)):
            nc.open("s3://files/a.nwb", part=AP).window(0.5, 0.6).read()
        log = ReadLog("bytes", keeps=False)
        with recording_reads(log):
            recording = nc.open(File.at("s3://files/a.nwb"), part=AP, format="nwb")
            opened = log.bytes, log.requests
            window = recording.window(1.0, 1.5, channels=["AP1", "AP2"])
            values = window.stored.read()
        assert opened == (0, 0)  # what was found is remembered
        np.testing.assert_array_equal(values, voltages()[500:1000, [3, 2]].T)
        with h5py.File(path) as file:
            data = file[f"{AP}/data"]
            touched = [data.id.get_chunk_info_by_coord((t, 2)) for t in (400, 800)]
        assert log.bytes <= 1.05 * sum(chunk.size for chunk in touched)
        assert window.bytes_needed() == sum(chunk.size for chunk in touched)
        assert log.requests <= len(touched)

    def test_a_window_of_plain_samples_is_one_request(self, tmp_path, server):
        session(tmp_path / "files" / "a.nwb")
        nc.open("s3://files/a.nwb", part=AP)
        log = ReadLog("bytes", keeps=False)
        with recording_reads(log):
            recording = nc.open(File.at("s3://files/a.nwb"), part=AP, format="nwb")
            recording.window(1.0, 1.1).read()
        assert (log.bytes, log.requests) == (100 * 4 * 2, 1)

    def test_a_network_that_fails_is_no_damage(self, tmp_path, server):
        session(tmp_path / "files" / "a.nwb")
        file = File.at("s3://files/a.nwb")
        server.fault = lambda request: Fault("status", 403)
        with pytest.raises(nc.StorageError):
            open_recording(file, "nwb")


def test_without_h5py_a_header_says_what_to_install(tmp_path, monkeypatch):
    path = session(tmp_path / "a.nwb")
    monkeypatch.setitem(sys.modules, "h5py", None)
    found = read_header(File.at(path))
    assert found.header["format"] == "nwb"
    assert found.error.endswith("Install it with: pip install 'neurochain[nwb]'")
    assert "unexpected" not in found.error
    with pytest.raises(nc.MissingExtraError, match=r"pip install 'neurochain\[nwb\]'"):
        nc.open(path)
