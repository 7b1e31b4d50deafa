"""Layout: how folders are named after the values of partition columns."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple
from urllib.parse import quote, unquote

import polars as pl

from neurochain.errors import FormatError, TableError
from neurochain.tables.dtypes import dtype_of
from neurochain.tables.filters.binding import NOTHING, bound
from neurochain.tables.filters.filter import Filter

__all__ = ["NULL", "Layout", "Partition", "Scheme"]

Scheme = Literal["hive", "directory"]
NULL = "__HIVE_DEFAULT_PARTITION__"
"""What the folder of a null is called."""
LONGEST = 200  # letters of a folder's name that every store takes
PLAIN = re.compile(r"[A-Za-z0-9_.-]+")
ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Partition(NamedTuple):
    """A column by which files are laid out.

    Attributes
    ----------
    column : str
        Name.
    type : object
        Of Arrow, Polars or Python, or a name: ``pa.int64()``, ``pl.Date``, ``"string"``.

    Examples
    --------
    >>> Partition("implant_id", "int64")
    Partition(column='implant_id', type='int64')
    """

    column: str
    type: Any = "string"


@dataclass(frozen=True)
class Layout:
    """Names of folders.

    Attributes
    ----------
    types : dict of str to DataType
        Of the partition columns, the outermost first.
    scheme : {"hive", "directory"}
        ``date=2024-04-28`` or ``2024-04-28``.
    """

    types: dict[str, pl.DataType]
    scheme: Scheme

    @classmethod
    def of(cls, partitioning: Sequence[Partition | tuple[str, Any]], scheme: str, table: str) -> "Layout":
        """Layout that a table declares.

        Raises
        ------
        TableError
            There is no such scheme, or a column stands twice.
        SchemaError
            A type is none.
        """
        if scheme not in ("hive", "directory"):
            raise TableError(
                f"Table {table!r}: partitioning_scheme={scheme!r} is neither 'hive' (date=2024-04-28/) nor 'directory' (2024-04-28/)."
            )
        types: dict[str, pl.DataType] = {}
        for given in partitioning:
            made = Partition(*given)
            if made.column in types:
                raise TableError(f"Table {table!r} has the partition {made.column!r} twice.")
            types[made.column] = dtype_of(made.type, f"Table {table!r}, partition {made.column!r}")
        return cls(types, "hive" if scheme == "hive" else "directory")

    def folder(self, column: str, value: Any) -> str | None:
        """How the folder of a value is called by those who write plainly; None where that is not clear."""
        kind = self.types[column]
        if isinstance(value, str) and value not in ("", ".", "..", NULL):
            text = quote(value, safe=" ")
        elif (isinstance(value, int) and kind.is_integer()) or (
            isinstance(value, dt.date) and isinstance(kind, pl.Date)
        ):
            text = str(value)
        else:
            return None
        if len(text) > LONGEST:
            return None
        return f"{column}={text}" if self.scheme == "hive" else text

    def is_certain(self, value: Any) -> bool:
        """Whether nobody calls the folder of a value otherwise: not ``05`` for 5, nor ``a%20b`` for ``a b``."""
        return isinstance(value, str) and PLAIN.fullmatch(value) is not None

    def value(self, column: str, folder: str, where: str) -> Any:
        """Value that a folder is called after; None for a null.

        Raises
        ------
        FormatError
            It is not called after one.
        """
        text = folder
        if self.scheme == "hive":
            name, is_pair, text = folder.partition("=")
            if not is_pair or unquote(name) != column:
                raise FormatError(
                    f"{where}: the folder {folder!r} should be called {column}=…, as the table's partitions say."
                )
        text = unquote(text)
        if text == NULL:
            return None
        found = bound(Filter(column, "=", text), self.types[column]).value
        if found is NOTHING:
            raise FormatError(
                f"{where}: the folder {folder!r} is of no {self.types[column]}, which the partition {column!r} is."
            )
        return found

    def is_plain(self, path: str) -> bool:
        """Whether the folders of a file are called as every reader reads them: nothing quoted, no nulls, no rarer types."""
        names = (name.partition("=")[2] for name in path.split("/"))
        return all(_is_plain(text, kind) for text, kind in zip(names, self.types.values(), strict=False))

    def values(self, path: str, where: str) -> tuple[Any, ...]:
        """Values of the partition columns of a file, from its path below the table's folder.

        Raises
        ------
        FormatError
            It does not lie in as many folders, or they are not called after values.
        """
        folders = path.split("/")[:-1]
        if len(folders) < len(self.types):
            expected = "/".join(f"{c}=…" if self.scheme == "hive" else f"<{c}>" for c in self.types)
            raise FormatError(f"{where}/{path} should lie in {expected}/, as the table's partitions say.")
        return tuple(self.value(c, f, where) for c, f in zip(self.types, folders, strict=False))


def _is_plain(text: str, kind: pl.DataType) -> bool:
    if isinstance(kind, pl.Date):
        return ISO_DATE.fullmatch(text) is not None
    return (
        (kind.is_integer() or isinstance(kind, pl.String))
        and PLAIN.fullmatch(text) is not None
        and text != NULL
    )
