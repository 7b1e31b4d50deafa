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
    | (?P<escaped>[eE]'|[uU]&['"])
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
    words = [w for w in _words(statement) if w != "("]
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
    return statement.strip().rstrip(";").rstrip()


def _words(statement: str) -> Iterator[str]:
    """Keywords and plain names, upper case, and what else begins a statement; no texts, names in quotes or comments.

    Raises
    ------
    ExpressionError
        A comment or a text does not end, or there are several statements.
    """
    at, ended = 0, False
    while at < len(statement):
        found = TOKEN.match(statement, at)
        if found is None:  # `other` takes anything
            return
        kind, at = found.lastgroup, found.end()
        if kind == "space":
            continue
        if kind == "comment":
            at = _comment_end(statement, at)
            continue
        if ended:
            raise ExpressionError("One statement is answered at a time. Send them one by one.")
        if kind == "escaped" or found["dollar"] is not None or (kind == "other" and found[0] in "'\"`"):
            raise ExpressionError(
                "The statement has a text that does not end, or one in $…$ or E'…', which is not read here."
            )
        if kind == "word":
            yield found[0].upper()
        elif found[0] == ";":
            ended = True
        else:
            yield "(" if found[0] == "(" else found[0][:1]


def _comment_end(statement: str, at: int) -> int:
    """Where a comment ends. One in another is refused: not all agree on where that ends."""
    end = statement.find("*/", at)
    if end < 0 or "/*" in statement[at:end]:
        raise ExpressionError("The statement has a comment that does not end, or one in another.")
    return end + 2
