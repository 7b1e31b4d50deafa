"""Failures: calls that failed, as errors, as a column, and as what lineage keeps of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from neurochain.chain.functions.call import Call
from neurochain.chain.functions.chunk import Failure
from neurochain.datasets.lineage import FAILURES
from neurochain.datasets.schema import Schema
from neurochain.datasets.secrets import masked
from neurochain.datasets.types import Field, Record, Scalar
from neurochain.errors import UDFError, WorkerLostError

FILES_TOLD = 3
TEXT_TOLD = 8_000  # characters
ERROR = "error"  # column of `on_error="keep"`
_TEXT = Scalar("string")
ERROR_FIELD = Field(
    ERROR, Record("Error", (Field("function", _TEXT), Field("message", _TEXT), Field("traceback", _TEXT)))
)


def keeps_errors(schema: Schema) -> bool:
    """Whether rows of this schema may have failed before."""
    return ERROR in schema and schema[ERROR] == ERROR_FIELD


def failed(call: Call, failure: Failure) -> UDFError:
    """Error of a failed call, caused by the user's own exception."""
    where = f", file {_shown(failure.files)}" if failure.files else ""
    what = "row" if call.takes == "row" else "the group of row"
    if failure.lost:
        return WorkerLostError(
            f"{call.udf.name}() on {what} {failure.row}{where}: {failure.message} "
            "To go on without such rows: settings(on_error='skip') or 'keep'."
        )
    text = f"{failure.error}: {failure.message}" if failure.message else failure.error
    error = UDFError(f"{call.udf.name}() failed on {what} {failure.row}{where}: {text}")
    error.__cause__ = failure.exception
    if failure.exception is None or failure.exception.__traceback__ is None:
        error.add_note(f"In a worker process:\n{failure.traceback.rstrip()}")
    return error


def _shown(files: Sequence[str]) -> str:
    rest = f" and {len(files) - 3} more" if len(files) > 3 else ""
    return ", ".join(files[:3]) + rest


def error_columns(name: str, failures: Mapping[int, Failure], places: Sequence[int]) -> list[pl.Series]:
    """Flat columns of `ERROR_FIELD` for the rows of these calls."""
    found = [failures.get(int(p)) for p in places]
    return [
        pl.Series(f"{ERROR}.function", [None if f is None else name for f in found], dtype=pl.String),
        pl.Series(f"{ERROR}.message", [None if f is None else _line(f) for f in found], dtype=pl.String),
        pl.Series(
            f"{ERROR}.traceback", [None if f is None else masked(f.traceback) for f in found], dtype=pl.String
        ),
    ]


def _line(failure: Failure) -> str:
    return masked(f"{failure.error}: {failure.message}" if failure.message else failure.error)


def told(name: str, failure: Failure, key: bytes | None) -> dict[str, Any]:
    """What is seen of it while the run goes on: plain JSON."""
    return {
        "function": name,
        "row": failure.row,
        "key": None if key is None else key.hex(),
        "files": list(failure.files[:FILES_TOLD]),
        "error": _line(failure)[:TEXT_TOLD],
        "traceback": masked(failure.traceback[-TEXT_TOLD:]),
    }


def listed(name: str, failures: Sequence[Failure]) -> pl.DataFrame:
    """What lineage keeps: ``function, row, file, error, traceback``."""
    rows = [(name, f.row, _shown(f.files) or None, _line(f), masked(f.traceback)) for f in failures]
    return pl.DataFrame(rows, schema=FAILURES, orient="row")
