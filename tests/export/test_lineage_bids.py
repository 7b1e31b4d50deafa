"""BIDS: the description of a derivative, held against the schema that bidsschematools ships."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from bidsschematools.schema import load_schema
from lineages import DOI, chained

import neurochain as nc


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    """JSON Schema of ``dataset_description.json``, of the rules and the objects of BIDS."""
    bids = load_schema().to_dict()
    fields = bids["rules"]["json"]["dataset"]["dataset_description"]["fields"]
    levels = {name: f if isinstance(f, str) else f["level"] for name, f in fields.items()}
    return {
        "type": "object",
        "properties": {name: bids["objects"]["metadata"][name] for name in levels},
        "required": [name for name, level in levels.items() if level == "required"],
        "additionalProperties": False,
    }


def described(version: nc.DatasetVersion, **options: Any) -> dict[str, Any]:
    text = version.lineage().export("bids", **options)
    assert isinstance(text, str)
    return dict(json.loads(text))


def test_a_derivative(folder: Path, schema: dict[str, Any]) -> None:
    version = chained(folder)
    found = described(version, license="CC0")
    jsonschema.validate(found, schema, format_checker=jsonschema.FormatChecker())
    assert found["DatasetType"] == "derivative"
    assert (found["Name"], found["License"]) == ("scores", "CC0")
    assert found["SourceDatasets"] == [{"DOI": DOI}]
    latest, first = found["GeneratedBy"]
    assert latest["Version"] == version.lineage().packages.get("neurochain", "unknown")
    assert "scores@1.0.0" in latest["Description"]
    assert "map(score())" in latest["Description"]
    assert "means@1.0.0" in first["Description"]
    assert "numpy" in first["Description"]
    assert described(nc.dataset("means"))["Name"] == "means: Mean of a slice"


def test_a_place_is_a_url_where_it_may_be_said(folder: Path, schema: dict[str, Any]) -> None:
    version = chained(folder)
    found = described(version, who=True)
    jsonschema.validate(found, schema, format_checker=jsonschema.FormatChecker())
    assert found["SourceDatasets"] == [
        {"URL": f"file://{folder}/study", "DOI": DOI},
        {"URL": f"file://{folder}/norms.csv"},
    ]


def test_nothing_is_said_of_values(folder: Path, schema: dict[str, Any]) -> None:
    found = described(nc.read_values(x=[1]).save("one"))
    jsonschema.validate(found, schema)
    assert "SourceDatasets" not in found
    assert "License" not in found
    assert "reading alone" in found["GeneratedBy"][0]["Description"]


def test_the_schema_refuses_what_is_no_description(schema: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"Name": "x", "BIDSVersion": "1.11.1", "GeneratedBy": [{"Version": "1"}]}, schema)
