"""align, as a user types it: what it writes, and all that it refuses."""

import json
import re
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import h5py
import nibabel as nib
import numpy as np
import pynwb
import pytest
import zarr
from test_cli import run

from neurochain.cli import neuro_align
from neurochain.cli.app import main

sys.path.insert(0, str(Path(__file__).parents[1] / "timeline"))
from rig import CHANNELS, RATE, Rig, make_rig

RAW = ["--channels", str(CHANNELS), "--sampling-frequency", str(RATE), "--dtype", "int16"]
Align = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="session")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Rig:
    return make_rig(tmp_path_factory.mktemp("rig"))


@pytest.fixture
def lab(tmp_path: Path, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder with the files of a rig, which is the current one."""
    folder = tmp_path / "lab"
    shutil.copytree(rig.probe.parent, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "160")
    return folder


@pytest.fixture
def align(lab: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Align:
    """Exit code, stdout and stderr of a command."""

    def command(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["neurochain", "align", *arguments])
        with pytest.raises(SystemExit) as left:
            main()
        out, err = capsys.readouterr()
        assert isinstance(left.value.code, int)
        return left.value.code, out, err

    return command


def test_the_command_of_the_manual(lab: Path, rig: Rig) -> None:
    command = ["--ephys", "probe.bin", *RAW, "--video", "cam.mp4", "--fmri", "sub-01_task-x_bold.nii.gz"]
    wanted = ["--time", "2.5", "--filter", "signal > 0.8", "--output", "neuro_sync_output.h5"]
    shown = run("align", *command, *wanted, cwd=lab)
    assert "window [2, 3) s on the clock of ephys" in shown
    assert "wrote" in shown
    with h5py.File(lab / "neuro_sync_output.h5") as file:
        np.testing.assert_array_equal(file["ephys/data"], rig.samples[2 * RATE : 3 * RATE])
        np.testing.assert_array_equal(file["ephys/mask"], rig.samples[2 * RATE : 3 * RATE] > 0.8)
        np.testing.assert_array_equal(file["fmri/data"], rig.volumes[..., :2])
        inside = (rig.frames >= 2) & (rig.frames < 3)
        np.testing.assert_allclose(file["video/time"], rig.frames[inside], atol=1e-6)


def test_the_ending_says_what_is_written(align: Align, lab: Path, rig: Rig) -> None:
    command = ["--ephys", "probe.bin", *RAW, "--events", "events.tsv", "--window", "0.5", "--json"]
    starts = (1.75, 5.75, 11.0)
    parts = [rig.samples[round(t * RATE) : round((t + 0.5) * RATE)] for t in starts]
    for name in ("out.hdf5", "OUT.H5"):
        code, out, _ = align(*command, "--output", name)
        assert code == 0
        with h5py.File(lab / name) as file:
            np.testing.assert_array_equal(file["windows/000001/ephys/data"], parts[1])
    said = json.loads(out)
    assert said["written"] == [str(lab / "OUT.H5")]
    assert said["common_clock"] == "ephys"
    assert [w["samples"]["ephys"] for w in said["windows"]] == [500, 500, 500, 450]
    assert said["windows"][3]["end"] == 20.0
    assert align(*command, "--output", "out.zarr")[0] == 0
    group = zarr.open_group(lab / "out.zarr", mode="r")
    np.testing.assert_array_equal(group["windows/000002/ephys/data"][...], parts[2])
    code, out, _ = align(*command[:-1], "--output", "out.nwb", "--session-start", "2026-05-01T14:30:00+0000")
    assert code == 0
    assert "4 windows" in out
    with pynwb.NWBHDF5IO(lab / "out.nwb", "r", load_namespaces=False) as io:
        file = io.read()
        assert file.session_start_time == datetime(2026, 5, 1, 14, 30, tzinfo=UTC)
        np.testing.assert_array_equal(file.acquisition["ephys"].data[:500], parts[0])


def test_clocks_are_synced_and_moved(align: Align, lab: Path, rig: Rig) -> None:
    code, out, _ = align(
        *("--ephys", "probe.bin", *RAW, "--video", "cam.mp4", "--pulses", "video.ttl=ttl.csv"),
        *("--sync", f"video.ttl=ephys.{CHANNELS - 1}", "--behavior", "behavior.csv", "--offset", "behavior=0.5"),
        *("--time", "4", "--time", "8", "--output", "out.h5", "--plot", "out.png", "--json"),
    )  # fmt: skip
    assert code == 0
    said = json.loads(out)
    assert said["written"] == [str(lab / "out.h5"), str(lab / "out.png")]
    (link,) = said["streams"]["video"]["links"]
    assert link["fit"]["drift_ppm"] == pytest.approx(rig.DRIFT * 1e6, abs=20)
    with h5py.File(lab / "out.h5") as file:
        truth = rig.OFFSET + rig.frames * (1 + rig.DRIFT)
        inside = truth[(truth >= 3.501) & (truth < 4.499)]
        times = file["windows/000000/video/time"][:]
        assert len(inside) <= len(times) <= len(inside) + 2
        velocity, when = file["windows/000001/behavior/data"][:, 0], file["windows/000001/behavior/time"][:]
        np.testing.assert_allclose(velocity, np.sin(when - 0.5), atol=1e-6)
    assert (lab / "out.png").read_bytes().startswith(b"\x89PNG")


EPHYS = ["--ephys", "probe.bin", *RAW]
AT = ["--time", "2.5"]
REFUSED = {
    "no file of samples": ([*["--ephys", "none.bin"], *RAW, *AT], r"none\.bin"),
    "no video": ([*EPHYS, "--video", "none.mp4", *AT], r"none\.mp4"),
    "no scan": ([*EPHYS, "--fmri", "none.nii.gz", *AT], r"none\.nii\.gz"),
    "no table": ([*EPHYS, "--events", "none.tsv"], r"none\.tsv"),
    "no pulses": ([*EPHYS, "--video", "cam.mp4", "--pulses", "video.ttl=none.csv", *AT], r"none\.csv"),
    "size": ([*EPHYS[:2], "--channels", "7", *RAW[2:], *AT], r"probe\.bin: it has 320,000 bytes.*7 channels x 2 bytes"),
    "size of a sample": ([*EPHYS[:2], "--channels", "3", *RAW[2:4], "--dtype", "int64", *AT], r"probe\.bin: it has 320,000 bytes.*3 channels x 8 bytes"),
    "negative time": ([*EPHYS, "--time", "-1"], r"-1 s.*lies outside.*\[0, 20\)"),
    "too late": ([*EPHYS, "--time", "20.6"], r"20\.6 s.*lies outside.*\[0, 20\)"),
    "one of several too late": ([*EPHYS, *AT, "--time", "500"], r"500 s.*lies outside"),
    "no number": ([*EPHYS, "--time", "nan"], "nan.*a number of seconds"),
    "unknown rate": ([*EPHYS[:2], *RAW[:2], *RAW[4:], *AT], r"probe\.bin.*sampling_frequency"),
    "impossible rate": ([*EPHYS[:2], *RAW[:2], "--sampling-frequency", "-5", *RAW[4:], *AT], "-5"),
    "nothing said": ([*EPHYS[:2], *AT], r"probe\.bin"),
    "unknown dtype": ([*EPHYS[:2], *RAW[:4], "--dtype", "int17", *AT], "int17"),
    "unknown repetition time": ([*EPHYS, "--fmri", "plain.nii", *AT], r"plain\.nii.*RepetitionTime"),
    "impossible repetition time": (
        [*EPHYS, "--fmri", "plain.nii", "--repetition-time", "0", *AT],
        "repetition_time=0",
    ),
    "no overlap": ([*EPHYS, "--video", "cam.mp4", "--offset", "video=100", *AT], r"do not overlap.*ephys \[0, 20\)"),
    "bytes that are no video": ([*EPHYS, "--video", "events.tsv", *AT], r"events\.tsv"),
    "nothing given": ([*AT], "no recording is given"),
    "no instant": ([*EPHYS], "say when"),
    "no length": ([*EPHYS, *AT, "--window", "0"], "--window 0.*positive"),
    "a filter that is none": ([*EPHYS, *AT, "--filter", "signal >"], "signal >"),
    "a filter of nothing": ([*EPHYS, *AT, "--filter", "pupil > 1"], "no stream has 'pupil'"),
    "a filter with a colon": ([*EPHYS, *AT, "--filter", "vide: signal > 1"], "vide"),
    "half a pair": ([*EPHYS, *AT, "--offset", "video"], r"--offset 'video': write it as video=0\.12"),
    "no seconds": ([*EPHYS, *AT, "--offset", "ephys=soon"], "'soon' is no number"),
    "no such stream": ([*EPHYS, *AT, "--offset", "vide=1"], "no stream 'vide'"),
    "no such line": ([*EPHYS, *AT, "--video", "cam.mp4", "--sync", "video.ttl=ephys.7"], "no line of pulses 'ttl'"),
    "no events": ([*EPHYS, "--events", "empty.tsv"], r"empty\.tsv"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_is_named(what: str, align: Align, lab: Path) -> None:
    image = nib.Nifti1Image(np.zeros((2, 2, 2, 9), np.int16), np.eye(4))
    nib.save(image, lab / "plain.nii")
    (lab / "empty.tsv").write_text("onset\tduration\n")
    before = sorted(p.name for p in lab.iterdir())
    command, message = REFUSED[what]
    for name in ("out.h5", "out.zarr"):
        code, out, err = align(*command, "--output", name)
        assert code == 1, (out, err)
        assert not out
        assert "Traceback" not in err
        assert err.startswith("error ")
        text = " ".join(err.split())
        assert re.search(message, text), text
    assert sorted(p.name for p in lab.iterdir()) == before


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--output", "out.mat"], r"--output out\.mat: what is written ends in \.h5, \.hdf5, \.zarr, \.nwb"),
        (["--output", "out"], "--output out: what is written ends in"),
        (["--output", "out.h5", "--plot", "out.gif"], r"--plot out\.gif: what is written ends in \.png"),
        (["--output", "out.h5", "--session-start", "2026-05-01T14:30"], r"goes with --output of \.nwb"),
        (["--output", "out.nwb"], "no stream says when it was recorded.*--session-start"),
        (["--output", "none/out.h5"], "there is no folder"),
        ([], "say where to"),
    ],
)
def test_places_that_are_refused_are_named(more: list[str], message: str, align: Align, lab: Path) -> None:
    before = sorted(p.name for p in lab.iterdir())
    code, out, err = align(*EPHYS, *AT, *more)
    assert (code, out) == (1, "")
    assert re.search(message, " ".join(err.split())), err
    assert sorted(p.name for p in lab.iterdir()) == before


def test_it_has_a_name_of_its_own(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["neuro-align", *EPHYS, *AT, "--output", "out.h5"])
    with pytest.raises(SystemExit) as left:
        neuro_align()
    assert left.value.code == 0
    assert (lab / "out.h5").is_file()
