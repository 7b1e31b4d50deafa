"""When: a value that depends on conditions, ``when(…).then(…).otherwise(…)``."""

from neurochain.chain.expressions.column import Column, column_of
from neurochain.chain.expressions.expression import Node, literal, to_text


class When:
    """Conditions so far, the last of which waits for its value."""

    __slots__ = ("_branches", "_condition")

    def __init__(self, branches: list[list[Node]], condition: object) -> None:
        self._branches, self._condition = branches, literal(condition)

    def __repr__(self) -> str:
        return f"when({to_text(self._condition)}), which lacks .then(value)"

    def then(self, value: object) -> "Then":
        """Give the value of the rows where the condition is true."""
        return Then([*self._branches, [self._condition, literal(value)]])


class Then(Column):
    """An expression of conditions and values; null where no condition is true."""

    __slots__ = ("_branches",)

    def __init__(self, branches: list[list[Node]]) -> None:
        self._branches = branches
        self._node = ["when", branches, ["literal", None]]

    def when(self, condition: object) -> When:
        """Ask the rows for which no condition before was true."""
        return When(self._branches, condition)

    def otherwise(self, value: object) -> Column:
        """Give the value of all other rows."""
        return column_of(["when", self._branches, literal(value)])

    def __getstate__(self) -> Node:
        return self._node

    def __setstate__(self, node: Node) -> None:
        self._node, self._branches = node, node[1]


def when(condition: object) -> When:
    """Begin a value that depends on conditions.

    Parameters
    ----------
    condition : Column
        Rows for which it is null or false go on to the next condition.

    Examples
    --------
    >>> from neurochain.chain.expressions.column import Column
    >>> when(Column("age") < 18).then("child").when(Column("age") < 65).then("adult").otherwise("old")
    Column(when(age < 18).then('child').when(age < 65).then('adult').otherwise('old'))
    """
    return When([], condition)
