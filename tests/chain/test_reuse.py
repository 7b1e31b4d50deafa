"""Reuse: what is recomputed after an edit, and what is not. Scripts run as a user runs them."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import neurochain as nc

Script = Callable[..., subprocess.CompletedProcess[str]]
Calls = Callable[[], int]

COUNTER = """
import os

def count(name):
    if not os.environ.get("QUIET"):
        with open("calls", "a") as side:
            side.write(name + "\\n")
"""

HELPERS = """
FACTOR = 2

def deeper(v):
    return v + 100

def scale(v):
    return deeper(v) * FACTOR

def inner(v):
    return v - 1

def unused(v):
    return v
"""

SCRIPT = """
import functools
import os
import numpy as np
import neurochain as nc
import helpers
from counter import count
from helpers import inner

THRESHOLD = 2
TABLE = {"a": [1, 2], "b": {3, 4}}
ARRAY = np.arange(3)

def plain(x):
    count("plain")
    return x + 1

def helped(x):
    count("helped")
    return helpers.scale(x)

def imported(x):
    count("imported")
    return inner(x)

def above(x):
    count("above")
    return x > THRESHOLD

def looked_up(x):
    count("looked_up")
    return x + TABLE["a"][1] + len(TABLE["b"])

def with_array(x):
    count("with_array")
    return float(x * ARRAY[2])

def defaulted(x, by=3):
    count("defaulted")
    return x * by

def make(k):
    def closed(x):
        count("closed")
        return x * k
    return closed

def power(x, exponent):
    count("power")
    return x ** exponent

class Model:
    bias = 1

    def __init__(self, weight):
        self.weight = weight

    def predict(self, x):
        count("predict")
        return self.weigh(x) + self.bias

    def weigh(self, x):
        return x * self.weight

FUNCTIONS = dict(
    plain=plain, helped=helped, imported=imported, above=above, looked_up=looked_up, with_array=with_array,
    defaulted=defaulted, closed=make(4), power=functools.partial(power, exponent=2), predict=Model(5).predict,
    anonymous=lambda x: (count("anonymous"), x * 10)[1],
)
xs = [1, 2, 3]
frame = nc.read_values(x=xs).map(**FUNCTIONS).collect()
os.environ["QUIET"] = "1"
for name, function in FUNCTIONS.items():
    given, fresh = frame[name].to_list(), [function(x) for x in xs]
    assert given == fresh, f"stale rows of {name}: {given}, not {fresh}"
"""

# What is edited: (file, old text, new text, functions that are computed again)
EDITS: list[tuple[str, str, str, set[str]]] = [
    ("script.py", "x * 10)", "x * 20)", {"anonymous"}),
    ("helpers.py", "v + 100", "v + 200", {"helped"}),
    ("helpers.py", "FACTOR = 2", "FACTOR = 3", {"helped"}),
    ("helpers.py", "v - 1", "v - 2", {"imported"}),
    ("script.py", "THRESHOLD = 2", "THRESHOLD = 1", {"above"}),
    ("script.py", '"a": [1, 2]', '"a": [1, 5]', {"looked_up"}),
    ("script.py", '"b": {3, 4}', '"b": {3, 4, 5}', {"looked_up"}),
    ("script.py", "np.arange(3)", "np.arange(3) + 1", {"with_array"}),
    ("script.py", "by=3", "by=4", {"defaulted"}),
    ("script.py", "make(4)", "make(6)", {"closed"}),
    ("script.py", "exponent=2", "exponent=3", {"power"}),
    ("script.py", "Model(5)", "Model(7)", {"predict"}),
    ("script.py", "bias = 1", "bias = 2", {"predict"}),
    ("script.py", "return x * self.weight", "return 1 + x * self.weight", {"predict"}),
    # Nothing that follows changes what a function computes.
    ("script.py", "    return x + 1", "    # one more\n\n    return x + 1  # indeed", set()),
    ("helpers.py", "    return deeper(v)", "    # scaled\n    return deeper(v)", set()),
    ("helpers.py", "def unused(v):\n    return v", "def unused(v):\n    return v * 99", set()),
    ("script.py", "\nTHRESHOLD", "\n\nOTHER = 9\n\nTHRESHOLD", set()),
    ("script.py", "import helpers\n", "import helpers\nimport json\n", set()),
]


def recomputed(folder: Path) -> dict[str, int]:
    path = folder / "calls"
    names = path.read_text().split() if path.exists() else []
    path.unlink(missing_ok=True)
    return {name: names.count(name) for name in set(names)}


def test_after_an_edit_exactly_what_it_concerns_is_computed_again(folder: Path, script: Script) -> None:
    files = {"script.py": SCRIPT, "helpers.py": HELPERS}
    (folder / "counter.py").write_text(COUNTER)
    (folder / "helpers.py").write_text(HELPERS)
    script(SCRIPT)
    assert set(recomputed(folder).values()) == {3}
    script(SCRIPT)
    assert recomputed(folder) == {}
    # Four edits at a time, since every script costs a second.
    for start in range(0, len(EDITS), 4):
        edits = EDITS[start : start + 4]
        for file, old, new, _ in edits:
            assert files[file].count(old) == 1, old
            files[file] = files[file].replace(old, new)
        (folder / "helpers.py").write_text(files["helpers.py"])
        script(files["script.py"])
        expected = set[str]().union(*(names for *_, names in edits))
        assert recomputed(folder) == dict.fromkeys(expected, 3), edits

    # A function that moves in its file, a script of another name in another folder: all is known.
    start, end = SCRIPT.index("def plain"), SCRIPT.index("def helped")
    text = files["script.py"]
    start, end = text.index("def plain"), text.index("def helped")
    moved = text[:start] + text[end:].replace("class Model", text[start:end] + "class Model")
    script(moved)
    assert recomputed(folder) == {}
    script(moved, name="analyses/renamed.py")
    assert recomputed(folder) == {}


def size_of(file: nc.File) -> int:
    with open("calls", "ab") as side:
        side.write(b".")
    return len(file.read())


def test_one_new_file_costs_one_call(folder: Path, calls: Calls) -> None:
    data = folder / "data"
    data.mkdir()
    for i in range(300):
        (data / f"f{i:03}.bin").write_bytes(b"x" * i)
    chain = nc.read_storage("data/*.bin", headers=False).map(size_of)
    assert chain.collect()["size_of"].to_list() == list(range(300))
    assert calls() == 300
    assert chain.collect().height == 300
    assert calls() == 0
    (data / "f150a.bin").write_bytes(b"new")
    assert chain.collect()["size_of"].sum() == sum(range(300)) + 3
    assert calls() == 1
    (data / "f007.bin").write_bytes(b"longer than before")
    assert chain.collect()["size_of"][7] == 18
    assert calls() == 1
    (data / "f008.bin").unlink()
    assert chain.count() == 300
    assert chain.collect().height == 300
    assert calls() == 0


def test_content_of_the_same_size_is_another_content(folder: Path, calls: Calls) -> None:
    path = folder / "a.bin"
    path.write_bytes(b"aaaa")
    os.utime(path, ns=(10**18, 10**18))

    def first(file: nc.File) -> bytes:
        with open("calls", "ab") as side:
            side.write(b".")
        return file.read_range(0, 1)

    chain = nc.read_storage("a.bin", headers=False).map(first)
    assert chain.collect()["first"].to_list() == [b"a"]
    path.write_bytes(b"bbbb")
    os.utime(path, ns=(10**18, 10**18))
    assert chain.collect()["first"].to_list() == [b"b"]
    assert calls() == 2


def test_a_sidecar_is_part_of_its_file(dicom_tree: Path, calls: Calls) -> None:
    chain = nc.read_storage("data/**/*.dcm").map(size_of)
    chain.collect()
    assert calls() == 9
    side = dicom_tree / "2025" / "series0" / "im1.json"
    side.write_text(json.dumps({"molecular_tag": "another"}))
    chain.collect()
    assert calls() == 1
    side.unlink()
    chain.collect()
    assert calls() == 1


def counted(value: Any) -> Any:
    with open("calls", "ab") as side:
        side.write(b".")
    return value


def test_values_decide_not_places(folder: Path, calls: Calls) -> None:
    def look(x: int, s: str | None) -> str:
        return str(counted(f"{x} {s}"))

    nc.read_values(x=[1, 2, 3], s=["a", None, "c"]).map(look).collect()
    assert calls() == 3
    # Other order, other rows around them, other columns beside them: the same arguments.
    again = nc.read_values(z=[0, 0, 0], s=["c", "new", "a"], x=[3, 3, 1]).map(out=look).collect()
    assert again["out"].to_list() == ["3 c", "3 new", "1 a"]
    assert calls() == 3  # a column of another name is another result
    assert nc.read_values(s=["c", None], x=[3, 2]).map(look).collect()["look"].to_list() == ["3 c", "2 None"]
    assert calls() == 0
    # 1 and 1.0 are two values: the function may tell them apart.
    assert nc.read_values(x=[1.0], s=["a"]).map(look).collect()["look"].to_list() == ["1.0 a"]
    assert calls() == 1


def test_a_failure_is_not_remembered(folder: Path, calls: Calls) -> None:
    def needs(x: int) -> int:
        if not Path("ready").exists() and x == 2:
            raise RuntimeError("not yet")
        return int(counted(x))

    chain = nc.read_values(x=[1, 2, 3]).map(needs)
    for _ in range(2):
        with pytest.raises(nc.UDFError, match="row 1: RuntimeError: not yet"):
            chain.collect()
    (folder / "ready").touch()
    assert chain.collect()["needs"].to_list() == [1, 2, 3]
    calls()
    chain.collect()
    assert calls() == 0


def test_steps_before_do_not_matter_but_their_values(folder: Path, calls: Calls) -> None:
    base = nc.read_values(x=[1, 2, 3]).map(y=lambda x: counted(x * 2))
    base.map(z=lambda y: counted(y + 1)).collect()
    assert calls() == 6
    base.filter(nc.Column("x") > 1).map(z=lambda y: counted(y + 1)).collect()
    assert calls() == 0
    nc.read_values(x=[1, 2, 4]).map(y=lambda x: counted(x * 2)).map(z=lambda y: counted(y + 1)).collect()
    assert calls() == 2
