"""Code: the chain, in Python, that gives what a page shows."""

from collections.abc import Mapping
from typing import Any

from neurochain.datasets.project import Project
from neurochain.tables.filters.filter import Filter
from neurochain.web.api.datasets import version_of
from neurochain.web.api.held import Holder
from neurochain.web.api.questions import COLUMNS, asked_of, names

__all__ = ["python_code"]

COMPARED = {"=": "==", "==": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def python_code(project: Project, holder: Holder, query: Mapping[str, str]) -> dict[str, str]:
    """The chain that reads the version ``ref``, filtered, sorted and with the columns that are named.

    Raises
    ------
    DatasetNotFoundError, ExpressionError, ParameterError
        What is asked for is not there.
    """
    version, asked = version_of(project, query), asked_of(query)
    held = holder.of(version)
    terms = [t for case in asked.condition.bound(held.schema, version.reference).cases for t in case]
    lines = ["import neurochain as nc", "", f"rows = nc.read_dataset({version.reference!r})"]
    lines += [f"rows = rows.filter({_term(t)})" for t in terms if isinstance(t, Filter)]
    if asked.sort:
        lines.append(f"rows = rows.order_by({asked.sort!r}{', descending=True' if asked.descending else ''})")
    columns = names(query, COLUMNS)
    if columns:
        lines.append(f"rows = rows.select({', '.join(map(repr, columns))})")
    return {"code": "\n".join([*lines, "rows.show()", ""])}


def _term(term: Filter) -> str:
    column, value = f"nc.Column({term.column!r})", term.value
    match term.operator:
        case operator if operator in COMPARED:
            return f"{column} {COMPARED[operator]} {_value(value)}"
        case "between":
            return f"{column}.is_between({_value(value[0])}, {_value(value[1])})"
        case "in":
            return f"{column}.is_in({_value(value)})"
        case "not in":
            return f"~{column}.is_in({_value(value)})"
        case "is null":
            return f"{column}.is_null()"
        case "is not null":
            return f"{column}.is_not_null()"
        case "contains":
            return f"{column}.str.contains({value!r}, literal=True)"
        case "includes":
            return f"{column}.list.contains({_value(value)})"
        case "includes any":
            return " | ".join(f"{column}.list.contains({_value(v)})" for v in value)
        case _:
            return " & ".join(f"{column}.list.contains({_value(v)})" for v in value)


def _value(value: Any) -> str:
    text = repr(value)
    return text if not text.startswith("datetime") else f"__import__('datetime').{text.partition('.')[2]}"
