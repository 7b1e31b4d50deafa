"""to_webdataset: tar files whose rows webdataset's own decoder gives back."""

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import webdataset
from flattened import ISO, flattened, same

import neurochain as nc

pytestmark = [
    # webdataset leaves the tar files that it has read to the garbage collector.
    pytest.mark.filterwarnings("ignore:Exception ignored:pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning"),
]


def read(folder: Path) -> list[dict[str, Any]]:
    """Rows in order, as a training loop gets them."""
    shards = sorted(str(p) for p in folder.glob("*.tar"))
    return list(webdataset.WebDataset(shards, shardshuffle=False, empty_check=False).decode())


def members(folder: Path) -> Iterator[tuple[str, list[str]]]:
    for path in sorted(folder.glob("*.tar")):
        with tarfile.open(path) as tar:
            yield path.name, tar.getnames()


def test_every_kind_of_column(everything: nc.Chain, folder: Path) -> None:
    path = everything.to_webdataset("all")
    assert path == folder / "all"
    rows, wanted = read(path), flattened(everything)
    assert [r["__key__"] for r in rows] == ["000000000", "000000001"]
    for name, (first, second) in wanted.items():
        for row, value in zip(rows, (ISO.get(name, first), second), strict=True):
            if isinstance(value, np.ndarray):
                assert same(row.get(f"{name}.npy"), value), name
            elif isinstance(value, bytes):
                assert row[f"{name}.bin"] == value
            elif name in row["json"]:
                assert same(row["json"][name], value), name
            else:
                assert value is None, name
                assert not {f"{name}.npy", f"{name}.bin"} & row.keys()


def test_lineage_is_in_each_shard_and_beside(folder: Path) -> None:
    version = nc.read_values(x=[1.0, 2.0]).map(y=lambda x: np.full(2, x)).save("numbers")
    path = nc.read_dataset("numbers").to_webdataset("t", shard_rows=1)
    beside = json.loads((path / "lineage.json").read_text())
    assert beside.pop("shards") == [{"name": f"shard-00000{i}.tar", "rows": 1} for i in range(2)]
    for shard in path.glob("*.tar"):
        with tarfile.open(shard) as tar:
            inside = tar.extractfile("__neurochain__/lineage.json")
            assert inside is not None
            assert json.loads(inside.read()) == beside
    (used,) = beside["lineage"]["inputs"]
    assert (used["name"], used["content_hash"]) == ("numbers", version.content_hash)
    assert [f["name"] for f in beside["schema"]] == ["x", "y"]
    assert all(row.keys() == {"__key__", "__url__", "__local_path__", "json", "y.npy"} for row in read(path))


def test_shards_have_so_many_bytes_or_rows(folder: Path) -> None:
    chain = nc.read_values(i=list(range(25)), a=[np.full(1_000, i, np.float32) for i in range(25)])
    by_rows = chain.to_webdataset("rows", shard_rows=10)
    assert [len(names) for _, names in members(by_rows)] == [1 + 20, 1 + 20, 1 + 10]
    by_bytes = chain.to_webdataset("bytes", shard_bytes=30_000)
    sizes = [p.stat().st_size for p in by_bytes.glob("*.tar")]
    assert len(sizes) > 4
    assert max(sizes) < 30_000 + 10_240
    for path in (by_rows, by_bytes, chain.to_webdataset("each", shard_bytes=1)):
        assert [row["json"]["i"] for row in read(path)] == list(range(25))
        assert all((row["a.npy"] == row["json"]["i"]).all() for row in read(path))
    for wrong in ({"shard_bytes": 0}, {"shard_rows": 0}):
        with pytest.raises(nc.ExportError, match="1 or more"):
            chain.to_webdataset("wrong", **wrong)


def test_the_same_rows_have_the_same_bytes(everything: nc.Chain, folder: Path) -> None:
    first, second = everything.to_webdataset("a", shard_rows=1), everything.to_webdataset("b", shard_rows=1)
    names = {p.name for p in first.iterdir()}
    assert names == {"shard-000000.tar", "shard-000001.tar", "lineage.json"}
    assert {n: (first / n).read_bytes() for n in names} == {n: (second / n).read_bytes() for n in names}


def test_a_row_of_which_all_is_null_is_one(folder: Path) -> None:
    chain = nc.read_values(a=[np.zeros(2), None, np.ones(2)])
    assert [row.keys() & {"json", "a.npy"} for row in read(chain.to_webdataset("t"))] == [
        {"a.npy"},
        {"json"},
        {"a.npy"},
    ]


def test_batches_of_a_loader(folder: Path) -> None:
    chain = nc.read_values(label=list(range(10)), x=[np.full((2, 3), i, np.float32) for i in range(10)])
    path = chain.to_webdataset("t")
    data = webdataset.WebDataset(str(path / "shard-{000000..000000}.tar"), shardshuffle=False)
    pairs = data.decode().map(lambda row: (row["x.npy"], row["json"]["label"]))
    x, label = next(iter(webdataset.WebLoader(pairs, batch_size=4, num_workers=0)))
    assert x.shape == (4, 2, 3)
    assert label.tolist() == [0, 1, 2, 3]


def test_json_text_becomes_objects(folder: Path) -> None:
    (folder / "a.dcm").write_bytes(b"\0" * 128 + b"DICM")
    (folder / "a.json").write_text('{"tag": "alpha", "dose": {"value": 1.5, "bad": NaN}}')
    chain = nc.read_storage("*.dcm").settings(on_error="keep").select("sidecar")
    (row,) = read(chain.to_webdataset("t"))
    (value,) = (v for v in row["json"].values() if isinstance(v, dict))
    assert value == {"tag": "alpha", "dose": {"value": 1.5, "bad": None}}


def test_no_rows(folder: Path) -> None:
    path = nc.read_values(x=[1]).filter(nc.Column("x") > 1).to_webdataset("t")
    assert list(members(path)) == [("shard-000000.tar", ["__neurochain__/lineage.json"])]
    assert read(path) == []


@pytest.mark.parametrize("name", ["a/b", "__a", ".a"])
def test_names_that_no_member_can_have(name: str) -> None:
    with pytest.raises(nc.SchemaError, match=f"Column '{name}' has a name"):
        nc.read_values(**{name: [np.zeros(2)]}).to_webdataset("t")


def test_names_that_differ_in_case_alone() -> None:
    with pytest.raises(nc.SchemaError, match="'x' and 'X' have one name"):
        nc.read_values(x=[np.zeros(2)], X=[np.zeros(2)]).to_webdataset("t")
