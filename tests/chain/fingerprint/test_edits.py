"""The table of edits, each pair in processes of its own with different hash seeds."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from edits import CHANGES, NOTES, PROBLEMS, QUIET, SAME, STABLE

import neurochain

RUNNER = Path(__file__).with_name("runner.py")
ROOT = str(Path(neurochain.__file__).parents[1])


def write(folder: Path, program: str) -> None:
    """Write a program's files; ``#### name.py`` starts another one."""
    first, *rest = program.split("#### ")
    files = {"udf.py": first, **dict(part.split("\n", 1) for part in rest)}
    for name, text in files.items():
        path = folder / name.strip()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "entry.json").write_text(json.dumps({"module": "udf"}))


def run(folder: Path, seed: int) -> dict[str, dict[str, Any]]:
    """Fingerprint every program below a folder in a fresh process."""
    out = folder.with_suffix(".json")
    environment = {**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": ROOT}
    subprocess.run([sys.executable, str(RUNNER), str(folder), str(out)], check=True, env=environment)
    return json.loads(out.read_text())


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    root = tmp_path_factory.mktemp("edits")
    before, after = root / "before", root / "after"
    for edit in (*CHANGES, *SAME):
        assert edit.program.count(edit.old), f"{edit.name}: {edit.old!r} is not in the program"
        write(before / edit.name, edit.program)
        write(after / edit.name, edit.program.replace(edit.old, edit.new, 1))
    for number, program in enumerate(STABLE):
        for folder in (before, after):
            write(folder / f"stable_{number}", program)
    for name, program, _ in (*PROBLEMS, *NOTES):
        write(before / f"said_{name}", program)
    for number, program in enumerate(QUIET):
        write(before / f"quiet_{number}", program)
    with ThreadPoolExecutor() as pool:
        one, two = pool.map(run, (before, after), (1, 2))
    return one, two


def digest(result: dict[str, Any]) -> str:
    assert "failed" not in result, result
    return str(result["digest"])


@pytest.mark.parametrize("name", [edit.name for edit in CHANGES])
def test_changes(name: str, found: tuple[dict[str, Any], dict[str, Any]]) -> None:
    one, two = found[0][name], found[1][name]
    assert digest(one) != digest(two)
    assert not one["problems"], one["problems"]
    # What changed can be said: a part is another one, or is new, or has gone.
    assert [(p["path"], p["digest"]) for p in one["parts"]] != [
        (p["path"], p["digest"]) for p in two["parts"]
    ]


@pytest.mark.parametrize("name", [edit.name for edit in SAME])
def test_same(name: str, found: tuple[dict[str, Any], dict[str, Any]]) -> None:
    one, two = found[0][name], found[1][name]
    parts = [{p["path"].removeprefix(r["name"]): p["digest"] for p in r.get("parts", [])} for r in (one, two)]
    assert parts[0] == parts[1]
    assert digest(one) == digest(two)
    assert not one["problems"], one["problems"]


@pytest.mark.parametrize("number", range(len(STABLE)))
def test_same_in_every_process(number: int, found: tuple[dict[str, Any], dict[str, Any]]) -> None:
    one, two = found[0][f"stable_{number}"], found[1][f"stable_{number}"]
    assert [(p["path"], p["digest"]) for p in one["parts"]] == [
        (p["path"], p["digest"]) for p in two["parts"]
    ]
    assert digest(one) == digest(two)
    assert not one["problems"], one["problems"]


@pytest.mark.parametrize(("name", "program", "message"), PROBLEMS)
def test_problems(
    name: str, program: str, message: str, found: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    result = found[0][f"said_{name}"]
    assert digest(result)
    assert any(message in problem for problem in result["problems"]), result["problems"]


@pytest.mark.parametrize(("name", "program", "message"), NOTES)
def test_notes(name: str, program: str, message: str, found: tuple[dict[str, Any], dict[str, Any]]) -> None:
    result = found[0][f"said_{name}"]
    assert digest(result)
    assert not result["problems"], result["problems"]
    assert any(message in note for note in result["notes"]), result["notes"]


@pytest.mark.parametrize("number", range(len(QUIET)))
def test_quiet(number: int, found: tuple[dict[str, Any], dict[str, Any]]) -> None:
    result = found[0][f"quiet_{number}"]
    assert (result["problems"], result["notes"]) == ([], [])
