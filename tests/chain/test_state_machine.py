"""Save, append, edit, rerun, fail, collect garbage, be killed: against a dict, and a set of what must be known."""

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

import neurochain as nc
from neurochain.datasets.garbage import collect_garbage
from neurochain.datasets.project import close_projects, project

HELPER = """
import os
from pathlib import Path

KILL = None  # what kills the process when it is computed


def make(factor):
    def feature(x):
        with open("calls", "ab") as side:
            side.write(b".")
        if os.environ.get("KILL_AT") == str(x):
            os.kill(os.getpid(), 9)
        return x * factor

    return feature
"""
SCRIPT = """
import json, os, sys
import helper
import neurochain as nc
from neurochain.chain.executors import inline

inline.REMEMBER_SECONDS = 0.0
rows = json.loads(sys.argv[1])
chain = nc.read_values(id=list(rows), x=list(rows.values()), key="id").settings(workers=0)
chain.map(y=helper.make(int(sys.argv[2]))).save("features")
"""
values = st.integers(0, 8)


class Engine(RuleBasedStateMachine):
    """A dataset that is computed over and over while everything changes."""

    def __init__(self) -> None:
        super().__init__()
        self.before = Path.cwd(), os.environ.get("NEUROCHAIN_HOME")
        self.folder = Path(tempfile.mkdtemp(prefix="neurochain-"))
        os.chdir(self.folder)
        os.environ["NEUROCHAIN_HOME"] = str(self.folder / ".neurochain")
        (self.folder / "helper.py").write_text(HELPER)
        (self.folder / "script.py").write_text(SCRIPT)
        spec = importlib.util.spec_from_file_location("helper", self.folder / "helper.py")
        assert spec is not None
        assert spec.loader is not None
        self.helper: Any = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.helper)
        self.rows: dict[str, int] = {}
        self.factor = 1
        self.known: set[tuple[int, int]] = set()
        self.perhaps: set[tuple[int, int]] = set()  # of a killed run
        self.saved: dict[str, list[tuple[str, int, int]]] = {}

    def teardown(self) -> None:
        close_projects()
        os.chdir(self.before[0])
        if self.before[1] is None:
            del os.environ["NEUROCHAIN_HOME"]
        else:
            os.environ["NEUROCHAIN_HOME"] = self.before[1]
        shutil.rmtree(self.folder)

    @initialize(first=st.lists(values, min_size=1, max_size=4))
    def begin(self, first: list[int]) -> None:
        self.append(first)

    @rule(more=st.lists(values, min_size=1, max_size=3))
    def append(self, more: list[int]) -> None:
        for x in more:
            self.rows[f"r{len(self.rows)}"] = x

    @rule(which=st.integers(0, 99), x=values)
    def edit_a_row(self, which: int, x: int) -> None:
        self.rows[f"r{which % len(self.rows)}"] = x

    @rule(factor=st.integers(1, 4))
    def edit_the_function(self, factor: int) -> None:
        self.factor = factor

    def chain(self) -> nc.Chain:
        start = nc.read_values(id=list(self.rows), x=list(self.rows.values()), key="id").settings(workers=0)
        return start.map(y=self.helper.make(self.factor))

    def expected(self) -> list[tuple[str, int, int]]:
        return [(i, x, x * self.factor) for i, x in self.rows.items()]

    def calls(self) -> int:
        side = self.folder / "calls"
        count = side.stat().st_size if side.exists() else 0
        side.unlink(missing_ok=True)
        return count

    def wanted(self) -> set[tuple[int, int]]:
        return {(x, self.factor) for x in self.rows.values()}

    @rule(reuse=st.booleans())
    def run(self, reuse: bool) -> None:
        self.calls()
        before = set(self.saved)
        version = self.chain().settings(reuse=reuse).save("features")
        computed, wanted = self.calls(), self.wanted()
        if reuse:
            assert len(wanted - self.known - self.perhaps) <= computed <= len(wanted - self.known)
        else:
            assert computed == len(wanted)
        self.known |= wanted
        if version.version not in before:
            self.saved[version.version] = self.expected()
        assert nc.read_dataset("features").collect().rows() == self.expected()

    @rule(at=values)
    def be_killed(self, at: int) -> None:

        self.calls()
        done = subprocess.run(
            [sys.executable, "script.py", json.dumps(self.rows), str(self.factor)],
            cwd=self.folder,
            env={**os.environ, "KILL_AT": str(at), "NEUROCHAIN_PROGRESS": "0"},
            capture_output=True,
            text=True,
            check=False,
        )
        wanted = self.wanted()
        if done.returncode == 0:  # nobody asked for the deadly value, or it was known
            assert (at, self.factor) not in wanted - self.known - self.perhaps
            self.known |= wanted
            version = nc.dataset("features").version
            self.saved.setdefault(version, self.expected())
        else:
            assert done.returncode == -signal.SIGKILL, done.stderr
            self.perhaps |= wanted - {(at, self.factor)}

    @precondition(lambda self: self.saved)
    @rule()
    def touch_nothing(self) -> None:
        """The same again makes no version, and computes nothing."""
        latest = nc.dataset("features")
        again = self.chain().save("features")
        self.known |= self.wanted()
        if latest.content_hash == again.content_hash and again.version == latest.version:
            self.calls()
            assert self.chain().save("features").version == again.version
            assert self.calls() == 0
        self.saved.setdefault(again.version, self.expected())

    @rule(bound=st.sampled_from([None, 0]))
    def collect_garbage(self, bound: int | None) -> None:
        close_projects()  # gives back the lease, which protects what this process wrote
        collect_garbage(project(), bound)
        if bound == 0:
            self.perhaps |= self.known
            self.known = set()

    @invariant()
    def every_version_is_as_it_was_saved(self) -> None:
        for version, expected in self.saved.items():
            assert nc.read_dataset(f"features@{version}").collect().rows() == expected


TestEngine = Engine.TestCase
TestEngine.settings = settings(max_examples=12, stateful_step_count=12, deadline=None)


@pytest.mark.long
@pytest.mark.timeout(3_600)
def test_engine_for_long() -> None:
    run_state_machine_as_test(
        Engine, settings=settings(max_examples=200, stateful_step_count=40, deadline=None)
    )  # type: ignore[no-untyped-call]
