"""Statement: what a query names, told from how DuckDB parses it; nothing runs."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from neurochain.errors import ExpressionError
from neurochain.tables.sql.messages import in_our_words

__all__ = ["Named", "Statement", "parse"]

Json = dict[str, Any]
ROWS_ALONE = {"COLUMN_REF", "STAR", "CONSTANT"}


@dataclass(frozen=True)
class Named:
    """A table as a query names it.

    Attributes
    ----------
    path : tuple of str
        ``("implant", "spikes")`` or ``("alpha_roi_tags",)``.
    position : int or None
        Of its name in the text, in bytes.
    """

    path: tuple[str, ...]
    position: int | None


@dataclass(frozen=True)
class Statement:
    """A query that only reads.

    Attributes
    ----------
    text : str
    named : tuple of Named
        Each table once.
    equal : dict of str to list
        By column, lower case: the constants that it is compared with by ``=`` somewhere, a parameter as ``{"parameter": name}``.
    is_plain : bool
        It gives a row for each row of one table, as they come: of ``limit`` rows no more need be read.
    limit : int or None
        Rows of that table that are enough for a plain one with a ``limit``.
    """

    text: str
    named: tuple[Named, ...]
    equal: dict[str, list[Any]]
    is_plain: bool
    limit: int | None


def parse(connection: Any, query: str) -> Statement:
    """Statement of a text.

    Parameters
    ----------
    connection : DuckDBPyConnection
        Whose parser is asked.
    query : str
        One statement.

    Raises
    ------
    ExpressionError
        It is no SQL, or not one query, or one that writes.
    """
    with in_our_words(query):
        found = connection.extract_statements(query)
    if len(found) != 1:
        raise ExpressionError(
            "There is no query. Write one: select … from …"
            if not found
            else f"One query is run at a time, not {len(found)}. Run them one by one."
        )
    kind = found[0].type.name
    if kind == "MULTI":
        raise ExpressionError(
            "This is more than one query in DuckDB. Of pivot, say the values: pivot … on column in (…)."
        )
    if kind != "SELECT":
        word = query.split(None, 1)[0].upper() if query.split() else kind
        raise ExpressionError(
            f"Only queries are run here, which read and change nothing; this one is {word}. Write select … from …, or with …, "
            "values …, describe …, summarize …"
        )
    with in_our_words(query):
        text = connection.execute("select json_serialize_sql(?::varchar)", [query]).fetchall()[0][0]
    tree = json.loads(text)
    if tree.get("error"):
        raise ExpressionError(f"The query cannot be read: {tree.get('error_message', text)}")
    node = tree["statements"][0]["node"]
    named: dict[tuple[str, ...], Named] = {}
    for one in _tables(node, frozenset()):
        named.setdefault(one.path, one)
    equal: dict[str, list[Any]] = {}
    for column, value in _equal(node):
        equal.setdefault(column, []).append(value)
    is_plain = _is_plain(node)
    return Statement(query, tuple(named.values()), equal, is_plain, _limit(node) if is_plain else None)


def _tables(node: Any, known: frozenset[str]) -> Iterator[Named]:
    """Tables below a node; `known` are names that common table expressions have there, in lower case."""
    if isinstance(node, list):
        for one in node:
            yield from _tables(one, known)
        return
    if not isinstance(node, dict):
        return
    expressions = (node.get("cte_map") or {}).get("map") or []
    for one in expressions:
        name, body = one["key"].lower(), one["value"].get("query_node") or one["value"].get("query")
        is_recursive = isinstance(body, dict) and body.get("type") == "RECURSIVE_CTE_NODE"
        yield from _tables(body, known | {name} if is_recursive else known)
        known |= {name}
    if node.get("type") == "BASE_TABLE":
        path = _path(node)
        if not (len(path) == 1 and path[0].lower() in known):
            position = node.get("query_location")
            yield Named(path, position if isinstance(position, int) and position < 2**63 else None)
    for key, value in node.items():
        if key != "cte_map":
            yield from _tables(value, known)


def _path(node: Json) -> tuple[str, ...]:
    given = (node.get("qualified_name") or {}).get("path")
    if given:
        return tuple(given)
    parts = (node.get("catalog_name"), node.get("schema_name"), node.get("table_name"))
    return tuple(part for part in parts if part)


def _equal(node: Any) -> Iterator[tuple[str, Any]]:
    """Columns and the constants that they are compared with by ``=``, anywhere."""
    if isinstance(node, list):
        for one in node:
            yield from _equal(one)
    elif isinstance(node, dict):
        if node.get("type") == "COMPARE_EQUAL":
            for a, b in (("left", "right"), ("right", "left")):
                column, value = node.get(a) or {}, _constant(node.get(b) or {})
                if column.get("class") == "COLUMN_REF" and value is not None:
                    yield column["column_names"][-1].lower(), value
        for one in node.values():
            yield from _equal(one)


def _constant(node: Json) -> Any:
    if node.get("class") == "PARAMETER":
        return {"parameter": node.get("identifier")}
    literal = node.get("literal") or {}
    if node.get("class") != "CONSTANT" or literal.get("text") is None:
        return None
    text = literal["text"]
    if literal.get("kind") == "INTEGER":
        return int(text)
    return str(text) if literal.get("kind") == "STRING" else None


def _is_plain(node: Json) -> bool:
    """Whether it is ``select a, b from t``, with or without a limit."""
    modifiers = node.get("modifiers") or []
    source = node.get("from_table") or {}
    refused = ("where_clause", "group_expressions", "group_sets", "having", "sample", "qualify")
    return (
        node.get("type") == "SELECT_NODE"
        and source.get("type") == "BASE_TABLE"
        and not source.get("sample")
        and not any(node.get(key) for key in refused)
        and all(map(_is_of_one_row, node.get("select_list") or [{}]))
        and all(m.get("type") == "LIMIT_MODIFIER" and _rows(m) is not None for m in modifiers)
    )


def _is_of_one_row(expression: Json) -> bool:
    """Whether a row of the table is enough for it: no aggregate, no window, no ``unnest``, also not in ``* replace (…)``."""
    return expression.get("class") in ROWS_ALONE and not expression.get("replace_list")


def _limit(node: Json) -> int | None:
    found = [_rows(m) for m in node.get("modifiers") or []]
    return found[0] if found else None


def _rows(modifier: Json) -> int | None:
    """Rows of ``limit 10 offset 5``; None where that is no number."""
    limit, offset = modifier.get("limit"), modifier.get("offset")
    if modifier.get("limit_type", "ROW_COUNT") != "ROW_COUNT" or not limit:
        return None
    counts = [_constant(limit), _constant(offset) if offset else 0]
    return sum(counts) if all(isinstance(n, int) for n in counts) else None
