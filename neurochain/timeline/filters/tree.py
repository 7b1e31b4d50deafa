"""Tree: what a filter says, taken apart; and how that is written.

::

    Condition   Or  And  Not  Comparison  Membership
    Value       Number  Name  Label  Negative  Arithmetic  Call
    beside      Text, which only a comparison with ``channel`` holds
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from neurochain.timeline.filters.tokens import is_plain

__all__ = [
    "And",
    "Arithmetic",
    "Call",
    "Comparison",
    "Label",
    "Membership",
    "Name",
    "Negative",
    "Node",
    "Not",
    "Number",
    "Or",
    "Text",
    "below",
    "used",
    "written",
]

# How closely parts of a condition hold together, the loosest first; as in Python.
OR, AND, NOT, COMPARE, SUM, PRODUCT, NEGATE, ATOM = range(8)


@dataclass(frozen=True, slots=True)
class Number:
    """A number, not negative."""

    value: float


@dataclass(frozen=True, slots=True)
class Text:
    """A label in quotes."""

    value: str


@dataclass(frozen=True, slots=True)
class Name:
    """What every recording has: its signal, its times, its channels, and their mean and standard deviation."""

    name: Literal["signal", "time", "channel", "mean", "std"]


@dataclass(frozen=True, slots=True)
class Label:
    """The value of one channel or column, for all channels of its time; and where it stands in the filter."""

    label: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Negative:
    """Minus a value."""

    operand: "Node"


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two values and one of ``+ - * /`` between them."""

    sign: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Call:
    """A function of a value."""

    function: Literal["abs", "sqrt"]
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Values and the signs between them, each of which must hold."""

    operands: tuple["Node", ...]
    signs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Membership:
    """Whether a value is one of several."""

    operand: "Node"
    members: tuple[float | str, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Not:
    """The contrary of a condition."""

    operand: "Node"


@dataclass(frozen=True, slots=True)
class And:
    """Conditions that all hold."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Conditions of which one holds at least."""

    parts: tuple["Node", ...]


Node = Number | Text | Name | Label | Negative | Arithmetic | Call | Comparison | Membership | Not | And | Or


def below(node: Node) -> tuple[Node, ...]:
    """What a node consists of."""
    match node:
        case And(parts) | Or(parts) | Comparison(parts):
            return parts
        case Not(operand) | Negative(operand) | Call(_, operand) | Membership(operand):
            return (operand,)
        case Arithmetic(_, left, right):
            return left, right
        case _:
            return ()


def used(node: Node) -> Iterator[Name | Label]:
    """Names and labels in a tree, from left to right."""
    if isinstance(node, Name | Label):
        yield node
    for part in below(node):
        yield from used(part)


def written(node: Node, level: int = OR) -> str:
    """A tree as text, with no more parentheses than it needs; read again, it is the same tree.

    Parameters
    ----------
    node : Node
        The tree.
    level : int
        Of what stands around it: what holds together less closely is put in parentheses.

    Examples
    --------
    >>> written(And((Comparison((Name("signal"), Number(0.5)), (">",)), Membership(Name("channel"), (1.0, "O2")))))
    'signal > 0.5 and channel in [1, "O2"]'
    """
    own, text = _written(node)
    return text if own >= level else f"({text})"


def _written(node: Node) -> tuple[int, str]:
    """How closely a node holds together, and its text."""
    match node:
        case Number(value):
            return ATOM, _number(value)
        case Text(value):
            return ATOM, _quoted(value, '"')
        case Name(name):
            return ATOM, name
        case Label(label):
            return ATOM, label if is_plain(label) else _quoted(label, "`")
        case Call(function, operand):
            return ATOM, f"{function}({written(operand)})"
        case Negative(operand):
            return NEGATE, f"-{written(operand, NEGATE)}"
        case Arithmetic(sign, left, right):
            own = SUM if sign in "+-" else PRODUCT
            return own, f"{written(left, own)} {sign} {written(right, own + 1)}"
        case Comparison(operands, signs):
            rest = (f" {s} {written(o, SUM)}" for s, o in zip(signs, operands[1:], strict=True))
            return COMPARE, written(operands[0], SUM) + "".join(rest)
        case Membership(operand, members, negated):
            listed = ", ".join(_quoted(m, '"') if isinstance(m, str) else _number(m) for m in members)
            return COMPARE, f"{written(operand, SUM)} {'not in' if negated else 'in'} [{listed}]"
        case Not(operand):
            return NOT, f"not {written(operand, NOT)}"
        case And(parts):
            return AND, " and ".join(written(part, AND + 1) for part in parts)
        case Or(parts):
            return OR, " or ".join(written(part, OR + 1) for part in parts)


def _number(value: float) -> str:
    return repr(value).removesuffix(".0")


def _quoted(text: str, mark: str) -> str:
    return f"{mark}{text.replace(mark, mark * 2)}{mark}"
