"""Executor: how a function is run over rows. A new one is one file here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import polars as pl

from neurochain.chain.functions.arguments import Argument
from neurochain.chain.functions.udf import UDF


@dataclass(frozen=True)
class Call:
    """A function bound to the columns that its parameters take."""

    udf: UDF
    arguments: Sequence[Argument]

    def expressions(self) -> list[pl.Expr]:
        """Flat columns that the call needs, each argument under its number."""
        return [e for i, a in enumerate(self.arguments) for e in a.expressions(str(i))]

    def identity(self) -> list[str]:
        """Those of them on which the result may depend."""
        return [name for i, a in enumerate(self.arguments) for name in a.identity(str(i))]


@dataclass
class Outcome:
    """What a call gave for some rows.

    Attributes
    ----------
    values : list
        Results, one per row.
    reads : list
        What was read of which file, one list per row.
    bytes, requests : int
        Pulled from storage.
    """

    values: list[Any]
    reads: list[list[dict[str, Any]]]
    bytes: int = 0
    requests: int = 0


class Executor(Protocol):
    """Runs calls."""

    def run(self, call: Call, rows: pl.DataFrame, numbers: Sequence[int], seconds: float) -> Outcome:
        """Call the function for the first rows of a frame: as many as take about `seconds`, at least one.

        Parameters
        ----------
        call : Call
            What to run.
        rows : DataFrame
            Columns of `Call.expressions`.
        numbers : sequence of int
            Number of each row in the chain, for messages.
        seconds : float
            After which the outcome is to be stored.

        Raises
        ------
        UDFError
            The function failed; the message names the row and its file.
        """
        ...
