"""Messages: what DuckDB finds wrong with a query, as errors of ours."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from neurochain.errors import (
    ColumnNotFoundError,
    ExpressionError,
    NeurochainError,
    StorageError,
    require,
    suggestion,
)

__all__ = ["in_our_words"]

KIND = re.compile(r"^(?:[A-Z][A-Za-z-]* )+Error: ")
NO_COLUMN = re.compile(
    r"Referenced column \"(?P<name>.+?)\" (?:not found|was not found)|does not have a column named \"(?P<other>.+?)\""
)
PLACE = re.compile(r"\n\s*\n(?P<place>LINE \d+: .*)", re.DOTALL)


@contextmanager
def in_our_words(
    query: str, columns: Iterable[str] = (), failures: Iterable[BaseException] = ()
) -> Iterator[None]:
    """What DuckDB raises inside becomes an error of ours, with the place in the query.

    Parameters
    ----------
    query : str
        In which the place is shown.
    columns : iterable of str
        Those that the tables of the query have.
    failures : iterable of exception
        What a scan has raised meanwhile: the first of them is what went wrong.

    Raises
    ------
    ColumnNotFoundError
        No table of the query has a column.
    StorageError
        A scan has failed.
    ExpressionError
        Anything else that DuckDB says.
    """
    duckdb = require("duckdb", "sql", "sql()")
    try:
        yield
    except NeurochainError:
        raise
    except duckdb.Error as error:
        for failure in failures:
            if isinstance(failure, NeurochainError):
                raise failure from None
            raise StorageError(f"A table of the query could not be read: {failure}") from failure
        raise translated(str(error), columns, query) from None


def translated(message: str, columns: Iterable[str], query: str = "") -> NeurochainError:
    """Error of ours for a message of DuckDB.

    Examples
    --------
    >>> print(translated('Catalog Error: Scalar Function with name f does not exist!', ()))
    The query cannot be run: Scalar Function with name f does not exist!
    """
    found = PLACE.search(message)
    place = f"\n{found['place'].rstrip()}" if found else ""
    said = KIND.sub("", message[: found.start()] if found else message).strip()
    if missing := NO_COLUMN.search(said):
        name = missing["name"] or missing["other"]
        place = place or _place(query, name)
        return ColumnNotFoundError(
            f"No table of the query has a column {name!r}. {suggestion(name, sorted(set(columns)), 24)}{place}"
        )
    if "file system operations are disabled" in said or "LocalFileSystem" in said:
        return ExpressionError(
            f"A query reads tables of the catalog and datasets, no files. Declare them as a table: nc.ParquetTable(name=…, uri=…).{place}"
        )
    if "Extension" in said and ("autoload" in said.lower() or "install" in said.lower()):
        return ExpressionError(
            f"The query asks for an extension of DuckDB, and none are loaded here: {said.splitlines()[0]}{place}"
        )
    return ExpressionError(f"The query cannot be run: {said}{place}")


def _place(query: str, name: str) -> str:
    """Where a name stands in a query, as DuckDB shows it; nothing where it stands there several times or not at all."""
    found = [m.start() for m in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", query)]
    if len(found) != 1:
        return ""
    number = query.count("\n", 0, found[0])
    line, start = query.splitlines()[number], found[0] - query.rfind("\n", 0, found[0]) - 1
    head = f"LINE {number + 1}: "
    return f"\n{head}{line}\n{' ' * (len(head) + start)}{'^' * len(name)}"
