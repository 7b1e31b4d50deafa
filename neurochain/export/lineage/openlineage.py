"""OpenLineage: lineage as run events, one JSON object per line, as its file transport writes them.

Each version is a START and a COMPLETE event of the run that made it, oldest first.

Specification: https://openlineage.io/spec/2-0-2/OpenLineage.json, and the facets beside it.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from neurochain.chain.columns import AGGREGATED, COMPUTED, SAME, ColumnLineage, traced
from neurochain.datasets.lineage import Lineage, Source
from neurochain.datasets.schema import describe
from neurochain.datasets.types import Field, Record
from neurochain.datasets.versions import DatasetVersion
from neurochain.export.lineage.graph import Graph, Item, moment
from neurochain.export.lineage.identifiers import of_run, of_source
from neurochain.storage.scheme import split_uri

Json = dict[str, Any]
NAMESPACE = "neurochain"
SPEC = "https://openlineage.io/spec"
EVENT = f"{SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent"
FACETS = {
    "columnLineage": "1-2-0/ColumnLineageDatasetFacet",
    "dataSource": "1-0-1/DatasourceDatasetFacet",
    "documentation": "1-1-0/DocumentationJobFacet",
    "executionParameters": "1-0-0/ExecutionParametersRunFacet",
    "inputStatistics": "1-0-0/InputStatisticsInputDatasetFacet",
    "jobType": "2-0-4/JobTypeJobFacet",
    "nominalTime": "1-0-1/NominalTimeRunFacet",
    "outputStatistics": "1-0-2/OutputStatisticsOutputDatasetFacet",
    "processing_engine": "1-1-1/ProcessingEngineRunFacet",
    "schema": "1-2-0/SchemaDatasetFacet",
    "sourceCode": "1-0-1/SourceCodeJobFacet",
    "tags": "1-0-0/TagsRunFacet",
    "version": "1-0-1/DatasetVersionDatasetFacet",
}
VALUES = {SAME: "IDENTITY", COMPUTED: "TRANSFORMATION", AGGREGATED: "AGGREGATION"}
ROWS = {"filter": "FILTER", "merge": "JOIN", "group_by": "GROUP_BY", "order_by": "SORT"}


def to_openlineage(graph: Graph) -> str:
    """Lineage as events, one per line."""
    events = [event for lineage in graph.versions for event in _Run(graph, lineage).events()]
    return "".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events)


@dataclass(frozen=True)
class _Dataset:
    """Something that was read, by the name that it has for everybody."""

    namespace: str
    name: str
    uri: str | None = None

    @property
    def named(self) -> Json:
        return {"namespace": self.namespace, "name": self.name}


class _Run:
    """One activity."""

    def __init__(self, graph: Graph, lineage: Lineage) -> None:
        self._graph, self._lineage = graph, lineage
        self._engine = lineage.packages.get("neurochain", "unknown")
        self._producer = f"pkg:generic/neurochain@{self._engine}"
        self._items = graph.items(lineage)
        self._datasets = {item.id: _datasets(source, item) for source, item in self._items}

    def events(self) -> list[Json]:
        a = self._lineage.activity
        inputs = [one for source, item in self._items for one in self._inputs(source, item)]
        common = {"producer": self._producer, "schemaURL": EVENT}
        run, job = {"runId": of_run(self._lineage), "facets": self._run_facets()}, self._job()
        start = {"eventType": "START", "eventTime": moment(a["started"]), "run": run, "job": job}
        end = {"eventType": "COMPLETE", "eventTime": moment(a["ended"]), "run": run, "job": job}
        named = {"namespace": NAMESPACE, "name": self._lineage.name}
        return [
            {**start, "inputs": inputs, "outputs": [named], **common},
            {**end, "inputs": inputs, "outputs": [{**named, **self._output()}], **common},
        ]

    def _run_facets(self) -> Json:
        a, who = self._lineage.activity, self._graph.disclosure.who
        tags = {
            "python": a["python"],
            "git_commit": a["git_commit"],
            "git_dirty": a["git_dirty"],
            "content_hash": self._lineage.content_hash,
            "reproducible": not self._lineage.problems,
            **({key: a[key] for key in ("user", "host", "command")} if who else {}),
        }
        said = [
            {"key": key, "value": str(value), "source": NAMESPACE}
            for key, value in tags.items()
            if value is not None
        ]
        engine = {"name": NAMESPACE, "version": self._engine, "openlineageAdapterVersion": self._engine}
        times = {"nominalStartTime": moment(a["started"]), "nominalEndTime": moment(a["ended"])}
        facets: Json = {"processing_engine": engine, "nominalTime": times, "tags": {"tags": said}}
        if parameters := self._graph.parameters(self._lineage):
            given = [{"key": name, "name": name, "value": str(value)} for name, value in parameters.items()]
            facets["executionParameters"] = {"parameters": given}
        return self._facets(**facets)

    def _job(self) -> Json:
        made, graph = self._lineage, self._graph
        said = [graph.published(made).description, *graph.steps(made)]
        facets = {
            "jobType": {"processingType": "BATCH", "integration": "NEUROCHAIN", "jobType": "JOB"},
            "documentation": {"description": "\n".join(filter(None, said)), "contentType": "text/plain"},
        }
        if made.functions:
            text = "\n\n".join(map(graph.function_text, made.functions))
            facets["sourceCode"] = {"language": "python", "sourceCode": text}
        return {"namespace": NAMESPACE, "name": made.name, "facets": self._facets(**facets)}

    def _inputs(self, source: Source, item: Item) -> list[Json]:
        """Datasets that something that was read is: each of several folders is one."""
        facets: Json = {}
        if source.kind == "version":
            facets["version"] = {"datasetVersion": source.reference["version"]}
        if source.lineage is not None:
            facets["schema"] = _schema(self._graph.published(source.lineage))
        counts = {"rowCount": "rows", "fileCount": "files", "size": "bytes"}
        counted = {name: item.facts[key] for name, key in counts.items() if key in item.facts}
        found = self._datasets[item.id]
        out = []
        for dataset in found:
            at = {"name": dataset.namespace, **({"uri": dataset.uri} if dataset.uri else {})}
            one = {**dataset.named, "facets": self._facets(dataSource=at, **facets)}
            if len(found) == 1:  # of several folders only the sum is known
                one["inputFacets"] = self._facets(inputStatistics=counted)
            out.append(one)
        return out

    def _output(self) -> Json:
        published = self._graph.published(self._lineage)
        facets: Json = {
            "version": {"datasetVersion": self._lineage.version},
            "schema": _schema(published),
            "dataSource": {"name": NAMESPACE},
            "columnLineage": self._column_lineage(published),
        }
        counted = {"rowCount": self._lineage.rows, "size": published.bytes}
        return {"facets": self._facets(**facets), "outputFacets": self._facets(outputStatistics=counted)}

    def _column_lineage(self, published: DatasetVersion) -> Json:
        """Columns of inputs that a version's columns come from, and those that decided its rows."""
        columns = traced(self._lineage)
        origins = {name: _origins(columns.of(name)) for name in published.schema}
        rows = [(node, ROWS[verb]) for verb, one in columns.rows for node, _ in _origins(one)]
        return {
            "fields": {name: {"inputFields": self._fields(o, "DIRECT")} for name, o in origins.items() if o},
            "dataset": self._fields(rows, "INDIRECT"),
        }

    def _fields(self, origins: Iterable[tuple[ColumnLineage, str]], kind: str) -> list[Json]:
        """Columns of inputs, each with all that became of it."""
        found: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        for node, how in origins:
            if node.source is not None:
                found[of_source(node.source), node.column][how] = None
        return [
            {
                **dataset.named,
                "field": column,
                "transformations": [{"type": kind, "subtype": one} for one in how],
            }
            for (source, column), how in found.items()
            for dataset in self._datasets[source]
        ]

    def _facets(self, **facets: Json) -> Json:
        """Facets with what each must say of itself."""
        return {
            name: {"_producer": self._producer, "_schemaURL": _schema_url(FACETS[name]), **facet}
            for name, facet in facets.items()
        }


def _origins(node: ColumnLineage, how: str = SAME) -> list[tuple[ColumnLineage, str]]:
    """Columns of inputs that a column comes from, and what became of their values on the way."""
    if node.source is not None and node.function is None:
        return [(node, VALUES[how])]
    stronger = max(how, node.how, key=list(VALUES).index)
    return [pair for one in node.inputs for pair in _origins(one, stronger)]


def _schema_url(facet: str) -> str:
    return f"{SPEC}/facets/{facet}.json#/$defs/{facet.partition('/')[2]}"


def _datasets(source: Source, item: Item) -> list[_Dataset]:
    """Names of what was read, as OpenLineage gives them: the store, and the place in it."""
    match source.kind:
        case "version":
            return [_Dataset(NAMESPACE, source.reference["name"])]
        case "scan" if any(item.places.values()):
            return [_lying(name, uri) for name, uri in item.places.items()]
        case "storage" | "table":
            return [_lying(name, uri) for name, uri in item.places.items()]
        case _:
            return [_Dataset(NAMESPACE, item.id)]


def _lying(name: str, uri: str | None) -> _Dataset:
    if uri is None:
        return _Dataset("file", name)
    scheme, rest = split_uri(uri)
    if scheme == "file":
        return _Dataset("file", unquote(rest), uri)
    store, _, path = rest.partition("/")
    return _Dataset(f"{scheme}://{store}", unquote(path).strip("/") or "/", uri)


def _schema(published: DatasetVersion) -> Json:
    return {"fields": [_field(f) for f in published.schema.values()]}


def _field(f: Field) -> Json:
    said: Json = {"name": f.name, "type": str(f.type)}
    if isinstance(f.type, Record):
        return {"name": f.name, "type": f.type.name, "fields": [_field(one) for one in f.type.fields]}
    if describe(f) != said["type"]:
        said["description"] = describe(f)
    return said
