"""Printing: pages of text and tables for the terminal, or the same as JSON. Every command imports it: it imports little."""

import json
import sys
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

NUMBERS = frozenset({"files", "stored", "rows", "size", "computed", "reused", "failed", "pulled", "errors"})
WRAPPED = frozenset({"description", "type", "finding", " "})  # columns of a table that may take several lines
Page = dict[str, Any]  # "data" for --json, "text" for people


def line(text: str) -> None:
    """Print one line; whole, where it goes to a file or another program."""
    console = Console()
    console.print(text, highlight=False, markup=False, soft_wrap=not console.is_terminal)


def error(text: str) -> None:
    """Print what went wrong, to stderr."""
    Console(stderr=True).print(f"[bold red]error[/] {escape(text)}", highlight=False, soft_wrap=True)


def show(page: Page, as_json: bool) -> None:
    """Print a page."""
    if as_json:
        sys.stdout.write(json.dumps(page["data"], indent=2, default=_plain) + "\n")
        return
    console = Console()
    for part in page["text"]:
        console.print(part, highlight=False, soft_wrap=isinstance(part, str))


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value)


def table(title: str | None, *columns: str) -> Table:
    """Table in the house style: no box but a line under the head."""
    out = Table(
        title=title, box=None, title_justify="left", title_style="bold", header_style="dim", pad_edge=False
    )
    for name in columns:
        wraps = name in WRAPPED
        out.add_column(
            name, justify="right" if name in NUMBERS else "left", no_wrap=not wraps, overflow="fold"
        )
    return out
