"""to_hdf5: a dataset per column, which h5py alone reads back."""

import json
from pathlib import Path
from typing import Annotated, Any

import h5py
import numpy as np
import pytest
from flattened import as_numpy, flattened, same

import neurochain as nc
from neurochain.datasets.schema import Schema
from neurochain.export.stacked import chunk_shape


def read(path: Path) -> dict[str, list[Any]]:
    """Values by column, as a user would read them."""
    with h5py.File(path) as file:
        rows = int(file.attrs["rows"])
        return {
            name: [None if _null(file, name, i) else _value(file[name], i) for i in range(rows)]
            for name in file
            if not name.endswith(".null")
        }


def _null(file: h5py.File, name: str, i: int) -> bool:
    return f"{name}.null" in file and bool(file[f"{name}.null"][i])


def _value(node: Any, i: int) -> Any:
    if isinstance(node, h5py.Group):
        start, end = node["offsets"][i : i + 2]
        value = node["data"][start:end].reshape(node["shapes"][i])
        value = value.view(node["data"].attrs.get("dtype", value.dtype))
        return value.tobytes() if node.attrs["type"] == "bytes" else value
    if h5py.check_string_dtype(node.dtype):
        text = node.asstr()[i]
        return json.loads(text) if node.attrs["type"].startswith("list") else text
    value = np.asarray(node[i])
    return value.view(node.attrs.get("dtype", value.dtype))


def test_every_kind_of_column(everything: nc.Chain, folder: Path) -> None:
    path = everything.to_hdf5("all.h5")
    assert path == folder / "all.h5"
    found, wanted = read(path), flattened(everything)
    assert found.keys() == wanted.keys()
    for name, values in wanted.items():
        assert same(found[name], [as_numpy(v) for v in values]), name


def test_units_axes_and_lineage(folder: Path) -> None:
    def spectrum(x: float) -> Annotated[np.ndarray, nc.Unit("uV"), nc.Axes("channel", "frequency")]:
        return np.full((2, 3), x, np.float16)

    version = nc.read_values(x=[1.0, 2.0]).map(spectrum=spectrum).save("spectra")
    with h5py.File(nc.read_dataset("spectra").to_hdf5("t.h5")) as file:
        schema = Schema.from_json(json.loads(file.attrs["neurochain"]))
        assert schema["spectrum"].unit == "uV"
        (used,) = json.loads(file.attrs["neurochain.lineage"])["inputs"]
        assert (used["name"], used["version"]) == ("spectra", "1.0.0")
        assert used["content_hash"] == version.content_hash
        spectra = file["spectrum"]
        assert (spectra.dtype, spectra.attrs["unit"]) == (np.float16, "uV")
        assert spectra.attrs["type"] == "float16[2, 3]"
        assert list(spectra.attrs["axes"]) == ["channel", "frequency"]
        assert [d.label for d in spectra.dims] == ["row", "channel", "frequency"]


def test_rows_keep_their_order_over_chunks_and_batches(folder: Path) -> None:
    count = 40_000
    chain = nc.read_values(
        i=list(range(count)),
        late=[*range(count - 1), None],
        a=[np.full(64, i, np.float32) for i in range(count)],
        r=[np.full(i % 3, i) for i in range(count)],
    )
    with h5py.File(chain.filter(nc.Column("i") % 2 == 0).to_hdf5("t.h5")) as file:
        wanted = np.arange(0, count, 2)
        assert (file["i"][:] == wanted).all()
        assert (file["a"][:, 63] == wanted).all()
        assert 1 < file["a"].chunks[0] < len(wanted)
        ends = file["r/offsets"][1:]
        assert (np.diff(ends, prepend=0) == wanted % 3).all()
        assert (file["r/data"][:] == np.repeat(wanted, wanted % 3)).all()
        assert "late.null" not in file
    with h5py.File(chain.to_hdf5("t.h5")) as file:
        assert np.flatnonzero(file["late.null"]) == [count - 1]


@pytest.mark.parametrize(
    ("shape", "chunk"),
    [
        ((), (16_384,)),
        ((250,), (1_000, 250)),
        ((64, 64, 30), (2, 64, 64, 30)),
        ((512, 512, 20), (1, 24, 512, 20)),
        ((0, 3), (16_384, 1, 3)),
        ((3, 2_000_000), (1, 1, 250_000)),
        ((100_000, 2, 2), (1, 62_500, 2, 2)),
    ],
)
def test_chunks_hold_rows_or_parts_of_one(shape: tuple[int, ...], chunk: tuple[int, ...]) -> None:
    assert chunk_shape(shape, ("row", *(None for _ in shape)), 4, 1_000_000) == chunk


def test_arrays_without_values(folder: Path) -> None:
    chain = nc.read_values(none=[np.zeros((0, 3)), np.zeros((0, 3))], one=[np.array(1.5), np.array(2.5)])
    found = read(chain.to_hdf5("t.h5"))
    assert [v.shape for v in found["none"]] == [(0, 3)] * 2
    assert found["one"] == [1.5, 2.5]


def test_no_rows() -> None:
    empty = nc.read_values(x=[1], a=[np.zeros(2)], r=[np.zeros(1)], s=["a"]).filter(nc.Column("x") > 1)
    path = empty.to_hdf5("t.h5")
    assert read(path) == {"x": [], "a": [], "r": [], "s": []}
    with h5py.File(path) as file:
        assert file["a"].shape == (0, 2)


def test_what_hdf5_cannot_hold_is_said(folder: Path) -> None:
    (folder / "t.h5").write_text("old")
    with pytest.raises(nc.SchemaError, match=r"'s' holds a text with a NUL character in row 1"):
        nc.read_values(s=["a", "b\0"]).to_hdf5("t.h5")
    for name in ("a/b", "."):
        with pytest.raises(nc.SchemaError, match=f"Column '{name}' has a name"):
            nc.read_values(**{name: [1]}).to_hdf5("t.h5")
    with pytest.raises(nc.SchemaError, match=r"'x\.null' has the name that says where 'x' is null"):
        nc.read_values(**{"x": [1], "x.null": [1]}).to_hdf5("t.h5")
    assert [p.name for p in folder.iterdir() if p.is_file()] == ["t.h5"]
    assert (folder / "t.h5").read_text() == "old"
