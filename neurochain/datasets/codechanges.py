"""Changes of code: what makes two fingerprints of a function different, in its author's words."""

from collections import Counter
from typing import Any

Place = tuple[str, int]
"""Where a part was found, and which of those that were found there."""


def code_changes(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What makes two fingerprints of a function different.

    Parameters
    ----------
    before, now : dict
        As `FunctionUse.detail`.

    Examples
    --------
    >>> part = {"path": "f.<const:0>", "kind": "constant", "digest": "a", "repr": "2", "where": "f.py:3"}
    >>> code_changes({"name": "f", "parts": [part]}, {"name": "f", "parts": [{**part, "digest": "b", "repr": "3"}]})
    ['constant 2 became 3 (f.py:3)']
    """
    old, new = _by_place(before), _by_place(now)
    recoded = {place[0] for place, p in new.items() if p["kind"] == "code" and _differs(old.get(place), p)}
    found = []
    for place, part in new.items():
        was = old.get(place)
        if (was is not None and was["digest"] == part["digest"]) or _renumbered(part, recoded):
            continue
        found.append(_became(was, part) if was is not None else f"uses {_label(part)} now{_where(part)}")
    for place, part in old.items():
        if place not in new and not _renumbered(part, recoded):
            found.append(f"uses {_label(part)} no more")
    found += _package_changes(before.get("packages", {}), now.get("packages", {}))
    if before.get("scheme") != now.get("scheme"):
        found.append("fingerprints are taken in another way since then")
    return [reason for reason in dict.fromkeys(found) if reason] or [
        "its fingerprint is another: the Python version, or the classes of its arguments"
    ]


def _by_place(detail: dict[str, Any]) -> dict[Place, dict[str, Any]]:
    """Parts by where they were found: below the function, whatever it is called; the same place may come twice."""
    seen: Counter[str] = Counter()
    places: dict[Place, dict[str, Any]] = {}
    for part in detail.get("parts", ()):
        path = part["path"].removeprefix(detail.get("name", "")).lstrip(".")
        places[path, seen[path]] = part
        seen[path] += 1
    return places


def _differs(one: dict[str, Any] | None, other: dict[str, Any]) -> bool:
    return one is not None and one["digest"] != other["digest"]


def _renumbered(part: dict[str, Any], recoded: set[str]) -> bool:
    """Whether it is a constant of code that is another: which was which nobody can tell."""
    place, _, last = part["path"].rpartition(".<const:")
    inside = place.partition(".")[2]
    return part["kind"] == "constant" and bool(last) and inside in recoded


def _label(part: dict[str, Any]) -> str:
    """Name of a part, as its author would say it."""
    last = str(part["path"]).rpartition(".")[2]
    return last.strip("<>").partition(":")[2] if last.startswith("<") and ":" in last else last


def _became(was: dict[str, Any], part: dict[str, Any]) -> str:
    kind, name, where = part["kind"], _label(part), _where(part)
    if kind == "code":
        return f"the code of {name}() has changed{where}"
    if kind == "class":
        return f"the class {name} has changed{where}"
    if kind == "package":
        return ""  # said once, of the package
    one, other = was.get("repr", ""), part.get("repr", "")
    if kind == "constant":
        return f"constant {one} became {other}{where}" if one != other else f"a constant has changed{where}"
    words = {"cell": "variable ", "default": "default of ", "param": "argument "}.get(kind, "")
    return (
        f"{words}{name}: {one} became {other}{where}"
        if one != other
        else f"{words}{name} has another value{where}"
    )


def _where(part: dict[str, Any]) -> str:
    return f" ({part['where']})" if part.get("where") else ""


def _package_changes(before: dict[str, str], now: dict[str, str]) -> list[str]:
    changed = [
        f"{name} {before[name]} became {version}"
        for name, version in now.items()
        if before.get(name, version) != version
    ]
    return changed + [f"uses {name} {version} now" for name, version in now.items() if name not in before]
