"""Worker processes: the same rows as without them, whatever happens to a process."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import neurochain as nc
from neurochain.chain.executors import local, processes
from neurochain.chain.functions.calling import Manner

Script = Callable[..., subprocess.CompletedProcess[str]]

CHILD = "NEUROCHAIN_WORKERS"  # 0 in a worker's environment


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every call is made in a worker, however small the work is."""
    monkeypatch.setattr(
        "neurochain.chain.functions.work.Manner",
        lambda keep, threads, isolated, *rest: Manner(keep, threads, True, *rest),
    )
    yield
    processes.drop()


def in_worker() -> bool:
    return os.environ.get(CHILD) == "0"


def rows(count: int) -> nc.Chain:
    return nc.read_values(x=list(range(count))).settings(workers=2)


@pytest.mark.usefixtures("at_once")
def test_calls_are_made_elsewhere_and_the_rows_are_the_same(folder: Path) -> None:
    def where(x: int) -> dict[str, Any]:
        time.sleep(0.002)
        return {"pid": os.getpid(), "v": np.arange(x % 4, dtype=np.float32), "text": f"{x}" * (x % 3)}

    frame = rows(400).map(where).collect()
    assert os.getpid() not in frame["pid"].to_list()
    assert frame["pid"].n_unique() == 2
    alone = rows(400).settings(workers=0, reuse=False).map(where).collect()
    assert alone["pid"].unique().to_list() == [os.getpid()]
    assert frame.drop("pid").equals(alone.drop("pid"))
    again = rows(400).map(where)
    assert again.collect().drop("pid").equals(frame.drop("pid"))
    assert again.save("d").lineage().activity["reused"] == 400


@pytest.mark.usefixtures("at_once")
def test_all_kinds_of_functions(folder: Path) -> None:
    def many(x: int) -> Iterator[int]:
        yield from range(x % 3)

    def fewer(x: list[int]) -> int:
        return sum(x)

    def batch(x: np.ndarray) -> np.ndarray:
        return x / len(x)

    start = rows(50).mutate(g=nc.Column("x") % 7)
    for chain in (
        start.gen(i=many),
        start.agg(s=fewer, partition_by="g"),
        start.map_batches(b=batch, batch_size=8),
    ):
        assert chain.collect().equals(chain.settings(workers=0, reuse=False).collect())


@pytest.mark.usefixtures("at_once")
def test_the_types_do_not_depend_on_who_was_first(folder: Path) -> None:
    values: list[Any] = [1] * 10 + [1.5] * 90
    for _ in range(3):
        assert rows(100).settings(reuse=False).map(y=lambda x: values[x]).collect()["y"].to_list() == values
    drifts: list[Any] = [1] * 90 + ["text"] * 10
    with pytest.raises(nc.SchemaError, match="'y' holds int64, but row 90 gives str"):
        rows(100).map(y=lambda x: drifts[x]).collect()


@pytest.mark.usefixtures("at_once")
def test_random_numbers_belong_to_the_row(folder: Path) -> None:
    def draw(x: int, rng: np.random.Generator) -> float:
        return float(rng.normal())

    frame = rows(60).map(draw).collect()
    assert frame["draw"].n_unique() == 60
    assert frame.equals(rows(60).settings(workers=0, reuse=False).map(draw).collect())
    turned = rows(60).order_by("x", descending=True).settings(reuse=False).map(draw).collect()
    assert turned.sort("x").equals(frame)
    assert not rows(60).settings(seed=7).map(draw).collect().equals(frame)


class Model:
    """Loads something that cannot travel."""

    def __init__(self, scale: float) -> None:
        self.scale = scale
        self.lock: Any = None

    def setup(self) -> None:
        self.lock = threading.Lock()
        with open("setups", "a") as side:
            side.write(f"{os.getpid()}\n")

    def __call__(self, x: int) -> float:
        with self.lock:
            time.sleep(0.002)
            return x * self.scale


@pytest.mark.usefixtures("at_once")
def test_setup_runs_once_in_each_worker(folder: Path) -> None:
    model = Model(0.5)
    assert rows(300).map(y=model).collect()["y"].to_list() == [x * 0.5 for x in range(300)]
    setups = (folder / "setups").read_text().split()
    assert len(setups) == len(set(setups)) == 2
    assert model.lock is None  # what was fingerprinted stays as it was
    assert rows(300).map(y=model).save("d").lineage().activity["reused"] == 300
    assert rows(2).map(y=Model(2.0)).collect()["y"].to_list() == [0.0, 2.0]
    with pytest.raises(nc.UDFError, match=r"Model is a class. Give an object of it: Model\(…\)"):
        rows(2).map(y=Model)


@pytest.mark.usefixtures("at_once")
def test_a_failure_in_a_worker_tells_the_users_line(folder: Path) -> None:
    def fails(x: int) -> int:
        if x == 70:
            raise KeyError("no such electrode")
        return x

    with pytest.raises(
        nc.UDFError, match=r"fails\(\) failed on row 70: KeyError: 'no such electrode'"
    ) as caught:
        rows(100).map(fails).collect()
    assert isinstance(caught.value.__cause__, KeyError)
    note = "".join(caught.value.__notes__)
    assert 'raise KeyError("no such electrode")' in note
    assert "neurochain" + os.sep + "chain" not in note
    kept = rows(100).map(fails).settings(on_error="keep").collect()
    assert kept.filter(pl.col("error").is_not_null())["x"].to_list() == [70]
    assert rows(100).map(fails).settings(on_error="skip").collect()["x"].to_list() == [
        x for x in range(100) if x != 70
    ]


@pytest.mark.usefixtures("at_once")
def test_a_worker_that_is_killed_once_is_replaced(folder: Path) -> None:
    def killed(x: int) -> int:
        time.sleep(0.002)
        if x in (33, 150) and not Path(f"dead{x}").exists():
            Path(f"dead{x}").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return x

    version = rows(300).map(y=killed).save("killed")
    assert nc.read_dataset("killed").collect()["y"].to_list() == list(range(300))
    assert version.lineage().activity["failed"] == 0


@pytest.mark.usefixtures("at_once")
def test_a_call_that_kills_its_worker_twice_becomes_an_error_row(folder: Path) -> None:
    (folder / "scans").mkdir()
    for i in range(12):
        (folder / "scans" / f"{i:02}.dat").write_bytes(bytes([i]))

    def kills(file: nc.File) -> int:
        value = file.read()[0]
        if value == 5:
            os._exit(3)
        return value

    chain = nc.read_storage("scans").map(v=kills).settings(workers=2)
    kept = chain.settings(on_error="keep").collect()
    assert kept["v"].to_list() == [0, 1, 2, 3, 4, None, 6, 7, 8, 9, 10, 11]
    message = kept["error"].struct.field("message")[5]
    assert "the process that computed it died, twice" in message
    with pytest.raises(nc.WorkerLostError, match=r"on row 5, file .*05\.dat"):
        chain.collect()
    assert chain.settings(on_error="skip").collect().height == 11


def test_what_has_killed_a_worker_is_not_called_here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def kills(x: int) -> int:
        if x == 3:
            os._exit(3)
        return x

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "neurochain.chain.functions.work.Manner",
            lambda keep, threads, isolated, *rest: Manner(keep, threads, True, *rest),
        )
        assert rows(6).map(y=kills).settings(on_error="skip").collect().height == 5
    # One short call is left, which would be made in this process.
    with pytest.raises(nc.WorkerLostError, match="row 3"):
        rows(6).map(y=kills).collect()
    processes.drop()


def test_small_work_stays_here_and_long_work_goes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def where(x: int) -> int:
        time.sleep(0.004)
        return os.getpid()

    assert set(rows(20).map(y=where).collect()["y"]) == {os.getpid()}
    monkeypatch.setattr(local, "WORTH", 0.4)
    monkeypatch.setattr(local, "LONG", float("inf"))  # no batch by itself is worth it, all of them are
    found = rows(1500).map(y=where).collect()["y"]
    assert found[0] == os.getpid()  # the first calls tell how long the others will take
    assert len(set(found)) > 1
    processes.drop()
    monkeypatch.setattr(processes, "take", None)  # one call in a row of known ones is not long work
    once_more = nc.read_values(x=[-1, *range(1, 1500)]).settings(workers=2).map(y=where).collect()["y"]
    assert once_more.to_list() == [os.getpid(), *found[1:]]


@pytest.mark.usefixtures("at_once")
def test_what_cannot_travel(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = threading.Lock()

    def locked(x: int) -> int:
        with lock:
            return x

    with (
        pytest.warns(nc.NotReproducibleWarning),
        pytest.raises(nc.UDFError, match=r"cannot be sent.*setup\(\)"),
    ):
        rows(5).map(y=locked).collect()
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1})
    with pytest.warns(nc.NotReproducibleWarning):  # nobody asked for workers
        assert nc.read_values(x=[1, 2]).map(y=locked).collect()["y"].to_list() == [1, 2]


def test_functions_of_the_users_modules_travel_by_value(script: Script, folder: Path) -> None:
    (folder / "helpers.py").write_text("SCALE = 3\n\n\ndef scaled(x):\n    return x * SCALE\n")
    source = """
        import os, time
        from pathlib import Path
        import neurochain as nc
        import helpers
        from neurochain.chain.functions import calling, work
        work.Manner = lambda keep, threads, isolated, *rest: calling.Manner(keep, threads, True, *rest)  # all in workers
        Path("helpers.py").write_text("raise RuntimeError('the file on disk is another by now')")

        def slow(x):
            time.sleep(0.003)
            return {"v": helpers.scaled(x), "pid": os.getpid()}

        frame = nc.read_values(x=range(400)).map(slow).settings(workers=2).collect()
        print(frame["v"].sum() == 3 * sum(range(400)), os.getpid() in frame["pid"].to_list())
        """
    assert script(source).stdout.split() == ["True", "False"]


LONG = """
    import os, sys, time
    import neurochain as nc
    from neurochain.chain.executors import inline, local
    local.WORTH = 0.0
    inline.REMEMBER_SECONDS = 0.3

    def slow(x):
        time.sleep(0.005)
        with open("pids", "a") as side:
            side.write(f"{os.getpid()}\\n")
        return x * 2

    version = nc.read_values(x=range(1200)).map(y=slow).settings(workers=2).save("slow")
    print(version.rows, version.lineage().activity["reused"])
    """


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda s: s.name)
def test_a_run_that_is_ended_leaves_no_processes_and_resumes(
    kind: signal.Signals, folder: Path, script: Script
) -> None:
    path = folder / "script.py"
    path.write_text(textwrap.dedent(LONG))
    process = subprocess.Popen(
        [sys.executable, str(path)], cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.PIPE
    )
    until = time.monotonic() + 60
    pids: set[int] = set()
    while len(pids) < 3 or len((folder / "pids").read_text().split()) < 500:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < until
        time.sleep(0.02)
        if (folder / "pids").exists():
            pids = {int(p) for p in (folder / "pids").read_text().split()}
    process.send_signal(kind)
    process.communicate(timeout=30)
    assert process.returncode != 0
    until = time.monotonic() + 10
    while any(alive(p) for p in pids):
        assert time.monotonic() < until, "workers outlived the run"
        time.sleep(0.05)
    with pytest.raises(nc.DatasetNotFoundError):
        nc.dataset("slow")
    rows_saved, reused = map(int, script(LONG).stdout.split())
    assert rows_saved == 1200
    assert reused >= 100
    assert nc.read_dataset("slow").collect()["y"].to_list() == [2 * x for x in range(1200)]


def test_settings_of_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    chain = nc.read_values(x=[1])
    for wrong in (-1, 1.5, "two"):
        with pytest.raises(nc.ExpressionError, match="give a whole number, 0 or more"):
            chain.settings(workers=wrong)
    monkeypatch.setenv(CHILD, "many")
    with pytest.raises(nc.ExpressionError, match="NEUROCHAIN_WORKERS='many' in the environment"):
        nc.read_values(x=[1])
