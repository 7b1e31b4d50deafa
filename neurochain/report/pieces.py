"""Pieces of the page."""

from collections.abc import Iterable, Sequence

from neurochain.pictures.words import escaped

__all__ = ["facts", "section", "table", "wide"]


def section(name: str, title: str, *parts: str) -> str:
    """A part of the page, with its heading."""
    return (
        f'<section aria-labelledby="{name}"><h2 id="{name}">{escaped(title)}</h2>{"".join(parts)}</section>'
    )


def facts(pairs: Iterable[tuple[str, object]]) -> str:
    """What things are, each behind its name; those without a value are left out."""
    shown = "".join(
        f"<dt>{escaped(name)}</dt><dd>{escaped(value)}</dd>"
        for name, value in pairs
        if value not in ("", None)
    )
    return f'<dl class="facts">{shown}</dl>' if shown else ""


def wide(inner: str, said: str, more: str = "") -> str:
    """What may be wider than the page: it scrolls, by keyboard too."""
    return f'<div class="wide{f" {more}" if more else ""}" role="region" aria-label="{escaped(said)}" tabindex="0">{inner}</div>'


def table(
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    said: str,
    numbers: frozenset[int] = frozenset(),
    more: str = "",
) -> str:
    """A table whose first column names its rows.

    Parameters
    ----------
    heads : sequence of str
        Names of the columns.
    rows : iterable of sequence of str
        HTML of the cells.
    said : str
        What it is, in words.
    numbers : set of int
        Columns of numbers.
    more : str
        Class of the table.
    """

    def kind(i: int) -> str:
        return ' class="number"' if i in numbers else ""

    head = "".join(f'<th scope="col"{kind(i)}>{escaped(name)}</th>' for i, name in enumerate(heads))
    body = "".join(
        "<tr>"
        + "".join(
            f'<th scope="row"{kind(i)}>{cell}</th>' if not i else f"<td{kind(i)}>{cell}</td>"
            for i, cell in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    opened = f'<table class="{more}">' if more else "<table>"
    return wide(f"{opened}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>", said)
