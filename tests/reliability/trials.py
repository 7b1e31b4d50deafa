"""Trials: a save that is killed at a point, then run again; each in processes forked from this one.

``python trials.py FOLDER SEED COUNT TRIAL…`` prints one line of JSON for each trial, and first one for the save that
nobody killed. COUNT trials are spread evenly over its points. This process only imports: it has one thread, or forking it
would prove nothing.
"""

import importlib
import json
import os
import random
import shutil
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import points
import saving
import soundness

import neurochain as nc
from neurochain.chain import jobs
from neurochain.chain.executors import inline
from neurochain.datasets import leases
from neurochain.datasets.environment import current_environment
from neurochain.datasets.garbage import collect_garbage
from neurochain.datasets.project import HOME, find_project

EXACT = 0.5  # share of the trials that end at a point; the others do a little later
DELAY = 0.003  # seconds, at most


def in_child(work: Callable[[], Any]) -> tuple[int, Any]:
    """Signal that ended a forked process (0 where it ended by itself), and what it gave."""
    threads = len(os.listdir("/proc/self/task"))
    assert threads == 1, f"{threads} threads: a fork would not be that of a fresh process"
    out, into = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(out)
        code = 0
        try:
            with os.fdopen(into, "w") as file:
                json.dump(work(), file)
        except BaseException:
            traceback.print_exc()
            code = 1
        os._exit(code)
    os.close(into)
    with os.fdopen(out) as file:
        given = file.read()
    status = os.waitpid(pid, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the process failed; see above"
    return (os.WTERMSIG(status), None) if os.WIFSIGNALED(status) else (0, json.loads(given))


class Bench:
    """A project that trials begin with, and the save that nobody kills."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.template, self.home = folder, folder / "template", folder / "home"
        self.data = folder / "data"
        os.environ[saving.CALLS] = str(folder / "calls")
        os.environ[HOME] = str(self.template)
        for module in in_child(self._prepare)[1]:
            importlib.import_module(module)  # once, and not in each trial
        os.environ[HOME] = str(self.home)
        self.renew()
        _, self.whole = in_child(self._count)

    def _prepare(self) -> list[str]:
        saving.make_files(self.data)
        saving.save_base()
        self._close()
        os.environ[HOME] = str(self.folder / "other")
        saving.save_base()
        saving.save(self.data)
        return [name for name in sys.modules if name.startswith("neurochain.")]

    def _count(self) -> dict[str, Any]:
        counted = points.Points(self.home)
        version = saving.save(self.data)
        self._close()
        return {"points": counted.names, "calls": saving.calls(), "hash": version.content_hash}

    def _close(self) -> None:
        leases.release()
        project = find_project()
        assert project is not None
        project.database.close()

    def renew(self) -> None:
        """The project as it was, and no calls."""
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.copytree(self.template, self.home)
        Path(os.environ[saving.CALLS]).unlink(missing_ok=True)

    def trial(self, last: int, delay: float, collect: bool) -> dict[str, Any]:
        """Kill at a point, look at what is left, run again, and look again."""
        self.renew()
        died, _ = in_child(lambda: self._killed(last, delay))
        _, found = in_child(lambda: self._again(collect))
        return {"point": last, "delay": delay, "signal": died, **found}

    def _killed(self, last: int, delay: float) -> None:
        points.Points(self.home, last, delay)
        saving.save(self.data)
        self._close()

    def _again(self, collect: bool) -> dict[str, Any]:
        project = find_project()
        assert project is not None
        made = saving.calls()
        soundness.check_database(project)
        before = soundness.check_versions(project)
        orphans = soundness.parts_on_disk(project) - soundness.parts_in_use(project)
        if collect:
            found = collect_garbage(project)
            assert found.parts.count == len(orphans)
            soundness.check_no_garbage(project)
            assert soundness.check_versions(project) == before
        version = saving.save(self.data)
        assert version.content_hash == self.whole["hash"]
        assert version.version == "1.0.0"
        after = soundness.check_versions(project)
        assert after == ["base@1.0.0", "study/peaks@1.0.0"]
        assert nc.dataset(saving.NAME).rows == version.rows
        leases.release()
        collect_garbage(project)
        soundness.check_no_garbage(project)
        soundness.check_database(project)
        assert soundness.check_versions(project) == after
        lost = saving.calls() - self.whole["calls"]
        return {"published": len(before) == 2, "orphans": len(orphans), "calls": made, "lost": lost}


def main(folder: Path, seed: int, count: int, trials: list[int]) -> None:
    """Run some of the trials."""
    inline.REMEMBER_SECONDS = 0.0  # each call is remembered by itself: the most points
    jobs.EVERY = 1e6  # what is told in between comes at no certain point
    current_environment()  # what is installed does not change between trials
    bench = Bench(folder)
    print(json.dumps(bench.whole), flush=True)
    last = len(bench.whole["points"]) - 1
    for number in trials:
        chance = random.Random(f"{seed} {number}")
        delay = 0.0 if chance.random() < EXACT else chance.uniform(0.00001, DELAY)
        point = round(number * last / (count - 1))
        print(json.dumps(bench.trial(point, delay, chance.random() < 0.5)), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), [int(a) for a in sys.argv[4:]])
