"""Sidecar: the JSON object that describes a file, and several of them as one."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from neurochain.errors import FormatError

__all__ = ["merge_sidecars", "parse_sidecar"]


def parse_sidecar(name: str, text: str) -> dict[str, Any]:
    """JSON object of a sidecar.

    Parameters
    ----------
    name : str
        Of the file, for messages.
    text : str
        Its content.

    Raises
    ------
    FormatError
        It is no JSON, or no object.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"The sidecar {name} is no JSON: {error}.") from error
    if not isinstance(value, dict):
        raise FormatError(f"The sidecar {name} holds a {type(value).__name__}, not an object.")
    return value


def merge_sidecars(objects: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Sidecars of all levels as one object: key by key the last one wins.

    Parameters
    ----------
    objects : iterable of mapping
        From the root of the tree down.

    Examples
    --------
    >>> merge_sidecars([{"RepetitionTime": 2.0, "TaskName": "rest"}, {"RepetitionTime": 1.5}])
    {'RepetitionTime': 1.5, 'TaskName': 'rest'}
    """
    merged: dict[str, Any] = {}
    for one in objects:
        merged.update(one)
    return merged
