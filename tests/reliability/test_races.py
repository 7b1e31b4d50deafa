"""Eight processes that save to one project at once, to one name and to several, while others read: all of it lands."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from processes import start
from soundness import check_database, check_no_garbage, check_version, check_versions

from neurochain.datasets import leases
from neurochain.datasets.garbage import collect_garbage
from neurochain.datasets.project import Project
from neurochain.datasets.versions import list_versions

HERE = Path(__file__).parent
WRITERS = 8
SAVES = "from racing import save_many; save_many(number, {rounds})"
READS = "from pathlib import Path; from racing import watch; watch(Path({stop!r}))"


@pytest.fixture
def race(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let all of them run at once, and look at what is left."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(HERE), str(HERE.parent), *filter(None, sys.path)]))

    def run(rounds: int) -> None:
        stop = tmp_path / "stop"
        reader = start(READS.format(stop=str(stop)))
        writers = [start(SAVES.format(rounds=rounds), n) for n in range(WRITERS)]
        said = [w.communicate() for w in writers]
        stop.touch()
        seen, wrong = reader.communicate(timeout=120)
        assert [w.returncode for w in writers] == [0] * WRITERS, [error for _, error in said if error]
        assert reader.returncode == 0, wrong
        assert not any(error for _, error in said)
        assert int(seen.split()[0]) > 1
        told = [line.split() for out, _ in said for line in out.splitlines()]
        expected = {f"own/{w}": rounds for w in range(WRITERS)} | {"shared": rounds * WRITERS}
        assert {r for r, _ in told} == {f"{name}@1.0.{n}" for name, k in expected.items() for n in range(k)}
        assert len(told) == sum(expected.values()) == list_versions(project).height
        for reference, content_hash in told:
            assert check_version(project, reference).content_hash == content_hash
        check_database(project)
        leases.release()
        collect_garbage(project)
        check_no_garbage(project)
        assert len(check_versions(project)) == len(told)

    return run


def test_all_that_is_saved_at_once_lands(race: Callable[[int], None]) -> None:
    race(3)


@pytest.mark.long
@pytest.mark.timeout(3_600)
def test_all_that_is_saved_at_once_lands_for_long(race: Callable[[int], None]) -> None:
    race(int(os.environ.get("ROUNDS", "60")))
