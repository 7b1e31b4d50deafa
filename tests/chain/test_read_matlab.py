"""read_table of MATLAB's files, against scipy and h5py."""

import random
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import scipy.io
import scipy.sparse

import neurochain as nc
from neurochain.testing.format_tests import mutated


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def types(chain: nc.Chain) -> dict[str, str]:
    return {name: str(chain.schema[name].type) for name in chain.schema}


VALUES: dict[str, Any] = {
    "onset": np.arange(4.0)[:, None],
    "code": np.array([[1, 2, 3, 4]], np.int16),
    "hit": np.array([[True, False, True, True]]),
    "name": np.array(["a", "b", "", "d"], object)[None, :],
    "xyz": np.arange(12.0).reshape(4, 3),
    "cell": np.array([1.0, np.zeros((0, 0)), 3.0, 4.0], object)[:, None],
}
ROWS = {
    "onset": [0.0, 1.0, 2.0, 3.0],
    "code": [1, 2, 3, 4],
    "hit": [True, False, True, True],
    "name": ["a", "b", "", "d"],
    "xyz": VALUES["xyz"].tolist(),
    "cell": [1.0, None, 3.0, 4.0],
}
KINDS = {
    "onset": "float64",
    "code": "int16",
    "hit": "bool",
    "name": "string",
    "xyz": "float64[3]",
    "cell": "float64",
}


def check(chain: nc.Chain) -> None:
    assert types(chain) == KINDS
    found = {name: column.to_list() for name, column in chain.collect().to_dict().items()}
    assert {k: [list(x) for x in v] if k == "xyz" else v for k, v in found.items()} == ROWS


@pytest.mark.parametrize("compressed", [False, True])
def test_vectors_of_one_length_are_columns(folder: Path, compressed: bool) -> None:
    scipy.io.savemat("v.mat", VALUES, do_compression=compressed)
    check(nc.read_table("v.mat"))
    scipy.io.savemat("s.mat", {"trials": VALUES, "fs": 250.0}, do_compression=compressed)
    check(nc.read_table("s.mat", variable="trials"))
    scipy.io.savemat("one.mat", {"trials": VALUES})
    check(nc.read_table("one.mat"))
    chain = nc.read_table("v.mat", variable=["code", "onset"])
    assert chain.collect().columns == ["code", "onset"]


def test_an_array_of_structs_is_a_row_each(folder: Path) -> None:
    rows = np.empty((1, 3), [("type", object), ("latency", object), ("note", object)])
    for i, row in enumerate([("go", 1.0, ""), ("stop", 2.5, np.zeros((0, 0))), ("go", 4.0, "x")]):
        rows[0, i] = row
    scipy.io.savemat("e.mat", {"event": rows, "fs": 250.0})
    frame = nc.read_table("e.mat", variable="event").collect()
    assert frame.to_dict(as_series=False) == {
        "type": ["go", "stop", "go"],
        "latency": [1.0, 2.5, 4.0],
        "note": ["", None, "x"],
    }


def test_fields_of_a_struct_can_be_chosen(folder: Path) -> None:
    trials = {"onset": np.arange(3.0), "rt": np.arange(3.0) / 7, "fs": 250.0, "more": {"x": 1}}
    scipy.io.savemat("t.mat", {"trials": trials, "block": np.array([1, 1, 2]), "onset": np.arange(3)})
    frame = nc.read_table("t.mat", variable=["trials.onset", "trials.rt", "block"]).collect()
    assert frame.columns == ["onset", "rt", "block"]
    assert frame["rt"].to_list() == [0.0, 1 / 7, 2 / 7]
    assert nc.read_table("t.mat", variable="trials.fs").collect()["fs"].to_list() == [250.0]
    with pytest.raises(nc.FormatError, match=r"these variables .* trials\.fs \(1 rows\)"):
        nc.read_table("t.mat", variable=["trials.onset", "trials.fs"])
    with pytest.raises(nc.FormatError, match="several columns have one name: onset, onset"):
        nc.read_table("t.mat", variable=["trials.onset", "onset"])
    with pytest.raises(nc.FormatError, match="more holds a struct"):
        nc.read_table("t.mat", variable="trials.more")
    for missing in ("trials.nothing", "block.x", "nothing.x"):
        with pytest.raises(nc.ColumnNotFoundError, match=f"no variable '{missing}'"):
            nc.read_table("t.mat", variable=missing)


def test_a_file_of_matlab_itself(folder: Path) -> None:
    data = Path(scipy.io.matlab.__file__).parent / "tests" / "data"
    expected = scipy.io.loadmat(data / "testdouble_7.4_GLNX86.mat")["testdouble"].reshape(-1)
    for name in ("testhdf5_7.4_GLNX86.mat", "testdouble_7.4_GLNX86.mat", "testdouble_6.1_SOL2.mat"):
        assert nc.read_table(data / name).collect()["testdouble"].to_list() == expected.tolist()


def test_what_is_no_table_says_what_there_is(folder: Path) -> None:
    scipy.io.savemat(
        "n.mat",
        {"a": np.arange(3), "b": np.arange(4), "s": {"x": 1, "y": np.arange(5)}, "sp": scipy.sparse.eye(3), "t": "text",
         "deep": {"q": {"r": 1}}},
    )  # fmt: skip
    listed = (
        r"a \(1 x 3 int64\), b \(1 x 4 int64\), s \(1 x 1 struct\), sp \(3 x 3 sparse\), t \(1 x 4 char\)"
    )
    with pytest.raises(nc.FormatError, match=rf"n\.mat cannot be read as a table: its variables .* {listed}"):
        nc.read_table("n.mat")
    assert nc.read_table("n.mat", variable="a").count() == 3
    scipy.io.savemat("rows.mat", {"note": np.array(["go", "stop "])})
    assert nc.read_table("rows.mat").collect()["note"].to_list() == ["go", "stop"]
    assert nc.read_table("n.mat", variable="t").collect()["t"].to_list() == ["text"]
    for variable, message in {
        "s": r"fields of s have different lengths \(x: 1, y: 5\)\. Choose .* variable=\['s\.x', …\]",
        "sp": r"sp \(3 x 3 sparse\) is not read",
        "deep": "q holds a struct",
    }.items():
        with pytest.raises(nc.FormatError, match=message):
            nc.read_table("n.mat", variable=variable)
    with pytest.raises(nc.FormatError, match="these variables are not columns of one length"):
        nc.read_table("n.mat", variable=["a", "b"])
    with pytest.raises(nc.ColumnNotFoundError, match="no variable 'c'"):
        nc.read_table("n.mat", variable=["a", "c"])
    with pytest.raises(nc.FormatError, match="names none"):
        nc.read_table("n.mat", variable=[])
    scipy.io.savemat("none.mat", {})
    with pytest.raises(nc.FormatError, match="holds no variables"):
        nc.read_table("none.mat")
    (folder / "text.mat").write_text("no mat")
    with pytest.raises(nc.FormatError, match="no MAT-file of version 5 to 7"):
        nc.read_table("text.mat")
    (folder / "t.csv").write_text("a\n1\n")
    with pytest.raises(nc.FormatError, match="a csv table has no variables"):
        nc.read_table("t.csv", variable="a")
    (folder / "t.npy.gz").write_bytes(b"")
    with pytest.raises(nc.FormatError, match=r"this is 'npy\.gz'"):
        nc.read_table("t.npy.gz")


def hdf5(path: Path, values: dict[str, Any]) -> Path:
    """File as MATLAB 7.3 writes it."""
    with h5py.File(path, "w", userblock_size=512) as root:
        for name, value in values.items():
            put(root, name, value)
    with open(path, "r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\2IM")
    return path


def put(group: Any, name: str, value: Any) -> Any:
    if isinstance(value, dict):
        made = group.create_group(name)
        made.attrs["MATLAB_class"] = np.bytes_("struct")
        for field, inner in value.items():
            put(made, field, inner)
        return made
    if isinstance(value, str):
        codes = np.frombuffer(value.encode("utf-16-le"), np.uint16)[:, None]
        made = group.create_dataset(name, data=codes if value else np.zeros(2, np.uint64))
        kind, empty = "char", not value
    elif value.dtype == object:
        made = group.create_dataset(name, value.T.shape, h5py.ref_dtype)
        refs = group.file.require_group("#refs#")
        for at in np.ndindex(value.T.shape):
            made[at] = put(
                refs,
                f"{name}{at}",
                value.T[at] if isinstance(value.T[at], str) else np.atleast_2d(value.T[at]),
            ).ref
        kind, empty = "cell", False
    else:
        empty = not value.size
        made = group.create_dataset(
            name,
            data=np.zeros(2, np.uint64)
            if empty
            else value.T.astype("u1")
            if value.dtype == bool
            else value.T,
        )
        kind = {"float64": "double", "float32": "single", "bool": "logical"}.get(
            value.dtype.name, value.dtype.name
        )
    made.attrs["MATLAB_class"] = np.bytes_(kind)
    if empty:
        made.attrs["MATLAB_empty"] = np.uint8(1)
    return made


def test_version_7_3(folder: Path) -> None:
    hdf5(folder / "v.mat", VALUES)
    check(nc.read_table("v.mat"))
    hdf5(folder / "s.mat", {"trials": VALUES, "fs": np.array([[250.0]])})
    check(nc.read_table("s.mat", variable="trials"))
    with pytest.raises(nc.FormatError, match=r"trials \(1 x 1 struct\)"):
        nc.read_table("s.mat")
    path = hdf5(folder / "e.mat", {"event": {"type": VALUES["name"], "code": VALUES["cell"].T}})
    with h5py.File(path, "r+") as root:
        for name in ("type", "code"):  # of an array of structs: references that are no cells
            del root["event"][name].attrs["MATLAB_class"]
    assert nc.read_table("e.mat").collect().to_dict(as_series=False) == {
        "type": ROWS["name"],
        "code": ROWS["cell"],
    }
    hdf5(folder / "z.mat", {"z": np.array([[1.0, 2.0]]), "t": np.array(["ab", "cd"], object)[None]})
    assert types(nc.read_table("z.mat")) == {"t": "string", "z": "float64"}


def test_references_do_not_make_much_of_little(folder: Path) -> None:
    path = hdf5(folder / "bomb.mat", {"big": np.zeros((1000, 100)), "cells": np.array([["x"]], object)})
    with h5py.File(path, "r+") as root:
        del root["cells"]
        cells = root.create_dataset("cells", (1000, 1), h5py.ref_dtype)
        cells[...] = root["big"].ref
        cells.attrs["MATLAB_class"] = np.bytes_("cell")
        loop = root.create_dataset("loop", (2, 1), h5py.ref_dtype)
        loop[...] = loop.ref
        loop.attrs["MATLAB_class"] = np.bytes_("cell")
    with pytest.raises(nc.FormatError, match="referred to more than once"):
        nc.read_table("bomb.mat", variable="cells")
    with pytest.raises(nc.FormatError, match="nested more than 32 deep"):
        nc.read_table("bomb.mat", variable="loop")


def test_without_h5py_the_extra_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hdf5(folder / "v.mat", VALUES)
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(nc.MissingExtraError, match=r"MAT 7\.3 \(HDF5\) of v\.mat.*neurochain\[hdf5\]"):
        nc.read_table("v.mat")


def test_mutated_files_are_refused_or_read(folder: Path) -> None:
    chosen = random.Random(7)
    scipy.io.savemat("a.mat", VALUES)
    scipy.io.savemat("z.mat", VALUES, do_compression=True)
    hdf5(folder / "h.mat", VALUES)
    originals = [(folder / name).read_bytes() for name in ("a.mat", "z.mat", "h.mat")]
    refused = 0
    for _ in range(600):
        (folder / "m.mat").write_bytes(mutated(chosen.choice(originals), chosen))
        try:
            nc.read_table("m.mat")
        except nc.NeurochainError:
            refused += 1
    assert 200 < refused < 600
