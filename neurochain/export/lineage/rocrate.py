"""RO-Crate: lineage as a Workflow Run RO-Crate: a folder with its metadata, the plans and the functions.

Versions and what they came from are datasets that lie elsewhere. The plan of each version is a workflow, each function
source code and a step of it, and what made a version an action.

Specification: https://w3id.org/ro/crate/1.1, https://w3id.org/ro/wfrun/process/0.5,
https://w3id.org/ro/wfrun/workflow/0.5, https://w3id.org/workflowhub/workflow-ro-crate/1.0.
"""

import json
from collections.abc import Iterable
from mimetypes import MimeTypes
from typing import Any
from urllib.parse import quote

from neurochain.chain.replay.functions import function_steps
from neurochain.datasets.lineage import FunctionUse, Lineage, Source
from neurochain.export.lineage.graph import Graph, Item, moment, plan_steps, used_packages
from neurochain.export.lineage.identifiers import (
    NAMESPACE,
    SHORT,
    identifier,
    of_file,
    of_function,
    of_lineage,
    of_run,
)

Json = dict[str, Any]
METADATA = "ro-crate-metadata.json"
CONTEXT = ["https://w3id.org/ro/crate/1.1/context", "https://w3id.org/ro/terms/workflow-run/context"]
CRATE = "https://w3id.org/ro/crate/1.1"
WORKFLOW_CRATE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    WORKFLOW_CRATE: ("Workflow RO-Crate", "1.0"),
}
BIOSCHEMAS = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
PARAMETER = "https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE"
PYTHON = "https://www.python.org/"
_MEDIA_TYPES = MimeTypes()  # Python's own: those of the machine differ from one to the next
UNLICENSED = "No licence is stated."
COMPLETED = "http://schema.org/CompletedActionStatus"


def to_rocrate(graph: Graph) -> dict[str, str]:
    """Texts of a crate by their places in its folder."""
    crate = Crate(graph)
    for lineage in graph.versions:
        crate.add(lineage)
    return crate.texts()


class Crate:
    """A crate that grows by versions."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._entities: dict[str, Json] = {}
        self._texts: dict[str, str] = {}
        self._parts: list[str] = []  # data entities
        self._mentioned: list[str] = []
        for uri, (name, version) in PROFILES.items():
            self._put(uri, "CreativeWork", name=name, version=version)
        self._put(PYTHON, "ComputerLanguage", name="Python", url=_ref(PYTHON))

    def texts(self) -> dict[str, str]:
        """All files, the metadata among them."""
        top = self._graph.top
        published = self._graph.published(top)
        title = f"{top.name}@{top.version}"
        root: Json = {
            "@id": "./",
            "@type": "Dataset",
            "name": f"Lineage of {title}",
            "description": published.description or f"How {title} was made, back to the files it came from.",
            "datePublished": moment(top.activity["ended"]),
            "license": self._license(),
            "conformsTo": _refs(PROFILES),
            "mainEntity": _ref(_plan_file(top)),
            "hasPart": _refs(self._parts),
            "mentions": _refs(self._mentioned),
        }
        if published.labels:
            root["keywords"] = ", ".join(published.labels)
        descriptor: Json = {
            "@id": METADATA,
            "@type": "CreativeWork",
            "about": _ref("./"),
            "conformsTo": _refs([CRATE, WORKFLOW_CRATE]),
        }
        graph = [_single(entity) for entity in (descriptor, root, *self._entities.values())]
        text = json.dumps({"@context": CONTEXT, "@graph": graph}, indent=2, ensure_ascii=False)
        return {**self._texts, METADATA: text + "\n"}

    def add(self, lineage: Lineage) -> None:
        """A version, the action that made it, the plan it followed, and what it came from."""
        title = f"{lineage.name}@{lineage.version}"
        version = self._version(lineage)
        used = [self._item(lineage, source, item) for source, item in self._graph.items(lineage)]
        used += self._parameters(lineage)
        a, disclosure = lineage.activity, self._graph.disclosure
        action = f"#run-{of_run(lineage)}"
        said = [
            f"{a['computed']:,} rows computed, {a['reused']:,} reused, {a['failed']:,} failed; "
            f"{a['bytes']:,} bytes pulled in {a['requests']:,} reads.",
            *(f"Not reproducible: {problem}." for problem in self._graph.problems(lineage)),
        ]
        if disclosure.who:
            said.append(f"Command on {a['host']}: {a['command']}")
        self._put(
            action,
            "CreateAction",
            name=f"save {title}",
            description=" ".join(said),
            startTime=moment(a["started"]),
            endTime=moment(a["ended"]),
            actionStatus=COMPLETED,
            instrument=_ref(self._workflow(lineage, used, version)),
            object=_refs(used),
            result=_ref(version),
            agent=_ref(self._person(lineage)),
        )
        self._mentioned.append(action)

    def _license(self) -> str | Json:
        said = self._graph.license
        if said is None or "://" not in said:
            return said or UNLICENSED
        return _ref(self._put(said, "CreativeWork", name=said, url=said))

    def _workflow(self, lineage: Lineage, used: list[str], version: str) -> str:
        """The plan of a version as a file, with its functions as others, and its steps."""
        file, title = _plan_file(lineage), f"{lineage.name}@{lineage.version}"
        functions = [self._function(f) for f in lineage.functions]
        plan = self._graph.disclosure.plan(lineage.plan, lineage.activity)
        self._write(
            file,
            json.dumps(plan, indent=2, ensure_ascii=False) + "\n",
            ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
            name=f"Plan of {title}",
            version=lineage.version,
            programmingLanguage=_ref(self._language()),
            encodingFormat="application/json",
            conformsTo=_ref(BIOSCHEMAS),
            hasPart=_refs(functions),
            input=[_ref(self._parameter(file, "input", item)) for item in used],
            output=[_ref(self._parameter(file, "output", version))],
            step=[_ref(name) for name in self._steps(lineage)],
            softwareRequirements=_refs(
                [*(self._software(*p) for p in used_packages(lineage).items()), self._environment(lineage)]
            ),
        )
        return file

    def _steps(self, lineage: Lineage) -> list[str]:
        names = []
        steps = plan_steps(lineage.plan)
        called = {id(s): f for s, f in zip(function_steps(lineage.plan), lineage.functions, strict=False)}
        for number, (step, text) in enumerate(zip(steps, self._graph.steps(lineage), strict=True), 1):
            name = f"#step-{of_lineage(lineage)}-{number}"
            function = called.get(id(step))
            tool = {} if function is None else {"workExample": _ref(self._function(function))}
            names.append(self._put(name, "HowToStep", name=text, position=number, **tool))
        return names

    def _function(self, function: FunctionUse) -> str:
        file = f"functions/{of_function(function)}.py"
        self._write(
            file,
            self._graph.function_text(function),
            ["File", "SoftwareSourceCode"],
            name=f"{function.name}()",
            version=function.fingerprint,
            programmingLanguage=_ref(PYTHON),
            encodingFormat="text/x-python",
            softwareRequirements=_refs(
                self._software(*p) for p in function.detail.get("packages", {}).items()
            ),
        )
        return file

    def _environment(self, lineage: Lineage) -> str:
        a = lineage.activity
        file = f"environments/{a['environment'][:SHORT]}.txt"
        lines = [f"# Python {a['python']} on {a['platform']}"]
        lines += [f"{name}=={number}" for name, number in lineage.packages.items()]
        title = f"Python {a['python']} with {len(lineage.packages)} packages"
        self._write(file, "\n".join(lines) + "\n", ["File"], name=title, encodingFormat="text/plain")
        return file

    def _version(self, lineage: Lineage) -> str:
        published = self._graph.published(lineage)
        name = _folder(of_lineage(lineage))
        self._put(
            name,
            "Dataset",
            name=f"{lineage.name}@{lineage.version}",
            description=published.description or f"{lineage.rows:,} rows",
            version=lineage.version,
            identifier=lineage.content_hash,
            dateCreated=moment(lineage.activity["ended"]),
            keywords=", ".join(published.labels),
            variableMeasured=[f"{f.name}: {f.type}" for f in published.schema.values()],
            isBasedOn=_refs(_item_name(item) for _, item in self._graph.items(lineage)),
        )
        self._parts.append(name)
        return name

    def _item(self, lineage: Lineage, source: Source, item: Item) -> str:
        """Something that was read."""
        name = _item_name(item)
        if source.lineage is not None:
            return name
        facts, places = item.facts, [place for place in item.places.values() if place is not None]
        said: Json = {"name": item.title, "url": [p for p in places if not p.startswith("file:")]}
        if item.kind == "table":
            said |= {
                "sha256": facts["sha256"],
                "contentSize": str(facts["bytes"]),
                "encodingFormat": _media_type(item.title),
            }
            self._put(name, "File", **said)
        else:
            counted = [f"{facts[key]:,} {key}" for key in ("rows", "files", "bytes") if key in facts]
            said |= {"description": ", ".join(counted), "identifier": facts.get("content_hash")}
            if item.kind == "storage" and self._graph.files:
                said["hasPart"] = _refs(self._files(lineage, source))
            self._put(name, "Dataset", **said)
        self._parts.append(name)
        return name

    def _files(self, lineage: Lineage, source: Source) -> list[str]:
        roots, names = source.reference["roots"], []
        listed = lineage.files_of(source).select("root", "path", "etag", "size", "mtime")
        for root, path, etag, size, modified in listed.iter_rows():
            place = (
                self._graph.disclosure.place(f"{roots[root].rstrip('/')}/{path}") if root in roots else None
            )
            name = f"{NAMESPACE}{of_file(root, path, etag)}" if place is None else place
            date = {"dateModified": modified.isoformat()} if modified else {}
            said = {"contentSize": str(size), "encodingFormat": _media_type(path), **date}
            self._put(name, "File", name=self._graph.disclosure.value(path), **said)
            names.append(name)
        return names

    def _parameters(self, lineage: Lineage) -> list[str]:
        """What the script was given."""
        return [
            self._put(f"#parameter-{of_run(lineage)}-{name}", "PropertyValue", name=name, value=str(value))
            for name, value in self._graph.parameters(lineage).items()
        ]

    def _parameter(self, plan: str, way: str, item: str) -> str:
        """What a plan takes or gives, of which an item is an example."""
        entity = self._entities[item]
        bare = item.removeprefix(NAMESPACE).strip("/#")
        name = f"#{way}-{identifier(plan, bare)}"
        self._put(
            name,
            "FormalParameter",
            name=entity["name"],
            additionalType=entity["@type"],
            conformsTo=_ref(PARAMETER),
            workExample=_ref(item),
        )
        entity.setdefault("exampleOfWork", []).append(_ref(name))
        return name

    def _person(self, lineage: Lineage) -> str:
        said = self._graph.disclosure.person(lineage.activity)
        return self._put(f"#{identifier(said)}", "Person", name=said)

    def _software(self, name: str, number: str) -> str:
        kind = "generic" if name == "neurochain" else "pypi"
        return self._put(
            f"pkg:{kind}/{quote(name.lower())}@{quote(number)}",
            "SoftwareApplication",
            name=name,
            softwareVersion=number,
        )

    def _language(self) -> str:
        """What plans are written in."""
        return self._put(
            "#neurochain-plan", "ComputerLanguage", name="neurochain's plans", alternateName="neurochain"
        )

    def _write(self, file: str, text: str, kinds: list[str], **properties: Any) -> None:
        """A file of the crate."""
        if file not in self._texts:
            self._texts[file] = text
            self._parts.append(file)
            self._put(file, kinds, contentSize=str(len(text.encode())), **properties)

    def _put(self, entity: str, kind: str | list[str], /, **properties: Any) -> str:
        """Add an entity, unless it is there; its identifier."""
        said = {key: value for key, value in properties.items() if value not in (None, "", [])}
        self._entities.setdefault(entity, {"@id": entity, "@type": kind, **said})
        return entity


def _plan_file(lineage: Lineage) -> str:
    return f"plans/{identifier(lineage.name, lineage.version)}.json"


def _media_type(path: str) -> str:
    kind, packed = _MEDIA_TYPES.guess_type(path)
    return f"application/{packed}" if packed else kind or "application/octet-stream"


def _item_name(item: Item) -> str:
    return f"{NAMESPACE}{item.id}" if item.kind == "table" else _folder(item.id)


def _folder(name: str) -> str:
    """Identifier of a dataset that lies elsewhere."""
    return f"{NAMESPACE}{name}/"


def _single(entity: Json) -> Json:
    """Entity whose lists of one are that one."""
    return {k: v[0] if isinstance(v, list) and len(v) == 1 else v for k, v in entity.items()}


def _ref(name: str) -> Json:
    return {"@id": name}


def _refs(names: Iterable[str]) -> list[Json]:
    return [_ref(name) for name in dict.fromkeys(names)]
