"""Grammar: from the text of a filter to its tree. Nothing is executed, and everything has a limit.

::

    condition   = condition ("and" | "or") condition | "not" condition | "(" condition ")"
                | value (("<" | "<=" | ">" | ">=" | "==" | "!=") value)+
                | value ["not"] "in" "[" member ("," member)* "]"
    value       = value ("+" | "-" | "*" | "/") value | "-" value | "(" value ")"
                | ("abs" | "sqrt") "(" value ")" | number | name | label
    member      = ["-"] number | text
    name        = "signal" | "time" | "channel" | "mean" | "std"
    label       = a word | "`" any signs "`"
    text        = '"' any signs '"', beside ``channel`` alone

What holds together more closely than what is as in Python. A quotation mark within quotation marks is written twice.
"""

from typing import Literal, NamedTuple

from neurochain.errors import ExpressionError
from neurochain.timeline.filters.caret import pointed
from neurochain.timeline.filters.tokens import FUNCTIONS, NAMES, Token, tokens
from neurochain.timeline.filters.tree import (
    AND,
    COMPARE,
    NEGATE,
    NOT,
    OR,
    PRODUCT,
    SUM,
    And,
    Arithmetic,
    Call,
    Comparison,
    Label,
    Membership,
    Name,
    Negative,
    Node,
    Not,
    Number,
    Or,
    Text,
)

__all__ = ["parse"]

LONGEST = 10_000  # characters
DEEPEST = 64  # parts within parts: each costs two or three of the thousand calls that Python lets stand

Kind = Literal["condition", "number", "channel", "text"]
LEVELS = {
    "or": OR,
    "and": AND,
    **dict.fromkeys(("<", "<=", ">", ">=", "==", "!=", "in", "not"), COMPARE),
    **dict.fromkeys("+-", SUM),
    **dict.fromkeys("*/", PRODUCT),
}
VALUE = "a value may stand here: a number, signal, time, channel, mean, std, a channel's name, abs(…), sqrt(…), (…)"
COMPARED = "< <= > >= == != in, not in"


class _Found(NamedTuple):
    """Part of a tree.

    Attributes
    ----------
    node : Node
    kind : {"condition", "number", "channel", "text"}
        What it gives; ``"channel"`` alone is a number, or a label where it is compared with text.
    at : int
        Where it begins.
    height : int
        Parts within parts.
    """

    node: Node
    kind: Kind
    at: int
    height: int = 1


def parse(text: str) -> Node:
    """Tree of a filter.

    Raises
    ------
    ExpressionError
        It is none; shows where, and what may stand there.

    Examples
    --------
    >>> parse("-0.5 <= velocity < 2").signs
    ('<=', '<')
    """
    if not isinstance(text, str):
        raise ExpressionError(f"A filter is a text, as 'signal > 0.8'; this is a {type(text).__name__}.")
    if len(text) > LONGEST:
        raise ExpressionError(f"A filter has at most {LONGEST:,} characters; this one has {len(text):,}.")
    return _Parser(text).whole()


class _Parser:
    """Reads tokens one after the other: what binds more closely is read first (precedence climbing)."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens(text)
        self._at = 0
        self._depth = 0

    @property
    def _token(self) -> Token:
        return self._tokens[self._at]

    def whole(self) -> Node:
        found = self._expression(OR)
        token = self._token
        if token.kind != "end":
            raise self._behind(found, "the end" if found.kind == "condition" else "")
        if found.kind != "condition":
            raise self._wrong(
                token.at, f"a comparison may stand here: {COMPARED}. A filter is a condition, as signal > 0.8"
            )
        return found.node

    def _expression(self, level: int) -> _Found:
        """As much as holds together at least so closely."""
        self._depth += 1
        self._check(self._depth, self._token.at)
        found = self._front(level)
        while (binds := self._binds()) is not None and binds >= level:
            if binds == COMPARE:
                found = self._compared(found)
            elif binds in (AND, OR):
                found = self._joined(found, binds)
            else:
                sign = self._take().text
                left, right = self._number(found), self._number(self._expression(binds + 1))
                node = Arithmetic(sign, left.node, right.node)
                found = self._made(node, "number", found.at, left, right)
        self._depth -= 1
        return found

    def _binds(self) -> int | None:
        """How closely the next token holds together what stands on both sides of it; None where it does not."""
        token = self._token
        if token.kind != "sign":
            return None
        if token.text == "not" and self._tokens[self._at + 1][:2] != ("sign", "in"):
            return None
        return LEVELS.get(token.text)

    def _front(self, level: int) -> _Found:
        """What an expression begins with."""
        token = self._token
        if token.kind == "sign" and token.text == "not" and level <= NOT:
            self._at += 1
            operand = self._condition(self._expression(NOT))
            return self._made(Not(operand.node), "condition", token.at, operand)
        if token.kind == "sign" and token.text == "-":
            self._at += 1
            operand = self._number(self._expression(NEGATE))
            return self._made(Negative(operand.node), "number", token.at, operand)
        return self._atom(level)

    def _atom(self, level: int) -> _Found:
        token = self._token
        match token.kind, token.text:
            case "sign", "(":
                self._at += 1
                inner = self._expression(OR)
                self._close(inner)
                return inner._replace(at=token.at)
            case "number", _:
                self._at += 1
                return _Found(Number(token.value), "number", token.at)
            case "text", _:
                self._at += 1
                return _Found(Text(token.text), "text", token.at)
            case "label", _:
                self._at += 1
                return _Found(Label(token.text, token.at), "number", token.at)
            case "name", _:
                return self._word()
        raise self._wrong(token.at, f"{VALUE}{', not …' if level <= NOT else ''}", token)

    def _word(self) -> _Found:
        token = self._take()
        called = self._token[:2] == ("sign", "(")
        if token.text in FUNCTIONS:
            if not called:
                raise self._wrong(
                    self._token.at, f"( may stand here: {token.text} is a function", self._token
                )
            self._at += 1
            operand = self._number(self._expression(OR))
            self._close(operand)
            return self._made(Call(token.text, operand.node), "number", token.at, operand)  # type: ignore[arg-type]
        if called:
            raise self._wrong(token.at, f"the functions are abs(…) and sqrt(…); there is no {token.text}(…)")
        if token.text in NAMES:
            kind: Kind = "channel" if token.text == "channel" else "number"
            return _Found(Name(token.text), kind, token.at)  # type: ignore[arg-type]
        return _Found(Label(token.text, token.at), "number", token.at)

    def _compared(self, left: _Found) -> _Found:
        """A comparison, with all that stands in its chain; or whether a value is one of several."""
        if left.kind == "condition":
            raise self._wrong(
                self._token.at,
                "and, or may stand here: a condition is compared with nothing, and no chain has in",
            )
        if self._token.text in ("in", "not"):
            return self._member(left)
        parts, signs = [left], list[str]()
        while self._binds() == COMPARE and self._token.text not in ("in", "not"):
            signs.append(self._take().text)
            parts.append(self._expression(SUM))
            self._comparable(parts[-2], parts[-1], signs[-1])
        node = Comparison(tuple(p.node for p in parts), tuple(signs))
        return self._made(node, "condition", left.at, *parts)

    def _comparable(self, left: _Found, right: _Found, sign: str) -> None:
        """Check that two values can be compared by a sign.

        Raises
        ------
        ExpressionError
            One is a condition; or one is text, and the other is not `channel`.
        """
        for one, other in ((left, right), (right, left)):
            if one.kind == "condition":
                raise self._wrong(one.at, "a value may stand here; this is a condition")
            if one.kind == "text" and (other.kind != "channel" or sign not in ("==", "!=")):
                raise self._wrong(
                    one.at,
                    "a number may stand here; text is compared with channel alone, by == != in, not in",
                )

    def _member(self, left: _Found) -> _Found:
        if left.kind == "text":
            raise self._wrong(left.at, VALUE)
        negated = self._take().text == "not"
        if negated:
            self._at += 1
        if self._token[:2] != ("sign", "["):
            raise self._wrong(self._token.at, "[ may stand here: in [1, 2, 5]", self._token)
        members: list[float | str] = []
        while not members or self._token[:2] == ("sign", ","):
            self._at += 1
            members.append(self._listed(left.kind))
        if self._token[:2] != ("sign", "]"):
            raise self._wrong(self._token.at, ", ] may stand here", self._token)
        self._at += 1
        return self._made(Membership(left.node, tuple(members), negated), "condition", left.at, left)

    def _listed(self, kind: Kind) -> float | str:
        """A member of a list."""
        minus = self._token[:2] == ("sign", "-")
        self._at += minus
        token = self._token
        if token.kind == "number":
            self._at += 1
            return -token.value if minus else token.value
        if token.kind == "text" and kind == "channel" and not minus:
            self._at += 1
            return token.text
        said = "a number or a label in quotes" if kind == "channel" and not minus else "a number"
        raise self._wrong(token.at, f"{said} may stand here", token)

    def _joined(self, first: _Found, level: int) -> _Found:
        """Conditions with ``and`` between all of them, or with ``or``."""
        parts = [self._condition(first)]
        while self._binds() == level:
            self._at += 1
            parts.append(self._condition(self._expression(level + 1)))
        nodes = tuple(p.node for p in parts)
        return self._made(And(nodes) if level == AND else Or(nodes), "condition", first.at, *parts)

    def _number(self, found: _Found) -> _Found:
        if found.kind in ("condition", "text"):
            what = "a condition" if found.kind == "condition" else "text"
            raise self._wrong(found.at, f"a number may stand here; this is {what}")
        return found

    def _condition(self, found: _Found) -> _Found:
        if found.kind != "condition":
            what = "text" if found.kind == "text" else "a value"
            raise self._wrong(found.at, f"a condition may stand here, as signal > 0.8; this is {what}")
        return found

    def _close(self, found: _Found) -> None:
        if self._token[:2] != ("sign", ")"):
            raise self._behind(found, ")")
        self._at += 1

    def _take(self) -> Token:
        token = self._token
        self._at += 1
        return token

    def _made(self, node: Node, kind: Kind, at: int, *parts: _Found) -> _Found:
        height = 1 + max(p.height for p in parts)
        self._check(height, at)
        return _Found(node, kind, at, height)

    def _check(self, depth: int, at: int) -> None:
        if depth > DEEPEST:
            raise self._wrong(
                at, f"more than {DEEPEST} parts stand within each other here: make it two filters"
            )

    def _behind(self, found: _Found, awaited: str) -> ExpressionError:
        """An error at what stands behind a part that was whole."""
        signs = {
            "condition": "and, or",
            "text": "== !=",
            "number": f"+ - * / {COMPARED}",
            "channel": f"+ - * / {COMPARED}",
        }
        may = f"{signs[found.kind]}{f', {awaited}' if awaited else ''} may stand here"
        return self._wrong(self._token.at, may, self._token)

    def _wrong(self, at: int, said: str, token: Token | None = None) -> ExpressionError:
        """An error at a position; where a token has no meaning, that is what is said."""
        return pointed(self._text, at, token.text if token is not None and token.kind == "bad" else said)
