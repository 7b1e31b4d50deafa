"""Time column: which column of a table says when, and times that stand in a file or an array."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from neurochain.chain.reading import open_table
from neurochain.errors import ColumnNotFoundError, FormatError, suggestion
from neurochain.storage import File
from neurochain.timeline.streams.stream import Floats

__all__ = ["ONSETS", "TIMES", "numeric_columns", "time_column", "times_of"]

ONSETS = ("onset", "start_time")
"""Columns that say when something happened: BIDS events, and intervals of NWB."""

TIMES = ("time", "times", "timestamp", "timestamps", "t", "value")
"""Columns that say when a row was sampled."""


def time_column(frame: pl.DataFrame, asked: str | None, called: str) -> str:
    """Name of the column that says when, in seconds.

    Parameters
    ----------
    frame : DataFrame
        The table.
    asked : str, optional
        What the caller says.
    called : str
        Name for messages.

    Raises
    ------
    ColumnNotFoundError
        There is none.
    FormatError
        It holds no numbers.
    """
    if asked is None:
        lower = {name.lower(): name for name in reversed(frame.columns)}
        found = next(
            (lower[n] for n in (*ONSETS, *TIMES) if n in lower and frame[lower[n]].dtype.is_numeric()), None
        )
        if found is None:
            raise ColumnNotFoundError(
                f"{called} has no column that says when in seconds: {', '.join((*ONSETS, *TIMES[:-1]))}. Say which one does: "
                f"nc.stream(…, time='…'), or how often rows were sampled: sampling_frequency=…. There is "
                f"{', '.join(frame.columns[:12])}."
            )
        return found
    if asked not in frame.columns:
        raise ColumnNotFoundError(f"{called} has no column {asked!r}. {suggestion(asked, frame.columns)}")
    if not frame[asked].dtype.is_numeric():
        raise FormatError(
            f"{called}: the column {asked!r} is {frame[asked].dtype}, and times are numbers of seconds."
        )
    return asked


def times_of(source: Any, purpose: str) -> tuple[Floats, tuple[File, ...]]:
    """Times in seconds, as they are given, and the files that they stand in.

    Parameters
    ----------
    source : array_like, or str, path or File
        Of numbers; or a table with one column of numbers, or one that is called as times are.
    purpose : str
        For messages: ``"times of frames"``.

    Raises
    ------
    FormatError
        They are no finite numbers along one axis.
    """
    files: tuple[File, ...] = ()
    if isinstance(source, str | os.PathLike | File):
        file = source if isinstance(source, File) else File.at(source)
        files, called = (file,), file.uri
        values: Any = _only(open_table(file), called)
    else:
        called, values = purpose, source
    try:
        found = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        raise FormatError(f"{called}: {purpose} are numbers of seconds, not {values!r:.60}.") from None
    if found.ndim != 1 or not np.isfinite(found).all():
        what = (
            f"an array of shape {found.shape}" if found.ndim != 1 else "numbers of which some are not finite"
        )
        raise FormatError(f"{called}: {purpose} are numbers of seconds along one axis, not {what}.")
    return found, files


def _only(frame: pl.DataFrame, called: str) -> pl.Series:
    """The column of numbers that is meant where none is named."""
    numeric = [name for name in frame.columns if frame[name].dtype.is_numeric()]
    if len(numeric) == 1:
        return frame[numeric[0]]
    return frame[time_column(frame, None, called)]


def numeric_columns(frame: pl.DataFrame, but: Sequence[str]) -> list[str]:
    """Names of the columns that hold numbers or truth values."""
    return [
        name
        for name in frame.columns
        if name not in but and (frame[name].dtype.is_numeric() or frame[name].dtype == pl.Boolean)
    ]
