"""Lineage of a version as a graph: what was read, what ran, what came of it; each once."""

from collections.abc import Mapping
from typing import Any

from neurochain.datasets.lineage import FunctionUse, Lineage, Source, step_text
from neurochain.datasets.project import Project
from neurochain.web.api.datasets import version_of

__all__ = ["activity_facts", "explanation", "lineage_graph"]

FAILURES = 200  # that a page lists


def lineage_graph(project: Project, query: Mapping[str, str]) -> dict[str, Any]:
    """Nodes and edges: a version, the activity that made it, and what that used, back to storage.

    Raises
    ------
    DatasetNotFoundError
        There is no such version.
    """
    nodes: dict[str, dict[str, Any]] = {}
    edges: list[dict[str, str]] = []

    def version_node(lineage: Lineage) -> str:
        name = f"version {lineage.name}@{lineage.version}"
        if name in nodes:
            return name
        nodes[name] = {
            "id": name,
            "kind": "version",
            "title": f"{lineage.name}@{lineage.version}",
            "reference": f"{lineage.name}@{lineage.version}",
            "facts": {
                "rows": lineage.rows,
                "content": lineage.content_hash[:12],
                "problems": list(lineage.problems),
            },
        }
        a = lineage.activity
        activity = f"activity {a['id']}"
        nodes[activity] = {
            "id": activity,
            "kind": "activity",
            "title": _title(lineage),
            "reference": f"{lineage.name}@{lineage.version}",
            "facts": {
                **{
                    k: a[k] for k in ("started", "ended", "computed", "reused", "failed", "bytes", "requests")
                },
                "steps": [step_text(step) for step in lineage.plan.get("steps", [])],
            },
        }
        edges.append({"from": activity, "to": name, "kind": "generated"})
        for source in lineage.sources:
            used = version_node(source.lineage) if source.lineage is not None else source_node(source)
            edges.append({"from": used, "to": activity, "kind": "used"})
        return name

    def source_node(source: Source) -> str:
        r = source.reference
        match source.kind:
            case "storage":
                title = ", ".join(r["roots"])
                facts = {
                    "files": r["files"],
                    "bytes": r["bytes"],
                    "patterns": r["patterns"],
                    "roots": r["roots"],
                }
            case "table":
                title, facts = r["uri"].rpartition("/")[2], {"uri": r["uri"], "rows": r["rows"]}
            case _:
                title = str(r.get("name") or r.get("table") or source.kind)
                facts = {"rows": r.get("rows")}
        name = f"{source.kind} {source.manifest or title} {facts.get('rows', '')}".strip()
        nodes[name] = {"id": name, "kind": source.kind, "title": title, "reference": None, "facts": facts}
        return name

    top = version_node(version_of(project, query).lineage())
    unique = [dict(pairs) for pairs in dict.fromkeys(tuple(edge.items()) for edge in edges)]
    return {"top": top, "nodes": list(nodes.values()), "edges": unique}


def _title(lineage: Lineage) -> str:
    """What an activity did, in few words: its functions; without any, its steps."""
    steps = [step["step"] for step in lineage.plan.get("steps", [])]
    return ", ".join([f.name for f in lineage.functions] or dict.fromkeys(steps)) or "read"


def activity_facts(project: Project, query: Mapping[str, str]) -> dict[str, Any]:
    """What ran to make the version ``ref``: code, parameters, environment, counts, failures.

    Raises
    ------
    DatasetNotFoundError
        There is no such version.
    """
    lineage = version_of(project, query).lineage()
    a = lineage.activity
    failures = lineage.failures()
    return {
        "reference": f"{lineage.name}@{lineage.version}",
        "activity": {k: v for k, v in a.items() if k != "git_diff"},
        "git_diff": a.get("git_diff"),
        "packages": lineage.packages,
        "steps": [step_text(step) for step in lineage.plan.get("steps", [])],
        "functions": [_function(f) for f in lineage.functions],
        "problems": list(lineage.problems),
        "failures": {
            "count": failures.height,
            "rows": failures.head(FAILURES).to_dicts(),
        },
    }


def explanation(project: Project, query: Mapping[str, str]) -> dict[str, Any]:
    """Why results of the version ``ref`` were computed and not reused.

    Raises
    ------
    DatasetNotFoundError
        There is no such version.
    """
    return version_of(project, query).explain().to_json()


def _function(function: FunctionUse) -> dict[str, Any]:
    return {
        "name": function.name,
        "fingerprint": function.fingerprint,
        "source": function.source,
        "bytes": function.bytes,
        "requests": function.requests,
        "computed": function.computed,
        "reused": function.reused,
        "failed": function.failed,
        "arguments": function.arguments,
        "columns": function.columns,
    }
