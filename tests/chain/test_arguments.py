"""Arguments: which columns a function's parameters take, and how failures are told."""

import dataclasses
import traceback
from collections.abc import Callable
from functools import partial, wraps
from pathlib import Path
from typing import Any

import numpy as np
import pydantic
import pytest

import neurochain as nc


class Settings(pydantic.BaseModel):
    low: float
    high: float = 1.0


@dataclasses.dataclass
class Point:
    x: int
    y: int


def test_files_volumes_and_recordings(bids_tree: Path) -> None:
    study = nc.read_storage("study/**/*.{nii,edf}").filter(nc.Column("header.error").is_null())
    images = study.filter(nc.Column("format") == "nifti")
    signals = study.filter(nc.Column("format") == "edf")

    def first(scan: nc.Volume) -> float:
        return float(scan[0, 0, 0])

    def peak(signal: nc.Recording) -> float:
        return float(np.asarray(signal[1]).max())

    def names(anything: nc.File) -> str:
        return anything.name

    frame = images.map(
        size=lambda file: len(file.read()), shape=lambda volume: list(volume.shape), first=first, name=names
    ).collect()
    assert frame["size"].to_list() == [352 + 48] * 2
    assert frame["shape"].to_list() == [[2, 3, 4]] * 2
    assert frame["first"].to_list() == [0.0, 1.0]
    assert frame["name"].to_list() == ["sub-01_T1w.nii", "sub-02_T1w.nii"]
    out = signals.map(peak=peak, mean=lambda recording: float(np.asarray(recording[0]).mean())).collect()
    assert out["peak"].to_list() == pytest.approx([10.0, 20.0], abs=0.01)
    assert out["mean"].to_list() == pytest.approx([0.0, 0.0], abs=0.01)


def test_records_become_their_class(folder: Path) -> None:
    chain = nc.read_values(s=[{"low": 0.5, "high": 2.0}, None], p=[{"x": 1, "y": 2}, {"x": 3, "y": 4}])

    def total(s: Settings | None, p: Point) -> float:
        assert s is None or isinstance(s, Settings)
        assert isinstance(p, Point)
        return (0 if s is None else s.low + s.high) + p.x

    assert chain.map(total).collect()["total"].to_list() == [3.5, 3.0]
    assert chain.map(y=lambda p: p.y + p["x"]).collect()["y"].to_list() == [3, 7]


def plain(a: int, b: int = 10, *, c: int = 100) -> int:
    return a + b + c


def only(a: int, /, *, c: int) -> int:
    return a + c


def decorated(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def inner(*args: Any, **kwargs: Any) -> Any:
        return -function(*args, **kwargs)

    return inner


class Adder:
    def __init__(self, by: int) -> None:
        self.by = by

    def add(self, a: int) -> int:
        return a + self.by

    def __call__(self, a: int) -> int:
        return a - self.by


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (plain, 1 + 2 + 3),  # a default gives way to a column of its name
        (only, 1 + 3),
        (partial(plain, b=5), 1 + 5 + 3),
        (partial(plain, 50), 50 + 2 + 3),
        (partial(only, c=7), 1 + 7),
        (partial(partial(plain, c=0), b=0), 1),
        (decorated(plain), -6),
        (Adder(5).add, 6),
        (Adder(5), -4),
        (lambda: 9, 9),
        (lambda a, missing=4: a + missing, 5),
        (nc.udf(lambda q, r: q - r, params={"q": "b", "r": "a"}), 1),
        (nc.udf(plain, params={"b": "c"}), 1 + 3 + 3),
    ],
)
def test_parameters_are_columns(function: Any, expected: int, folder: Path) -> None:
    chain = nc.read_values(a=[1], b=[2], c=[3])
    assert chain.map(out=function).collect()["out"].to_list() == [expected]


def test_udf_is_a_decorator_too(folder: Path) -> None:
    @nc.udf(params={"value": "a"})  # type: ignore[untyped-decorator]
    def square(value: int) -> int:
        return value**2

    assert nc.read_values(a=[3]).map(square).collect()["square"].to_list() == [9]


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda missing: 1, r"result\(\) takes 'missing', and parameters are columns.*Existing: 'a', 'bb'"),
        (
            lambda b: 1,
            r"To use another column: nc.udf\(result, params=\{'b': 'column'\}\).*functools.partial",
        ),
        (lambda *args: 1, "takes any arguments.*Wrap it: lambda column"),
        (lambda **options: 1, "takes any arguments"),
        (max, "Wrap it: lambda column"),
        (lambda file: 1, "'file'.*parameters are columns|no column of files"),
        (lambda volume: 1, r"no column of files.*read_storage"),
        (3, "3 is none"),
        ("a", "'a' is none"),
    ],
)
def test_what_cannot_be_called_is_told_before_it_runs(function: Any, message: str, folder: Path) -> None:
    with pytest.raises(nc.UDFError, match=message):
        nc.read_values(a=[1], bb=[2]).map(function)


def test_map_without_a_function(folder: Path) -> None:
    with pytest.raises(nc.UDFError, match=r"map\(fn\), or map\(name=fn\)"):
        nc.read_values(a=[1]).map()
    with pytest.raises(nc.UDFError, match="not a function"):
        nc.udf(3)  # type: ignore[arg-type]
    with pytest.raises(nc.UDFError, match="a lambda has no name"):
        nc.udf(lambda x: x, version="1")


def fails(a: int) -> float:
    return 1 / (a - 2)


def test_a_failure_names_function_and_row_and_begins_in_the_users_code(folder: Path) -> None:
    with pytest.raises(
        nc.UDFError, match=r"fails\(\) failed on row 1: ZeroDivisionError: division by zero"
    ) as caught:
        nc.read_values(a=[1, 2, 3]).map(fails).collect()
    cause = caught.value.__cause__
    assert isinstance(cause, ZeroDivisionError)
    frames = traceback.extract_tb(cause.__traceback__)
    assert [f.name for f in frames] == ["fails"]


def test_a_failure_names_the_file(bids_tree: Path) -> None:
    images = nc.read_storage("study/**/*.nii")
    with pytest.raises(nc.UDFError, match=r"row 0, file \S+broken.nii: ") as caught:
        images.map(shape=lambda volume: list(volume.shape)).collect()
    assert isinstance(caught.value.__cause__, nc.FormatError)

    def refuse(file: nc.File) -> int:
        if "sub-02" in file.uri:
            raise ValueError("no")
        return 1

    with pytest.raises(nc.UDFError, match=r"row 2, file \S+sub-02_T1w.nii: ValueError: no"):
        images.map(refuse).collect()


def test_the_row_of_a_failure_counts_the_rows_that_were_reused(folder: Path) -> None:
    def picky(a: int) -> int:
        if a == 99:
            raise KeyError(a)
        return a

    nc.read_values(a=[0, 1, 2]).map(picky).collect()
    with pytest.raises(nc.UDFError, match="on row 4: KeyError: 99"):
        nc.read_values(a=[0, 1, 7, 2, 99]).map(picky).collect()


def test_several_columns_of_files(folder: Path) -> None:
    (folder / "a.txt").write_text("aa")
    (folder / "b.txt").write_text("bbb")
    one, two = nc.File.at("a.txt"), nc.File.at("b.txt")
    chain = nc.read_values(one=[one], two=[two])
    with pytest.raises(nc.UDFError, match="there are several: 'one', 'two'"):
        chain.map(lambda volume: 1)
    assert chain.map(size=lambda two: len(two.read())).collect()["size"].to_list() == [3]
    merged = chain.select("one").map(size=lambda one: len(one.read()))
    assert merged.collect()["size"].to_list() == [2]

    def content(scan: nc.File) -> bytes:
        return scan.read()

    assert chain.select("two").map(content).collect()["content"].to_list() == [b"bbb"]
