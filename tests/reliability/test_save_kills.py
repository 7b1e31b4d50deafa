"""A save that is killed at any moment: nothing that was saved is touched, nothing half-saved is seen, and it resumes."""

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parent / "trials.py"
SHORT = 30
LONG = 3_000
AT_ONCE = 2
# A process that forks has one thread: neither OpenBLAS nor the allocator of Polars may start more.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "_RJEM_MALLOC_CONF": "background_thread:false"}
KINDS = (
    "mkdir",
    "open",
    "fsync",
    "rename",
    "utime",
    "write part",
    "part written",
    "BEGIN IMMEDIATE",
    "COMMIT",
)


@dataclass(frozen=True)
class Told:
    """What several processes of trials told."""

    points: list[str]
    calls: int
    trials: list[dict[str, Any]]


def run(folder: Path, seed: int, count: int) -> Told:
    """Trials, shared among several processes."""
    started = []
    for share in range(AT_ONCE):
        (here := folder / f"bench{share}").mkdir()
        arguments = [str(here), str(seed), str(count), *map(str, range(share, count, AT_ONCE))]
        path = os.pathsep.join([str(SCRIPT.parent.parent), *filter(None, sys.path)])
        environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": path}
        with (here / "told").open("w") as told:
            command = [sys.executable, "-W", "error", str(SCRIPT), *arguments]
            started.append(
                subprocess.Popen(command, env=environment, stdout=told, stderr=subprocess.PIPE, text=True)
            )
    said = [process.communicate()[1] for process in started]
    assert [process.returncode for process in started] == [0] * AT_ONCE, said
    lines = [
        [json.loads(line) for line in (folder / f"bench{share}" / "told").read_text().splitlines()]
        for share in range(AT_ONCE)
    ]
    whole = lines[0][0]
    return Told(whole["points"], whole["calls"], [trial for found in lines for trial in found[1:]])


def check(told: Told, count: int) -> None:
    assert len(told.trials) == count
    assert told.points.count("INSERT INTO versions") == 1
    assert set(KINDS) <= set(told.points)
    for trial in told.trials:
        assert 0 <= trial["lost"] <= 1, trial  # the call that was running when it died
        if trial["published"]:
            assert (trial["calls"], trial["lost"]) == (told.calls, 0), trial
    killed = [t for t in told.trials if t["signal"]]
    # Threads make a few points more or fewer than were counted; the last ones are then not reached.
    assert len(killed) >= 0.95 * count
    report = {
        "trials": count,
        "killed": len(killed),
        "points": len(told.points),
        "points reached": len({t["point"] for t in killed}),
        "killed at a point": sum(t["delay"] == 0 for t in killed),
        "version was there already": sum(t["published"] for t in told.trials),
        "left orphans": sum(t["orphans"] > 0 for t in told.trials),
        "lost a call": sum(t["lost"] for t in told.trials),
        "before": Counter(
            told.points[t["point"]] for t in killed if t["point"] < len(told.points)
        ).most_common(12),
    }
    print(json.dumps(report))


def test_a_killed_save_leaves_nothing_behind_and_resumes(tmp_path: Path) -> None:
    check(run(tmp_path, 1, SHORT), SHORT)


@pytest.mark.long
@pytest.mark.timeout(14_400)
def test_killed_saves_for_long(tmp_path: Path) -> None:
    count = int(os.environ.get("TRIALS", LONG))
    check(run(tmp_path, int(os.environ.get("SEED", "2")), count), count)
