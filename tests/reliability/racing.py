"""Racing: what each of several processes does that save to one project at the same time, and one that reads."""

from pathlib import Path

import soundness

import neurochain as nc
from neurochain.datasets.project import find_project
from neurochain.datasets.versions import list_versions

SHARED = "shared"


def more(x: int) -> int:
    return x + 1


def save_many(number: int, rounds: int) -> None:
    """Save to the name that all save to, and to one of one's own; print what was saved."""
    for i in range(rounds):
        rows = nc.read_values(x=[number * 1_000 + i, number, i]).settings(workers=0).map(y=more)
        for name in (SHARED, f"own/{number}"):
            saved = rows.save(name)
            print(saved.reference, saved.content_hash, flush=True)


def watch(stop: Path) -> None:
    """Read all there is again and again: nothing that was seen goes, and numbers have no gaps."""
    project = find_project()
    assert project is not None
    seen: set[str] = set()
    looks = 0
    while not stop.exists():
        frame = list_versions(project)
        found = {f"{name}@{number}" for name, number in frame.select("name", "version").rows()}
        assert seen <= found
        for name in frame["name"].unique():
            patches = [f"{name}@1.0.{n}" for n in range(frame.filter(name=name).height)]
            assert set(patches) <= found
        for reference in sorted(found - seen):
            soundness.check_version(project, reference)
        seen, looks = found, looks + 1
    print(looks, len(seen))
