"""Expression: a column expression as plain JSON, on a white list of Polars methods.

A node is a list that begins with its kind: ``["column", name]``, ``["binary", op, left, right]``,
``["call", node, method, arguments, options]``, ``["when", [[condition, value], …], otherwise]``, or a literal.
It is the identity of a step in lineage, and it holds no code.
"""

import datetime as dt
import math
from collections.abc import Callable, Iterable
from typing import Any

from neurochain.chain.expressions.methods import (
    ANY_ORDER,
    ELEMENTWISE,
    NULL_IS_ZERO,
    OF_ANYTHING,
    TEXT_IS_VALUE,
)
from neurochain.errors import ExpressionError, suggestion

DTYPES = [
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float32",
    "float64",
    "string",
    "date",
    "datetime",
    "time",
    "duration",
]
_POLARS_DTYPE = {
    "bool": "Boolean",
    "uint8": "UInt8",
    "uint16": "UInt16",
    "uint32": "UInt32",
    "uint64": "UInt64",
}
_PYTHON_DTYPE = {bool: "bool", int: "int64", float: "float64", str: "string"}
_BINARY = {
    "==": "__eq__",
    "!=": "__ne__",
    "<": "__lt__",
    "<=": "__le__",
    ">": "__gt__",
    ">=": "__ge__",
    "+": "__add__",
    "-": "__sub__",
    "*": "__mul__",
    "/": "__truediv__",
    "//": "__floordiv__",
    "%": "__mod__",
    "**": "__pow__",
    "&": "__and__",
    "|": "__or__",
    "^": "__xor__",
}
_EXPRESSIONS = ("column", "binary", "unary", "call", "when", "dtype")
Node = list[Any]


def literal(value: object) -> Node:
    """A value, or another column, as a node.

    Raises
    ------
    ExpressionError
        The value has no plain form.
    """
    if isinstance(node := getattr(value, "node", None), list):
        return node
    if hasattr(value, "item") and not isinstance(value, str | bytes) and getattr(value, "ndim", None) == 0:
        value = value.item()  # a numpy scalar
    if value is None or isinstance(value, bool | str):
        return ["literal", value]
    if (value if isinstance(value, type) else type(value)).__module__.startswith("polars.datatypes"):
        return ["dtype", dtype_name(value)]
    if isinstance(value, int):
        return ["literal", value]
    if isinstance(value, float):
        return ["literal", value] if math.isfinite(value) else ["float", repr(value)]
    if isinstance(value, dt.datetime):
        # One instant has one node, and Polars knows no fixed offsets.
        return ["datetime", (value if value.tzinfo is None else value.astimezone(dt.UTC)).isoformat()]
    if isinstance(value, dt.date):
        return ["date", value.isoformat()]
    if isinstance(value, dt.time):
        return ["time", value.isoformat()]
    if isinstance(value, dt.timedelta):
        return ["timedelta", [value.days, value.seconds, value.microseconds]]
    if isinstance(value, bytes):
        return ["bytes", value.hex()]
    if isinstance(value, dict):
        return ["dict", [[literal(k), literal(v)] for k, v in value.items()]]
    if isinstance(value, Iterable):
        items = [literal(v) for v in value]
        if any(i[0] in _EXPRESSIONS for i in items):
            raise ExpressionError(
                "A list in an expression holds values, no columns. Instead of is_in() write (a == x) | (a == y)."
            )
        if isinstance(value, set | frozenset):
            items.sort(key=repr)
        return ["list", items]
    raise ExpressionError(
        f"{value!r} ({type(value).__name__}) cannot stand in a column expression. "
        "Use numbers, texts, dates, lists of them, or other columns."
    )


def literal_value(node: Node) -> Any:
    """Python value of a literal node."""
    match node:
        case ["literal", value]:
            return value
        case ["float", text]:
            return float(text)
        case ["datetime", text]:
            return dt.datetime.fromisoformat(text)
        case ["date", text]:
            return dt.date.fromisoformat(text)
        case ["time", text]:
            return dt.time.fromisoformat(text)
        case ["timedelta", [days, seconds, microseconds]]:
            return dt.timedelta(days, seconds, microseconds)
        case ["bytes", text]:
            return bytes.fromhex(text)
        case ["list", items]:
            return [literal_value(i) for i in items]
        case ["dict", items]:
            return {literal_value(k): literal_value(v) for k, v in items}
        case _:
            raise ExpressionError(f"{node!r} is no value of a column expression.")


def dtype_name(dtype: object) -> str:
    """Name of a type that a column can be cast to, from a Polars, numpy or Python type or a text."""
    name = _PYTHON_DTYPE.get(dtype) if isinstance(dtype, type) else None
    name = name or str(dtype).lower()
    name = {"boolean": "bool", "str": "string", "utf8": "string", "int": "int64", "float": "float64"}.get(
        name, name
    )
    if name not in DTYPES:
        raise ExpressionError(f"There is no type {dtype!r} for a column. {suggestion(name, DTYPES)}")
    return name


def replay(node: Node, column: Callable[[str], Any], present: Callable[[str], Any] | None = None) -> Any:
    """Polars expression of a node.

    Parameters
    ----------
    node : list
        From `Column.node`.
    column : callable
        Gives the Polars expression of a column name.
    present : callable, optional
        Gives the expression that is null where a column is null, for what can be asked of a whole record.
    """
    import polars as pl  # `import neurochain` offers Column and must not cost polars

    def build(n: Node) -> Any:
        match n:
            case ["column", name]:
                return column(name)
            case ["binary", op, left, right]:
                return getattr(build(left), _BINARY[op])(operand(right))
            case ["unary", "~", inner]:
                return ~build(inner)
            case ["unary", "-", inner]:
                return -build(inner)
            case ["dtype", name]:
                return getattr(pl, _POLARS_DTYPE.get(name, name.title()))
            case ["when", [[condition, value], *others], otherwise]:
                chosen: Any = pl.when(build(condition)).then(build(value))
                for condition, value in others:
                    chosen = chosen.when(build(condition)).then(build(value))
                return chosen.otherwise(build(otherwise))
            case ["call", ["column", name], method, arguments, options] if present and method in OF_ANYTHING:
                return call(present(name), method, arguments, options)
            case ["call", inner, method, arguments, options]:
                return call(build(inner), method, arguments, options)
            case _:
                return pl.lit(literal_value(n))

    def call(inner: Any, method: str, arguments: list[Node], options: dict[str, Node]) -> Any:
        target = inner
        for part in method.split("."):
            target = getattr(target, part)
        given = [operand(a) for a in arguments]
        if method in TEXT_IS_VALUE:
            given = [pl.lit(a) if isinstance(a, str) else a for a in given]
        named = {k: operand(v) for k, v in options.items()}
        if method in ANY_ORDER:
            named = {"maintain_order": True, **named}
        out = target(*given, **named)
        if method in NULL_IS_ZERO:
            return pl.when(inner.is_not_null()).then(out)
        return out.sort() if method == "mode" else out  # as many values as are equally frequent, in no order

    def operand(n: Node) -> Any:
        if n[0] == "list" and any(i[0] in _EXPRESSIONS for i in n[1]):
            return [operand(i) for i in n[1]]
        return build(n) if n[0] in _EXPRESSIONS else literal_value(n)

    return build(node)


def names(node: Node) -> Iterable[str]:
    """Columns that an expression uses."""
    match node:
        case ["column", name]:
            yield name
        case ["binary", _, left, right]:
            yield from names(left)
            yield from names(right)
        case ["unary", _, inner]:
            yield from names(inner)
        case ["call", inner, _, arguments, options]:
            for child in (inner, *arguments, *options.values()):
                yield from names(child)
        case ["when", branches, otherwise]:
            for child in (*(n for branch in branches for n in branch), otherwise):
                yield from names(child)
        case ["list", items]:
            for child in items:
                yield from names(child)


def is_elementwise(value: object) -> bool:
    """Whether what an expression gives for a row depends on that row alone; of a Polars expression nobody knows."""
    node = getattr(value, "node", None)
    return _alone(node) if node is not None else not hasattr(value, "meta")


def _alone(node: Node) -> bool:
    match node:
        case ["binary", _, left, right]:
            return _alone(left) and _alone(right)
        case ["unary", _, inner]:
            return _alone(inner)
        case ["call", inner, method, arguments, options]:
            filled = method == "fill_null" and "strategy" in options
            return (
                method in ELEMENTWISE
                and not filled
                and all(map(_alone, [inner, *arguments, *options.values()]))
            )
        case ["when", branches, otherwise]:
            return all(_alone(n) for branch in branches for n in branch) and _alone(otherwise)
        case ["list", items]:
            return all(map(_alone, items))
        case _:
            return True


def to_text(node: Node, outer: bool = True) -> str:
    """Expression as a person would write it."""
    match node:
        case ["column", name]:
            return str(name)
        case ["binary", op, left, right]:
            text = f"{to_text(left, False)} {op} {to_text(right, False)}"
            return text if outer else f"({text})"
        case ["unary", op, inner]:
            return f"{op}{to_text(inner, False)}"
        case ["dtype", name]:
            return repr(name)
        case ["call", inner, method, arguments, options]:
            shown = [to_text(a) for a in arguments] + [f"{k}={to_text(v)}" for k, v in options.items()]
            return f"{to_text(inner, False)}.{method}({', '.join(shown)})"
        case ["when", branches, otherwise]:
            shown = [f"when({to_text(c)}).then({to_text(v)})" for c, v in branches]
            rest = "" if otherwise == ["literal", None] else f".otherwise({to_text(otherwise)})"
            return ".".join(shown) + rest
        case ["list", items] if any(i[0] in _EXPRESSIONS for i in items):
            return f"[{', '.join(map(to_text, items))}]"
        case _:
            return repr(literal_value(node))
