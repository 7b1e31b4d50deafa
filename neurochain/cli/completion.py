"""Completion: names of datasets and versions, for the shell's Tab."""

from neurochain.datasets.project import find_project
from neurochain.datasets.versions import list_versions
from neurochain.errors import NeurochainError


def datasets(incomplete: str) -> list[str]:
    """Datasets whose name begins so."""
    return sorted({name for name, _ in _versions() if name.startswith(incomplete)})


def references(incomplete: str) -> list[str]:
    """Datasets whose name begins so; behind an ``@``, their versions."""
    if "@" not in incomplete:
        return datasets(incomplete)
    return sorted(r for name, number in _versions() if (r := f"{name}@{number}").startswith(incomplete))


def _versions() -> list[tuple[str, str]]:
    try:
        found = list_versions(find_project(create=False))
    except NeurochainError:
        return []  # a Tab is no place for an error
    return list(zip(found["name"], found["version"], strict=True))
