"""Expression: a column expression as plain JSON, on a white list of Polars methods.

A node is a list that begins with its kind: ``["column", name]``, ``["binary", op, left, right]``,
``["call", node, method, arguments, options]``, or a literal. It is the identity of a step in lineage, and it
holds no code.
"""

import datetime as dt
import math
from collections.abc import Callable, Iterable
from typing import Any

from neurochain.errors import ExpressionError, suggestion

# fmt: off
METHODS = frozenset([
    "abs", "all", "any", "arg_max", "arg_min", "cast", "cbrt", "ceil", "clip", "cos", "count", "cum_max",
    "cum_min", "cum_sum", "degrees", "diff", "drop_nulls", "eq_missing", "exp", "fill_nan", "fill_null",
    "first", "floor", "is_between", "is_duplicated", "is_finite", "is_first_distinct", "is_in",
    "is_infinite", "is_nan", "is_not_nan", "is_not_null", "is_null", "is_unique", "kurtosis", "last",
    "len", "log", "log10", "log1p", "max", "mean", "median", "min", "mode", "n_unique", "ne_missing",
    "not_", "null_count", "pct_change", "quantile", "radians", "rank", "replace", "replace_strict",
    "reverse", "round", "shift", "sign", "sin", "skew", "sort", "sqrt", "std", "sum", "tan", "tanh",
    "unique", "var",
])
NAMESPACES: dict[str, frozenset[str]] = {
    "str": frozenset([
        "contains", "contains_any", "count_matches", "ends_with", "extract", "extract_all", "find", "head",
        "join", "len_bytes", "len_chars", "pad_end", "pad_start", "replace", "replace_all", "replace_many",
        "reverse", "slice", "split", "starts_with", "strip_chars", "strip_chars_end", "strip_chars_start",
        "strip_prefix", "strip_suffix", "strptime", "tail", "to_date", "to_datetime", "to_integer",
        "to_lowercase", "to_time", "to_uppercase", "zfill",
    ]),
    "dt": frozenset([
        "date", "day", "epoch", "hour", "iso_year", "microsecond", "millisecond", "minute", "month",
        "month_end", "month_start", "nanosecond", "offset_by", "ordinal_day", "quarter", "round", "second",
        "strftime", "time", "timestamp", "to_string", "total_days", "total_hours", "total_microseconds",
        "total_milliseconds", "total_minutes", "total_seconds", "truncate", "week", "weekday", "year",
    ]),
    "list": frozenset([
        "all", "any", "arg_max", "arg_min", "contains", "count_matches", "diff", "drop_nulls", "first",
        "gather", "get", "head", "join", "last", "len", "max", "mean", "median", "min", "n_unique",
        "reverse", "shift", "slice", "sort", "std", "sum", "tail", "unique", "var",
    ]),
    "arr": frozenset([
        "all", "any", "arg_max", "arg_min", "contains", "first", "get", "join", "last", "max", "mean",
        "median", "min", "std", "sum", "to_list", "var",
    ]),
    "struct": frozenset([
        "field",
    ]),
    "bin": frozenset([
        "contains", "ends_with", "size", "starts_with",
    ]),
}
# fmt: on
ALIASES = {"between": "is_between", "isin": "is_in"}
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
# Where Polars takes a text for a column's name; here a column is written Column("name"), a text is a value.
_TEXT_IS_VALUE = ("is_between", "clip")
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


def replay(node: Node, column: Callable[[str], Any]) -> Any:
    """Polars expression of a node.

    Parameters
    ----------
    node : list
        From `Column.node`.
    column : callable
        Gives the Polars expression of a column name.
    """
    import polars as pl  # `import neurochain` offers Column and must not cost polars

    def build(n: Node) -> Any:
        match n:
            case ["column", name]:
                return column(name)
            case ["binary", op, left, right]:
                return getattr(build(left), _BINARY[op])(_operand(right, build))
            case ["unary", "~", inner]:
                return ~build(inner)
            case ["unary", "-", inner]:
                return -build(inner)
            case ["dtype", name]:
                return getattr(pl, _POLARS_DTYPE.get(name, name.title()))
            case ["call", inner, method, arguments, options]:
                target = build(inner)
                for part in method.split("."):
                    target = getattr(target, part)
                given = [_operand(a, build) for a in arguments]
                if method in _TEXT_IS_VALUE:
                    given = [pl.lit(a) if isinstance(a, str) else a for a in given]
                return target(*given, **{k: _operand(v, build) for k, v in options.items()})
            case _:
                return pl.lit(literal_value(n))

    return build(node)


def _operand(node: Node, build: Callable[[Node], Any]) -> Any:
    return build(node) if node[0] in ("column", "binary", "unary", "call", "dtype") else literal_value(node)


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
        case _:
            return repr(literal_value(node))
