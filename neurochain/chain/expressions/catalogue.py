"""Catalogue: the keys of JSON objects, each with the name of its type."""

from typing import Any

EMPTY = "list[null]"  # a list that says nothing of its items
_PLAIN: dict[type, str] = {
    float: "list[float64]",
    str: "list[string]",
    bool: "list[bool]",
}  # long lists mostly have one type


def catalogue(value: Any, prefix: str = "", depth: int = 3) -> dict[str, str]:
    r"""Keys of a parsed JSON object with the names of their types; nested objects by dotted key.

    A dot within a name is written ``\.``; names with a backslash have no typed column.
    """
    keys: dict[str, str] = {}
    for key, item in value.items():
        if not key or "\\" in key:
            continue
        name = prefix + key.replace(".", "\\.")
        if isinstance(item, dict) and depth > 1 and item:
            keys.update(catalogue(item, f"{name}.", depth - 1))
            keys[name] = "json"
        else:
            keys[name] = _type_name(item)
    return keys


def _type_name(item: Any) -> str:
    if isinstance(item, bool):
        return "bool"
    if isinstance(item, int):
        return "int64" if -(2**63) <= item < 2**63 else "string"
    if isinstance(item, float):
        return "float64"
    if isinstance(item, str):
        return "string"
    if item is None:
        return "null"
    if isinstance(item, list):
        kinds = set(map(type, item))
        if len(kinds) == 1 and (kind := kinds.pop()) in _PLAIN:
            return _PLAIN[kind]
        inner = {_type_name(i) for i in item} - {"null"}
        if not inner:
            return EMPTY
        joined = inner.pop() if len(inner) == 1 else ("float64" if inner == {"int64", "float64"} else "json")
        return f"list[{joined}]" if joined in ("int64", "float64", "string", "bool") else "json"
    return "json"
