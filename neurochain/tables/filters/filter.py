"""Filter: a condition on one column, which has no code in it."""

from typing import Any, NamedTuple

from neurochain.errors import ExpressionError, suggestion

__all__ = ["LISTS", "NO_VALUE", "OPERATORS", "Filter"]

NO_VALUE = ("is null", "is not null")
LISTS = ("in", "not in", "includes any", "includes all")
OPERATORS = (
    *("=", "==", "!=", "<", "<=", ">", ">=", "between"),
    *LISTS[:2],
    *NO_VALUE,
    *("contains", "includes"),
    *LISTS[2:],
)


class Filter(NamedTuple):
    """A condition on one column.

    A null meets no condition but ``is null``: neither ``!=`` nor ``not in``.

    Attributes
    ----------
    column : str
        Name.
    operator : str
        ``=`` (or ``==``), ``!=``, ``<``, ``<=``, ``>``, ``>=``; ``between`` two values, which count as well; ``in``, ``not in`` a list;
        ``is null``, ``is not null``; ``contains``: a text has this one in it; of a column of lists ``includes`` a value,
        ``includes any``, ``includes all`` of a list.
    value : object
        A number, text, date or time, or a list of them. It is taken for a value of the column's type: a text that is none is equal
        to nothing.

    Examples
    --------
    >>> Filter("implant_id", "==", 4595)
    Filter(column='implant_id', operator='==', value=4595)
    >>> Filter("hour", "between", [8, 17]).check()
    Filter(column='hour', operator='between', value=[8, 17])
    >>> Filter("hour", "=>", 8).check()
    Traceback (most recent call last):
    ...
    neurochain.errors.ExpressionError: Filter on 'hour': there is no operator '=>'. Did you mean '>' or '='? Existing: '=', ...
    """

    column: str
    operator: str
    value: Any = None

    def check(self) -> "Filter":
        """The same, if it is a condition.

        Raises
        ------
        ExpressionError
            There is no such operator, or the value is not of the kind that it takes.
        """
        said = f"Filter on {self.column!r}"
        if not isinstance(self.column, str) or not self.column:
            raise ExpressionError(f"{said}: give the name of a column as text.")
        if self.operator not in OPERATORS:
            raise ExpressionError(
                f"{said}: there is no operator {self.operator!r}. {suggestion(str(self.operator), OPERATORS, len(OPERATORS))}"
            )
        is_list = isinstance(self.value, list | tuple | set | frozenset | range)
        if self.operator in NO_VALUE:
            if self.value is not None:
                raise ExpressionError(f"{said}: {self.operator!r} takes no value, not {self.value!r}.")
        elif self.operator in LISTS or self.operator == "between":
            if not is_list:
                raise ExpressionError(
                    f"{said}: {self.operator!r} takes a list of values, not {self.value!r}."
                )
            if self.operator == "between" and (
                len(self.value) != 2 or isinstance(self.value, set | frozenset)
            ):
                raise ExpressionError(
                    f"{said}: 'between' takes a lower and an upper value, not {self.value!r}."
                )
            if any(v is None for v in self.value):
                raise ExpressionError(f"{said}: a null equals nothing. Write 'is null' for it.")
        elif is_list:
            raise ExpressionError(
                f"{said}: {self.operator!r} takes one value, not {self.value!r}. Write 'in' for several."
            )
        elif self.value is None:
            raise ExpressionError(
                f"{said}: a null equals nothing. Write 'is null' or 'is not null', without a value."
            )
        if self.operator == "contains" and not isinstance(self.value, str):
            raise ExpressionError(
                f"{said}: 'contains' takes the text that is looked for, not {self.value!r}. Of lists write 'includes'."
            )
        return self
