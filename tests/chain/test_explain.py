"""explain: what was computed or would be, and why."""

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

import neurochain as nc

MODULE = """
import json

SCALE = 2
LOW = [1, 2]


def helper(x):
    return x + 1


def feature(x: int, factor: int = 3) -> int:
    if x > 100:
        return 7
    return helper(x) * SCALE * factor + LOW[0]
"""


@pytest.fixture
def study(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder with a module of the user's."""
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setattr(
        sys, "dont_write_bytecode", True
    )  # which is as old, to the second, as what is edited next
    (folder / "mri_features.py").write_text(MODULE)
    return folder


def load(study: Path, *edits: tuple[str, str]) -> ModuleType:
    """The module, edited."""
    text = MODULE
    for before, after in edits:
        assert before in text
        text = text.replace(before, after)
    (study / "mri_features.py").write_text(text)
    sys.modules.pop("mri_features", None)
    importlib.invalidate_caches()
    return importlib.import_module("mri_features")


def chain(module: ModuleType, rows: int = 10) -> nc.Chain:
    return nc.read_values(x=list(range(rows))).map(value=module.feature)


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (("> 100", "> 200"), "constant 100 became 200 (mri_features.py:13)"),
        (("SCALE = 2", "SCALE = 3"), "SCALE: 2 became 3"),
        (("factor: int = 3", "factor: int = 4"), "default of factor: 3 became 4"),
        (("LOW = [1, 2]", "LOW = [1, 5]"), "LOW: [1, 2] became [1, 5]"),
        (("return x + 1", "return 1 - x"), "the code of helper() has changed (mri_features.py:8)"),
        (
            ("return helper(x) *", "return abs(helper(x)) *"),
            "the code of feature() has changed (mri_features.py:12)",
        ),
    ],
)
def test_the_reason_is_named(study: Path, edit: tuple[str, str], reason: str) -> None:
    chain(load(study)).save("features")
    edited = load(study, edit)
    before = chain(edited).explain()
    (step,) = before.steps
    assert (step.reused, step.computed, step.failed) == (0, 10, None)
    assert step.why == (reason,)
    assert "0 reused, 10 to compute" in str(before)
    found = chain(edited).save("features").explain()
    (step,) = found.steps
    assert (step.reused, step.computed, step.failed) == (0, 10, 0)
    assert step.why == (reason,)
    assert found.before == "features@1.0.0"
    assert "0 reused, 10 computed" in str(found)


def test_what_is_known_needs_no_reason_and_calls_nothing(study: Path) -> None:
    module = load(study)
    first = chain(module).explain()
    assert first.steps[0].why == ("this function has never run",)
    assert first.steps[0].computed == 10
    assert nc.datasets().is_empty()
    chain(module).save("features")
    known = chain(module).explain()
    assert (known.steps[0].reused, known.steps[0].computed, known.steps[0].why) == (10, 0, ())
    more = chain(module, 12).explain()
    assert (more.steps[0].reused, more.steps[0].computed) == (10, 2)
    assert more.steps[0].why == ("the code is the same; its rows are new or have changed",)
    again = nc.dataset("features").explain()
    assert again.before is None
    assert (again.steps[0].computed, again.inputs, again.steps[0].why) == (10, (), ())
    (anew,) = chain(module).settings(reuse=False).explain().steps
    assert (anew.computed, anew.why) == (10, ("settings(reuse=False): all is computed anew",))


def test_steps_behind_one_that_has_work_wait_for_it(study: Path) -> None:
    module = load(study)

    def double(value: int) -> int:
        return 2 * value

    def pair(value: int):  # type: ignore[no-untyped-def] # columns that nobody knows before it has run
        return {"left": value, "right": -value}

    chain(module, 4).map(double).save("doubled")
    found = chain(module, 6).mutate(y=nc.Column("x") + 1).map(double).explain()
    assert [(s.reused, s.computed) for s in found.steps] == [(4, 2), (None, None), (4, 0)]
    assert found.steps[2].why == ("and for rows that the steps above have still to give",)
    other = nc.read_values(x=[50, 60]).map(value=module.feature).map(pair).filter(nc.Column("pair.left") > 0)
    found = other.explain()
    assert found.steps[-1].why == ("not known before the steps above have run",)
    assert found.steps[-1].reused is None


def test_files_that_came_changed_and_went(study: Path) -> None:
    data = study / "data"
    data.mkdir()
    for i in range(6):
        (data / f"{i}.txt").write_text("x" * i)

    def length(file: nc.File) -> int:
        return len(file.read())

    def made() -> nc.Chain:
        return nc.read_storage("data/*.txt").map(length)

    first = made().explain()
    assert first.inputs[0].endswith("data: 6 files, 6 new")
    assert first.steps[0].computed == 6
    made().save("lengths")
    (data / "0.txt").write_text("another")
    (data / "7.txt").write_text("one more")
    (data / "5.txt").unlink()
    for _ in range(2):  # asking changes nothing
        found = made().explain()
        assert found.inputs[0].endswith("data: 6 files, 1 new, 1 changed, 1 gone")
        assert (found.steps[0].reused, found.steps[0].computed) == (4, 2)
    explained = made().save("lengths").explain()
    assert explained.inputs == ("data/*.txt: 1 file new, 1 changed, 1 gone",)
    assert (explained.steps[0].reused, explained.steps[0].computed) == (4, 2)


def test_versions_and_chains_that_are_joined(study: Path) -> None:
    module = load(study)
    nc.read_values(id=[1, 2], x=[3, 4]).save("left")
    names = nc.read_values(id=[1, 2], name=["a", "b"])

    def joined(factor: int) -> nc.Chain:
        other = names.map(size=lambda name: len(name) * factor)
        return nc.read_dataset("left").merge(other, on="id").map(value=module.feature)

    joined(1).save("joined")
    found = joined(2).explain()
    merge, feature = found.steps
    assert merge.text == "merge(inner on id): result()"
    assert (merge.computed, merge.why) == (2, ("variable factor: 1 became 2",))
    assert (feature.reused, feature.computed) == (0, 0)
    assert feature.why == ("and for rows that the steps above have still to give",)
    nc.read_values(id=[1, 2], x=[3, 5]).save("left")
    explained = joined(1).save("joined").explain()
    assert explained.inputs == ("left@1.0.0 became 1.0.1",)
    assert explained.steps[-1].computed == 1


def test_a_function_without_a_fingerprint_says_so(study: Path) -> None:
    import threading

    lock = threading.Lock()

    def locked(x: int) -> int:
        with lock:
            return x

    found = nc.read_values(x=[1]).map(locked).settings(workers=0).explain()
    assert found.steps[0].computed == 1
    assert "lock" in found.steps[0].why[0]


def test_failures_are_kept_apart_and_it_is_plain_json(study: Path) -> None:
    def picky(x: int) -> int:
        return 10 // x

    made = nc.read_values(x=[0, 1, 2]).map(picky).settings(on_error="skip").save("picky")
    found = made.explain()
    assert (found.steps[0].computed, found.steps[0].failed) == (2, 1)
    assert "2 computed, 1 failed" in str(found)
    data = json.loads(json.dumps(found.to_json()))
    assert data["what"] == "picky@1.0.0"
    assert data["steps"][0]["failed"] == 1
    kept = nc.read_values(x=[0, 1, 2, 3]).map(picky).settings(on_error="keep").explain()
    assert (kept.steps[0].reused, kept.steps[0].computed) == (2, 2)


def test_an_error_of_the_chain_itself_is_raised(study: Path) -> None:
    (study / "empty").mkdir()
    with pytest.raises(nc.NeurochainError, match="empty"):
        nc.read_storage("empty/*.dcm").explain()
