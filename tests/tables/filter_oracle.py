"""What filters mean, in plain Python, row by row; written without a look at how the package does it."""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from typing import Any

NONE = object()  # a text that is no value of the column


def kept(rows: Sequence[Mapping[str, Any]], cases: Any) -> list[Any]:
    """Values of ``id`` of the rows that meet one of the cases: lists of (column, operator, value)."""
    if not cases or not all(cases):
        return [row["id"] for row in rows]
    return [
        row["id"] for row in rows if any(all(meets(row[c], op, v) for c, op, v in case) for case in cases)
    ]


def meets(held: Any, operator: str, given: Any) -> bool:
    """Whether a value meets a filter."""
    if operator == "is null":
        return held is None
    if held is None:
        return False
    match operator:
        case "is not null":
            return True
        case "=" | "==":
            return equal(held, given)
        case "!=":
            return not equal(held, given)
        case "in":
            return any(equal(held, g) for g in given)
        case "not in":
            return not any(equal(held, g) for g in given)
        case "contains":
            return given in held
        case "includes":
            return any(equal(h, given) for h in held if h is not None)
        case "includes any":
            return any(equal(h, g) for g in given for h in held if h is not None)
        case "includes all":
            return all(any(equal(h, g) for h in held if h is not None) for g in given)
        case "between":
            return not less(held, given[0]) and not less(given[1], held, turned=True)
        case "<":
            return less(held, given)
        case ">=":
            return not less(held, given)
        case ">":
            return less(given, held, turned=True)
        case "<=":
            return not less(given, held, turned=True)
    raise AssertionError(operator)


def equal(held: Any, given: Any) -> bool:
    value = as_held(given, held)
    if value is NONE:
        return False
    if isinstance(held, float) and isinstance(value, float) and math.isnan(held):
        return math.isnan(value)
    return bool(held == value)


def less(one: Any, other: Any, turned: bool = False) -> bool:
    """Whether a held value is less than a given one; `turned`: the given one stands first."""
    one, other = (as_held(one, other), other) if turned else (one, as_held(other, one))
    assert one is not NONE
    assert other is not NONE
    return bool(_order(one) < _order(other))


def _order(value: Any) -> Any:
    """NaN behind all numbers; texts by their code points, which is the order of their bytes in UTF-8."""
    if isinstance(value, float) and math.isnan(value):
        return (1, 0)
    return (0, value) if isinstance(value, int | float) else value


def as_held(given: Any, held: Any) -> Any:
    """What a value of a filter is in a column that holds such a value."""
    if isinstance(held, (bool, str)):
        if isinstance(held, bool) and isinstance(given, str):
            return {"true": True, "false": False}.get(given.lower(), NONE)
        return given
    if isinstance(given, str) and isinstance(held, int | float) and (given != given.strip() or "_" in given):
        return NONE
    try:
        if isinstance(held, int):
            return int(given) if isinstance(given, str) else given
        if isinstance(held, float):
            return float(given)
        if isinstance(held, dt.datetime):
            found = dt.datetime.fromisoformat(given) if isinstance(given, str) else given
            if not isinstance(found, dt.datetime):
                found = dt.datetime(found.year, found.month, found.day)
            return found.astimezone(dt.UTC).replace(tzinfo=None) if found.tzinfo else found
        if isinstance(held, dt.date):
            return dt.date.fromisoformat(given) if isinstance(given, str) else given
    except (ValueError, OverflowError):
        return math.inf if isinstance(held, float) and isinstance(given, int) and given > 0 else NONE
    return given
