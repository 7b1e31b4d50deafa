"""OpenLineage: events are what openlineage-python writes of the same run, made of its own classes."""

import importlib
import json
import pkgutil
import re
from pathlib import Path
from typing import Any

import pytest
from lineages import chained
from openlineage.client import generated
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.serde import Serde

import neurochain as nc

URI = re.compile(
    r"[a-z][a-z0-9+.-]*:[^\s<>\"{}|\\^`]+\Z"
)  # RFC 3986: a scheme, and no letter that it excludes


def classes() -> dict[str, Any]:
    """Classes of facets, by the schema that each says it has."""
    found = {}
    for module in pkgutil.iter_modules(generated.__path__, f"{generated.__name__}."):
        for one in vars(importlib.import_module(module.name)).values():
            if isinstance(one, type) and hasattr(one, "_get_schema"):
                found[one._get_schema()] = one
    return found


def events(version: nc.DatasetVersion, **options: Any) -> list[dict[str, Any]]:
    text = version.lineage().export("openlineage", **options)
    assert isinstance(text, str)
    return [json.loads(line) for line in text.splitlines()]


def facets(event: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """All facets of an event, by their names."""
    datasets = [*event["inputs"], *event["outputs"]]
    holders = [event["run"], event["job"], *datasets]
    keys = ("facets", "inputFacets", "outputFacets")
    return [pair for holder in holders for key in keys for pair in holder.get(key, {}).items()]


@pytest.fixture
def version(folder: Path) -> nc.DatasetVersion:
    return chained(folder)


def made_of_classes(event: dict[str, Any]) -> dict[str, Any]:
    """The same event as the library makes and writes it; what it has no class or field for is refused."""
    known = classes()

    def built(facets: dict[str, Any]) -> dict[str, Any]:
        out = {}
        for name, facet in facets.items():
            given = {key: value for key, value in facet.items() if not key.startswith("_")}
            made = known[facet["_schemaURL"]](**given, producer=facet["_producer"])
            out[name] = made
        return out

    def dataset(cls: type, said: dict[str, Any]) -> Any:
        return cls(**{k: built(v) if k.lower().endswith("facets") else v for k, v in said.items()})

    run = RunEvent(
        eventType=RunState[event["eventType"]],
        eventTime=event["eventTime"],
        run=Run(runId=event["run"]["runId"], facets=built(event["run"]["facets"])),
        job=Job(event["job"]["namespace"], event["job"]["name"], built(event["job"]["facets"])),
        inputs=[dataset(InputDataset, said) for said in event["inputs"]],
        outputs=[dataset(OutputDataset, said) for said in event["outputs"]],
        producer=event["producer"],
    )
    written: dict[str, Any] = json.loads(Serde.to_json(run))
    return written


@pytest.mark.parametrize("who", [False, True])
def test_events_are_what_the_library_writes(version: nc.DatasetVersion, who: bool) -> None:
    for event in events(version, who=who):
        found = facets(event)
        assert found
        for _, facet in found:
            assert URI.match(facet["_producer"])
            assert URI.match(facet.get("uri", "file:///")), facet
        for key, own in (("inputs", "inputFacets"), ("outputs", "outputFacets")):
            event[key] = [
                {"facets": {}, own: {}, **said} for said in event[key]
            ]  # as the library writes none
        assert made_of_classes(event) == event


@pytest.mark.parametrize(
    ("place", "value"),
    [(("run", "runId"), "no uuid"), (("eventTime",), "yesterday"), (("eventType",), "DONE")],
)
def test_the_library_refuses_what_is_no_event(
    version: nc.DatasetVersion, place: tuple[str, ...], value: str
) -> None:
    event = events(version)[0]
    *above, last = place
    holder = event[above[0]] if above else event
    holder[last] = value
    with pytest.raises((ValueError, KeyError)):
        made_of_classes(event)


def test_each_version_starts_and_completes_oldest_first(version: nc.DatasetVersion) -> None:
    found = events(version)
    assert [(e["job"]["name"], e["eventType"]) for e in found] == [
        ("means", "START"),
        ("means", "COMPLETE"),
        ("scores", "START"),
        ("scores", "COMPLETE"),
    ]
    for start, end in (found[:2], found[2:]):
        assert start["run"]["runId"] == end["run"]["runId"]
        assert start["eventTime"] <= end["eventTime"]
    inputs = {(i["namespace"], i["name"]): i for i in found[3]["inputs"]}
    assert set(inputs) == {("neurochain", "means"), ("file", "norms.csv")}
    assert inputs["neurochain", "means"]["facets"]["version"]["datasetVersion"] == "1.0.0"
    assert inputs["file", "norms.csv"]["inputFacets"]["inputStatistics"]["rowCount"] == 3
    (storage,) = found[1]["inputs"]
    assert storage["inputFacets"]["inputStatistics"]["fileCount"] == 3
    (output,) = found[3]["outputs"]
    statistics = output["outputFacets"]["outputStatistics"]
    assert (statistics["rowCount"], statistics["size"]) == (version.rows, version.bytes)
    assert [f["name"] for f in output["facets"]["schema"]["fields"]] == list(version.schema)
    assert "def _off(" in found[3]["job"]["facets"]["sourceCode"]["sourceCode"]


def named(fields: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    return {(f["name"], f["field"], t["subtype"]) for f in fields for t in f["transformations"]}


def test_columns_come_from_columns(version: nc.DatasetVersion) -> None:
    *_, end = events(version)
    lineage = end["outputs"][0]["facets"]["columnLineage"]
    columns = {name: named(f["inputFields"]) for name, f in lineage["fields"].items()}
    assert columns == {
        "file": {("means", "file", "IDENTITY")},
        "sub": {("means", "sub", "IDENTITY")},
        "slice_mean": {("means", "slice_mean", "IDENTITY")},
        "norm": {("norms.csv", "norm", "IDENTITY")},
        "score": {("means", "slice_mean", "TRANSFORMATION"), ("norms.csv", "norm", "TRANSFORMATION")},
    }
    assert named(lineage["dataset"]) == {("means", "sub", "JOIN"), ("norms.csv", "sub", "JOIN")}


def test_a_place_is_named_as_openlineage_names_it(version: nc.DatasetVersion, folder: Path) -> None:
    _, end, *_ = events(version, who=True)
    (storage,) = end["inputs"]
    assert (storage["namespace"], storage["name"]) == ("file", f"{folder}/study")
    assert storage["facets"]["dataSource"]["uri"] == f"file://{folder}/study"


def test_rows_come_from_columns_too(folder: Path) -> None:
    nc.read_values(x=[1, 2, 2], z=["a", "b", "b"]).save("values")
    chain = nc.read_dataset("values").filter(nc.Column("x") > 0).mutate(y=nc.Column("x") + 1)
    version = chain.group_by("z", most=nc.Column("y").max()).order_by("most").save("grouped")
    lineage = events(version)[-1]["outputs"][0]["facets"]["columnLineage"]
    assert {name: named(f["inputFields"]) for name, f in lineage["fields"].items()} == {
        "z": {("values", "z", "IDENTITY")},
        "most": {("values", "x", "AGGREGATION")},
    }
    decided = {("values", "x", "FILTER"), ("values", "z", "GROUP_BY"), ("values", "x", "SORT")}
    assert named(lineage["dataset"]) == decided
    assert {t["type"] for f in lineage["dataset"] for t in f["transformations"]} == {"INDIRECT"}
