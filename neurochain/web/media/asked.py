"""Asked: what stands in the query of a request for a picture, checked."""

import math
from collections.abc import Mapping

from neurochain.errors import ParameterError
from neurochain.web.api.parameters import Flag

__all__ = ["chosen", "flag", "real", "whole"]

DIGITS = 15  # of a whole number: a page holds so many exactly


def whole(query: Mapping[str, str], name: str, low: int, high: int, default: int | None = None) -> int:
    """A whole number from `low` to `high`.

    Raises
    ------
    ParameterError
        It is none, lies outside, or is missing where there is no default.
    """
    given = query.get(name, "")
    if not given and default is not None:
        return default
    if not given.isascii() or not given.isdecimal() or len(given) > DIGITS or not low <= int(given) <= high:
        raise ParameterError(f"{name}={given[:40]!r}: a whole number from {low:,} to {high:,} is needed.")
    return int(given)


def real(query: Mapping[str, str], name: str, default: float | None = None) -> float:
    """A finite number.

    Raises
    ------
    ParameterError
        It is none, or is missing where there is no default.
    """
    given = query.get(name, "")
    if not given and default is not None:
        return default
    try:
        found = float(given)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise ParameterError(f"{name}={given[:40]!r}: a number is needed.")
    return found


def flag(query: Mapping[str, str], name: str) -> bool:
    """Whether something is switched on.

    Raises
    ------
    ParameterError
        It is neither 1 nor 0.
    """
    return Flag(name, "").of(query)


def chosen(query: Mapping[str, str], name: str, count: int) -> list[int]:
    """Which of so many: ``0-63,70``, in the order in which they are named; all by default.

    Raises
    ------
    ParameterError
        There are none, or not so many, or one is named twice.

    Examples
    --------
    >>> chosen({"channels": "4-6,0"}, "channels", 8)
    [4, 5, 6, 0]
    """
    given = query.get(name, "")
    if not given:
        return list(range(count))
    found: list[int] = []
    for part in given.split(","):
        first, dash, last = part.partition("-")
        pair = {name: first}, {name: last if dash else first}
        a, b = (whole(end, name, 0, max(count - 1, 0)) for end in pair)
        found += range(a, b + 1)
        if len(found) > count:
            break
    if not found or len(set(found)) < len(found):
        raise ParameterError(
            f"{name}={given[:80]!r}: name some of the {count:,} there are, each once: {name}=0-15,20."
        )
    return found
