"""Current: the inputs of a version as they are now."""

from typing import Any

from neurochain.chain.replay.sources import given_rows, storage_source
from neurochain.chain.sources.source import Source
from neurochain.chain.sources.table import TableSource
from neurochain.chain.sources.version import VersionSource
from neurochain.chain.uses import use
from neurochain.datasets.filetable import reach_roots, root_uris
from neurochain.datasets.lineage import Source as Recorded
from neurochain.datasets.numbers import is_exact
from neurochain.datasets.project import Project
from neurochain.datasets.versions import find_version
from neurochain.errors import ReplayError
from neurochain.storage import File, Root, folder_root

Json = dict[str, Any]


def current_source(project: Project, plan: Json, source: Recorded) -> Source:
    """What a plan would read now where a version has read something.

    Parameters
    ----------
    project : Project
        That knows the version.
    plan : dict
        Source of the recorded plan.
    source : Source
        What was recorded of it.

    Raises
    ------
    NeurochainError
        It is not there any more.
    """
    said = source.reference
    if source.kind == "version":
        return _version(project, source)
    if source.kind == "table":
        return TableSource.of(File.at(said["uri"]), said.get("key"), said.get("variable"))
    if source.kind in ("values", "datachain"):
        return given_rows(project, plan, source)
    if source.kind == "scan":
        if use("is_reopened")(said):
            now: Source = use("read_again")(project, said)
            return now
        return given_rows(project, plan, source)
    if source.kind != "storage":
        raise ReplayError(
            f"An input is of the kind {source.kind!r}, which a later neurochain may have recorded."
        )
    reach_roots(project)
    places = root_uris(project)
    roots = tuple(
        _root(own, places.get(name, uri), tuple(globs), tuple(plan["patterns"]))
        for (name, uri), (own, *globs) in zip(said["roots"].items(), plan["globs"], strict=True)
    )
    return storage_source(plan, roots)


def _root(name: str, uri: str, globs: tuple[str, ...], patterns: tuple[str, ...]) -> Root:
    return Root(folder_root(uri, globs).uri, name, patterns, globs)


def _version(project: Project, source: Recorded) -> VersionSource:
    """The newest version of those that were asked for."""
    said, known = source.reference, source.lineage
    if known is None:
        raise ReplayError(f"{said['name']}@{said['version']}, of which it was made, is not here.")
    wanted = str(said.get("asked", "")).partition("@")[2]
    reference = (
        f"{known.name}@{known.version}"
        if is_exact(wanted)
        else f"{known.name}@{wanted}"
        if wanted
        else known.name
    )
    return VersionSource(find_version(project, reference), asked=reference if wanted else known.name)
