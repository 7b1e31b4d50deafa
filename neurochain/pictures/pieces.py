"""Pieces of HTML for notebooks: they carry their own style, since pages that show them bring none, and no script."""

from collections.abc import Iterable, Sequence

from neurochain.pictures.words import escaped

__all__ = ["block", "facts", "note", "table", "title"]

QUIET = "opacity:.75"
CELL = "text-align:left;vertical-align:top;padding:2px 12px 2px 0;border:0;white-space:normal;max-width:32em;overflow-wrap:anywhere"
LINE = "border-bottom:1px solid rgba(128,128,128,.35)"


def block(*parts: str) -> str:
    """Parts below each other."""
    return f'<div style="line-height:1.45;margin:2px 0 6px">{"".join(parts)}</div>'


def title(name: str, kind: str) -> str:
    """What something is called, and what it is."""
    return f'<div><b>{escaped(name)}</b> <span style="{QUIET}">{escaped(kind)}</span></div>'


def facts(pairs: Iterable[tuple[str, object]]) -> str:
    """Facts in a row, each behind what it is; those without a value are left out."""
    shown = "".join(
        f'<span style="margin-right:16px;display:inline-block">{_of(name)}{escaped(value)}</span>'
        for name, value in pairs
        if value not in ("", None)
    )
    return f'<div style="font-size:92%">{shown}</div>'


def _of(name: str) -> str:
    return f'<span style="{QUIET}">{escaped(name)}</span> ' if name else ""


def note(text: str) -> str:
    """One line of what could not be shown, and why."""
    return (
        f'<div style="font-size:92%;{QUIET};overflow-wrap:anywhere">{escaped(" ".join(text.split()))}</div>'
    )


def table(heads: Sequence[tuple[str, str]], rows: Iterable[Sequence[str]], said: str) -> str:
    """A table.

    Parameters
    ----------
    heads : sequence of (str, str)
        Name of each column, and what it holds.
    rows : iterable of sequence of str
        HTML of each cell.
    said : str
        What the table is, in words.
    """
    head = "".join(
        f'<th scope="col" style="{CELL};{LINE};font-weight:600">{escaped(name)}'
        + (
            f'<br><span style="font-weight:400;font-size:88%;{QUIET}">{escaped(about)}</span>'
            if about
            else ""
        )
        + "</th>"
        for name, about in heads
    )
    open_cell = f'<td style="{CELL};{LINE}">'
    body = "".join(f"<tr>{''.join(f'{open_cell}{cell}</td>' for cell in row)}</tr>" for row in rows)
    return (
        f'<div role="region" aria-label="{escaped(said)}" tabindex="0" style="overflow-x:auto"><table style="border-collapse:collapse;border:0;margin:4px 0">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
