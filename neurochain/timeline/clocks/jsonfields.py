"""JSON fields: numbers out of JSON that may hold anything."""

import math
from collections.abc import Mapping
from typing import Any

from neurochain.errors import FormatError

__all__ = ["mapping", "number", "numbers", "whole", "wholes"]


def mapping(found: Any, what: str) -> Mapping[str, Any]:
    """A JSON object.

    Raises
    ------
    FormatError
        It is something else.
    """
    if not isinstance(found, Mapping):
        raise FormatError(f"{what}: a JSON object is needed, not {type(found).__name__}.")
    return found


def _field(found: Mapping[str, Any], key: str, what: str) -> Any:
    if key not in found:
        raise FormatError(
            f"{what}: the field {key!r} is missing. There are: {', '.join(map(repr, found)) or 'none'}."
        )
    return found[key]


def _finite(value: Any, key: str, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FormatError(f"{what}: {key!r} holds {value!r:.40}, which is no number.")
    try:
        as_float = float(value)
    except OverflowError:
        as_float = math.inf
    if not math.isfinite(as_float):
        raise FormatError(f"{what}: {key!r} holds {value!r:.40}, which is no finite number.")
    return as_float


def number(found: Mapping[str, Any], key: str, what: str) -> float:
    """A finite number of a JSON object.

    Raises
    ------
    FormatError
        It is missing, or something else.
    """
    return _finite(_field(found, key, what), key, what)


def numbers(found: Mapping[str, Any], key: str, what: str) -> tuple[float, ...]:
    """A list of finite numbers.

    Raises
    ------
    FormatError
        It is missing, or something else.
    """
    values = _field(found, key, what)
    if not isinstance(values, list | tuple):
        raise FormatError(f"{what}: {key!r} holds {values!r:.40}, which is no list.")
    return tuple(_finite(value, key, what) for value in values)


def whole(found: Mapping[str, Any], key: str, what: str) -> int:
    """A whole number that is not negative.

    Raises
    ------
    FormatError
        It is missing, or something else.
    """
    return _whole(_field(found, key, what), key, what)


def wholes(found: Mapping[str, Any], key: str, what: str) -> tuple[int, ...]:
    """A list of whole numbers that are not negative.

    Raises
    ------
    FormatError
        It is missing, or something else.
    """
    values = _field(found, key, what)
    if not isinstance(values, list | tuple):
        raise FormatError(f"{what}: {key!r} holds {values!r:.40}, which is no list.")
    return tuple(_whole(value, key, what) for value in values)


def _whole(value: Any, key: str, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise FormatError(f"{what}: {key!r} holds {value!r:.40}, which is no whole number from 0 on.")
    return value
