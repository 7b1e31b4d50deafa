"""PROV: read by the prov package, compared with what lineage says, and through PROV-N."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from lineages import SUBJECTS, chained
from prov.model import (
    ProvActivity,
    ProvAgent,
    ProvAssociation,
    ProvAttribution,
    ProvDelegation,
    ProvDerivation,
    ProvDocument,
    ProvEntity,
    ProvGeneration,
    ProvMembership,
    ProvUsage,
)

import neurochain as nc

KINDS = {
    "entity": ProvEntity,
    "activity": ProvActivity,
    "agent": ProvAgent,
    "wasGeneratedBy": ProvGeneration,
    "used": ProvUsage,
    "wasDerivedFrom": ProvDerivation,
    "wasAssociatedWith": ProvAssociation,
    "actedOnBehalfOf": ProvDelegation,
    "hadMember": ProvMembership,
}


@pytest.fixture
def version(folder: Path) -> nc.DatasetVersion:
    return chained(folder)


def read(version: nc.DatasetVersion, **options: Any) -> tuple[ProvDocument, dict[str, Any]]:
    text = version.lineage().export("prov", **options)
    assert isinstance(text, str)
    return ProvDocument.deserialize(content=text, format="json"), json.loads(text)


def labels(document: ProvDocument) -> dict[str, str]:
    """What each element is called, by its identifier."""
    return {
        str(e.identifier): e.label
        for kind in (ProvEntity, ProvActivity, ProvAgent)
        for e in document.get_records(kind)
    }


def pairs(document: ProvDocument, kind: type) -> set[tuple[str, str]]:
    """First two things of each relation, by their labels."""
    names = labels(document)
    return {(names[str(r.args[0])], names[str(r.args[1])]) for r in document.get_records(kind)}


def test_the_package_reads_every_record(version: nc.DatasetVersion) -> None:
    document, written = read(version)
    counted = Counter(type(r) for r in document.get_records())
    assert {name: counted[kind] for name, kind in KINDS.items()} == {
        name: len(written[name]) for name in KINDS
    }
    assert set(written) - {"prefix"} == set(KINDS)
    assert counted[ProvAttribution] == 0
    assert counted[ProvActivity] == 2


def test_relations_are_those_of_the_lineage(version: nc.DatasetVersion) -> None:
    document, _ = read(version)
    saved = {("means@1.0.0", "save means@1.0.0"), ("scores@1.0.0", "save scores@1.0.0")}
    assert pairs(document, ProvGeneration) == saved
    assert pairs(document, ProvDerivation) == {
        ("means@1.0.0", "3 files of study"),
        ("scores@1.0.0", "means@1.0.0"),
        ("scores@1.0.0", "norms.csv"),
    }
    images = {f"sub-{s}/anat/sub-{s}_T1w.nii.gz" for s in SUBJECTS}
    members = {file for _, file in pairs(document, ProvMembership)}
    assert members == {*images, "dataset_description.json"}
    used = pairs(document, ProvUsage)
    assert {file for _, file in used} >= images | {"3 files of study", "means@1.0.0", "norms.csv"}
    assert pairs(document, ProvAssociation) >= {
        ("save means@1.0.0", "person-1"),
        ("save scores@1.0.0", "person-1"),
    }


def test_functions_are_plans_with_their_text(version: nc.DatasetVersion) -> None:
    document, written = read(version)
    names = labels(document)
    plans = Counter(
        names[str(r.args[2])] for r in document.get_records(ProvAssociation) if r.args[2] is not None
    )
    assert set(plans) == {"plan of means@1.0.0", "plan of scores@1.0.0", "slice_mean()", "score()"}
    (text,) = (e["nc:sourceCode"] for e in written["entity"].values() if e["prov:label"] == "score()")
    assert text.index("def _off(") < text.index("def score(")
    (said,) = (r for r in written["wasAssociatedWith"].values() if r.get("nc:column") == ["score"])
    assert (said["nc:computed"], said["nc:argument"]) == (3, ["slice_mean", "norm"])


def test_what_was_read_of_each_file_stands_there(version: nc.DatasetVersion) -> None:
    _, written = read(version)
    reads = version.lineage().sources[0].lineage.reads()  # type: ignore[union-attr]
    said = [r for r in written["used"].values() if "nc:bytesRead" in r]
    assert sorted(r["nc:sha256"] for r in said) == sorted(h.hex() for h in reads["sha256"])
    assert sum(r["nc:bytesRead"] for r in said) == reads["bytes"].sum()


def test_every_name_that_is_used_is_declared_and_times_are_in_order(version: nc.DatasetVersion) -> None:
    document, written = read(version)
    declared = {
        str(r.identifier)
        for kind in (ProvEntity, ProvActivity, ProvAgent)
        for r in document.get_records(kind)
    }
    for kind in (
        "wasGeneratedBy",
        "used",
        "wasDerivedFrom",
        "wasAssociatedWith",
        "actedOnBehalfOf",
        "hadMember",
    ):
        for relation in written[kind].values():
            named = {v for k, v in relation.items() if k.startswith("prov:") and isinstance(v, str)}
            assert named - {relation.get("prov:time")} <= declared, relation
    ends = {}
    for activity in document.get_records(ProvActivity):
        assert activity.get_startTime() <= activity.get_endTime()
        ends[activity.identifier] = activity.get_endTime()
    for generation in document.get_records(ProvGeneration):
        assert generation.args[2] == ends[generation.args[1]]
    generated = [str(r.args[0]) for r in document.get_records(ProvGeneration)]
    assert len(generated) == len(set(generated))  # PROV-CONSTRAINTS, unique generation


def test_round_trip_and_prov_n(version: nc.DatasetVersion) -> None:
    document, _ = read(version)
    again = ProvDocument.deserialize(content=document.serialize(format="json"), format="json")
    assert again == document
    lines = document.get_provn().splitlines()
    for word, kind in KINDS.items():
        written = [line for line in lines if line.strip().startswith(f"{word}(")]
        assert len(written) == len(list(document.get_records(kind)))
        assert not [line for line in written if "\\" in line.split("[")[0]]  # no name needs an escape


def test_files_can_be_left_out(version: nc.DatasetVersion) -> None:
    document, written = read(version, files=False)
    assert not list(document.get_records(ProvMembership))
    assert "T1w" not in json.dumps(written).replace("suffix == 'T1w'", "")
    assert ("means@1.0.0", "3 files of study") in pairs(document, ProvDerivation)
