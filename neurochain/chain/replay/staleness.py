"""Staleness: latest versions whose inputs are no longer what they were made of."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from neurochain.chain.replay.current import current_source
from neurochain.chain.replay.sources import input_plans
from neurochain.chain.run import Run
from neurochain.chain.sources.index import listed_files
from neurochain.chain.sources.storage import StorageSource
from neurochain.chain.sources.version import VersionSource
from neurochain.chain.uses import use
from neurochain.datasets.explanation import file_counts
from neurochain.datasets.lineage import Lineage, Source
from neurochain.datasets.project import Project, find_project
from neurochain.datasets.versions import DatasetVersion, dataset_names, find_version
from neurochain.errors import NeurochainError


@dataclass(frozen=True)
class Stale:
    """A version that would be made of something else now.

    Attributes
    ----------
    version : DatasetVersion
        The latest of its dataset.
    reasons : tuple of str
        What of its inputs is not as it was.
    """

    version: DatasetVersion
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.version.reference}: {'; '.join(self.reasons)}"

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {"version": self.version.reference, "reasons": list(self.reasons)}


def stale(name: str | None = None) -> list[Stale]:
    """Latest versions whose inputs have newer versions or changed files, each behind those it is made of.

    Parameters
    ----------
    name : str, optional
        Only this dataset, and those that it is made of.

    Raises
    ------
    DatasetNotFoundError
        There is no such dataset.

    Notes
    -----
    A version that was read by its number (``read_dataset("a@1.0.0")``) stays what was asked for. Files are listed, not
    read. Whether code has changed says `explain`.

    Examples
    --------
    >>> for one in stale():                                                # doctest: +SKIP
    ...     one.version.refresh(yes=True)
    """
    found = find_project(create=False)
    if found is None:
        if name is not None:
            find_version(None, name)
        return []
    return stale_versions(found, name)


def stale_versions(project: Project, name: str | None = None) -> list[Stale]:
    """Latest versions that are stale, each behind those it is made of.

    Parameters
    ----------
    project : Project
        Whose versions.
    name : str, optional
        Only this dataset, and those that it is made of.

    Raises
    ------
    DatasetNotFoundError
        There is no such dataset.
    """
    look = _Look(project)
    for one in dataset_names(project) if name is None else [find_version(project, name).name]:
        look.dataset(one)
    return look.found


class _Look:
    """One look at all inputs; each dataset is looked at once."""

    def __init__(self, project: Project) -> None:
        self.found: list[Stale] = []
        self._project = project
        self._seen: dict[str, bool] = {}  # whether a dataset's latest version is stale

    def dataset(self, name: str) -> bool:
        """Whether the latest version of a dataset is stale; what it is made of is looked at first."""
        if name in self._seen:
            return self._seen[name]
        self._seen[name] = False  # a dataset may be made of an earlier version of itself
        version = find_version(self._project, name)
        lineage = version.lineage()
        reasons = [r for plan, source in paired(lineage) for r in self._reasons(lineage, plan, source)]
        if reasons:
            self._seen[name] = True
            self.found.append(Stale(version, tuple(reasons)))
        return self._seen[name]

    def _reasons(self, lineage: Lineage, plan: dict[str, Any], source: Source) -> Iterator[str]:
        try:
            if source.kind == "scan":
                if text := use("table_changes")(self._project, source.reference):
                    yield text
                return
            now = current_source(self._project, plan, source)
            if isinstance(now, VersionSource) and source.lineage is not None:
                was = f"{source.lineage.name}@{source.lineage.version}"
                if now.version.reference != was:
                    yield f"{was} became {now.version.version}"
                elif self._is_latest(now.version) and self.dataset(now.version.name):
                    yield f"{was} is stale"
            elif source.kind == "table" and now.to_json().get("sha256") != source.reference["sha256"]:
                yield f"{source.reference['uri']} has changed"
            elif source.kind == "storage":
                files = self._files(now)
                if text := file_counts(lineage.files_of(source), files):
                    yield f"{', '.join(plan['patterns'])}: {text}"
        except NeurochainError as error:
            yield str(error)

    def _is_latest(self, version: DatasetVersion) -> bool:
        return find_version(self._project, version.name).id == version.id

    def _files(self, source: Any) -> pl.DataFrame:
        """Files that a source would read now, as lineage lists them."""
        run = Run(self._project, dry=True)
        if isinstance(source, StorageSource):
            return listed_files(source.roots, source.headers, run)
        source.open(run)
        return run.looked[0]


def paired(lineage: Lineage) -> Iterator[tuple[dict[str, Any], Source]]:
    """Sources of a version's plan with what was recorded of them."""
    return zip(input_plans(lineage.plan), lineage.sources, strict=True)
