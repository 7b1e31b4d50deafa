"""to_litdata: chunks whose rows litdata's own dataset gives back."""

import json
from pathlib import Path
from typing import Any

import litdata
import numpy as np
import pytest
from flattened import ISO, flattened, same
from torch.utils.data import DataLoader

import neurochain as nc


def read(folder: Path) -> list[dict[str, Any]]:
    """Rows in order, as a training loop gets them."""
    data = litdata.StreamingDataset(str(folder))
    return [data[i] for i in range(len(data))]


def test_every_kind_of_column(everything: nc.Chain, folder: Path) -> None:
    path = everything.to_litdata("all")
    assert path == folder / "all"
    rows, wanted = read(path), flattened(everything)
    assert {n for n in rows[0] if not n.endswith(".null")} == wanted.keys()
    for name, (first, second) in wanted.items():
        for row, value in zip(rows, (ISO.get(name, first), second), strict=True):
            assert row.get(f"{name}.null", False) == (value is None), name
            if value is not None:
                assert same(_given(row[name], value), value), name
        assert (f"{name}.null" in rows[0]) == (first is None or second is None), name


def _given(got: Any, wanted: Any) -> Any:
    if isinstance(wanted, list):
        return json.loads(got)
    return got.view(wanted.dtype) if isinstance(wanted, np.ndarray) and wanted.dtype.kind in "mM" else got


def test_lineage_survives_the_reader(folder: Path) -> None:
    version = nc.read_values(x=[1.0, 2.0]).map(y=lambda x: np.full(2, x)).save("numbers")
    path = nc.read_dataset("numbers").to_litdata("t")
    assert [row["x"] for row in read(path)] == [1.0, 2.0]
    about = json.loads((path / "lineage.json").read_text())
    assert json.loads((path / "index.json").read_text())["config"]["neurochain"] == about
    (used,) = about["lineage"]["inputs"]
    assert (used["name"], used["content_hash"]) == ("numbers", version.content_hash)
    assert {p.name for p in path.iterdir()} == {"chunk-0-0.bin", "index.json", "lineage.json"}


def test_several_chunks_in_order(folder: Path) -> None:
    count = 20_000
    chain = nc.read_values(i=list(range(count)), a=[np.full(16, i, np.float32) for i in range(count)])
    path = chain.to_litdata("t", chunk_bytes=200_000)
    chunks = [p.stat().st_size for p in path.glob("chunk-*.bin")]
    assert len(chunks) > 5
    assert max(chunks) < 210_000
    data = litdata.StreamingDataset(str(path))
    assert [row["i"] for row in data] == list(range(count))
    assert all((data[i]["a"] == i).all() for i in range(0, count, 997))
    assert len(litdata.StreamingDataset(str(chain.limit(3).to_litdata("each", chunk_bytes=1)))) == 3
    with pytest.raises(nc.ExportError, match="1 or more"):
        chain.to_litdata("wrong", chunk_bytes=0)


def test_a_text_that_is_the_path_of_a_file_stays_a_text(folder: Path) -> None:
    (folder / "a.txt").write_text("hello")
    (folder / "a.png").write_bytes(b"no image")
    chain = nc.read_values(s=[str(folder / "a.txt"), "b", str(folder / "a.png")])
    assert [row["s"] for row in read(chain.to_litdata("t"))] == chain.collect()["s"].to_list()


def test_nulls_that_come_late(folder: Path) -> None:
    count = 20_000
    chain = nc.read_values(x=[None if i == count - 2 else i for i in range(count)], s=["a"] * count)
    data = litdata.StreamingDataset(str(chain.to_litdata("t")))
    assert [i for i, row in enumerate(data) if row["x.null"]] == [count - 2]
    assert data[0] == {"x": 0, "x.null": False, "s": "a"}


def test_batches_of_a_loader(folder: Path) -> None:
    chain = nc.read_values(label=list(range(10)), x=[np.full((2, 3), i, np.float32) for i in range(10)])
    data = litdata.StreamingDataset(str(chain.to_litdata("t")))
    for loader in (DataLoader(data, batch_size=4), litdata.StreamingDataLoader(data, batch_size=4)):
        batch = next(iter(loader))
        assert batch["x"].shape == (4, 2, 3)
        assert batch["label"].tolist() == [0, 1, 2, 3]


def test_no_rows(folder: Path) -> None:
    path = nc.read_values(x=[1], a=[np.zeros(2)]).filter(nc.Column("x") > 1).to_litdata("t")
    assert read(path) == list(litdata.StreamingDataset(str(path))) == []
