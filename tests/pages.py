"""Pages: the fenced blocks of a Markdown page."""

import re
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^```(\w*)\s*$")
NOT_RUN = re.compile(r"^<!-- not run: (.+) -->$")


@dataclass(frozen=True)
class Block:
    """One fenced block.

    Attributes
    ----------
    page : Path
    line : int
        Of its first line of code, 1-based.
    language : str
    text : str
    not_run : str or None
        The reason in a ``<!-- not run: reason -->`` on the line above the fence.
    """

    page: Path
    line: int
    language: str
    text: str
    not_run: str | None


def blocks(page: Path) -> list[Block]:
    """All fenced blocks of a page, in order."""
    found: list[Block] = []
    lines = page.read_text("utf-8").splitlines()
    at = 0
    while at < len(lines):
        fence = FENCE.match(lines[at])
        if fence is None:
            at += 1
            continue
        end = next((i for i in range(at + 1, len(lines)) if lines[i].rstrip() == "```"), None)
        if end is None:
            raise ValueError(f"{page}:{at + 1}: this block is never closed")
        above = next((line for line in reversed(lines[:at]) if line.strip()), "")
        marked = NOT_RUN.match(above.strip())
        text = "\n".join(lines[at + 1 : end]) + "\n"
        found.append(Block(page, at + 2, fence[1], text, marked[1] if marked else None))
        at = end + 1
    return found
