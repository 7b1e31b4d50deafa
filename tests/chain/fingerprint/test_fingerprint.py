import dataclasses
import functools
import json
import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pytest

import neurochain
from neurochain.chain.fingerprint import Fingerprint, Part, fingerprint

ROOT = str(Path(neurochain.__file__).parents[1])
SCALE = 2
API_KEY = "abc"
FROM_ENVIRONMENT = {"home": [os.environ.get("PATH", "")]}


def helper(x: float) -> float:
    return x * SCALE


def udf(x: float, offset: int = 1) -> float:
    """Scale and shift."""
    return helper(x) + offset + 41


def parts(found: Fingerprint) -> dict[str, Part]:
    return {part.path: part for part in found.parts}


def test_parts_say_what_the_digest_was_made_of() -> None:
    found = parts(fingerprint(udf))
    assert list(found) == ["udf", "udf.<const:0>", "udf.helper", "udf.helper.SCALE", "udf.<default:offset>"]
    assert {path: part.kind for path, part in found.items()} == {
        "udf": "code",
        "udf.<const:0>": "constant",
        "udf.helper": "code",
        "udf.helper.SCALE": "global",
        "udf.<default:offset>": "default",
    }
    assert (found["udf.<const:0>"].value, found["udf.helper.SCALE"].value) == (41, 2)
    assert found["udf.helper"].source == "def helper(x: float) -> float:\n    return x * SCALE\n"
    line = udf.__code__.co_firstlineno + 2
    assert str(found["udf.<const:0>"].where).endswith(f"test_fingerprint.py:{line}")


def test_json_round_trip_is_stable() -> None:
    found = fingerprint(functools.partial(udf, offset=[1, {"a": None}]))
    text = json.dumps(found.to_json(), sort_keys=True)
    again = Fingerprint.from_json(json.loads(text))
    assert again == found
    assert json.dumps(again.to_json(), sort_keys=True) == text
    assert len(found.digest) == 32
    assert found.reusable


def test_a_part_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="'thing' is not a kind"):
        Part.from_json({"path": "a", "kind": "thing", "digest": "0"})


def test_a_version_stands_for_the_code() -> None:
    one, two = fingerprint(udf, version="1"), fingerprint(udf, version="2")
    assert one.digest != two.digest
    assert one.digest == fingerprint(functools.partial(udf, 3), version="1").digest
    assert one.digest != fingerprint(helper, version="1").digest
    assert not one.problems
    assert "user's word" in one.notes[0]
    assert not fingerprint(functools.partial(udf, (i for i in ())), version="1").problems


def test_source_of_lambdas() -> None:
    one, two = lambda x: x + 1, lambda x: x + 2
    assert fingerprint(one).source == "lambda x: x + 1"
    assert fingerprint(two).source == "lambda x: x + 2"
    nested = lambda x: lambda x: x * 3  # noqa: E731
    assert fingerprint(nested).source == "lambda x: lambda x: x * 3"
    assert fingerprint(nested(1)).source == "lambda x: x * 3"
    split = [
        lambda row: (
            row.a
        )
    ]  # fmt: skip
    assert str(fingerprint(split[0]).source).startswith("lambda row: (")
    made: dict[str, Any] = {}
    exec("f = lambda x: x", made)
    assert fingerprint(made["f"]).source is None


def test_source_of_decorated_functions_and_instances() -> None:
    @functools.lru_cache
    def cached(x: int) -> int:
        return x

    class Callable:
        def __call__(self, x: int) -> int:
            return x

    assert str(fingerprint(cached).source).startswith("@functools.lru_cache\ndef cached")
    assert str(fingerprint(Callable()).source).startswith("class Callable:")
    assert fingerprint(Callable().__call__).name == "__call__"
    assert fingerprint(np.sin).source is None


def test_source_that_was_edited_after_import_is_not_shown(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    file = tmp_path / "edited_module_of_test.py"
    file.write_text("def f(x):\n    return x + 1\n")
    import edited_module_of_test as module  # type: ignore[import-not-found]

    before = fingerprint(module.f)
    assert before.source == "def f(x):\n    return x + 1\n"
    file.write_text("def f(x):\n    return x + 2 # longer\n")
    after = fingerprint(module.f)
    assert after.source is None
    assert any("was edited after it was imported" in note for note in after.notes)
    assert after.digest == before.digest


def test_secrets_are_hashed_but_not_stored() -> None:
    found = fingerprint(lambda: (API_KEY, FROM_ENVIRONMENT))
    text = json.dumps(found.to_json())
    assert os.environ["PATH"] not in text
    assert parts(found)["<lambda>.API_KEY"].value is None
    assert parts(found)["<lambda>.API_KEY"].repr == "<not shown>"


def test_no_addresses_are_stored() -> None:
    class Thing:
        pass

    thing = Thing()
    found = fingerprint(lambda: (thing, [thing], np.ones((2, 3)), str.upper, print))
    assert "0x" not in json.dumps([part.repr for part in found.parts])
    assert all(len(part.repr) <= 120 for part in found.parts)


def test_values_that_json_does_not_hold_exactly_are_not_given() -> None:
    large, pair, nan = "a" * 70_000, (1, 2), float("nan")
    found = parts(fingerprint(lambda: (large, pair, nan)))
    cells = {path.split(":")[1].rstrip(">"): part for path, part in found.items() if "<cell" in path}
    assert {name: part.value for name, part in cells.items()} == {"large": None, "pair": None, "nan": None}
    assert cells["pair"].repr == "(1, 2)"


def test_deep_values_and_long_chains() -> None:
    deep: list[Any] = []
    for _ in range(2000):
        deep = [deep]
    scope: dict[str, Any] = {"f0": lambda x: x}
    for number in range(1, 400):
        exec(f"def f{number}(x): return f{number - 1}(x)", scope)
    assert fingerprint(lambda: deep).reusable
    first = fingerprint(scope["f399"])
    assert first.reusable
    scope["f0"] = lambda x: x + 1
    assert fingerprint(scope["f399"]).digest != first.digest
    assert sys.getrecursionlimit() < 20_000


def test_endlessly_deep_values_are_a_problem() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    found = fingerprint(lambda: deep)
    assert "nested too deeply" in found.problems[0]
    while deep:  # let it go without recursion
        deep = deep[0]


def test_this_package_is_entered_only_when_asked() -> None:
    from neurochain.chain.fingerprint.values import show

    def uses(x: object) -> str:
        return show(x)

    plain = fingerprint(uses)
    assert plain.packages == {"neurochain": plain.packages["neurochain"]}
    assert "uses.<cell:show>._show" not in parts(plain)
    entered = fingerprint(show, enter=("neurochain",))
    assert "show._show" in parts(entered)
    assert "neurochain" not in entered.packages


def test_locks_of_an_entered_package_are_no_problem() -> None:
    lock = threading.Lock()
    assert not fingerprint(lambda: lock).reusable
    assert fingerprint(lambda: lock, enter=("neurochain",)).reusable


def test_hashing_leaves_no_trace() -> None:
    calls: list[str] = []

    class Watched:
        @property
        def value(self) -> int:
            calls.append("value")
            return 1

        def __repr__(self) -> str:
            calls.append("repr")
            return "Watched"

        def __getattr__(self, name: str) -> int:
            calls.append(name)
            raise AttributeError(name)

        def __eq__(self, other: object) -> bool:
            calls.append("eq")
            return True

        def __hash__(self) -> int:
            calls.append("hash")
            return 1

    watched = Watched()
    found = fingerprint(lambda: (watched.value, [watched], {"a": watched}))
    assert found.reusable
    assert [call for call in calls if not call.startswith("__")] == []


def test_a_global_changed_in_the_same_process_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint(udf).digest
    monkeypatch.setitem(udf.__globals__, "SCALE", 3)
    assert fingerprint(udf).digest != before
    monkeypatch.undo()
    assert fingerprint(udf).digest == before


PROGRAM = """
import dataclasses, enum, functools, re, sys
import numpy as np
from pydantic import BaseModel

T = {"a": [1, 2.5], "b": re.compile("x")}

class Color(enum.Enum):
    RED = {"r"}
    def m(self): return T

@dataclasses.dataclass
class Point:
    x: int = 1
    tags: list = dataclasses.field(default_factory=list)
    def norm(self): return abs(self.x)

class Model(BaseModel):
    a: int = 1
    b: list[Point] = []

class Base:
    k = 3
    def run(self, x): return x + self.k

class K(Base):
    def run(self, x): return super().run(x) + other(x)

def other(x): return f(x - 1) if x else 0

def wrapped(g):
    @functools.wraps(g)
    def inner(*args, **kwargs): return g(*args, **kwargs)
    return inner

@wrapped
def f(x, k=2, *, scale=np.arange(3)):
    "One."
    return Point(x).norm() + K().run(x) + Color.RED.m()["a"][0] + Model().a + np.mean(scale) * k

f = functools.partial(f, k=5)
if __name__ == "__main__":
    from neurochain.chain.fingerprint import fingerprint
    import cloudpickle
    if len(sys.argv) > 1:
        open(sys.argv[1], "wb").write(cloudpickle.dumps(f))
    print(fingerprint(f).digest)
"""


def run(*arguments: str, seed: int) -> str:
    environment = {
        **os.environ,
        "PYTHONHASHSEED": str(seed),
        "PYTHONPATH": ROOT,
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_script_renamed_script_module_and_pickle_are_the_same(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(PROGRAM)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "renamed.py").write_text("# moved\n\n\n" + PROGRAM)
    pickled = tmp_path / "f.pickle"
    tell = "from neurochain.chain.fingerprint import fingerprint; print(fingerprint({}).digest)"
    digests = {
        "script": run(str(tmp_path / "script.py"), str(pickled), seed=1),
        "renamed": run(str(tmp_path / "elsewhere" / "renamed.py"), seed=2),
        "module": run(
            "-c",
            f"import sys; sys.path.append({str(tmp_path)!r}); import script; {tell.format('script.f')}",
            seed=3,
        ),
        "pickle": run(
            "-c", f"import pickle; f = pickle.load(open({str(pickled)!r}, 'rb')); {tell.format('f')}", seed=4
        ),
    }
    assert len(set(digests.values())) == 1, digests


def test_pickling_by_value_keeps_the_digest() -> None:
    scale = {"a": 1}
    local = lambda x, k=(1, 2): [helper(y) * scale["a"] for y in x if k]  # noqa: E731
    again = cloudpickle.loads(cloudpickle.dumps(local))
    assert fingerprint(again).digest == fingerprint(local).digest


def test_torch_values() -> None:
    torch = pytest.importorskip("torch", reason="needs the extra [torch]")
    torch.manual_seed(0)
    network = torch.nn.Linear(2, 3)
    half = torch.ones(3, dtype=torch.bfloat16)
    use = lambda x: network(x) + half  # noqa: E731
    before = fingerprint(use)
    assert before.reusable, before.problems
    assert fingerprint(cloudpickle.loads(cloudpickle.dumps(use))).digest == before.digest
    with torch.no_grad():
        network.bias[1] += 1
    assert fingerprint(use).digest != before.digest


@dataclasses.dataclass
class Settings:
    low: float = 1.0


class Ranged:
    def __init__(self) -> None:
        self.settings = Settings(2.0)

    def __call__(self, x: float) -> bool:
        return x > self.settings.low and Settings().low > 0


def test_what_pickle_notes_in_a_class_is_no_part_of_it() -> None:
    before = fingerprint(Ranged()).digest
    pickle.dumps(Settings())
    assert "__slotnames__" in vars(Settings)
    assert fingerprint(Ranged()).digest == before


def test_a_dataclass_without_methods_has_its_source() -> None:
    part = next(p for p in fingerprint(Ranged()).parts if p.path.endswith("Settings") and p.kind == "class")
    assert part.where is not None
    assert part.where.partition(":")[0].endswith("test_fingerprint.py")
