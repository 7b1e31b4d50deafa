"""Tsv: a BIDS table, as text that was looked over.

https://bids-specification.readthedocs.io/en/stable/common-principles.html#tabular-files
"""

import csv
import io
from dataclasses import dataclass

from neurochain.errors import FormatError

__all__ = ["Tsv", "split_tsv"]


@dataclass(frozen=True)
class Tsv:
    """Columns of a table, and its rows as they stand there.

    Attributes
    ----------
    columns : tuple of str
    lines : list of str
        One per row; every one has as many cells as there are columns, a tab between two.
    cells : list of list of str, or None
        The rows where cells are in quotes; `lines` is empty then.
    """

    columns: tuple[str, ...]
    lines: list[str]
    cells: list[list[str]] | None = None


def split_tsv(name: str, text: str) -> Tsv:
    r"""Look over a table: names of the columns, and that every row has a cell for each.

    Parameters
    ----------
    name : str
        Of the file, for messages.
    text : str
        Its content. A column without a name is called after its place.

    Raises
    ------
    FormatError
        It is empty, two columns have one name, or a row has more or fewer cells.

    Examples
    --------
    >>> split_tsv("events.tsv", "onset\tduration\n1.5\t0\n").columns
    ('onset', 'duration')
    """
    if text.startswith('"') or '\t"' in text or '\n"' in text:
        return _quoted(name, text)
    first, *rest = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    columns = _columns(name, first.split("\t"))
    tabs = len(columns) - 1
    numbered = [(number, line) for number, line in enumerate(rest, 2) if line.strip()]
    for number, line in numbered:
        if line.count("\t") != tabs:
            raise _uneven(name, number, line.count("\t") + 1, columns)
    return Tsv(columns, [line for _, line in numbered])


def _quoted(name: str, text: str) -> Tsv:
    try:
        first, *rest = csv.reader(io.StringIO(text, newline=""), delimiter="\t")
    except csv.Error as error:
        raise FormatError(f"{name} is no table: {error}.") from error
    columns = _columns(name, first)
    cells = [row for row in rest if any(cell.strip() for cell in row)]
    for number, row in enumerate(cells, 1):
        if len(row) != len(columns):
            raise _uneven(name, number + 1, len(row), columns)
    return Tsv(columns, [], cells)


def _columns(name: str, cells: list[str]) -> tuple[str, ...]:
    names = tuple(cell.strip() or f"column_{place}" for place, cell in enumerate(cells, 1))
    if not any(cell.strip() for cell in cells):
        raise FormatError(f"{name} is empty: its first line names no columns.")
    if len(set(names)) < len(names):
        twice = next(n for i, n in enumerate(names) if n in names[:i])
        raise FormatError(f"{name} has two columns named {twice!r}.")
    return names


def _uneven(name: str, number: int, cells: int, columns: tuple[str, ...]) -> FormatError:
    return FormatError(f"{name}, line {number}: {cells} cells, but there are {len(columns)} columns.")
