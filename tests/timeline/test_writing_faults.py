"""Files of windows are whole or not there: full disks, killed writers, data that cannot be read, libraries that are missing."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import shortfall

import neurochain as nc
from neurochain.timeline.writing.shielded import Shielded

sys.path.insert(0, str(Path(__file__).parents[1] / "reliability"))
from limits import own_mounts

HERE = Path(__file__).parent
VERBS = ["to_hdf5", "to_zarr", "to_nwb"]
LIBRARIES = {"to_hdf5": ("h5py", "timeline"), "to_zarr": ("zarr", "zarr"), "to_nwb": ("pynwb", "pynwb")}


@pytest.fixture(params=VERBS)
def verb(request: pytest.FixtureRequest) -> str:
    return request.param


def files(folder: Path) -> dict[str, bytes]:
    """All that a folder holds, but for the test's project."""
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.relative_to(folder).parts[0] not in (".neurochain", ".cache", ".config")
    }


def attempts(kind: str, folder: Path, sizes: list[int], prefix: list[str]) -> list[dict]:
    """What came of writing in each way, with room for so many bytes."""
    command = [*prefix, sys.executable, "-W", "error", str(HERE / "shortfall.py"), kind, str(folder)]
    path = os.pathsep.join(filter(None, [str(HERE.parents[1]), *sys.path]))
    done = subprocess.run(
        [*command, ",".join(VERBS), *map(str, sizes)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, (done.returncode, done.stderr)
    assert not done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(f["verb"], f["size"]) for f in found] == [(verb, size) for verb in VERBS for size in sizes]
    return found


def check(found: list[dict], largest: int, words: str) -> None:
    for f in found:
        assert bool(f["said"]) == (f["size"] < largest), f
        assert f["left"] == ([] if f["said"] else ["out"]), f
        assert words in f["said"] or not f["said"], f


def test_without_room_nothing_is_left(tmp_path: Path) -> None:
    found = attempts("limit", tmp_path, [100, 5_000, 400_000, 10_000_000], [])
    check(found, 10_000_000, "cannot be written: [Errno 27] File too large")


@pytest.mark.long
def test_on_a_full_disk_nothing_is_left(tmp_path: Path) -> None:
    found = attempts("disk", tmp_path, [80_000, 300_000, 700_000, 20_000_000], own_mounts())
    check(found, 20_000_000, "cannot be written: [Errno 28] No space left on device")


@pytest.mark.long
def test_wherever_room_ends_nothing_is_left(tmp_path: Path) -> None:
    sizes = sorted({*range(1, 40_000, 1_000), *range(40_000, 1_100_000, 40_000)})
    for f in attempts("limit", tmp_path, sizes, []):
        assert f["left"] == ([] if f["said"] else ["out"]), f


KILLED = ["to_hdf5", *(pytest.param(v, marks=pytest.mark.long) for v in VERBS[1:])]


@pytest.mark.parametrize("verb", KILLED)
def test_a_killed_writer_leaves_the_old_file(verb: str, tmp_path: Path) -> None:
    shortfall.write(nc.timeline(a=nc.Recording.of(np.zeros((1, 9)), 1.0)), verb, tmp_path / "out")
    before = files(tmp_path)
    code = f"""
import sys
sys.path.insert(0, {str(HERE)!r})
from pathlib import Path
import numpy as np
import shortfall
import neurochain as nc
t = nc.timeline(a=nc.Recording.of(np.zeros((64, 1_000_000)), 1000.0))
print("ready", flush=True)
shortfall.write(t, {verb!r}, Path("out"))
"""
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1])}
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        while process.poll() is None and not any(tmp_path.glob(".out.*")):
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    after = files(tmp_path)
    assert {n: after[n] for n in before} == before
    assert all(n.startswith(".out.") and ".partial" in n for n in after.keys() - before.keys())


def test_data_that_cannot_be_read_leave_the_old_file(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = tmp_path / "probe.bin"
    np.arange(4000, dtype=np.int16).tofile(samples)
    t = nc.timeline(
        ephys=nc.open(samples, channels=2, sampling_frequency=100, dtype="int16", gain=2, unit="uV")
    )
    shortfall.write(t, verb, tmp_path / "out")
    before = files(tmp_path)
    other = nc.timeline(ephys=nc.open(samples, channels=2, sampling_frequency=100, dtype="int16"))
    os.truncate(samples, 6000)
    with pytest.raises((nc.StorageError, nc.FormatError), match=r"probe\.bin"):
        shortfall.write(other, verb, tmp_path / "out")
    after = files(tmp_path)
    assert {n: v for n, v in after.items() if n != "probe.bin"} == {
        n: v for n, v in before.items() if n != "probe.bin"
    }


def test_places_that_cannot_be_written(verb: str, tmp_path: Path) -> None:
    t = nc.timeline(a=nc.Recording.of(np.zeros((1, 9)), 1.0))
    with pytest.raises(nc.StorageError, match=r"no folder .*missing"):
        shortfall.write(t, verb, tmp_path / "missing" / "out")
    with pytest.raises(nc.StorageError, match="s3://"):
        shortfall.write(t, verb, "s3://bucket/out")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(nc.StorageError, match=r"is a folder|it holds notes"):
        shortfall.write(t, verb, tmp_path / "mine")
    assert list(files(tmp_path)) == ["mine/notes.txt"]


def test_a_missing_library_says_its_extra(verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library, extra = LIBRARIES[verb]
    for name in {library, *(n for n in sys.modules if n.partition(".")[0] == library)}:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(nc.MissingExtraError, match=rf"needs the package '{library}.*neurochain\[{extra}\]"):
        shortfall.write(nc.timeline(a=nc.Recording.of(np.zeros((1, 9)), 1.0)), verb, tmp_path / "out")
    assert not files(tmp_path)


def test_what_could_not_be_written_can_still_be_read(tmp_path: Path) -> None:
    class Full:
        """File on which no more than ten bytes have room."""

        def __init__(self, file) -> None:
            self.file = file

        def __getattr__(self, name: str):
            return getattr(self.file, name)

        def write(self, data) -> int:
            if self.file.tell() >= 10:
                raise OSError(28, "No space left on device")
            return self.file.write(data[: 10 - self.file.tell()])

    shield = Shielded(tmp_path / "f")
    shield._file = Full(shield._file)
    expected = bytearray(60)
    rng = np.random.default_rng(5)
    for _ in range(200):
        start, data = int(rng.integers(0, 50)), rng.bytes(int(rng.integers(0, 10)))
        shield.seek(start)
        assert shield.write(data) == len(data)
        expected[start : start + len(data)] = data
        shield.seek(0)
        assert shield.read(60) == bytes(expected)
    assert shield.seek(0, os.SEEK_END) <= 60
    with pytest.raises(OSError, match="No space left"):
        shield.check()
    shield.close()
