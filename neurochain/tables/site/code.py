"""Code: what gives a table's rows in Python, in SQL and in a chain, to copy."""

import datetime as dt
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from neurochain.errors import NeurochainError
from neurochain.tables.filters.binding import NOTHING
from neurochain.tables.filters.condition import Condition, Term
from neurochain.tables.filters.filter import NO_VALUE, Filter
from neurochain.tables.table import Table

__all__ = ["Code"]

WIDTH = 88
NAME = re.compile(r"[a-z_][a-z0-9_]*")
RESERVED = frozenset(  # of DuckDB and DataFusion
    {
        "all", "and", "any", "as", "asc", "between", "by", "case", "cast", "column", "create", "cross",
        "current_date", "current_time", "current_timestamp", "date", "default", "desc", "distinct",
        "else", "end", "except", "exists", "false", "fetch", "for", "from", "full", "group", "having",
        "in", "inner", "intersect", "interval", "into", "is", "join", "lateral", "left", "like", "limit",
        "natural", "not", "null", "offset", "on", "or", "order", "outer", "over", "partition", "range",
        "right", "row", "rows", "select", "session_user", "set", "some", "table", "then", "time",
        "timestamp", "to", "true", "union", "unique", "user", "using", "values", "view", "when", "where",
        "window", "with",
    }
)  # fmt: skip
FUNCTIONS = {"contains": "contains", "includes": "list_contains"}
LIST_FUNCTIONS = {"includes any": "list_has_any", "includes all": "list_has_all"}


@dataclass(frozen=True)
class Code:
    """How a table is read.

    Attributes
    ----------
    database : str
    table : Table
    source : str
        ``catalog`` of ``from catalog import catalog``: the file that declares it.
    variable : str
        Of the catalog in that file.
    schema : Schema, optional
        Of the table, where it is known: SQL says values as those of their columns.
    """

    database: str
    table: Table
    source: str = "catalog"
    variable: str = "catalog"
    schema: pl.Schema | None = None

    def imports(self) -> str:
        """Lines that come first."""
        named = "" if self.variable == "catalog" else " as catalog"
        return f"import neurochain as nc\nfrom {self.source} import {self.variable}{named}"

    def python(self) -> str:
        """Rows as a dataframe."""
        name = json.dumps(self.table.name, ensure_ascii=False)
        return (
            f"{self.imports()}\n\ndf = catalog.db({self._database}).table({self._arguments(name)}).collect()"
        )

    def chain(self) -> str:
        """The beginning of a chain."""
        name = json.dumps(self.table.name, ensure_ascii=False)
        start = f"chain = catalog.db({self._database})[{name}].chain({self._arguments()})"
        return f"{self.imports()}\n\n{start}\nchain.show()"

    def sql(self) -> str:
        """A query."""
        columns = ", ".join(map(_quoted, self.table.docs_columns or ())) or "*"
        lines = [f"select {columns}", f"from {_quoted(self.database)}.{_quoted(self.table.name)}"]
        if self._arguments_by_name:
            terms = [_sql(Filter(k, "=", v)) for k, v in self._arguments_by_name.items()]
            lines.append("where " + "\n  and ".join(terms))
        elif (condition := self._bound()).cases:
            cases = ["\n  and ".join(map(_sql, case)) for case in condition.cases]
            lines.append(
                "where " + (cases[0] if len(cases) == 1 else "\n   or ".join(f"({c})" for c in cases))
            )
        return "\n".join([*lines, "limit 100;"])

    @property
    def _database(self) -> str:
        return json.dumps(self.database, ensure_ascii=False)

    @property
    def _arguments_by_name(self) -> dict[str, Any]:
        """Parameters of a function, where its filters do not say them."""
        return {} if self.table.docs_filters else dict(getattr(self.table, "docs_args", {}))

    def _arguments(self, *before: str) -> str:
        given = list(before)
        condition = Condition.of(self.table.docs_filters)
        if len(condition.cases) == 1:
            given.append(_list(list(map(_filter, condition.cases[0])), "(", ")", 4))
        elif condition.cases:
            cases = [_list(list(map(_filter, case)), "[", "]", 8) for case in condition.cases]
            given.append(_list(cases, "[", "]", 4))
        if self.table.docs_columns is not None:
            names = [json.dumps(c, ensure_ascii=False) for c in self.table.docs_columns]
            given.append(f"columns={_list(names, '[', ']', 4)}")
        given += [f"{name}={_python(value)}" for name, value in self._arguments_by_name.items()]
        line = ", ".join(given)
        if "\n" not in line and len(line) <= WIDTH - 40:
            return line
        return "\n" + "".join(f"    {one},\n" for one in given)

    def _bound(self) -> Condition:
        """What is asked, with values as those of the columns, where these are known."""
        asked = Condition.of(self.table.docs_filters)
        try:
            return asked if self.schema is None else asked.bound(self.schema)
        except NeurochainError:
            return asked


def _list(parts: Sequence[str], opening: str, closing: str, indent: int) -> str:
    inside = ", ".join(parts)
    if "\n" not in inside and len(inside) + indent <= WIDTH - 8 and len(parts) < 3:
        comma = "," if opening == "(" and len(parts) == 1 else ""
        return f"{opening}{inside}{comma}{closing}"
    space = " " * (indent + 4)
    return f"{opening}\n" + "".join(f"{space}{part},\n" for part in parts) + " " * indent + closing


def _filter(term: Term) -> str:
    if not isinstance(term, Filter):
        return f"...  # {' '.join(repr(term).split())}"
    value = "" if term.operator in NO_VALUE else f", {_python(term.value)}"
    return f"nc.Filter({json.dumps(term.column, ensure_ascii=False)}, {json.dumps(term.operator)}{value})"


def _python(value: Any) -> str:
    """A value as Python says it; a date or time as text, which filters read."""
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()  # a numpy scalar
    match value:
        case str():
            return json.dumps(value, ensure_ascii=False)
        case dt.date() | dt.time():
            return json.dumps(value.isoformat())
        case list() | tuple():
            return f"[{', '.join(map(_python, value))}]"
        case set() | frozenset():
            return f"[{', '.join(sorted(map(_python, value)))}]"
    return repr(value)


def _quoted(name: str) -> str:
    """A name as SQL takes it, whatever it is."""
    if NAME.fullmatch(name) and name not in RESERVED:
        return name
    return '"' + name.replace('"', '""') + '"'


def _sql(term: Term) -> str:
    if not isinstance(term, Filter):
        return f"true /* {repr(term).replace('*/', '* /')} */"
    column, operator, value = _quoted(term.column), term.operator, term.value
    if value is NOTHING:
        return f"{column} is not null" if operator == "!=" else "false"
    if operator in FUNCTIONS:
        return f"{FUNCTIONS[operator]}({column}, {_literal(value)})"
    if operator in LIST_FUNCTIONS:
        return f"{LIST_FUNCTIONS[operator]}({column}, [{', '.join(map(_literal, value))}])"
    if operator in ("in", "not in"):
        if not value:
            return "false" if operator == "in" else f"{column} is not null"
        return f"{column} {operator} ({', '.join(map(_literal, value))})"
    if operator == "between":
        return f"{column} between {_literal(value[0])} and {_literal(value[1])}"
    if operator in NO_VALUE:
        return f"{column} {operator}"
    return f"{column} {'=' if operator == '==' else '<>' if operator == '!=' else operator} {_literal(value)}"


def _literal(value: Any) -> str:
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()  # a numpy scalar
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case dt.datetime():
            return f"timestamp '{value.isoformat(' ')}'"
        case dt.date():
            return f"date '{value.isoformat()}'"
        case dt.time():
            return f"time '{value.isoformat()}'"
        case bytes():
            return f"x'{value.hex()}'"
    return "'" + str(value).replace("'", "''") + "'"
