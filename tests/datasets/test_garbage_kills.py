"""Saving and collecting garbage at once, each killed at any moment: what was published stays whole."""

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from processes import start
from soundness import check_database, check_no_garbage, check_versions

from neurochain.datasets import leases
from neurochain.datasets.garbage import collect_garbage
from neurochain.datasets.project import Project

HERE = os.pathsep.join(map(str, Path(__file__).parents[:2]))

# Some parts come again and again, so that one that was garbage a moment ago is wanted; each round leaves garbage.
SAVES = """
import itertools
from drafts import save
from neurochain.datasets.parts import write_part

for i in itertools.count():
    write_part(project, pl.DataFrame({"garbage": [i % 5]}))
    version = save(project, [i % 7, number], name=f"kills{number}", plan={"round": i})
    assert version.scan().collect()["n"].to_list() == [i % 7, number]
    print(i, flush=True) if i == 0 else None
"""
USES_THE_LEDGER = """
import itertools
from neurochain.datasets.ledger import Ledger
from test_garbage import NUMBERS, rows

for i in itertools.count():
    project.staging  # holds a lease before it looks anything up
    ledger = Ledger(project, "key")
    known = ledger.known()
    ledger.append(rows(i), NUMBERS)
    if known is not None:
        known.collect()
    ledger.touch()
    print(i, flush=True) if i == 0 else None
"""
COLLECTS = """
import itertools
from neurochain.datasets.garbage import collect_garbage

for i in itertools.count():
    collect_garbage(project, ledger=0 if i % 3 == 0 else None)
    print(i, flush=True) if i == 0 else None
"""


def trial(project: Project, rounds: int, seed: int) -> int:
    """Kill and start again; how many versions there are in the end."""
    chance = random.Random(seed)
    scripts = {"saves": SAVES, "saves too": SAVES, "ledger": USES_THE_LEDGER, "collects": COLLECTS}
    numbers = {name: n for n, name in enumerate(scripts)}
    running: dict[str, subprocess.Popen[str]] = {}
    try:
        for _ in range(rounds):
            missing = scripts.keys() - running.keys()
            for name in missing:
                running[name] = start(scripts[name], numbers[name], PYTHONPATH=HERE)
            for name in missing:
                told = running[name].stdout
                assert told is not None
                assert told.readline() == "0\n", (name, running[name].communicate())
            time.sleep(chance.uniform(0, 0.5))
            for name in chance.sample(sorted(scripts), chance.randint(1, len(scripts))):
                process = running.pop(name)
                process.send_signal(signal.SIGKILL)
                said = process.communicate()
                assert process.returncode == -signal.SIGKILL, (name, said)
    finally:
        for process in running.values():
            process.kill()
            process.communicate()
    return check(project)


def check(project: Project) -> int:
    leases.release()
    collect_garbage(project)
    check_database(project)
    check_no_garbage(project)
    return len(check_versions(project))


def test_kills(project: Project) -> None:
    assert trial(project, rounds=4, seed=1) > 0


@pytest.mark.long
@pytest.mark.timeout(1_800)
def test_kills_for_long(project: Project) -> None:
    assert trial(project, rounds=300, seed=int(os.environ.get("SEED", "2"))) > 0
