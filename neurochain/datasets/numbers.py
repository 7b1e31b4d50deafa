"""Numbers: ``major.minor.patch`` of a version, and which of them a reference means."""

import json
import re
from collections.abc import Iterable

from neurochain.datasets.schema import Schema
from neurochain.datasets.types import Field, Record, content_type, type_to_json
from neurochain.errors import VersionError

_PART = r"(0|[1-9][0-9]{0,8})"
_NUMBER = re.compile(rf"{_PART}\.{_PART}\.{_PART}\Z")
_RANGE = re.compile(rf"([\^~]?){_PART}(?:\.{_PART}(?:\.{_PART})?)?\Z")
LEVELS = ("major", "minor", "patch")
Number = tuple[int, int, int]


def parse_number(text: str) -> Number:
    """``"1.2.0"`` as three integers."""
    match = _NUMBER.match(text)
    if match is None:
        raise VersionError(f"{text!r} is no version. Write three numbers, such as 1.2.0.")
    return int(match[1]), int(match[2]), int(match[3])


def is_exact(text: str) -> bool:
    """Whether a reference means one version: ``"1.2.0"``."""
    return _NUMBER.match(text) is not None


def format_number(number: Number) -> str:
    """Three integers as ``"1.2.0"``."""
    return ".".join(map(str, number))


def matching(text: str, numbers: Iterable[Number]) -> list[Number]:
    """Numbers that a reference allows, in order.

    Parameters
    ----------
    text : str
        ``"1.2.0"``; ``"1"`` and ``"1.2"``: any that begins so; ``"^1.2"``: 1.2.0 and later, below 2; ``"~1.2"``:
        1.2.0 and later, below 1.3; ``""`` or ``"latest"``: any.
    numbers : iterable of Number
        What there is.

    Raises
    ------
    VersionError
        The text is no such reference.
    """
    existing = sorted(numbers)
    if text in ("", "latest"):
        return existing
    found = _RANGE.match(text)
    if found is None:
        raise VersionError(
            f"{text!r} names no version. Write 1.2.0, 1.2 or 1 for any that begins so, ^1.2 for 1.2.0 and later below 2, "
            "~1.2 for 1.2.0 and later below 1.3, or latest."
        )
    given = tuple(int(n) for n in found.groups()[1:] if n is not None)
    major, minor, patch = (*given, 0, 0)[:3]
    least = (major, minor, patch)
    fixed = {"^": 1, "~": min(2, len(given)), "": len(given)}[found[1]]
    return [n for n in existing if n[:fixed] == least[:fixed] and n >= least]


def change_level(old: Schema, new: Schema) -> int:
    """0 for columns removed or retyped (major), 1 for columns added (minor), 2 for anything else (patch)."""
    before, after = _flat(old), _flat(new)
    if any(after.get(name) != kind for name, kind in before.items()):
        return 0
    return 1 if set(after) - set(before) else 2


def _flat(schema: Schema) -> dict[str, str]:
    out: dict[str, str] = {}

    def walk(prefix: str, f: Field) -> None:
        if isinstance(f.type, Record):
            out[f"{prefix}{f.name}"] = "record"
            for inner in f.type.fields:
                walk(f"{prefix}{f.name}.", inner)
        else:
            out[f"{prefix}{f.name}"] = json.dumps(type_to_json(content_type(f.type)))

    for f in schema.values():
        walk("", f)
    return out


def next_number(number: Number, level: int) -> Number:
    """Number after another: `level` 0 for major, 1 for minor, 2 for patch."""
    bumped = [*number[:level], number[level] + 1, 0, 0]
    return bumped[0], bumped[1], bumped[2]
