"""RO-Crate: read by the rocrate package, and held against each MUST of the profiles.

The profiles' own validator, roc-validator, wants an older rich than the rest, and the network for the contexts: to ask it,
install it elsewhere, and run ``rocrate-validator validate FOLDER -p workflow-run-crate-0.5``.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from lineages import SUBJECTS, chained
from rocrate.rocrate import ROCrate

import neurochain as nc

PROCESS = "https://w3id.org/ro/wfrun/process/0.5"
WORKFLOW = "https://w3id.org/ro/wfrun/workflow/0.5"
WORKFLOW_CRATE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
TOOLS = {"SoftwareApplication", "SoftwareSourceCode", "ComputationalWorkflow"}
DATA = {"File", "Dataset", "Collection", "CreativeWork", "PropertyValue"}

Entity = dict[str, Any]


@pytest.fixture
def crate(folder: Path) -> Path:
    """Folder of a crate."""
    written = chained(folder).lineage().export("rocrate", folder / "crate")
    assert written == folder / "crate"
    return Path(written)


def entities(crate: Path) -> dict[str, Entity]:
    graph = json.loads((crate / "ro-crate-metadata.json").read_text("utf-8"))["@graph"]
    found = {e["@id"]: e for e in graph}
    assert len(found) == len(graph)  # RO-Crate 1.1: @id MUST be unique in the graph
    return found


def many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def types(entity: Entity) -> set[str]:
    return set(many(entity["@type"]))


def refs(entity: Entity, name: str) -> list[str]:
    return [one["@id"] for one in many(entity.get(name))]


def references(value: Any) -> Iterator[str]:
    match value:
        case {"@id": str() as name} if len(value) == 1:
            yield name
        case dict():
            for child in value.values():
                yield from references(child)
        case list():
            for child in value:
                yield from references(child)


def of_type(found: dict[str, Entity], kind: str) -> list[Entity]:
    return [e for e in found.values() if kind in types(e)]


def test_the_package_reads_it(crate: Path) -> None:
    read = ROCrate(crate)
    assert read.root_dataset["name"] == "Lineage of scores@1.0.0"
    assert "ComputationalWorkflow" in read.mainEntity.type
    runs = [e for e in read.get_entities() if e.type == "CreateAction"]
    assert {r["name"] for r in runs} == {"save means@1.0.0", "save scores@1.0.0"}
    (latest,) = (r for r in runs if r["name"] == "save scores@1.0.0")
    assert latest["instrument"] == read.mainEntity
    assert {e["name"] for e in latest["object"]} == {"means@1.0.0", "norms.csv"}
    assert latest["result"]["name"] == "scores@1.0.0"
    assert latest["startTime"] <= latest["endTime"]
    assert latest["agent"]["name"] == "person-1"
    assert len(read.get_entities()) == len(entities(crate))


def test_the_package_writes_it_again(crate: Path, folder: Path) -> None:
    ROCrate(crate).write(folder / "again")
    again = {name: e for name, e in entities(folder / "again").items() if name != "ro-crate-metadata.json"}
    assert {name: set(e) for name, e in again.items()} == {
        name: set(e) for name, e in entities(crate).items() if name != "ro-crate-metadata.json"
    }
    for file in (crate / "functions").iterdir():
        assert (folder / "again" / "functions" / file.name).read_text() == file.read_text()


def test_what_ro_crate_demands(crate: Path) -> None:
    document = json.loads((crate / "ro-crate-metadata.json").read_text("utf-8"))
    assert document["@context"][0] == "https://w3id.org/ro/crate/1.1/context"
    found = entities(crate)
    descriptor, root = found["ro-crate-metadata.json"], found["./"]
    assert types(descriptor) == {"CreativeWork"}
    assert refs(descriptor, "about") == ["./"]
    assert "https://w3id.org/ro/crate/1.1" in refs(descriptor, "conformsTo")
    assert types(root) == {"Dataset"}
    for name in ("name", "description", "datePublished", "license"):
        assert root[name]
    reached = set(refs(root, "hasPart"))
    for name in list(reached):
        reached.update(refs(found[name], "hasPart"))
    data = {name for name, e in found.items() if types(e) & {"File", "Dataset"} and name != "./"}
    assert data <= reached  # data entities MUST be linked to, directly or not, from the root by hasPart
    for name in data:
        if ":" not in name:  # a relative one MUST be there
            assert (crate / name).is_file()
            assert int(found[name]["contentSize"]) == (crate / name).stat().st_size
    known = {PROCESS, WORKFLOW, WORKFLOW_CRATE} | set(found)
    outside = {name for e in found.values() for name in references(list(e.values()))} - known
    assert all(name.startswith("https://") for name in outside), outside


def test_what_process_run_crate_demands(crate: Path) -> None:
    found = entities(crate)
    profiles = refs(found["./"], "conformsTo")
    assert {PROCESS, WORKFLOW, WORKFLOW_CRATE} <= set(profiles)
    assert all(types(found[name]) == {"CreativeWork"} for name in profiles)
    actions = of_type(found, "CreateAction")
    assert len(actions) == 2
    for action in actions:
        (instrument,) = refs(action, "instrument")
        assert types(found[instrument]) & TOOLS
        for name in [*refs(action, "object"), *refs(action, "result")]:
            assert types(found[name]) & DATA
        assert refs(action, "result")
        assert action["@id"] in refs(found["./"], "mentions")
        (agent,) = refs(action, "agent")
        assert types(found[agent]) == {"Person"}
        assert action["actionStatus"] == "http://schema.org/CompletedActionStatus"
    for software in of_type(found, "SoftwareApplication"):
        assert ":" in software["@id"]  # an absolute URI
        assert ("version" in software) + ("softwareVersion" in software) == 1


def test_what_workflow_run_crate_demands(crate: Path) -> None:
    found = entities(crate)
    (main,) = refs(found["./"], "mainEntity")
    assert types(found[main]) >= {"File", "SoftwareSourceCode", "ComputationalWorkflow"}
    assert any(refs(a, "instrument") == [main] for a in of_type(found, "CreateAction"))
    for workflow in of_type(found, "ComputationalWorkflow"):
        (language,) = refs(workflow, "programmingLanguage")
        assert types(found[language]) == {"ComputerLanguage"}
        assert "HowTo" in types(workflow)
        assert [found[s]["position"] for s in refs(workflow, "step")] == list(
            range(1, len(refs(workflow, "step")) + 1)
        )
        parameters = [*refs(workflow, "input"), *refs(workflow, "output")]
        assert parameters
        assert all(types(found[name]) == {"FormalParameter"} for name in parameters)
    for parameter in of_type(found, "FormalParameter"):
        (example,) = refs(parameter, "workExample")
        assert types(found[example]) & DATA
        assert parameter["additionalType"] in types(found[example])
        assert parameter["@id"] in refs(found[example], "exampleOfWork")


def test_code_and_files_stand_in_it(crate: Path) -> None:
    found = entities(crate)
    (function,) = (e for e in found.values() if e.get("name") == "score()")
    text = (crate / function["@id"]).read_text("utf-8")
    assert text.index("def _off(") < text.index("def score(")
    steps = {e["name"]: e for e in of_type(found, "HowToStep")}
    assert refs(steps["map(score())"], "workExample") == [function["@id"]]
    assert {f"sub-{s}/anat/sub-{s}_T1w.nii.gz" for s in SUBJECTS} <= {e.get("name") for e in found.values()}
    plan = json.loads((crate / refs(found["./"], "mainEntity")[0]).read_text("utf-8"))
    assert [s["step"] for s in plan["steps"]] == ["merge", "map"]
    (environment,) = (crate / "environments").iterdir()
    assert any(line.startswith("polars==") for line in environment.read_text("utf-8").splitlines())


def test_steps_before_persist_and_functions_of_one_name(folder: Path) -> None:
    def made(factor: int) -> Callable[[int], int]:
        def scaled(x: int) -> int:
            return x * factor

        return scaled

    chain = nc.read_values(x=[1, 2]).map(a=made(2)).persist()
    right = nc.read_values(x=[1, 2]).map(c=made(5))
    version = chain.merge(right, on="x").map(b=made(3)).save("twice")
    version.lineage().export("rocrate", folder / "crate")
    found = entities(folder / "crate")
    steps = sorted(of_type(found, "HowToStep"), key=lambda e: e["position"])
    assert [e["name"] for e in steps] == ["map(a = scaled())", "merge(inner on x)", "map(b = scaled())"]
    fingerprints = [f.fingerprint for f in version.lineage().functions]
    tools = [found[refs(e, "workExample")[0]]["version"] for e in steps if "workExample" in e]
    assert tools == [fingerprints[0], fingerprints[2]]
    assert len(of_type(found, "SoftwareSourceCode")) == 4  # the plan, and three functions
    first = (folder / "crate" / refs(steps[0], "workExample")[0]).read_text("utf-8")
    assert first.startswith("# factor = 2\n")


def test_files_license_and_folder(folder: Path) -> None:
    lineage = chained(folder).lineage()
    lineage.export(
        "rocrate", folder / "a" / "ro-crate-metadata.json", files=False, license="https://example.org/free"
    )
    found = entities(folder / "a")
    assert refs(found["./"], "license") == ["https://example.org/free"]
    assert types(found["https://example.org/free"]) == {"CreativeWork"}
    assert "T1w" not in " ".join(found)
    with pytest.raises(nc.ExportError, match="Say which"):
        lineage.export("rocrate")
    with pytest.raises(nc.ExportError, match=r"Did you mean 'rocrate'\?"):
        lineage.export("ro-crate", folder / "b")
    with pytest.raises(nc.StorageError, match="no folder"):
        lineage.export("prov", folder / "missing" / "prov.json")
