"""Graph: a version and all that it came from, each once."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from neurochain.chain.replay.functions import source_texts
from neurochain.datasets.lineage import FunctionUse, Lineage, Source, scanned, step_text
from neurochain.datasets.versions import DatasetVersion, find_version
from neurochain.export.lineage.disclosure import Disclosure
from neurochain.export.lineage.identifiers import of_lineage, of_source


@dataclass(frozen=True)
class Item:
    """Something that was read, as far as a document may say it.

    Attributes
    ----------
    id : str
    kind : {"storage", "version", "table", "scan", "values", "datachain"}
    title : str
        For people.
    facts : dict
        Numbers and hashes: ``rows``, ``files``, ``bytes``, ``sha256``, ``content_hash``, ``format``.
    places : dict of str to (str or None)
        Where it lies, by the names of its roots; None where that may not be said.
    """

    id: str
    kind: str
    title: str
    facts: dict[str, Any]
    places: dict[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Graph:
    """A version and all that it came from.

    Attributes
    ----------
    top : Lineage
        Of the version that was asked for.
    disclosure : Disclosure
    files : bool
        Whether each file is a thing of its own.
    license : str or None
        Under which the version may be used.
    """

    top: Lineage
    disclosure: Disclosure
    files: bool = True
    license: str | None = None

    @cached_property
    def versions(self) -> tuple[Lineage, ...]:
        """Each version once, behind those that it came from."""
        found: dict[str, Lineage] = {}

        def enter(lineage: Lineage) -> None:
            if of_lineage(lineage) in found:
                return
            for source in lineage.sources:
                if source.lineage is not None:
                    enter(source.lineage)
            found[of_lineage(lineage)] = lineage

        enter(self.top)
        return tuple(found.values())

    @cached_property
    def _published(self) -> dict[str, DatasetVersion]:
        return {
            of_lineage(made): find_version(self.top.project, f"{made.name}@{made.version}")
            for made in self.versions
        }

    def published(self, lineage: Lineage) -> DatasetVersion:
        """The version that a lineage is of."""
        return self._published[of_lineage(lineage)]

    def items(self, lineage: Lineage) -> list[tuple[Source, Item]]:
        """What a version was made from; what was read twice is there once."""
        found = {of_source(source): source for source in lineage.sources}
        return [(source, self._item(name, source, lineage)) for name, source in found.items()]

    def _item(self, name: str, source: Source, lineage: Lineage) -> Item:
        r = source.reference
        facts: dict[str, Any] = {
            key: r[key] for key in ("rows", "files", "bytes", "sha256", "content_hash", "format") if key in r
        }
        if "size" in r:
            facts["bytes"] = r["size"]
        places: dict[str, str | None] = {}
        match source.kind:
            case "storage":
                for root, uri in r["roots"].items():
                    places[self.disclosure.root(root, lineage.activity)] = self.disclosure.place(uri)
                title = f"{r['files']:,} files of {', '.join(places)}"
            case "version":
                title = f"{r['name']}@{r['version']}"
            case "table":
                title = r["uri"].rpartition("/")[2]
                places[title] = self.disclosure.place(r["uri"])
            case "scan":
                title = scanned(r)
                if place := str(r.get("uri") or r.get("database") or ""):
                    local = place.partition(":///")[2] if place.startswith("sqlite") else ""
                    places[title] = self.disclosure.place(local or place)
            case "datachain":
                named = f"dataset {r['name']}@{r['version']}" if r["name"] else "chain"
                title = f"DataChain's {named}"
            case _:
                title = f"{r['rows']:,} rows of values given in the script"
        if "content" in r:
            facts["content_hash"] = r["content"]
        return Item(name, source.kind, title, facts, places)

    def steps(self, lineage: Lineage) -> list[str]:
        """Steps of a version's plan in words."""
        return [self.disclosure.text(step_text(step)) for step in plan_steps(lineage.plan)]

    def function_text(self, function: FunctionUse) -> str:
        """Text of a function, behind those of the helpers and classes that it needs."""
        texts = source_texts(function) or [
            function.source or f"# {function.name}: its source could not be read"
        ]
        return self.disclosure.text("\n\n\n".join(text.strip("\n") for text in texts) + "\n")

    def parameters(self, lineage: Lineage) -> dict[str, Any]:
        """Parameters that the script asked for, with their values."""
        asked = lineage.activity["parameters"] or {}
        return {name: self.disclosure.value(given["value"]) for name, given in asked.items()}

    def problems(self, lineage: Lineage) -> list[str]:
        """Why a version cannot be reproduced."""
        return [self.disclosure.text(problem) for problem in lineage.problems]


def moment(seconds: float) -> str:
    """Time as ISO 8601, UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def plan_steps(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """Steps of a plan, those before a `persist` too; what is merged or united with it has its own."""
    before = plan_steps(plan["plan"]) if plan["source"] == "chain" else []
    return [*before, *plan["steps"]]


def used_packages(lineage: Lineage) -> dict[str, str]:
    """Packages that the functions use, with their versions, and neurochain itself."""
    found = {"neurochain": lineage.packages.get("neurochain", "unknown")}
    for function in lineage.functions:
        found |= function.detail.get("packages", {})
    return found
