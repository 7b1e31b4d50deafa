"""Query: SQL over tables of a catalog and datasets of the project, in this process, by DuckDB."""

import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import polars as pl

from neurochain.errors import DeprecatedTableWarning, ExpressionError, require
from neurochain.tables.sql.messages import in_our_words
from neurochain.tables.sql.names import BUILT_IN, resolve
from neurochain.tables.sql.scan import Scan
from neurochain.tables.sql.statement import Statement, parse

if TYPE_CHECKING:
    from neurochain.tables.catalog import Catalog

__all__ = ["sql"]

MEMORY = "50%"  # of the machine's, for what DuckDB sorts, groups and joins; beyond it, it writes to a temporary folder
Parameters = Mapping[str, Any] | Sequence[Any] | None


def sql(
    query: str, catalog: "Catalog | None" = None, parameters: Parameters = None, *, limit: int | None = None
) -> pl.DataFrame:
    """Answer of a query over tables and datasets.

    Only the tables that it names are opened, and of them only the columns and files read that it uses. It cannot write, nor read files
    that no table is declared of.

    Parameters
    ----------
    query : str
        One ``select`` in DuckDB's SQL. ``implant.spikes`` is a table of the catalog; ``spikes`` the one that is called so, or else a
        dataset of the project; ``"alpha_roi_tags@1.2.0"`` a version of it, in double quotes.
    catalog : Catalog, optional
        Without one the project's datasets are there.
    parameters : mapping or sequence, optional
        Values of ``$name`` or ``?`` in the query.
    limit : int, optional
        At most so many rows.

    Raises
    ------
    TableNotFoundError, DatasetNotFoundError, ColumnNotFoundError
        The query names what is not there; shows what there is.
    ExpressionError
        It is no query, or cannot be run; shows the place.
    StorageError
        A table cannot be read.
    MissingExtraError
        DuckDB is not installed.

    Examples
    --------
    >>> electrodes = FunctionTable(name="electrodes", function=lambda: pl.LazyFrame({"ch": [1, 2, 3], "kohm": [210.0, 95.0, 850.0]}))
    >>> catalog = Catalog({"implant": [electrodes]})
    >>> sql("select ch from implant.electrodes where kohm > $least order by ch", catalog, {"least": 100})["ch"].to_list()
    [1, 3]
    """
    duckdb = require("duckdb", "sql", "sql()")
    require("pyarrow", "sql", "sql()")
    if not isinstance(query, str):
        raise ExpressionError(f"A query is text, not a {type(query).__name__}.")
    with (
        tempfile.TemporaryDirectory(prefix="neurochain-sql-") as spill,
        _connected(duckdb, spill) as connection,
    ):
        statement = parse(connection, query)
        values = _values(parameters)
        enough = statement.limit if statement.limit is not None or not statement.is_plain else limit
        scans = _register(connection, statement, catalog, values, enough)
        _lock(connection)
        columns = [name for scan in scans for name in scan.schema]
        with in_our_words(query, columns, _failures(scans)):
            found = connection.sql(query, params=values) if values else connection.sql(query)
            if found is None:
                raise ExpressionError("The query gives no rows.")
            answer: pl.DataFrame = (found if limit is None else found.limit(limit)).pl()
    return answer


@contextmanager
def _connected(duckdb: Any, spill: str) -> Iterator[Any]:
    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "python_enable_replacements": False,
            "temp_directory": spill,
            "memory_limit": MEMORY,
        }
    )
    try:
        connection.execute("set TimeZone = 'UTC'")
        yield connection
    finally:
        connection.close()


def _lock(connection: Any) -> None:
    """No file and no setting is within reach of what runs from here on."""
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")


def _values(parameters: Parameters) -> Any:
    if parameters is None or isinstance(parameters, Mapping):
        return dict(parameters) if parameters else None
    if isinstance(parameters, str | bytes) or not isinstance(parameters, Sequence):
        raise ExpressionError(
            f"Parameters are a dict for $name, or a list for ?, not a {type(parameters).__name__}."
        )
    return list(parameters) or None


def _register(
    connection: Any, statement: Statement, catalog: "Catalog | None", values: Any, enough: int | None
) -> list[Scan]:
    """Make the tables known that the statement names."""
    equal = {name: [_constant(v, values) for v in given] for name, given in statement.equal.items()}
    known = {name: [v for v in given if v is not None] for name, given in equal.items()}
    scans: list[Scan] = []
    for named in statement.named:
        if named.path[0].lower() in BUILT_IN:
            continue
        table = resolve(named.path, catalog)
        if table.deprecated:
            warnings.warn(
                f"The table {table.name!r} is deprecated: {table.deprecated}",
                DeprecatedTableWarning,
                stacklevel=4,
            )
        scan = Scan.of(table, known, enough)
        held = f"_scan_{len(scans)}"
        scans.append(scan)
        with in_our_words(statement.text, scan.schema):
            connection.register(held, scan.frame())
            if len(named.path) == 2:
                connection.execute(f"create schema if not exists {_quoted(named.path[0])}")
            columns = ", ".join(map(_quoted, scan.schema))
            connection.execute(
                f"create view {'.'.join(map(_quoted, named.path))} as select {columns} from {held}"
            )
    return scans


def _failures(scans: Sequence[Scan]) -> Iterator[BaseException]:
    for scan in scans:
        yield from scan.failures


def _constant(value: Any, values: Any) -> Any:
    """Constant of a statement, or the value of its parameter; None where there is none."""
    if not isinstance(value, dict):
        return value
    name = str(value["parameter"])
    if isinstance(values, Mapping):
        return values.get(name)
    place = int(name) - 1 if name.isdigit() else -1
    return values[place] if values and 0 <= place < len(values) else None


def _quoted(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'
