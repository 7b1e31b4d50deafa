"""Questions: what stands in the query of a request, checked."""

import json
from collections.abc import Mapping
from typing import Any

from neurochain.errors import ParameterError
from neurochain.tables.filters.condition import Condition
from neurochain.tables.filters.filter import Filter
from neurochain.web.api.held import Asked

__all__ = ["asked_of", "names", "number", "paths_of", "text"]

MOST_FILTERS = 64


def text(query: Mapping[str, str], name: str) -> str:
    """A text that must be there.

    Raises
    ------
    ParameterError
        It is not.
    """
    found = query.get(name, "")
    if not found:
        raise ParameterError(f"The address lacks {name}=….")
    return found


def number(query: Mapping[str, str], name: str, default: int, most: int) -> int:
    """A whole number from 0 to `most`.

    Raises
    ------
    ParameterError
        It is none.
    """
    given = query.get(name, "")
    if not given:
        return default
    if not given.isdecimal() or len(given) > 15:
        raise ParameterError(f"{name}={given!r} is no whole number.")
    return min(int(given), most)


def paths_of(query: Mapping[str, str], existing: Mapping[str, Any]) -> list[str]:
    """Columns that are asked for; all of them by default."""
    return names(query, "columns") or list(existing)


def names(query: Mapping[str, str], name: str) -> list[str]:
    """Names with commas between; as a JSON list where a name has a comma in it.

    Raises
    ------
    ParameterError
        They are neither.
    """
    given = query.get(name, "")
    if not given.startswith("["):
        return [one for one in given.split(",") if one]
    try:
        found = json.loads(given)
    except (ValueError, RecursionError) as error:
        raise ParameterError(f"{name}={given[:80]!r} is no list of names.") from error
    if not all(isinstance(one, str) for one in found):
        raise ParameterError(f"{name}={given[:80]!r} is no list of names.")
    return list(found)


def asked_of(query: Mapping[str, str]) -> Asked:
    """Filters and order: ``filter`` is JSON, a list of [column, operator, value].

    Raises
    ------
    ParameterError
        It is not.
    ExpressionError
        There is no such operator.
    """
    given = query.get("filter", "")
    terms: list[Filter] = []
    if given:
        try:
            found = json.loads(given)
            terms = [Filter(*one) for one in found if isinstance(one, list) and 2 <= len(one) <= 3]
            complete = isinstance(found, list) and len(terms) == len(found) <= MOST_FILTERS
        except (ValueError, TypeError, RecursionError) as error:
            raise ParameterError(f"filter={given[:80]!r} is no list of [column, operator, value].") from error
        if not complete:
            raise ParameterError(f"filter={given[:80]!r} is no list of [column, operator, value].")
    return Asked(Condition.of(terms), query.get("sort", ""), query.get("descending", "") in ("1", "true"))
