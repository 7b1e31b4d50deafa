"""Annotation: the one thing that a page may change: what people say of a version."""

from collections.abc import Mapping
from typing import Any

from neurochain.datasets.project import Project
from neurochain.errors import ParameterError, VersionError
from neurochain.web.api.datasets import summary, version_of

__all__ = ["annotated"]

KNOWN = ("description", "labels")


def annotated(project: Project, query: Mapping[str, str], body: Any) -> dict[str, Any]:
    """Change ``description`` or ``labels`` of the version ``ref``; what is left out stays.

    Raises
    ------
    DatasetNotFoundError
        There is no such version.
    ParameterError
        The body is not what is needed.
    """
    if not isinstance(body, dict) or not body or set(body) - set(KNOWN):
        raise ParameterError(
            'Send an object with "description" (a text), "labels" (a list of texts), or both.'
        )
    description, labels = body.get("description", ""), body.get("labels", [])
    if not isinstance(description, str):
        raise ParameterError('"description" is a text.')
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise ParameterError('"labels" is a list of texts.')
    version = version_of(project, query)
    try:
        changed = version.annotate(
            description if "description" in body else None, labels if "labels" in body else None
        )
    except VersionError as error:
        raise ParameterError(str(error)) from error
    return summary(changed)
