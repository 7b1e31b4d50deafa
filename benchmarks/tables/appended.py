"""Appended: a Delta table as devices that report impedances leave it, a commit after the other, some rows sent twice."""

import datetime as dt
from pathlib import Path

import deltalake
import numpy as np
import polars as pl

COMMITS = 20
IMPLANTS = 20
FIRST = 4590  # number of an implant
BEGIN = dt.datetime(2024, 4, 28, tzinfo=dt.UTC)
AGAIN = 0.1  # of a commit's rows, which were in the one before with another value
SEED = 19


def make_table(folder: Path, rows: int) -> int:
    """Write it, and give the number of its rows.

    In each commit stand rows of all implants, in the order of time; its first tenth are the last times of the commit before, measured anew.
    """
    each = rows // COMMITS // IMPLANTS  # times of a commit
    for number in range(COMMITS):
        first = number * round(each * (1 - AGAIN))
        deltalake.write_deltalake(folder, _rows(number, first, each), mode="append")
    return COMMITS * IMPLANTS * each


def _rows(number: int, first: int, times: int) -> pl.DataFrame:
    chance = np.random.default_rng(SEED + number)
    count = times * IMPLANTS
    seconds = np.repeat(np.arange(first, first + times), IMPLANTS)
    return pl.DataFrame(
        {
            "implant_id": np.tile(np.arange(FIRST, FIRST + IMPLANTS), times),
            "ts": (pl.Series(seconds) * 1_000_000 + int(BEGIN.timestamp() * 1e6)).cast(
                pl.Datetime("us", "UTC")
            ),
            "channel": chance.integers(0, 1024, count, np.int32),
            "ohm": chance.lognormal(5.5, 0.7, count),
            "phase": chance.normal(-40, 12, count),
            "electrode": pl.Series(chance.integers(0, 64, count)).cast(pl.String),
            "is_valid": chance.random(count) < 0.97,
        }
    )
