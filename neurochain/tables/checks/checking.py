"""Checking: the checks of a table, asked of its rows in one reading."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from neurochain.errors import NeurochainError
from neurochain.tables.checks.check import Check, Verdict

__all__ = ["verdicts"]

FRAME = {
    "check": pl.String(),
    "holds": pl.Boolean(),
    "rows": pl.Int64(),
    "failing": pl.Int64(),
    "example": pl.String(),
    "error": pl.String(),
}
SHOWN = 200  # letters of an example


def verdicts(checks: Sequence[Check], frame: pl.LazyFrame) -> pl.DataFrame:
    """What came of checks, one row each: ``check, holds, rows, failing, example, error``.

    All numbers are asked for in one reading; a second one finds the examples, where a check fails. Where one check cannot be computed, each
    is asked on its own, so that the others have their answers.

    Parameters
    ----------
    checks : sequence of Check
        They are answered in this order.
    frame : LazyFrame
        Rows of the table.
    """
    schema = frame.collect_schema()
    asked: dict[int, Mapping[str, pl.Expr]] = {}
    found: dict[int, Verdict] = {}
    for i, check in enumerate(checks):
        try:
            check.require(schema)
            asked[i] = check.numbers(schema)
            frame.select(_named(i, asked[i])).collect_schema()
        except (NeurochainError, pl.exceptions.PolarsError) as error:
            asked.pop(i, None)
            found[i] = Verdict(None, error=_reason(error))
    found |= _judged(checks, frame, asked)
    rows = [
        (check.label, v.holds, v.rows, v.failing, v.example, v.error)
        for check, v in zip(checks, (found[i] for i in range(len(checks))), strict=True)
    ]
    return pl.DataFrame(rows, schema=FRAME, orient="row")


def _judged(
    checks: Sequence[Check], frame: pl.LazyFrame, asked: Mapping[int, Mapping[str, pl.Expr]]
) -> dict[int, Verdict]:
    if not asked:
        return {}
    try:
        numbers = frame.select(e for i, one in asked.items() for e in _named(i, one))
        row = numbers.collect(engine="streaming").row(0, named=True)
        return {i: _shown(checks[i], frame, {n: row[f"{i} {n}"] for n in one}) for i, one in asked.items()}
    except pl.exceptions.PolarsError as error:
        if len(asked) == 1:
            return {i: Verdict(None, error=_reason(error)) for i in asked}
        return {i: v for i, one in asked.items() for i, v in _judged(checks, frame, {i: one}).items()}


def _shown(check: Check, frame: pl.LazyFrame, numbers: Mapping[str, Any]) -> Verdict:
    """Verdict by the numbers, with an example where rows fail."""
    verdict = check.judge(numbers)
    wrong = check.failing(frame) if verdict.failing else None
    if wrong is None:
        return verdict
    first = wrong.head(1).collect(engine="streaming")
    if not first.height:
        return verdict
    text = ", ".join(f"{name}={value!r}" for name, value in first.row(0, named=True).items())
    example = text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
    return Verdict(verdict.holds, verdict.rows, verdict.failing, example)


def _named(number: int, asked: Mapping[str, pl.Expr]) -> list[pl.Expr]:
    return [expression.alias(f"{number} {name}") for name, expression in asked.items()]


def _reason(error: Exception) -> str:
    return str(error).partition("\n")[0]
