"""Questions: the parameters of requests, and what they ask for."""

import json
from collections.abc import Mapping
from typing import Any

from neurochain.errors import ParameterError
from neurochain.tables.filters.condition import Condition
from neurochain.tables.filters.filter import Filter
from neurochain.web.api.held import Asked
from neurochain.web.api.parameters import Choice, Flag, Parameter, Text, Whole

__all__ = ["asked_of", "names", "paths_of", "text"]

MOST_FILTERS = 64
MOST_ROWS = 1000  # of a page

REF = Text("ref", "A version: name@1.2.0; name alone is its latest.", required=True, example="features@1.0.0")
NAME = Text("name", "Name of a dataset.", required=True, example="features")
OLD = Text("old", "The older version, as ref.", required=True, example="features@1.0.0")
NEW = Text("new", "The newer version, as ref.", required=True, example="features@1.0.1")
ROW = Text("key", "Hidden key of a row, hex.", required=True)
SEARCH = Text("search", "Words of which all must stand in name, description, labels or columns.")
PATH = Text("path", "A flat column: header.shape.", required=True)
OFFSET = Whole("offset", "Number of the first row.", most=2**40)
LIMIT = Whole("limit", f"Rows of a page, at most {MOST_ROWS:,}.", default=100, most=MOST_ROWS)
SORT = Text("sort", "Flat column by which rows are sorted; nulls come last.")
DESCENDING = Flag("descending", "Sort the other way round.")
FILTER = Text("filter", 'JSON: a list of [column, operator, value], as [["x", ">", 3], ["y", "is null"]].')
COLUMNS = Text("columns", "Flat columns with commas between, or as a JSON list; all by default.")
DIFFERING = Text(
    "key", "Columns that tell rows apart, with commas between, or as a JSON list; hidden keys by default."
)
SHOWN = Whole("limit", "Rows of each kind that are shown, at most 500.", default=50, most=500)
JOBS = Whole("limit", "Jobs that are listed, at most 1,000.", default=100, most=1000)
STATUS = Choice("status", "Only such jobs.", words=("", "running", "done", "failed", "interrupted", "died"))
ROWS_ASKED: tuple[Parameter, ...] = (FILTER, SORT, DESCENDING)


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


def paths_of(query: Mapping[str, str], existing: Mapping[str, Any]) -> list[str]:
    """Columns that are asked for; all of them by default."""
    return names(query, COLUMNS) or list(existing)


def names(query: Mapping[str, str], parameter: Text) -> list[str]:
    """Names with commas between; as a JSON list where a name has a comma in it.

    Raises
    ------
    ParameterError
        They are neither.
    """
    given = parameter.of(query)
    if not given.startswith("["):
        return [one for one in given.split(",") if one]
    try:
        found = json.loads(given)
        sound = isinstance(found, list) and all(isinstance(one, str) and _is_text(one) for one in found)
    except (ValueError, RecursionError):
        sound = False
    if not sound:
        raise parameter.wrong(given, "a list of names")
    return list(found)


def asked_of(query: Mapping[str, str]) -> Asked:
    """Filters and order.

    Raises
    ------
    ParameterError
        They are none.
    ExpressionError
        There is no such operator.
    """
    given = FILTER.of(query)
    terms: list[Filter] = []
    if given:
        try:
            found = json.loads(given)
            complete = isinstance(found, list) and len(found) <= MOST_FILTERS and _is_text(given)
            terms = [Filter(*one) for one in found if isinstance(one, list) and 2 <= len(one) <= 3]
            complete = (
                complete and len(terms) == len(found) and _is_text(json.dumps(found, ensure_ascii=False))
            )
        except (ValueError, TypeError, RecursionError) as error:
            raise FILTER.wrong(given, "a list of [column, operator, value]") from error
        if not complete:
            raise FILTER.wrong(given, "a list of [column, operator, value]")
    return Asked(Condition.of(terms), SORT.of(query), DESCENDING.of(query))


def _is_text(text: str) -> bool:
    """Whether it is one that can be stored: JSON may hold half a character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
