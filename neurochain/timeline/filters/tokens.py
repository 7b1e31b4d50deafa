"""Tokens: the words, numbers and signs of a filter, each with its position."""

import math
import re
from typing import Literal, NamedTuple

__all__ = ["FUNCTIONS", "NAMES", "WORDS", "Token", "is_plain", "tokens"]

NAMES = ("signal", "time", "channel", "mean", "std")
FUNCTIONS = ("abs", "sqrt")
WORDS = ("and", "or", "not", "in")

NUMBER = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
SIGN = re.compile(r"<=|>=|==|!=|[-<>+*/()\[\],]")
QUOTED = re.compile(r"`(?:[^`]|``)*`|\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'")
HINTS = {
    "=": "== compares",
    "&": "write and",
    "|": "write or",
    "!": "write not, or !=",
    "~": "write not",
    "^": "there are no powers: write signal * signal",
    ".": "a label with other signs than letters, digits and _ stands in backquotes: `Fp1.A2`",
}


class Token(NamedTuple):
    """A word, number or sign.

    Attributes
    ----------
    kind : {"number", "name", "label", "text", "sign", "bad", "end"}
        ``"sign"`` are ``and``, ``or``, ``not`` and ``in`` too; ``"label"`` is in backquotes; ``"bad"`` has no meaning.
    text : str
        A sign or name as it is written, a label or text without its quotes; of what is bad why it is.
    at : int
        Position in the filter.
    value : float
        Of a number.
    """

    kind: Literal["number", "name", "label", "text", "sign", "bad", "end"]
    text: str
    at: int
    value: float = math.nan


def is_plain(label: str) -> bool:
    """Whether a label can be written without backquotes.

    Examples
    --------
    >>> [is_plain(label) for label in ("velocity", "Fp1-Ref", "time", "in")]
    [True, False, False, False]
    """
    return label.isidentifier() and label not in (*NAMES, *FUNCTIONS, *WORDS)


def tokens(text: str) -> list[Token]:
    """All tokens of a filter; the last is its end. What has no meaning is among them, for nothing is wrong before it.

    Examples
    --------
    >>> [t.text for t in tokens("abs(signal) >= .5")]
    ['abs', '(', 'signal', ')', '>=', '.5', '']
    """
    found: list[Token] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        token, at = _token(text, at)
        found.append(token)
    return [*found, Token("end", "", len(text))]


def _token(text: str, at: int) -> tuple[Token, int]:
    """The token that begins at a position, and where it ends."""
    if number := NUMBER.match(text, at):
        value = float(number[0])
        if math.isinf(value):
            return Token("bad", "this number is too large", at), number.end()
        return Token("number", number[0], at, value), number.end()
    if sign := SIGN.match(text, at):
        return Token("sign", sign[0], at), sign.end()
    mark = text[at]
    if mark in "`\"'":
        quoted = QUOTED.match(text, at)
        if quoted is None:
            return Token("bad", f"this {mark} is never closed", at), len(text)
        inner = quoted[0][1:-1].replace(mark * 2, mark)
        return Token("label" if mark == "`" else "text", inner, at), quoted.end()
    if mark.isidentifier():
        end = at + 1
        while end < len(text) and ("a" + text[end]).isidentifier():
            end += 1
        word = text[at:end]
        return Token("sign" if word in WORDS else "name", word, at), end
    return Token("bad", HINTS.get(mark, "this sign has no meaning"), at), at + 1
