"""to_zarr: an array per column, which zarr alone reads back."""

import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest
import zarr
from flattened import as_numpy, flattened, same

import neurochain as nc
from neurochain.datasets.schema import Schema
from neurochain.export import zarr as exported


def read(path: Path) -> dict[str, list[Any]]:
    """Values by column, as a user would read them."""
    group = zarr.open_group(path, mode="r")
    names = [f["name"] for f in group.attrs["neurochain"]["schema"]]
    found = sorted(n for n in group if not n.endswith(".null"))
    assert {n.partition(".")[0] for n in found} == set(names)
    return {n: [_value(group, n, i) for i in range(_rows(group[n]))] for n in found}


def _rows(node: Any) -> int:
    return int((node["shapes"] if isinstance(node, zarr.Group) else node).shape[0])


def _value(group: zarr.Group, name: str, i: int) -> Any:
    if f"{name}.null" in group and group[f"{name}.null"][i]:
        return None
    node: Any = group[name]
    if isinstance(node, zarr.Group):
        start, end = node["offsets"][i : i + 2]
        value = node["data"][start:end].reshape(node["shapes"][i])
        return value.tobytes() if node.attrs["type"] == "bytes" else value
    value = np.asarray(node[i])
    if node.dtype.kind == "T":
        return json.loads(str(value)) if node.attrs["type"].startswith("list") else str(value)
    return value


def test_every_kind_of_column(everything: nc.Chain, folder: Path) -> None:
    path = everything.to_zarr("all.zarr")
    assert path == folder / "all.zarr"
    found, wanted = read(path), flattened(everything)
    assert found.keys() == wanted.keys()
    for name, values in wanted.items():
        assert same(found[name], [as_numpy(v) for v in values]), name


def test_units_axes_and_lineage(folder: Path) -> None:
    def spectrum(x: float) -> Annotated[np.ndarray, nc.Unit("uV"), nc.Axes("channel", "frequency")]:
        return np.full((2, 3), x, np.float16)

    version = nc.read_values(x=[1.0, 2.0]).map(spectrum=spectrum).save("spectra")
    group = zarr.open_group(nc.read_dataset("spectra").to_zarr("t.zarr"), mode="r")
    about: Any = group.attrs["neurochain"]
    assert Schema.from_json(about["schema"])["spectrum"].unit == "uV"
    (used,) = about["lineage"]["inputs"]
    assert (used["name"], used["version"]) == ("spectra", "1.0.0")
    assert used["content_hash"] == version.content_hash
    spectra: Any = group["spectrum"]
    assert spectra.attrs.asdict() == {
        "type": "float16[2, 3]",
        "unit": "uV",
        "axes": ["channel", "frequency"],
    }
    assert spectra.metadata.dimension_names == ("row", "channel", "frequency")


def test_rows_keep_their_order_over_chunks_and_shards(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exported, "CHUNK_BYTES", 20_000)
    monkeypatch.setattr(exported, "SHARD_BYTES", 150_000)
    count = 20_000
    chain = nc.read_values(
        i=list(range(count)),
        s=[str(i) for i in range(count)],
        late=[*range(count - 1), None],
        a=[np.full(64, i, np.float32) for i in range(count)],
        r=[np.full(i % 3, i) for i in range(count)],
    )
    group: Any = zarr.open_group(chain.to_zarr("t.zarr"), mode="r")
    wanted = np.arange(count)
    assert (group["i"][:] == wanted).all()
    assert (group["s"][:] == wanted.astype(str)).all()
    assert (group["a"][:, 63] == wanted).all()
    assert (np.diff(group["r/offsets"][:]) == wanted % 3).all()
    assert (group["r/data"][:] == np.repeat(wanted, wanted % 3)).all()
    assert np.flatnonzero(group["late.null"][:]) == [count - 1]
    assert group["a"].chunks == (78, 64)
    assert group["a"].shards == (78 * 7, 64)
    shards = [p for p in (folder / "t.zarr" / "a").rglob("*") if p.is_file() and p.name != "zarr.json"]
    assert len(shards) == -(-count // (78 * 7))


def test_a_row_larger_than_a_chunk_is_several(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exported, "CHUNK_BYTES", 1_000)
    monkeypatch.setattr(exported, "SHARD_BYTES", 5_000)
    volumes = [np.arange(7 * 10 * 10).reshape(7, 10, 10) + i for i in range(5)]
    group: Any = zarr.open_group(nc.read_values(v=volumes).to_zarr("t.zarr"), mode="r")
    assert group["v"].chunks == (1, 1, 10, 10)
    assert (group["v"][:] == np.stack(volumes)).all()


def test_no_rows() -> None:
    empty = nc.read_values(x=[1], a=[np.zeros((2, 0))], r=[np.zeros(1)], s=["a"]).filter(nc.Column("x") > 1)
    path = empty.to_zarr("t.zarr")
    assert read(path) == {"x": [], "a": [], "r": [], "s": []}
    array: Any = zarr.open_group(path, mode="r")["a"]
    assert array.shape == (0, 2, 0)


@pytest.mark.parametrize("name", ["a/b", "..", "__a", "zarr.json"])
def test_names_that_zarr_cannot_have(name: str, folder: Path) -> None:
    with pytest.raises(nc.SchemaError, match=f"Column '{name}' has a name"):
        nc.read_values(**{name: [1]}).to_zarr("t.zarr")
    assert not (folder / "t.zarr").exists()
