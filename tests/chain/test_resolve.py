"""Resolve: one rule from a name to a column, for every verb and for parameters."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import neurochain as nc
from neurochain.chain.expressions.resolve import resolve
from neurochain.datasets.schema import Schema
from neurochain.datasets.types import Field, Json, Record, Scalar

TEXT, NUMBER = Scalar("string"), Scalar("float64")
SCHEMA = Schema(
    [
        Field("subject", TEXT),
        Field(
            "dicom",
            Record("D", (Field("EchoTime", NUMBER, "ms"), Field("Rows", NUMBER), Field("subject", TEXT))),
        ),
        Field("nest", Record("N", (Field("deep", Record("M", (Field("leaf", NUMBER),))),))),
        Field(
            "sidecar",
            Json({"EchoTime": "float64", "site": "json", "site.name": "string", "my\\.key": "int64"}),
        ),
    ]
)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("subject", "subject"),  # a real column wins over dicom.subject
        ("dicom.subject", "dicom.subject"),
        ("dicom", "dicom"),
        ("Rows", "dicom.Rows"),
        ("leaf", "nest.deep.leaf"),
        ("deep", "nest.deep"),
        ("nest.deep.leaf", "nest.deep.leaf"),
        ("sidecar.EchoTime", "sidecar.EchoTime"),
        ("site", "sidecar.site"),
        ("site.name", "sidecar.site.name"),
        ("my.key", "sidecar.my.key"),
    ],
)
def test_a_name_means_one_column(name: str, path: str) -> None:
    found = resolve(name, SCHEMA)
    assert found is not None
    assert found.path == path


def test_an_ambiguous_name_lists_the_dotted_names_with_units() -> None:
    with pytest.raises(nc.AmbiguousColumnError, match=r"'dicom.EchoTime' \(ms\), 'sidecar.EchoTime'"):
        resolve("EchoTime", SCHEMA)


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(nc.ColumnNotFoundError, match=r"Did you mean 'subject'.*Existing: 'subject', 'dicom'"):
        resolve("subjekt", SCHEMA)
    with pytest.raises(nc.ColumnNotFoundError, match=r"'dicom.EchoTime'"):
        resolve("dicom.EchoTme", SCHEMA)


def test_only_the_files_can_tell() -> None:
    assert resolve("tag", Schema([Field("sidecar", Json(None))])) is None
    assert resolve("tag", Schema([Field("x", TEXT)], partial=True)) is None


SIDECARS: list[dict[str, Any]] = [
    {
        "tag": "a", "count": 1, "dose": 1, "flag": True, "channels": ["Fz", "Cz"], "times": [1, 2.5],
        "site": {"name": "A", "scanner": {"field": 3}}, "with space": 1, "dot.ted": 2, "it's": 3, 'say "x"': 4,
        "mixed": "text", "odd": 1, "none": None, "müde": 5, "empty": {}, "both'\"": 6, "a]b": 7,
    },
    {
        "tag": "null", "count": 2, "dose": 2.5, "flag": False, "channels": [], "times": [3],
        "site": {"name": "B"}, "dot": {"ted": 9}, "mixed": [1, 2], "odd": "x", "none": None,
    },
    {},
]  # fmt: skip


@pytest.fixture
def sidecars(folder: Path) -> nc.Chain:
    data = folder / "data"
    data.mkdir()
    for i, sidecar in enumerate(SIDECARS):
        (data / f"f{i}.bin").write_bytes(b"x" * (i + 1))
        (data / f"f{i}.json").write_text("\n " + json.dumps(sidecar))
    (data / "f3.bin").write_bytes(b"no sidecar")
    return nc.read_storage("data/*.bin")


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("tag", ["a", "null", None, None]),
        ("count", [1, 2, None, None]),
        ("dose", [1.0, 2.5, None, None]),
        ("flag", [True, False, None, None]),
        ("channels", [["Fz", "Cz"], [], None, None]),
        ("times", [[1.0, 2.5], [3.0], None, None]),
        ("site.name", ["A", "B", None, None]),
        ("site.scanner.field", [3, None, None, None]),
        ("with space", [1, None, None, None]),
        ("it's", [3, None, None, None]),
        ('say "x"', [4, None, None, None]),
        ("both'\"", [6, None, None, None]),
        ("a]b", [7, None, None, None]),
        ("müde", [5, None, None, None]),
        ("odd", ["1", "x", None, None]),
        ("none", [None, None, None, None]),
    ],
)
def test_keys_of_sidecars_are_typed_columns(sidecars: nc.Chain, name: str, values: list[Any]) -> None:
    last = name.rpartition(".")[2]
    for written in (name, f"sidecar.{name}"):
        assert sidecars.select(written).collect()[last].to_list() == values
    assert [row[last] for row in sidecars.select(name)] == values
    kept = sidecars.filter(nc.Column(name).is_not_null()).collect()
    assert kept.height == sum(v is not None for v in values)
    assert sidecars.mutate(copy=nc.Column(name)).collect()["copy"].to_list() == values
    mapped = sidecars.map(nc.udf(lambda v: str(v), params={"v": name})).collect()["result"]
    assert mapped.to_list() == [str(v) for v in values]


def test_a_dot_in_a_name_is_not_a_level(sidecars: nc.Chain) -> None:
    # {"dot.ted": 2} in one file and {"dot": {"ted": 9}} in another would have one dotted name.
    with pytest.raises(nc.AmbiguousColumnError, match=r"dot\.ted"):
        sidecars.select("dot.ted").collect()
    assert sidecars.filter(nc.Column("count") == 1).count() == 1


def test_values_of_several_kinds(sidecars: nc.Chain) -> None:
    assert [row.mixed for row in sidecars.select("mixed")] == ["text", [1, 2], None, None]
    assert [row.site for row in sidecars.select("site")][:2] == [SIDECARS[0]["site"], SIDECARS[1]["site"]]
    assert [row.sidecar for row in sidecars.select("sidecar")] == [*SIDECARS, None]


VERBS: dict[str, Callable[[nc.Chain, str], nc.Chain]] = {
    "filter": lambda chain, name: chain.filter(nc.Column(name) == 1),
    "mutate": lambda chain, name: chain.mutate(y=nc.Column(name)),
    "select": lambda chain, name: chain.select(name),
    "order_by": lambda chain, name: chain.order_by(name),
    "merge": lambda chain, name: chain.merge(nc.read_values(k=[1]), on={name: "k"}),
    "parameter": lambda chain, name: chain.map(nc.udf(lambda v: v, params={"v": name})),
}


@pytest.mark.parametrize("verb", VERBS)
def test_the_same_rule_for_every_verb(sidecars: nc.Chain, verb: str) -> None:
    run = VERBS[verb]
    assert run(sidecars, "count").collect().height in (1, 4)
    assert run(sidecars, "sidecar.count").collect().height in (1, 4)
    with pytest.raises((nc.AmbiguousColumnError, nc.UDFError), match=r"'file.size', 'bids.size'"):
        run(nc.read_values(file=[{"size": 1}], bids=[{"size": 2}]), "size")
    deferred = run(sidecars, "coumt")  # nobody has looked into the sidecars yet
    with pytest.raises(
        (nc.ColumnNotFoundError, nc.UDFError), match=r"'coumt' is not found.*Did you mean.*'count'"
    ):
        deferred.collect()
    with pytest.raises((nc.ColumnNotFoundError, nc.UDFError), match=r"'coumt' is not found.*'count'"):
        run(nc.read_values(count=[1]), "coumt")


def test_names_that_only_the_engine_needs_are_hidden(dicom_tree: Path) -> None:
    chain = nc.read_storage("data/**/*.dcm", headers=False)
    assert chain.select("file.path").collect()["path"][0].endswith("im0.dcm")
    with pytest.raises(nc.ColumnNotFoundError, match=r"'root' is not found; write 'file.root'\."):
        chain.select("root")
    with pytest.raises(nc.ColumnNotFoundError):
        chain.select("companions")


def test_keys_are_known_after_a_dataset_was_saved(sidecars: nc.Chain) -> None:
    sidecars.save("kept")
    chain = nc.read_dataset("kept")
    assert chain.filter(nc.Column("tag") == "a").count() == 1
    with pytest.raises(nc.ColumnNotFoundError, match="Did you mean 'tag'"):
        chain.filter(nc.Column("tagg") == "a")
