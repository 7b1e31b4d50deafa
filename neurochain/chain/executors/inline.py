"""InlineExecutor: in this process, one row after the other. For small work, and for debugging."""

import time
from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl

from neurochain.chain.executors import Call, Outcome
from neurochain.chain.sources.headers import reads_of
from neurochain.errors import UDFError
from neurochain.storage import File, ReadLog, recording_reads

NOTHING: list[dict[str, Any]] = []  # shared by all rows that read nothing
SLICE = 1024  # rows whose arguments are made at once


class InlineExecutor:
    """Calls the function here and now."""

    def run(self, call: Call, rows: pl.DataFrame, numbers: Sequence[int], seconds: float) -> Outcome:
        outcome = Outcome([], [])
        until = time.monotonic() + seconds
        with recording_reads() as log:
            for start in range(0, rows.height, SLICE):
                few = numbers[start : start + SLICE]
                self._slice(call, rows.slice(start, SLICE), few, until, log, outcome)
                if time.monotonic() >= until:
                    break
        outcome.bytes, outcome.requests = log.bytes, log.requests
        return outcome

    def _slice(
        self,
        call: Call,
        rows: pl.DataFrame,
        numbers: Sequence[int],
        until: float,
        log: ReadLog,
        outcome: Outcome,
    ) -> None:
        names = [a.param if a.keyword else None for a in call.arguments]
        finish = [a.finish for a in call.arguments]
        columns = [a.values(rows, str(i), log) for i, a in enumerate(call.arguments)]
        function, values, reads = call.udf.function, outcome.values, outcome.reads
        clock = time.monotonic
        plain = not any(names) and not any(finish)
        given: Iterable[tuple[Any, ...]] = zip(*columns, strict=True) if columns else [()] * rows.height
        for row, raw in enumerate(given):
            try:
                if plain:
                    values.append(function(*raw))
                else:
                    done = [f(v) if f is not None else v for f, v in zip(finish, raw, strict=True)]
                    positional = [v for n, v in zip(names, done, strict=True) if n is None]
                    options = {n: v for n, v in zip(names, done, strict=True) if n is not None}
                    values.append(function(*positional, **options))
            except Exception as error:
                inner = error.__traceback__.tb_next if error.__traceback__ is not None else None
                raise _failure(call, raw, numbers[row], error) from error.with_traceback(inner)
            reads.append(reads_of(log) if log else NOTHING)
            if clock() >= until:
                return


def _failure(call: Call, raw: tuple[Any, ...], row: int, error: Exception) -> UDFError:
    values = [v[0] if isinstance(v, tuple) else v for v in raw]
    file = next((v for v in values if isinstance(v, File)), None)
    where = f", file {file.uri}" if file is not None else ""
    return UDFError(f"{call.udf.name}() failed on row {row}{where}: {type(error).__name__}: {error}")
