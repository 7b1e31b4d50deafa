"""read_table of NumPy's files, against NumPy."""

import os
import pickle
import random
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import neurochain as nc
from neurochain.testing.format_tests import mutated

Array = np.ndarray[Any, Any]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def types(chain: nc.Chain) -> dict[str, str]:
    return {name: str(chain.schema[name].type) for name in chain.schema}


def test_a_vector_is_a_column(folder: Path) -> None:
    np.save("v.npy", np.arange(5, dtype=np.int16))
    chain = nc.read_table("v.npy")
    assert types(chain) == {"value": "int16"}
    assert chain.collect()["value"].to_list() == [0, 1, 2, 3, 4]
    np.save("t.npy", np.array(["a", "ü"]))
    assert nc.read_table("t.npy").collect()["value"].to_list() == ["a", "ü"]
    np.save("c.npy", np.array([1 + 2j, 3]))
    assert types(nc.read_table("c.npy")) == {"value": "complex128[]"}
    np.save("d.npy", np.array(["2025-01-01T10:00", "2025-01-02T10:00"], "M8[s]"))
    assert len(nc.read_table("d.npy").collect()) == 2


def test_further_axes_are_an_array_in_each_row(folder: Path) -> None:
    matrix = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    np.save("m.npy", matrix)
    np.save("f.npy", np.asfortranarray(matrix))
    for name in ("m.npy", "f.npy"):
        chain = nc.read_table(name)
        assert types(chain) == {"value": "float32[3]"}
        np.testing.assert_array_equal(chain.collect()["value"].to_numpy(), matrix)
    np.save("b.npy", matrix.astype(">f4").reshape(2, 2, 3))
    assert types(nc.read_table("b.npy")) == {"value": "float32[2, 3]"}


def test_structured_arrays_have_the_columns_they_name(folder: Path) -> None:
    kind = np.dtype([("id", "i4"), ("name", "U8"), ("xyz", "f8", 3), ("at", [("x", "f4"), ("y", "f4")])])
    rows = np.array([(1, "a", (1, 2, 3), (0.5, 1.5)), (2, "b", (4, 5, 6), (2.5, 3.5))], kind)
    np.save("s.npy", rows)
    frame = nc.read_table("s.npy").collect()
    assert frame["id"].to_list() == [1, 2]
    assert frame["name"].to_list() == ["a", "b"]
    assert frame["at"].to_list() == [{"x": 0.5, "y": 1.5}, {"x": 2.5, "y": 3.5}]
    np.testing.assert_array_equal(frame["xyz"].to_numpy(), rows["xyz"])
    assert nc.read_table("s.npy", key="name").filter(nc.Column("at.x") > 1).count() == 1


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    npst.arrays(
        st.sampled_from(["f8", ">f4", "i1", "u8", "?", "<i2"]),
        npst.array_shapes(min_dims=1, max_dims=3, max_side=5),
    ),
    st.booleans(),
)
def test_numpy_arrays_come_back(folder: Path, array: Array, compressed: bool) -> None:
    np.save("a.npy", array)
    (np.savez_compressed if compressed else np.savez)("a.npz", a=array, b=array)
    assert _same(nc.read_table("a.npy").collect()["value"], array)
    frame = nc.read_table("a.npz").collect()
    assert frame.columns == ["a", "b"]
    assert _same(frame["b"], array)


def _same(column: pl.Series, array: Array) -> bool:
    return bool(
        np.array_equal(
            np.array(column.to_list(), array.dtype.newbyteorder("=")),
            array,
            equal_nan=array.dtype.kind == "f",
        )
    )


def test_archives_of_arrays_of_one_length_are_tables(folder: Path) -> None:
    np.savez_compressed("t.npz", subject=np.array(["01", "02"]), age=np.array([20, 30]), v=np.eye(2))
    chain = nc.read_table("t.npz", key="subject")
    assert types(chain) == {"subject": "string", "age": "int64", "v": "float64[2]"}
    np.savez("u.npz", a=np.arange(3), b=np.arange(4), fs=250.0)
    message = (
        r"u\.npz cannot be read as a table: its variables are not columns of one length: a \(3 int64\), b \(4 int64\), "
        r"fs \(a single float64\)\. Choose one with variable='name'"
    )
    with pytest.raises(nc.FormatError, match=message):
        nc.read_table("u.npz")
    assert nc.read_table("u.npz", variable="b").collect()["b"].to_list() == [0, 1, 2, 3]
    assert nc.read_table("t.npz", variable=["v", "age"]).collect().columns == ["v", "age"]
    with pytest.raises(nc.ColumnNotFoundError, match=r"no variable 'bb'. Did you mean 'b'"):
        nc.read_table("u.npz", variable="bb")
    with pytest.raises(nc.FormatError, match="single value"):
        nc.read_table("u.npz", variable="fs")


class Trap:
    def __reduce__(self) -> Any:
        return os.mkdir, ("trapped",)


def test_nothing_is_unpickled(folder: Path) -> None:
    objects = np.array([Trap(), 1], object)
    np.save("o.npy", objects, allow_pickle=True)
    np.savez("o.npz", o=objects, x=np.arange(2))
    (folder / "p.npy").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(nc.FormatError, match="pickled and never loaded"):
        nc.read_table("o.npy")
    with pytest.raises(nc.FormatError, match="pickled and never loaded"):
        nc.read_table("o.npz", variable="o")
    with pytest.raises(nc.FormatError, match="no array file of NumPy"):
        nc.read_table("p.npy")
    assert nc.read_table("o.npz", variable="x").count() == 2
    assert not (folder / "trapped").exists()


def npy(header: str, body: bytes = b"") -> bytes:
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + body


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (npy("{'descr': '<f8', 'fortran_order': False, 'shape': (10000000000000,)}", bytes(8)), "80,000,000,000,000 bytes"),
        (npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2**40,)}"), "cannot be understood"),
        (npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}"), "shape"),
        (npy("{'descr': '<f8', 'fortran_order': 3, 'shape': (1,)}"), "order 3"),
        (npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", bytes(7)), "8 bytes, and there are 7"),
        (npy("{'descr': '<f8', 'fortran_order': False, 'shape': ()}", bytes(8)), "single value"),
        (npy("__import__('os').mkdir('trapped')"), "cannot be understood"),
        (npy("[" * 9000), "cannot be understood"),
        (npy("{'descr': '|V0', 'fortran_order': False, 'shape': (1000000000,)}"), "1,000,000,000 rows without any values"),
        (npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000, 0)}"), "rows without any values"),
        (b"\x93NUMPY\x01\x00\xff\xff{}", "65,535 bytes"),
        (b"", "no array file"),
    ],
)  # fmt: skip
def test_headers_that_cannot_be(folder: Path, content: bytes, message: str) -> None:
    (folder / "a.npy").write_bytes(content)
    with pytest.raises((nc.FormatError, nc.SchemaError), match=message):
        nc.read_table("a.npy")
    assert not (folder / "trapped").exists()


def test_archives_that_cannot_be(folder: Path) -> None:
    np.savez_compressed("a.npz", a=np.zeros(10**6), b=np.arange(10**6))
    sound = (folder / "a.npz").read_bytes()
    # The size that the directory promises, in the directory behind the members.
    at = sound.index(b"PK\x01\x02")
    lie = sound[: at + 24] + struct.pack("<I", 2**31) + sound[at + 28 :]
    with zipfile.ZipFile(folder / "w.npz", "w") as archive:
        archive.writestr("note.txt", "x")
    for content, message in {
        lie: "hold at most",
        sound[:-100]: "no sound .npz archive",
        sound[:2000] + b"\xff" * 50 + sound[2050:]: "no sound .npz archive",
        (folder / "w.npz").read_bytes(): "'note.txt', which is no array",
        b"": "no sound .npz archive",
    }.items():
        (folder / "m.npz").write_bytes(content)
        with pytest.raises(nc.FormatError, match=message):
            nc.read_table("m.npz")


def test_mutated_files_are_refused_or_read(folder: Path) -> None:
    chosen = random.Random(7)
    np.save("a.npy", np.arange(100.0))
    np.savez_compressed("a.npz", a=np.arange(100), b=np.array(["x"] * 100))
    refused = 0
    for i in range(600):
        kind = ("npy", "npz")[i % 2]
        (folder / f"m.{kind}").write_bytes(mutated((folder / f"a.{kind}").read_bytes(), chosen))
        try:
            nc.read_table(f"m.{kind}")
        except nc.NeurochainError:
            refused += 1
    assert 200 < refused < 600


def test_the_variable_is_part_of_what_the_source_is(folder: Path) -> None:
    np.savez("t.npz", a=np.arange(2), b=np.arange(2) + 5)
    whole = nc.read_table("t.npz").save("whole").lineage().sources[0]
    part = nc.read_table("t.npz", variable="b").save("part").lineage().sources[0]
    assert "variable" not in whole.reference
    assert (part.reference["variable"], part.reference["rows"]) == ("b", 2)
    assert part.reference["size"] == (folder / "t.npz").stat().st_size
