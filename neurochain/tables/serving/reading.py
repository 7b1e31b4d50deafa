"""Reading: whether a statement for ROAPI only reads.

DataFusion, which ROAPI asks, writes files where it is told to (``COPY … TO``, ``INSERT INTO``) and reads any (``CREATE EXTERNAL TABLE``).
"""

import re
from collections.abc import Iterator

from neurochain.errors import ExpressionError

__all__ = ["check_reads"]

READS = ("SELECT", "WITH", "VALUES", "SHOW", "DESCRIBE", "DESC", "TABLE", "FROM")
EXPLAINS = ("EXPLAIN",)
BESIDE_EXPLAIN = ("ANALYZE", "VERBOSE")
LONGEST = 1_000_000  # characters of a statement
TOKEN = re.compile(
    r"""
      (?P<space>\s+|--[^\n]*)
    | (?P<comment>/\*)
    | (?P<escaped>[eE]'(?:[^'\\]|''|\\\\)*')
    | (?P<refused>[eE]'|[uU]&['"])
    | (?P<text>'(?:[^']|'')*')
    | (?P<name>"(?:[^"]|"")*"|`[^`]*`)
    | (?P<dollar>\$(?P<tag>\w*)\$)
    | (?P<word>[^\W\d]\w*)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)


def check_reads(statement: str) -> str:
    """The statement, if it is one that reads.

    Raises
    ------
    ExpressionError
        It writes, or is none.

    Examples
    --------
    >>> check_reads("select 1;")
    'select 1'
    >>> check_reads("/* select */ copy (select 1) to 'a.csv'")
    Traceback (most recent call last):
    ...
    neurochain.errors.ExpressionError: Only what reads is answered here: select …, with …, values …, show …, describe …, explain …; not COPY.
    """
    if len(statement) > LONGEST:
        raise ExpressionError(
            f"A statement has at most {LONGEST:,} characters; this one has {len(statement):,}."
        )
    if "\0" in statement:
        raise ExpressionError("A statement holds no null character.")
    tokens = list(_tokens(statement))
    said = [(kind, text.upper()) for kind, text in tokens if kind != "space" and text != "("]
    words = [text for kind, text in said if kind == "word"] if said[:1] and said[0][0] == "word" else []
    begin = 1 if words[:1] and words[0] in EXPLAINS else 0
    while begin and begin < len(words) and words[begin] in BESIDE_EXPLAIN:
        begin += 1
    first = words[begin] if begin < len(words) else ""
    if first not in READS:
        raise ExpressionError(
            "Only what reads is answered here: select …, with …, values …, show …, describe …, explain …; not "
            f"{first or 'an empty statement'}."
        )
    if "INTO" in words[begin:]:
        raise ExpressionError(
            'Only what reads is answered here: no INTO. A column of this name is written "into".'
        )
    return "".join(text for _, text in tokens).strip()


def _tokens(statement: str) -> Iterator[tuple[str, str]]:
    """Pieces of a statement with their kinds, without comments and the semicolon at the end; texts all written in one way.

    Raises
    ------
    ExpressionError
        A comment or a text does not end, or there are several statements.
    """
    at, ended = 0, False
    while (found := TOKEN.match(statement, at)) is not None:
        kind, text, at = found.lastgroup or "", found[0], found.end()
        if kind == "comment":
            at = _comment_end(statement, at)
            yield "space", " "
        elif kind == "space":
            yield kind, " " if text.startswith("--") else text
        elif ended:
            raise ExpressionError("One statement is answered at a time. Send them one by one.")
        elif kind in ("dollar", "refused") or (kind == "other" and text in "'\"`"):
            raise ExpressionError(
                "The statement has a text that does not end, or one in $…$ or with escapes, which is not read here."
            )
        elif text == ";":
            ended = True
        elif kind == "escaped":  # how libpq writes what has a backslash
            yield "text", text[1:].replace("\\\\", "\\")
        else:
            yield kind, text


def _comment_end(statement: str, at: int) -> int:
    """Where a comment ends. One in another is refused: not all agree on where that ends."""
    end = statement.find("*/", at)
    if end < 0 or "/*" in statement[at:end]:
        raise ExpressionError("The statement has a comment that does not end, or one in another.")
    return end + 2
