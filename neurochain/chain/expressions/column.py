"""Column: an expression over columns, kept as data.

``nc.Column("EchoTime") > 0.03`` records what was asked, on a white list of Polars expression methods, and is
replayed on ``pl.col`` once the chain knows its columns. What is recorded is plain JSON: it is the step's
identity in lineage, and it holds no code.
"""

from typing import Any, NoReturn

from neurochain.chain.expressions.expression import (
    DTYPES,
    Node,
    dtype_name,
    literal,
    names,
    to_text,
)
from neurochain.chain.expressions.methods import ALIASES, METHODS, NAMESPACES, OVER_OPTIONS, TEXT_IS_COLUMN
from neurochain.errors import ExpressionError, suggestion


class Column:
    """A column by name, and what is asked of it.

    Parameters
    ----------
    name : str
        A real column; else a field of one of the records, by its last part where that is unique
        (``"EchoTime"``) or with its record (``"dicom.EchoTime"``).

    Examples
    --------
    >>> Column("molecular_tag") == "target_alpha"
    Column(molecular_tag == 'target_alpha')
    >>> (Column("age") > 30) & Column("site").is_in(["A", "B"])
    Column((age > 30) & site.is_in(['A', 'B']))
    """

    __slots__ = ("_node",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, name: str) -> None:
        if not isinstance(name, str) or not name:
            raise ExpressionError(f"Column({name!r}): give the name of a column as text.")
        self._node: Node = ["column", name]

    @property
    def node(self) -> Node:
        """The expression as plain JSON."""
        return self._node

    def names(self) -> list[str]:
        """Columns that the expression uses."""
        return list(dict.fromkeys(names(self._node)))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name in NAMESPACES:
            return _Namespace(self._node, name)
        method = ALIASES.get(name, name)
        if method not in METHODS:
            raise ExpressionError(
                f"A column has no {name!r}. {suggestion(name, sorted(METHODS | set(NAMESPACES) | set(ALIASES)))}"
            )
        return _Method(self._node, method)

    def __bool__(self) -> NoReturn:
        raise ExpressionError(
            "A column expression is neither true nor false yet. Write & for and, | for or, ~ for not, and "
            ".is_between(a, b) for a < column < b, each comparison in parentheses."
        )

    def __iter__(self) -> NoReturn:
        raise ExpressionError("A column expression has no values yet; filter or collect the chain first.")

    def __repr__(self) -> str:
        return f"Column({to_text(self._node)})"

    def __invert__(self) -> "Column":
        return column_of(["unary", "~", self._node])

    def __neg__(self) -> "Column":
        return column_of(["unary", "-", self._node])

    def __getstate__(self) -> Node:
        return self._node

    def __setstate__(self, node: Node) -> None:
        self._node = node

    # Comparison and arithmetic operators are added below, one for each entry of _BINARY.
    def __eq__(self, other: object) -> "Column":  # type: ignore[override]
        return column_of(["binary", "==", self._node, _not_null(other, "==")])

    def __ne__(self, other: object) -> "Column":  # type: ignore[override]
        return column_of(["binary", "!=", self._node, _not_null(other, "!=")])

    def __lt__(self, other: object) -> "Column":
        return column_of(["binary", "<", self._node, literal(other)])

    def __le__(self, other: object) -> "Column":
        return column_of(["binary", "<=", self._node, literal(other)])

    def __gt__(self, other: object) -> "Column":
        return column_of(["binary", ">", self._node, literal(other)])

    def __ge__(self, other: object) -> "Column":
        return column_of(["binary", ">=", self._node, literal(other)])

    def __add__(self, other: object) -> "Column":
        return column_of(["binary", "+", self._node, literal(other)])

    def __radd__(self, other: object) -> "Column":
        return column_of(["binary", "+", literal(other), self._node])

    def __sub__(self, other: object) -> "Column":
        return column_of(["binary", "-", self._node, literal(other)])

    def __rsub__(self, other: object) -> "Column":
        return column_of(["binary", "-", literal(other), self._node])

    def __mul__(self, other: object) -> "Column":
        return column_of(["binary", "*", self._node, literal(other)])

    def __rmul__(self, other: object) -> "Column":
        return column_of(["binary", "*", literal(other), self._node])

    def __truediv__(self, other: object) -> "Column":
        return column_of(["binary", "/", self._node, literal(other)])

    def __rtruediv__(self, other: object) -> "Column":
        return column_of(["binary", "/", literal(other), self._node])

    def __floordiv__(self, other: object) -> "Column":
        return column_of(["binary", "//", self._node, literal(other)])

    def __rfloordiv__(self, other: object) -> "Column":
        return column_of(["binary", "//", literal(other), self._node])

    def __mod__(self, other: object) -> "Column":
        return column_of(["binary", "%", self._node, literal(other)])

    def __rmod__(self, other: object) -> "Column":
        return column_of(["binary", "%", literal(other), self._node])

    def __pow__(self, other: object) -> "Column":
        return column_of(["binary", "**", self._node, literal(other)])

    def __rpow__(self, other: object) -> "Column":
        return column_of(["binary", "**", literal(other), self._node])

    def __and__(self, other: object) -> "Column":
        return column_of(["binary", "&", self._node, literal(other)])

    def __rand__(self, other: object) -> "Column":
        return column_of(["binary", "&", literal(other), self._node])

    def __or__(self, other: object) -> "Column":
        return column_of(["binary", "|", self._node, literal(other)])

    def __ror__(self, other: object) -> "Column":
        return column_of(["binary", "|", literal(other), self._node])

    def __xor__(self, other: object) -> "Column":
        return column_of(["binary", "^", self._node, literal(other)])

    def __rxor__(self, other: object) -> "Column":
        return column_of(["binary", "^", literal(other), self._node])


class _Method:
    """A method of the white list, waiting for its arguments."""

    def __init__(self, node: Node, method: str) -> None:
        self._node = node
        self._method = method

    def __call__(self, *arguments: object, **options: object) -> Column:
        if self._method == "cast":
            if len(arguments) != 1 or options:
                raise ExpressionError(f"cast() takes one type: {', '.join(DTYPES)}.")
            return column_of(["call", self._node, "cast", [["dtype", dtype_name(arguments[0])]], {}])
        if self._method == "rank" and options.get("method", arguments[0] if arguments else None) == "random":
            raise ExpressionError("rank('random') gives other numbers each time. Use 'ordinal' or 'min'.")
        if self._method in TEXT_IS_COLUMN:
            return self._by_columns(arguments, options)
        positional = [literal(a) for a in arguments]
        named = {k: literal(v) for k, v in sorted(options.items())}
        return column_of(["call", self._node, self._method, positional, named])

    def _by_columns(self, arguments: tuple[object, ...], options: dict[str, object]) -> Column:
        flat = [c for a in arguments for c in (a if isinstance(a, list | tuple) else [a])]
        if not flat:
            raise ExpressionError(f"{self._method}() needs at least one column: {self._method}('subject').")
        wrong = sorted(set(options) - OVER_OPTIONS) if self._method == "over" else []
        if wrong:
            raise ExpressionError(f"over() has no {wrong[0]!r}. {suggestion(wrong[0], sorted(OVER_OPTIONS))}")
        named = {k: _by(v) if k == "order_by" else literal(v) for k, v in sorted(options.items())}
        return column_of(["call", self._node, self._method, [_by(c) for c in flat], named])

    def __repr__(self) -> str:
        return f"Column({to_text(self._node)}).{self._method}()"


class _Namespace:
    """``.str``, ``.dt``, ``.list`` … of a column."""

    def __init__(self, node: Node, name: str) -> None:
        self._node = node
        self._name = name

    def __getattr__(self, name: str) -> _Method:
        if name.startswith("__"):
            raise AttributeError(name)
        if name not in NAMESPACES[self._name]:
            raise ExpressionError(
                f"Column.{self._name} has no {name!r}. {suggestion(name, sorted(NAMESPACES[self._name]))}"
            )
        return _Method(self._node, f"{self._name}.{name}")


def _by(value: object) -> Node:
    """Columns to sort or to divide by, where a text is a name."""
    if isinstance(value, list | tuple):
        return ["list", [_by(v) for v in value]]
    return ["column", value] if isinstance(value, str) else literal(value)


def _not_null(other: object, operator: str) -> Node:
    if other is None:
        method = "is_null()" if operator == "==" else "is_not_null()"
        raise ExpressionError(
            f"A null equals nothing, not even a null. Instead of {operator} None write .{method}."
        )
    return literal(other)


def column_of(node: Node) -> Column:
    """Column of a node."""
    column = Column.__new__(Column)
    column._node = node
    return column
