"""The benchmarks' own cases run, and find what is there: small amounts, nothing is timed."""

import sys
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import polars as pl
import pytest

import neurochain as nc
from benchmarks.bids_tree import PER_SUBJECT, make_dataset
from benchmarks.comparison import Comparison
from benchmarks.contestant import Contestant, Measurement, check_agreement
from benchmarks.dicom_tree import make_tree
from benchmarks.films import make_film
from benchmarks.goal import each_at_most, faster, faster_per_second, pulled_at_most
from benchmarks.headers import KNOWN
from benchmarks.images import make_images
from benchmarks.loaders import CASES as LOADERS
from benchmarks.loaders import make_rows
from benchmarks.loaders.raw import make_volumes
from benchmarks.recordings import CHANNELS, RATE, RECORD, WINDOW, make_recordings
from benchmarks.report import page
from benchmarks.scale import Scale, linked
from benchmarks.server import object_server
from benchmarks.tables.appended import IMPLANTS, make_table
from benchmarks.tables.entrant import entrant as table_entrant
from benchmarks.tables.entrant import lighter
from benchmarks.tables.partitions import day, make_partitions
from benchmarks.timeline.devices import make_probe, make_scan, make_short, make_sparse
from benchmarks.timeline.entrant import entrant

OURS = Path(sys.executable)
DICOM, EDF, IMAGES, RECORDS = 12, 3, 2, 70
BAND = ("O1", *map(str, WINDOW))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Buckets ``small``, ``scanner``, ``edf``, ``images`` and a dataset, as the benchmarks make them."""
    folder = tmp_path_factory.mktemp("data")
    make_tree(folder / "dicom" / "small", DICOM)
    make_tree(folder / "dicom" / "scanner", DICOM, scanner=True)
    make_recordings(folder / "edf", EDF, EDF - 1, RECORDS)
    make_images(folder / "images", IMAGES, (40,))
    make_dataset(folder / "bids", 2)
    return folder


@pytest.fixture(scope="module")
def ran(data: Path) -> dict[str, Contestant]:
    """All cases, after they have run."""
    with object_server(data, latency=0.001) as url:
        small, scanner = str(data / "dicom" / "small"), str(data / "dicom" / "scanner")
        known, images = ",".join(KNOWN), str(data / "images")
        cases = {
            "small": ("headers_neurochain", small, "first", "dicom"),
            "scanner": ("headers_neurochain", scanner, "again", "dicom"),
            "pool": ("headers_pydicom", scanner, known),
            "bucket": ("headers_neurochain", "s3://dicom/scanner/**/*.dcm", "first", "dicom", url),
            "fetched": ("fetch_obstore", url, "dicom", "65536", "8"),
            "edf": ("headers_neurochain", str(data / "edf"), "first", "edf"),
            "slices": ("slices_neurochain", images, "mean"),
            "far slices": ("slices_neurochain", "s3://images/", "mean", url),
            "nibabel": ("slices_nibabel", images, str(IMAGES)),
            "bands": ("band_neurochain", "s3://edf/", *BAND, url),
        }
        if hasattr(nc, "read_bids"):
            cases["bids"] = ("bids_neurochain", str(data / "bids"))
        all_ = {name: Contestant(name, OURS, case, tuple(rest)) for name, (case, *rest) in cases.items()}
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(Contestant.run, all_.values()))
        # Alone, since it changes files that the others read.
        all_["changed"] = Contestant(
            "changed", OURS, "headers_neurochain", (str(data / "dicom"), "changed", "dicom")
        )
        all_["changed"].run()
    return all_


def facts(contestant: Contestant) -> dict[str, Any]:
    return contestant.runs[-1].facts


def test_headers_are_those_of_pydicom(ran: dict[str, Contestant]) -> None:
    alike = [ran[name] for name in ("scanner", "pool")]
    for contestant in alike:
        contestant.amount = DICOM
    check_agreement(alike)
    assert len(facts(ran["scanner"])["values"]) == DICOM
    assert facts(ran["small"])["rows"] == DICOM
    # From a bucket the paths begin elsewhere, and the values are the same.
    assert list(facts(ran["bucket"])["values"].values()) == list(facts(ran["scanner"])["values"].values())
    assert facts(ran["changed"])["rows"] == 2 * DICOM


def test_ranges_are_fetched_of_every_file(ran: dict[str, Contestant], data: Path) -> None:
    sizes = [path.stat().st_size for path in (data / "dicom").rglob("*.dcm")]
    assert facts(ran["fetched"])["rows"] == 2 * DICOM
    assert facts(ran["fetched"])["bytes"] == pytest.approx(sum(min(size, 65_536) for size in sizes), rel=0.01)


def test_recordings_say_what_was_made(ran: dict[str, Contestant]) -> None:
    values = facts(ran["edf"])["values"]
    assert list(values.values()) == [[len(CHANNELS), RATE, RECORDS * RECORD * RATE]] * EDF


def test_slices_are_those_of_nibabel(ran: dict[str, Contestant], data: Path) -> None:
    alike = [ran[name] for name in ("slices", "far slices", "nibabel")]
    for contestant in alike:
        contestant.amount = IMAGES
    check_agreement(alike)
    stored = sum(path.stat().st_size for path in (data / "images").iterdir())
    assert 0 < facts(ran["far slices"])["bytes"] < stored
    image: Any = nibabel.load(data / "images" / "sub-0001_task-rest_bold.nii.gz")
    values = facts(ran["slices"])["values"]["sub-0001_task-rest_bold.nii.gz"]
    assert values[0] == pytest.approx(np.asarray(image.dataobj)[..., 20].mean(), rel=1e-6)


def test_bands_hold_the_sine(ran: dict[str, Contestant]) -> None:
    """Amplitude a of a sine is a²/2 of power; the noise adds its part of the band."""
    values = facts(ran["bands"])["values"]
    noise = (20.1**2 - 0.01) / 12 * 5 / (RATE / 2)
    for number in range(EDF):
        (power,) = values[f"sub-{number:04d}_task-rest_eeg.edf"]
        amplitude = 5 + 0.1 * (number % (EDF - 1))
        assert power == pytest.approx(amplitude**2 / 2 + noise, rel=0.1)


@pytest.mark.skipif(not hasattr(nc, "read_bids"), reason="there is no read_bids")
def test_dataset_is_indexed(ran: dict[str, Contestant], data: Path) -> None:
    values = facts(ran["bids"])["values"]
    assert len(values) == 20
    assert values["sub-0001_ses-02_dwi.nii.gz"] == ["0001", pytest.approx(0.030001)]
    assert sum(path.is_file() for path in (data / "bids").rglob("*")) == 3 + 2 * PER_SUBJECT


def test_frames_are_those_that_were_asked_for(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    make_film(film, 60)
    ran = [
        Contestant("batch", OURS, "frames_neurochain", (str(film), "12", "batch"), 12),
        Contestant("one by one", OURS, "frames_neurochain", (str(film), "12", "one"), 12),
        Contestant("PyAV", OURS, "frames_peers", ("pyav", str(film), "12", "one"), 12),
    ]
    for contestant in ran:
        contestant.run()
    check_agreement(ran)
    assert len(facts(ran[0])["values"]) == 12


def test_loaders_give_every_row_once(tmp_path: Path) -> None:
    make_rows(tmp_path, 200)
    cases = {
        "first": ("neurochain", "0", "first"),
        "second": ("neurochain", "0", "second"),
        "plain": ("neurochain", "0", "second", "plain"),
        "two workers": ("neurochain", "2", "second"),
        "gathered": ("memory", "0", "second", "gather"),
        "batched": ("memory", "2", "second", "batched"),
        "collated": ("memory", "0", "second", "collate"),
        "by hand": ("h5py", "0", "first"),
    }
    alike = []
    for name, (case, *rest) in cases.items():
        arguments = (str(tmp_path), "16", *rest)
        contestant = Contestant(name, OURS, f"loader_{case}", arguments, 200, folder=LOADERS)
        contestant.run()
        alike.append(contestant)
    check_agreement(alike)
    assert facts(alike[0])["values"] == {"labels": [200 * 199 / 2], "shape": [64.0, 64.0]}


def test_cuts_of_raw_files_are_what_they_say(tmp_path: Path) -> None:
    make_volumes(tmp_path / "volumes", 2)
    make_recordings(tmp_path / "edf", 2, 2, 3)
    ran = [
        Contestant("patches", OURS, "patches_neurochain", (str(tmp_path / "volumes"), "8"), 8, folder=LOADERS),
        Contestant("windows", OURS, "windows_neurochain", (str(tmp_path / "edf"), "O1,Fz", "0.25"), 240, folder=LOADERS),
        Contestant("by mne", OURS, "windows_mne", (str(tmp_path / "edf"), "O1,Fz", "0.25"), 240, folder=LOADERS),
    ]  # fmt: skip
    for contestant in ran:
        contestant.run()
    check_agreement(ran[1:])
    assert facts(ran[0]) == {"rows": 8, "values": {"shape": [64]}}


def test_large_cases_run_at_any_size(tmp_path: Path) -> None:
    make_rows(tmp_path, 300)
    ran = [
        Contestant("cold", OURS, "cold_neurochain", (str(tmp_path), "half"), 150, folder=LOADERS),
        Contestant("by hand", OURS, "cold_mapped", (str(tmp_path), "half"), 150, folder=LOADERS),
    ]
    for contestant in ran:
        contestant.run()
    check_agreement(ran)
    for case, rows, what in (
        ("many_neurochain", 200_000, "resume"),
        ("many_torch", 200_000, "first"),
        ("large_neurochain", 300, "epoch"),
    ):
        folder = tmp_path / case
        folder.mkdir()
        Contestant(case, OURS, case, (str(folder), str(rows), what), folder=LOADERS).run()


@pytest.fixture(scope="module")
def devices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of a probe, a camera and a scanner."""
    folder = tmp_path_factory.mktemp("devices")
    make_short(folder / "short.bin", make_probe(folder / "probe.bin", 2), 1)
    make_sparse(folder / "sparse.bin", 2)
    make_film(folder / "film.mp4", 60)
    make_scan(folder / "bold.nii", 2)
    return folder


def run_alike(contestants: list[Contestant]) -> None:
    for contestant in contestants:
        contestant.run()
    check_agreement(contestants)


def test_windows_of_a_timeline_are_those_of_a_memmap(devices: Path) -> None:
    probe = devices / "probe.bin"
    ran = [
        entrant("neurochain", OURS, "excerpts_neurochain", probe, 3, "numbers", amount=3),
        entrant("memmap", OURS, "excerpts_peers", "memmap", probe, 3, "numbers", amount=3),
        entrant("sparse", OURS, "excerpts_neurochain", devices / "sparse.bin", 3, "numbers", amount=3),
        entrant("in uV", OURS, "excerpts_neurochain", probe, 3, "uV", amount=3),
    ]
    run_alike(ran)
    numbers, _, sparse, scaled = (np.array(list(facts(one)["values"].values())) for one in ran)
    np.testing.assert_array_equal(numbers[:, 1], 30_000)
    np.testing.assert_allclose(scaled, numbers * [4, 1])
    np.testing.assert_array_equal(sparse, [[0, 30_000]] * 3)
    assert (devices / "short.bin").read_bytes() == probe.read_bytes()[: 768 * 30_000]


def test_filters_hold_where_numpy_says(devices: Path) -> None:
    probe, plain, spread = devices / "probe.bin", "signal > 0.8", "abs(signal) > 4*std"
    ran = [
        entrant("neurochain", OURS, "sieve_neurochain", probe, plain, amount=46),
        entrant("with std", OURS, "sieve_neurochain", probe, spread, amount=46),
        entrant("by hand", OURS, "sieve_numpy", probe, "plain", amount=46),
        entrant("by hand, with std", OURS, "sieve_numpy", probe, "std", amount=46),
        entrant("reading alone", OURS, "sieve_numpy", probe, "read", amount=46),
    ]
    run_alike(ran)
    assert all(value[0] > 0 for one in ran[:2] for value in facts(one)["values"].values())


def test_a_session_in_one_file_is_what_the_devices_left(devices: Path) -> None:
    asked = devices / "probe.bin", devices / "film.mp4", devices / "bold.nii", 4, "ephys,video,bold"
    ran = [entrant("neurochain", OURS, "session_neurochain", *asked, amount=4)]
    if find_spec("spikeinterface") is not None:  # else it is in the peers' environment alone
        ran += [entrant(how, OURS, "session_by_hand", *asked, how, amount=4) for how in ("asked", "sorted")]
    run_alike(ran)
    values = facts(ran[0])["values"]
    scan: Any = nibabel.load(devices / "bold.nii")
    volume = blake2b(np.ascontiguousarray(scan.dataobj[..., :1]), digest_size=16).hexdigest()
    for number in range(4):
        ephys, video, bold = (values[f"{number:06d} {name}"] for name in ("ephys", "video", "bold"))
        assert ephys[1:4] == ["int16", [3000, 384], 3000]
        assert video[1:4] == ["uint8", [3, 480, 640, 3], 3]
        assert bold == [volume, "int16", [64, 64, 36, 1], 1, 0.0, 0.0]
        assert ephys[4] <= video[4] < video[5] <= ephys[5]


def test_no_more_is_pulled_than_windows_hold(devices: Path) -> None:
    here = entrant("here", OURS, "pulled_neurochain", devices, 4, "here")
    far = entrant("far", OURS, "pulled_neurochain", devices, 4, "far")
    for contestant in (here, far):
        contestant.run()
        assert facts(contestant)["wanted"] == 4 * (3000 * 768 + 64 * 64 * 36 * 2)
        assert 0 < facts(contestant)["pulled"] < 1.2 * facts(contestant)["wanted"]
    assert facts(here)["pulled"] > facts(here)["wanted"]  # a server is not asked for the same bytes again


def test_tables_are_counted_as_polars_counts(tmp_path: Path) -> None:
    rows = make_table(tmp_path / "impedance", 20_000)
    files = sorted((tmp_path / "impedance").glob("*.parquet"), key=lambda path: path.stat().st_mtime_ns)
    all_ = pl.concat([pl.read_parquet(path) for path in files])
    assert rows == all_.height == 20_000
    asked = tmp_path / "impedance", tmp_path / "impedance", rows
    ran = [
        table_entrant("count", OURS, "delta_neurochain", *asked, "count", amount=rows),
        table_entrant("last", OURS, "delta_neurochain", *asked, "last", amount=rows),
        table_entrant("streamed", OURS, "delta_neurochain", *asked, "last", "streaming", amount=rows),
    ]
    for contestant in ran:
        contestant.run()
    check_agreement(ran[1:])
    wanted = all_.filter("is_valid", pl.col("ohm") > 100).height
    assert facts(ran[0])["values"] == {"count": [wanted]}
    kept = all_.unique(["implant_id", "ts"], keep="last", maintain_order=True)
    assert facts(ran[1])["values"] == {"count": [kept.height]}
    assert kept.height == rows - 19 * IMPLANTS * 5  # of the 50 times of a commit, five are sent again
    assert facts(ran[1])["ohm"] == pytest.approx(kept["ohm"].sum())
    assert facts(ran[1])["grown_mb"] > 0


def test_partitions_hold_what_was_made(tmp_path: Path) -> None:
    make_partitions(tmp_path / "lab/spikes", 3, 4)
    asked = {
        ("implant_id =", "4501"): [4 * 50, sum(50 * d + 1225.0 for d in range(4)), day(0)],
        ("implant_id in, date between", f"4500,4502;{day(1)},{day(2)}"): [200, 2 * (50 * 3 + 2450.0), day(1)],
        ("date between", f"{day(2)},{day(3)}"): [300, 3 * (50 * 5 + 2450.0), day(2)],
    }
    with object_server(tmp_path, latency=0.001) as url:
        for (filters, values), expected in asked.items():
            contestant = table_entrant("n", OURS, "partitions_neurochain", url, 4, filters, values, amount=4)
            contestant.run()
            assert facts(contestant)["values"] == {"rows": expected}


def test_memory_is_compared_above_what_was_there() -> None:
    found = {
        "neurochain": measured("neurochain", 1, grown_mb=10.0),
        "other": measured("other", 1, grown_mb=50.0),
    }
    assert lighter(5, "other").measure(found) == ("10 MB of 50 MB", True)
    assert lighter(6, "other").measure(found) == ("10 MB of 50 MB", False)


def test_goals_of_each_and_of_bytes() -> None:
    found = {"neurochain": measured("neurochain", 2.0, 100, pulled=110, wanted=100)}
    assert each_at_most(0.03).measure(found) == ("20 ms", True)
    assert each_at_most(0.02).measure(found) == ("20 ms", False)
    assert pulled_at_most(1.2).measure(found) == ("1.1 x", True)
    assert pulled_at_most(1.05).measure(found) == ("1.1 x", False)


def test_a_page_keeps_the_jobs_that_are_not_measured_again() -> None:
    def job(title: str, seconds: float) -> Comparison:
        contestants = [measured("neurochain", seconds), measured("slow", 10.0)]
        return Comparison(title, f"{title} in words", "files", 100, contestants, (faster(2, "slow"),))

    size = {"neurochain, core": {"megabytes": 1, "packages": 2, "largest": {}}}
    machine = {"cores": "2", "date": "2026-01-01", "commit": "aaa"}
    first = page(machine, {}, [job("one", 1.0), job("two", 2.0), job("Import", 4.0)], size, 1)
    later = {"cores": "2", "date": "2026-02-02", "commit": "bbb"}
    second = page(later, {}, [job("two", 1.0), job("three", 8.0)], {}, 1, first)
    assert [line for line in second.splitlines() if line.startswith("## ")] == [
        "## What was asked", "## one", "## two", "## three", "## Import", "## Size of the installation",
    ]  # fmt: skip
    asked = [line.split(" | ")[0::2] for line in second.splitlines() if "at least 2 x" in line]
    assert asked == [["| one", "10 x"], ["| two", "10 x"], ["| three", "1.25 x"], ["| Import", "2.5 x"]]
    assert [line[line.index("Measured") :] for line in second.splitlines() if "Measured" in line] == [
        f"Measured 2026-0{n} at {c * 3}." for n, c in (("1-01", "a"), ("2-02", "b"), ("2-02", "b"), ("1-01", "a"), ("1-01", "a"))
    ]  # fmt: skip
    assert page(later, {}, [job("two", 1.0), job("three", 8.0)], {}, 1, second) == second


def measured(name: str, seconds: float, amount: int | None = None, **found: object) -> Contestant:
    return Contestant(name, OURS, "none", (), amount, [Measurement(seconds, seconds, 1.0, found)])


def test_contestants_who_disagree_are_no_comparison() -> None:
    one = measured("one", 1, 2, rows=2, values={"a": [1.0, "x", None]})
    check_agreement([one, measured("two", 1, 2, rows=2, values={"a": [1.0 + 1e-9, "x", None]})])
    with pytest.raises(RuntimeError, match=r"a: two found \[2.0, 'x', None\], and one"):
        check_agreement([one, measured("two", 1, 2, rows=2, values={"a": [2.0, "x", None]})])
    with pytest.raises(RuntimeError, match="two did 1 of 2"):
        check_agreement([one, measured("two", 1, 2, rows=1, values={})])


def test_who_does_fewer_is_compared_by_the_second() -> None:
    contestants = [measured("neurochain", 2.0), measured("slow", 10.0, 100)]
    comparison = Comparison("job", "what", "files", 1000, contestants, (faster_per_second(20, "slow"),))
    assert contestants[0].rate == 500
    figure, holds = comparison.goals[0].measure({c.name: c for c in contestants})
    assert (figure, holds) == ("50 x", True)
    text = page({"cores": "2"}, {}, [comparison], {}, 1)
    assert "neurochain: at least 20 x as many per second as slow | 50 x | holds" in text
    assert "| slow | 10 (10 to 10) | 10 | 10 | 1 MB | 50.0 x faster |" in text


def test_shares_keep_what_is_needed(tmp_path: Path) -> None:
    assert Scale(0.01).of(10_000) == 100
    assert Scale(1e-6).of(10_000) == 2
    assert Scale(1).of(1) == 1
    for name in "abc":
        (tmp_path / "whole" / name).mkdir(parents=True)
        (tmp_path / "whole" / name / "file").write_text(name)
    part = linked(tmp_path / "whole", tmp_path / "part", 2)
    assert sorted(p.read_text() for p in part.rglob("file")) == ["a", "b"]
