"""to_huggingface: a Dataset, and the folder that datasets alone reads back."""

import json
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import polars as pl
import pyarrow as pa
import pytest

import neurochain as nc
from neurochain.datasets.schema import Schema
from neurochain.export import huggingface as exported

FILES = {"data-00000-of-00001.arrow", "dataset_info.json", "lineage.json", "state.json"}


def test_every_kind_of_column(everything: nc.Chain, folder: Path) -> None:
    dataset = everything.to_huggingface("all")
    assert {p.name for p in (folder / "all").iterdir()} == FILES
    again = datasets.load_from_disk(str(folder / "all"))
    assert again.features == dataset.features
    wanted = everything.collect().to_dicts()
    for found in (list(dataset), list(again)):
        for row, known in zip(found, wanted, strict=True):
            assert row.keys() == known.keys()
            for name, value in known.items():
                assert _same(row[name], _shown(name, value)), name


def _shown(name: str, value: Any) -> Any:
    """As the Dataset has what `collect` gives: files are uris, ragged arrays of one axis are lists."""
    match value:
        case {"uri": uri}:
            return uri
        case {"data": data, "shape": shape} if len(shape) == 1:
            return _shown(name, data)
        case dict():
            return {k: _shown(k, v) for k, v in value.items()}
        case list():
            return [_shown(name, v) for v in value]
    return value


def _same(got: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        return got.keys() == wanted.keys() and all(_same(got[k], v) for k, v in wanted.items())
    if isinstance(wanted, list):
        return len(got) == len(wanted) and all(map(_same, got, wanted))
    return bool(got == wanted or (got != got and wanted != wanted))


def test_features_say_what_arrays_are(folder: Path) -> None:
    shapes = {f"a{n}": (3,) * n for n in range(7)}
    chain = nc.read_values(
        **{name: [np.full(shape, 1.5, np.float32)] for name, shape in shapes.items()},
        half=[np.ones((2, 2), np.float16)],
        none=[np.zeros((0, 2))],
        empty=[np.zeros(0)],
        flags=[np.array([[True, False]])],
        waves=[np.array([[1 + 2j]])],
        hours=[np.array(["2025-06-01T12", "NaT"], "datetime64[h]")],
        weeks=[np.array([3], "timedelta64[W]")],
        tiny=[np.array([3], "timedelta64[fs]")],
    )
    dataset = chain.to_huggingface()
    features = dataset.features
    assert features["a0"] == datasets.Value("float32")
    assert features["a1"] == datasets.List(datasets.Value("float32"), length=3)
    assert [type(features[f"a{n}"]).__name__ for n in range(2, 7)] == [
        *(f"Array{n}D" for n in range(2, 6)),
        "List",
    ]
    assert features["half"] == datasets.Array2D((2, 2), "float16")
    assert features["flags"] == datasets.Array2D((1, 2), "bool")
    assert features["waves"] == datasets.Array3D((1, 1, 2), "float64")
    assert features["hours"].feature == datasets.Value("timestamp[s]")
    assert features["weeks"].feature == datasets.Value("duration[s]")
    assert features["tiny"].feature == datasets.Value("int64")
    row = dataset.with_format("numpy")[0]
    assert {name: np.shape(row[name]) for name in shapes} == shapes
    plain = dataset[0]
    assert (plain["none"], plain["empty"], plain["waves"]) == ([], [], [[[1.0, 2.0]]])
    assert plain["hours"][1] is None
    assert dataset.select_columns("a3").with_format("torch")[0]["a3"].shape == (3, 3, 3)


def test_nulls_stay(folder: Path) -> None:
    chain = nc.read_values(
        m=[np.ones((2, 2)), None, None],
        v=[None, np.ones(3), None],
        r=[np.ones((1, 2)), None, np.zeros((0, 2))],
        w=[None, np.array([1 + 2j]), np.zeros(0, complex)],
        x=[None, 1, None],
    )
    ones = {"data": [1, 1], "shape": [1, 2]}
    assert list(chain.to_huggingface()) == [
        {"m": [[1, 1], [1, 1]], "v": None, "r": ones, "w": None, "x": None},
        {"m": None, "v": [1, 1, 1], "r": None, "w": [[1, 2]], "x": 1},
        {"m": None, "v": None, "r": {"data": [], "shape": [0, 2]}, "w": [], "x": None},
    ]


def test_lineage_is_in_the_description_beside_and_in_arrow(folder: Path) -> None:
    version = nc.read_values(x=[1.0, 2.0]).map(y=lambda x: np.full(2, x)).save("numbers")
    dataset = nc.read_dataset("numbers").to_huggingface("t")
    said, _, text = dataset.info.description.partition("\n\n")
    assert said == "Exported by neurochain from numbers@1.0.0."
    about = json.loads(text)
    assert json.loads((folder / "t" / "lineage.json").read_text()) == about
    (used,) = about["lineage"]["inputs"]
    assert (used["version"], used["content_hash"]) == ("1.0.0", version.content_hash)
    with pa.memory_map(str(folder / "t" / "data-00000-of-00001.arrow")) as file:
        metadata = pa.ipc.open_stream(file).schema.metadata
    assert list(Schema.from_json(json.loads(metadata[b"neurochain"]))) == ["x", "y"]
    assert json.loads(metadata[b"neurochain.lineage"]) == about["lineage"]


def test_several_shards_in_order(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exported, "SHARD_BYTES", 1_000_000)
    count = 40_000
    chain = nc.read_values(i=list(range(count)), a=[np.full(16, i, np.float32) for i in range(count)])
    dataset = chain.to_huggingface("t")
    assert len(list((folder / "t").glob("data-*-of-00003.arrow"))) == 3
    assert dataset["i"][:] == list(range(count))
    assert all(dataset[i]["a"] == [i] * 16 for i in range(0, count, 4_999))
    assert dataset.with_format("numpy")[7:9]["a"].tolist() == [[7.0] * 16, [8.0] * 16]


def test_without_a_folder_it_lasts_as_long_as_the_session(folder: Path) -> None:
    dataset = nc.read_values(x=[1, 2]).to_huggingface()
    (file,) = dataset.cache_files
    session = Path(datasets.fingerprint.get_temporary_cache_files_directory())
    assert session in Path(file["filename"]).parents
    assert dataset.map(lambda row: {"y": row["x"] + 1})["y"][:] == [2, 3]
    assert [p.name for p in folder.iterdir() if not p.name.startswith(".")] == []


def test_two_exports_never_share_what_map_keeps(folder: Path) -> None:
    def double(row: dict[str, Any]) -> dict[str, Any]:
        return {"y": row["x"] * 2}

    assert nc.read_values(x=[1]).to_huggingface("t").map(double)["y"][:] == [2]
    assert nc.read_values(x=[5]).to_huggingface("t").map(double)["y"][:] == [10]


def test_no_rows(folder: Path) -> None:
    empty = nc.read_values(x=[1], a=[np.zeros((2, 2))], r=[np.zeros(1)]).filter(nc.Column("x") > 1)
    dataset = empty.to_huggingface("t")
    assert dataset.num_rows == 0
    assert dataset.features["a"] == datasets.Array2D((2, 2), "float64")
    assert pl.from_arrow(dataset.data.table.select(["x"])).shape == (0, 1)
