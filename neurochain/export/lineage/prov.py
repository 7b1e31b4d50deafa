"""PROV: lineage as W3C PROV-JSON.

Versions, inputs, files, functions and plans are entities; what made a version is an activity with its start and end;
neurochain, the packages that functions use and the person are agents. A function is the plan of an association.

Specification: https://www.w3.org/submissions/prov-json/, https://www.w3.org/TR/prov-dm/.
"""

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from neurochain.datasets.lineage import FunctionUse, Lineage, Source
from neurochain.export.lineage.graph import Graph, Item, moment, used_packages
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
TYPES = {
    "storage": "nc:Storage",
    "version": "nc:Version",
    "table": "nc:Table",
    "scan": "nc:TableScan",
    "values": "nc:Values",
    "datachain": "nc:DataChain",
}


def to_prov(graph: Graph) -> str:
    """Lineage as one PROV-JSON document."""
    document = Document(graph)
    for lineage in graph.versions:
        document.add(lineage)
    return json.dumps(document.to_json(), indent=2, ensure_ascii=False) + "\n"


class Document:
    """A PROV document that grows by versions."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._elements: dict[str, dict[str, Json]] = {"entity": {}, "activity": {}, "agent": {}}
        self._relations: dict[str, list[Json]] = defaultdict(list)

    def to_json(self) -> Json:
        """Plain JSON types."""
        prefixes = {"nc": NAMESPACE, "uuid": "urn:uuid:", "dct": "http://purl.org/dc/terms/"}
        relations = {
            kind: {f"_:{kind}{number}": roles for number, roles in enumerate(found, 1)}
            for kind, found in self._relations.items()
        }
        return {"prefix": prefixes, **self._elements, **relations}

    def add(self, lineage: Lineage) -> None:
        """A version, what made it, and what it came from."""
        activity, version = self._activity(lineage), self._version(lineage)
        self._relate("wasGeneratedBy", entity=version, activity=activity, time=_ended(lineage))
        for source, item in self._graph.items(lineage):
            used = self._item(item)
            self._relate("used", activity=activity, entity=used)
            self._relate("wasDerivedFrom", generatedEntity=version, usedEntity=used, activity=activity)
            if source.kind == "storage" and self._graph.files:
                self._members(used, lineage, source)
        if self._graph.files:
            self._reads(activity, lineage)
        role = {"prov:role": _name("nc:environment")}
        self._relate("used", role, activity=activity, entity=self._environment(lineage))
        self._agents(activity, lineage)

    def _version(self, lineage: Lineage) -> str:
        published = self._graph.published(lineage)
        return self._element(
            "entity",
            of_lineage(lineage),
            f"{lineage.name}@{lineage.version}",
            _name("nc:Version"),
            {
                "dct:description": published.description or None,
                "nc:label": list(published.labels),
                "nc:rows": lineage.rows,
                "nc:bytes": published.bytes,
                "nc:contentHash": lineage.content_hash,
                "nc:column": [f"{f.name}: {f.type}" for f in published.schema.values()],
                "nc:notReproducible": self._graph.problems(lineage),
            },
        )

    def _activity(self, lineage: Lineage) -> str:
        a, who = lineage.activity, self._graph.disclosure.who
        attributes = {
            "prov:startTime": moment(a["started"]),
            "prov:endTime": _ended(lineage),
            **{f"nc:{key}": a[key] for key in ("computed", "reused", "failed", "bytes", "requests", "seed")},
            "nc:parameter": [
                f"{name} = {value!r}" for name, value in self._graph.parameters(lineage).items()
            ],
            "nc:gitCommit": a["git_commit"],
            "nc:gitDirty": a["git_dirty"],
            "nc:command": a["command"] if who else None,
            "nc:host": a["host"] if who else None,
        }
        name = f"uuid:{of_run(lineage)}"
        self._put("activity", name, f"save {lineage.name}@{lineage.version}", _name("nc:Save"), attributes)
        return name

    def _item(self, item: Item) -> str:
        types = [_name(TYPES[item.kind])]
        if item.kind == "storage":
            types.append(_name("prov:Collection"))
        facts = {f"nc:{_camel(key)}": value for key, value in item.facts.items()}
        places = {
            "nc:root": list(item.places) if item.kind == "storage" else [],
            "prov:location": [place for place in item.places.values() if place is not None],
        }
        return self._element("entity", item.id, item.title, types, facts | places)

    def _members(self, collection: str, lineage: Lineage, source: Source) -> None:
        files = lineage.files_of(source).select("root", "path", "etag", "size", "mtime")
        for row in files.iter_rows(named=True):
            facts = {"nc:bytes": row["size"], "nc:modified": row["mtime"] and row["mtime"].isoformat()}
            member = self._file(lineage, row["root"], row["path"], row["etag"], facts)
            self._relate("hadMember", collection=collection, entity=member)

    def _reads(self, activity: str, lineage: Lineage) -> None:
        for row in lineage.reads().iter_rows(named=True):
            file = self._file(lineage, row["root"], row["path"], row["etag"], {})
            said = {
                "nc:function": row["function"],
                "nc:bytesRead": row["bytes"],
                "nc:sha256": row["sha256"].hex(),
            }
            self._relate("used", said, activity=activity, entity=file)

    def _file(self, lineage: Lineage, root: str | None, path: str, etag: str, facts: Json) -> str:
        attributes = {
            "nc:root": root and self._graph.disclosure.root(root, lineage.activity),
            "nc:etag": etag,
        }
        label = self._graph.disclosure.value(path)
        return self._element("entity", of_file(root, path, etag), label, _name("nc:File"), attributes | facts)

    def _environment(self, lineage: Lineage) -> str:
        a = lineage.activity
        return self._element(
            "entity",
            identifier("environment", a["environment"][:SHORT]),
            f"Python {a['python']} with {len(lineage.packages)} packages",
            _name("nc:Environment"),
            {
                "nc:python": a["python"],
                "nc:platform": a["platform"],
                "nc:package": [f"{name}=={number}" for name, number in lineage.packages.items()],
            },
        )

    def _agents(self, activity: str, lineage: Lineage) -> None:
        software = {name: self._software(name, number) for name, number in used_packages(lineage).items()}
        person = self._person(lineage)
        self._relate("wasAssociatedWith", activity=activity, agent=person)
        self._relate(
            "actedOnBehalfOf", delegate=software["neurochain"], responsible=person, activity=activity
        )
        self._relate(
            "wasAssociatedWith", activity=activity, agent=software["neurochain"], plan=self._plan(lineage)
        )
        for function in lineage.functions:
            counts = {
                f"nc:{key}": getattr(function, key) for key in ("computed", "reused", "failed", "bytes")
            }
            names = {"nc:argument": function.arguments or [], "nc:column": function.columns or []}
            plan, agent = self._function(function), software["neurochain"]
            self._relate("wasAssociatedWith", counts | names, activity=activity, agent=agent, plan=plan)
            for package in function.detail.get("packages", {}):
                self._relate("wasAssociatedWith", activity=activity, agent=software[package], plan=plan)

    def _software(self, name: str, number: str) -> str:
        attributes = {"nc:version": number}
        return self._element(
            "agent",
            identifier("software", name, number),
            f"{name} {number}",
            _name("prov:SoftwareAgent"),
            attributes,
        )

    def _person(self, lineage: Lineage) -> str:
        said = self._graph.disclosure.person(lineage.activity)
        return self._element("agent", identifier(said), said, _name("prov:Person"), {})

    def _plan(self, lineage: Lineage) -> str:
        steps = [f"{number}. {text}" for number, text in enumerate(self._graph.steps(lineage), 1)]
        name = identifier("plan", of_lineage(lineage))
        label = f"plan of {lineage.name}@{lineage.version}"
        return self._element(
            "entity", name, label, [_name("prov:Plan"), _name("nc:Chain")], {"nc:step": steps}
        )

    def _function(self, function: FunctionUse) -> str:
        attributes = {
            "nc:fingerprint": function.fingerprint,
            "nc:sourceCode": self._graph.function_text(function),
        }
        types = [_name("prov:Plan"), _name("nc:Function")]
        return self._element("entity", of_function(function), f"{function.name}()", types, attributes)

    def _element(self, kind: str, name: str, label: str, types: Any, attributes: Mapping[str, Any]) -> str:
        qualified = f"nc:{name}"
        self._put(kind, qualified, label, types, attributes)
        return qualified

    def _put(self, kind: str, name: str, label: str, types: Any, attributes: Mapping[str, Any]) -> None:
        known = self._elements[kind].setdefault(name, {"prov:label": label, "prov:type": types})
        known.update({k: v for k, v in attributes.items() if v not in (None, [])})

    def _relate(self, kind: str, attributes: Mapping[str, Any] | None = None, **roles: str) -> None:
        said = {f"prov:{name}": value for name, value in roles.items()}
        self._relations[kind].append(
            said | {k: v for k, v in (attributes or {}).items() if v not in (None, [])}
        )


def _name(qualified: str) -> Json:
    """Qualified name as a value."""
    return {"$": qualified, "type": "prov:QUALIFIED_NAME"}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


def _ended(lineage: Lineage) -> str:
    return moment(lineage.activity["ended"])
