"""Inputs of a version, found again where they lie now, and held against what was read of them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from neurochain.chain.replay.contents import Contents
from neurochain.chain.replay.sources import given_rows, input_plans, storage_source
from neurochain.chain.sources.source import Source
from neurochain.chain.sources.table import TableSource
from neurochain.chain.sources.version import VersionSource
from neurochain.chain.uses import use
from neurochain.datasets import lineage as recorded
from neurochain.datasets.filetable import enter_root, reach_roots, root_uris
from neurochain.datasets.project import Project
from neurochain.datasets.versions import find_version
from neurochain.errors import NeurochainError, ReplayError, suggestion
from neurochain.storage import File, Root, folder_root

Json = dict[str, Any]


@dataclass
class Inputs:
    """What a version read.

    Parameters
    ----------
    project : Project
        That knows the version.
    lineage : Lineage
        Of the version.
    roots : mapping of str to str
        Where roots lie now, by name, as far as that is not where they lay.
    scratch : Project
        Where it is replayed.

    Attributes
    ----------
    problems : list of str
        What is missing, or is not what was read.
    notes : list of str
        What is not as it was, and does not matter.
    """

    project: Project
    lineage: recorded.Lineage
    roots: Mapping[str, str]
    scratch: Project
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def sources(self) -> list[Source]:
        """All of them, in the order in which the plan opens them; those with a problem are left out."""
        reach_roots(self.project)
        known = root_uris(self.project)
        moved = {name: _absolute(place) for name, place in self.roots.items()}
        contents = Contents(self.lineage, {**known, **moved})
        found: list[Source] = []
        plans = list(input_plans(self.lineage.plan))
        if len(plans) != len(self.lineage.sources):
            raise ReplayError(
                f"{self.lineage.name}@{self.lineage.version} has {len(self.lineage.sources)} inputs, and its plan "
                f"{len(plans)}: its record is damaged."
            )
        for name in self.roots.keys() - known.keys():
            self.problems.append(f"There is no root {name!r}. {suggestion(name, known)}")
        for plan, source in zip(plans, self.lineage.sources, strict=True):
            try:
                found.append(self._source(plan, source, contents))
            except NeurochainError as error:
                self.problems.append(str(error))
        self.problems += contents.check_elsewhere()
        if contents.same:
            files = "1 file has" if contents.same == 1 else f"{contents.same:,} files have"
            self.notes.append(
                f"{files} another identity than it had then, and the same bytes where they were read"
            )
        return found

    def _source(self, plan: Json, source: recorded.Source, contents: Contents) -> Source:
        match source.kind:
            case "storage":
                return self._storage(plan, source, contents)
            case "table":
                return self._table(source)
            case "version":
                return self._version(source)
            case "values" | "datachain":
                return given_rows(self.project, plan, source)
            case "scan" if "version" not in source.reference:
                return given_rows(self.project, plan, source)
            case "scan":
                return self._scan(source)
        raise ReplayError(
            f"An input is of the kind {source.kind!r}, which a later neurochain may have recorded."
        )

    def _version(self, source: recorded.Source) -> Source:
        said, known = source.reference, source.lineage
        if known is None:
            raise ReplayError(f"{said['name']}@{said['version']}, of which it was made, is not here.")
        version = find_version(self.project, f"{known.name}@{known.version}")
        if version.content_hash != said["content_hash"]:
            raise ReplayError(
                f"{version.reference} is another one here: its rows are not those that were read."
            )
        return VersionSource(version, {name: _absolute(place) for name, place in self.roots.items()})

    def _scan(self, source: recorded.Source) -> Source:
        """Rows of a table that has versions, read again from that one."""
        said = source.reference
        found = use("read_again")(self.scratch, said, said["version"])
        if found.rows.digest != said["content"]:
            raise ReplayError(
                f"Version {said['version']} of the table {said['table']!r} has other rows than were read of it."
            )
        same: Source = found
        return same

    def _table(self, source: recorded.Source) -> Source:
        said = source.reference
        uri = said["uri"]
        if said.get("root") in self.roots:
            uri = f"{_absolute(self.roots[said['root']]).rstrip('/')}/{said['path']}"
        table = TableSource.of(File.at(uri), said.get("key"), said.get("variable"))
        if table.reference["sha256"] != said["sha256"]:
            raise ReplayError(f"{uri} has changed since it was read.")
        return table

    def _storage(self, plan: Json, source: recorded.Source, contents: Contents) -> Source:
        files = self.lineage.files_of(source)
        roots = []
        for (name, uri), (own, *globs) in zip(source.reference["roots"].items(), plan["globs"], strict=True):
            contents.checked.add(name)
            listed = files.filter(pl.col("root") == name)
            root = _root(name, own, contents.places.get(name, uri), globs, tuple(plan["patterns"]), listed)
            enter_root(self.scratch, name, root.uri)
            contents.places[name] = root.uri
            self.problems += contents.check(name, root, listed)
            roots.append(root)
        return storage_source(plan, tuple(roots))


def _absolute(place: str) -> str:
    """Where a root lies, as a person wrote it."""
    return place if "://" in place else str(Path(place).expanduser().absolute())


def _root(
    name: str, own: str, uri: str, globs: list[str], patterns: tuple[str, ...], listed: pl.DataFrame
) -> Root:
    """A root of which only the files are looked at that were there, and what belongs to them."""
    try:
        found = folder_root(uri, globs)
    except NeurochainError as error:
        raise ReplayError(f"The root {name!r} is not at {uri}. Say where it lies: --root {name}=…") from error
    only = set(listed["path"])
    for path, beside in listed.select("path", "companions").drop_nulls().iter_rows():
        only.update(_beside(path, other) for other in json.loads(beside))
    return Root(found.uri, own, patterns, tuple(globs), frozenset(only))


def _beside(path: str, name: str) -> str:
    folder = path.rpartition("/")[0]
    parts: list[str] = []
    for part in f"{folder}/{name}".split("/"):
        if part == "..":
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)
