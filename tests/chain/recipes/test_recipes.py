"""Recipes: functions made again from JSON have the same fingerprint, and do the same."""

import dataclasses
import datetime as dt
import decimal
import enum
import functools
import importlib
import inspect
import json
import operator
import pathlib
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
import pytest
from numpy import sin
from pydantic import BaseModel
from scipy import signal

import neurochain as nc
from neurochain.chain.fingerprint import fingerprint
from neurochain.chain.functions.udf import UDF
from neurochain.chain.recipes import plain
from neurochain.chain.recipes.building import recipe_of
from neurochain.chain.recipes.making import Made
from neurochain.errors import ReplayError

SCALE = 2
TABLE = {"a": (1, 2.5), "b": [float("nan"), -0.0], 3: {4, 5}, "none": None}
ARRAY = np.arange(6, dtype="<i2").reshape(2, 3)
WHEN = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
PATTERN = re.compile(r"\d+", re.IGNORECASE)
Image = Annotated[np.ndarray, nc.Unit("uV"), nc.Axes("row", "column")]


class Kind(enum.Enum):
    FAST = 1
    SLOW = 2


class Flags(enum.Flag):
    A = 1
    B = 2


@dataclasses.dataclass(frozen=True)
class Limits:
    low: float = 1.0
    high: float = 3.0
    names: list[str] = dataclasses.field(default_factory=list)

    def width(self) -> float:
        return self.high - self.low


class Result(BaseModel):
    mean: float
    label: str = "x"


class Point(NamedTuple):
    x: float
    y: float = 2.0


class Base:
    offset = 3

    def shifted(self, x: float) -> float:
        return x + self.offset


class Model(Base):
    gain: float

    def __init__(self, gain: float) -> None:
        self.gain = gain
        self.limits = Limits(gain)

    def __call__(self, x: float) -> float:
        return super().shifted(x) * self.gain + self.limits.width() + self.half(x) + self.named("ab")

    @staticmethod
    def half(x: float) -> float:
        return x / 2

    @classmethod
    def named(cls, text: str) -> int:
        return len(cls.__mro__) + len(text)

    @property
    def twice(self) -> float:
        return self.gain * 2


def helper(x: float, k: int = 3) -> float:
    return x * k + SCALE


def repeated(times: int) -> Callable[[Any], Any]:
    def decorate(function: Any) -> Any:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return sum(function(*args, **kwargs) for _ in range(times))

        return wrapper

    return decorate


@repeated(2)
def decorated(x: float) -> float:
    """With a docstring."""
    return helper(x) + 1


@functools.lru_cache(maxsize=32)
def cached(x: float) -> float:
    return helper(x)


def closure(k: float) -> Callable[[float], float]:
    def scaled(x: float) -> float:
        return x * k

    return scaled


def even(n: float) -> bool:
    return n <= 0 or odd(n - 1)


def odd(n: float) -> bool:
    return n > 0 and even(n - 1)


def many(
    x: float, image: Image | None = None, *, mode: Kind = Kind.SLOW, ranges: tuple[int, ...] = (1, 2)
) -> float:
    values = [sin(v) + ARRAY[0, 1] for v in (x, x + 1)]
    inside = (lambda y: y + SCALE)(x)
    total = sum(len(signal.windows.hann(n)) for n in ranges)
    if mode is Kind.SLOW and Flags.A | Flags.B:
        total += int(PATTERN.sub("", "a1b22") == "ab") + WHEN.year
    return (
        float(np.mean(values)) + TABLE["a"][1] + len(TABLE[3]) + inside + total + closure(3)(x) + decorated(x)
    )


def generated(x: float) -> Any:
    for i in range(int(x)):
        yield Point(i, x)


def modelled(x: float) -> Result:
    return Result(mean=x * SCALE)


def annotated(x: float, kind: Literal["a", "b"] = "a") -> Annotated[float, nc.Unit("mm")]:
    match kind:
        case "a":
            return x
        case _:
            return -x


async def coroutine(x: float) -> float:
    return x


a, b = (lambda x: x + 1), (lambda x: x * 10)
FUNCTIONS: dict[str, Any] = {
    "many": many,
    "helper": helper,
    "decorated": decorated,
    "cached": cached,
    "closure": closure(4),
    "nested closure": repeated(3)(closure(5)),
    "recursive": even,
    "partial": functools.partial(many, ranges=(4,), mode=Kind.FAST),
    "partial of partial": functools.partial(functools.partial(helper, k=2)),
    "object": Model(2.0),
    "method": Model(3.0).shifted,
    "static method": Model.half,
    "class method": Model.named,
    "generator": generated,
    "model": modelled,
    "annotated": annotated,
    "coroutine": coroutine,
    "first of two lambdas": a,
    "second of two lambdas": b,
    "lambda with default": lambda x, k=SCALE: x * k,
    "numpy": np.sqrt,
    "builtin": abs,
    "operator": operator.neg,
    "scipy": signal.windows.hann,
    "named tuple": Point,
    "method of a value": Limits(1, 9).width,
}


def made_again(function: Any) -> Any:
    return Made(json.loads(json.dumps(recipe_of(function))), "f").function()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_same_fingerprint_and_the_same_results(name: str) -> None:
    function = FUNCTIONS[name]
    again = made_again(function)
    assert again is not function or inspect.isbuiltin(function) or name in ("numpy", "scipy")
    assert fingerprint(again).digest == fingerprint(function).digest
    if name == "coroutine":
        return
    for x in (2, 3):
        arguments: list[Any] = (
            [] if name == "method of a value" else ["abc"] if name == "class method" else [x]
        )
        one, other = function(*arguments), again(*arguments)
        if name == "generator":
            one, other = list(one), list(other)
        assert repr(one) == repr(other)


@pytest.mark.parametrize("name", ["many", "model", "annotated", "helper"])
def test_what_annotations_say_is_kept(name: str) -> None:
    function = FUNCTIONS[name]
    mine, theirs = UDF(made_again(function)).hints(), UDF(function).hints()
    assert list(mine) == list(theirs)
    assert repr(mine) == repr(theirs)
    if name == "model":
        assert mine["return"].model_fields.keys() == theirs["return"].model_fields.keys()


@pytest.mark.parametrize("module", ["dicom", "eeg", "mri"])
def test_the_functions_that_come_along(module: str) -> None:
    found = importlib.import_module(f"udfs.{module}")
    functions = [f for f in vars(found).values() if inspect.isfunction(f) and f.__module__ == found.__name__]
    assert functions
    for function in functions:
        assert fingerprint(made_again(function)).digest == fingerprint(function).digest


def test_modules_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "__init__.py").write_text("")
    (tmp_path / "own" / "deep.py").write_text("K = 3\n\ndef f(x):\n    return x * K\n")
    (tmp_path / "own_main.py").write_text(
        "from __future__ import annotations\nimport own.deep\nimport own.deep as d\nfrom own.deep import f as g\n"
        "def top(x: float, file: Missing = None):\n    return own.deep.f(x) + d.K + g(x)\n"
        "def inside(x):\n    from own.deep import f\n    return f(x)\n"
    )
    importlib.invalidate_caches()
    module = importlib.import_module("own_main")
    again = made_again(module.top)
    assert fingerprint(again).digest == fingerprint(module.top).digest
    assert again(2) == module.top(2)
    inside = made_again(module.inside)  # what it imports is what lies there
    assert fingerprint(inside).digest == fingerprint(module.inside).digest
    for name in ("own", "own.deep", "own_main"):
        sys.modules.pop(name)
    assert again(2) == 15
    (tmp_path / "own" / "deep.py").write_text("K = 4\n\ndef f(x):\n    return x * K\n")
    importlib.invalidate_caches()
    assert fingerprint(inside).digest != fingerprint(again).digest


class Opaque:
    __slots__ = ()

    def __reduce__(self) -> Any:
        return (Opaque, ())


OPAQUE = object()
OPEN = np.zeros(3, dtype=object)


@pytest.mark.parametrize(
    ("function", "missing"),
    [
        (lambda x: OPAQUE, "OPAQUE: it uses a builtins.object, which is not recorded"),
        (lambda x: OPEN, "OPEN: it uses an array of Python objects, which is not recorded"),
        (lambda x: sys.modules, None),
    ],
)
def test_what_is_not_recorded_is_said(function: Callable[[float], Any], missing: str | None) -> None:
    made = Made(json.loads(json.dumps(recipe_of(function))), "f")
    made.function()
    assert made.missing == ([] if missing is None else [missing])


def test_without_source_there_is_no_recipe() -> None:
    scope: dict[str, Any] = {}
    exec("def f(x):\n    return x", scope)
    with pytest.raises(ReplayError, match=r"the source of f\(\) is not recorded"):
        made_again(scope["f"])


@pytest.mark.parametrize(
    "recipe",
    [
        {"root": {"item": 9}, "items": []},
        {"root": {"item": 0}, "items": [{"kind": "pickle"}]},
        {"root": {"import": ["no_such_module", "f"]}, "items": []},
        {"root": {"import": ["math", "no_such_name"]}, "items": []},
        {"root": {"record": [["subprocess", "Popen"], []]}, "items": []},
        {"root": {"float": "x"}, "items": []},
        {"root": {"array": ["<f8", [2], "AAAA"]}, "items": []},
        {"root": {"array": ["|O", [1], ""]}, "items": []},
        {"root": {"what": 1}, "items": []},
    ],
)
def test_a_damaged_recipe_is_refused(recipe: Any) -> None:
    with pytest.raises(ReplayError):
        Made(recipe, "f").function()


VALUES = [
    None, True, 3, -0.0, float("inf"), "ä\0", b"\x00\xff", bytearray(b"x"), 2 + 3j, ..., (1, (2,)), [1, [2.0]], pytest.param({1, "a"}, id="set of two kinds"),
    frozenset({2}), {"a": 1, 2: (3,)}, range(1, 9, 2), slice(None, 3), dt.date(2026, 1, 2), WHEN, dt.timedelta(1, 2, 3),
    dt.time(1, 2), decimal.Decimal("1.10"), pathlib.PurePosixPath("/a/b"), re.compile("a+", re.MULTILINE), re.compile(b"a"),
    np.float32(1.5), np.datetime64("2026-01-02"), np.dtype("<f4"), np.dtype([("x", "<i2"), ("y", "<f8", (2,))]),
    np.arange(6, dtype=">i4").reshape(2, 3), np.zeros(0), np.array([1 + 2j]), np.array([True]), np.array(["ab", "c"]),
    np.zeros(2, [("x", "<i2"), ("y", "<f8", (2,))]),
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values_come_back_as_they_were(value: Any) -> None:
    def encode(inner: Any) -> Any:
        return plain.encode(inner, encode)

    def decode(node: Any) -> Any:
        return plain.decode(node, decode)

    found = decode(json.loads(json.dumps(encode(value))))
    assert type(found) is type(value)
    assert repr(found) == repr(value) if not isinstance(value, set) else found == value  # sets have no order
    assert getattr(found, "dtype", None) == getattr(value, "dtype", None)
