"""Partitions: many small files in folders by implant and day."""

import datetime as dt
from io import BytesIO
from pathlib import Path

import polars as pl

FIRST = 4500  # number of an implant
BEGIN = dt.date(2024, 1, 1)
ROWS = 50  # of a file


def day(number: int) -> str:
    """Name of a day."""
    return (BEGIN + dt.timedelta(days=number)).isoformat()


def make_partitions(folder: Path, implants: int, days: int) -> None:
    """Write a file for each day of each implant, the same ones every day."""
    for number in range(days):
        data = BytesIO()
        pl.DataFrame({"bin": range(ROWS), "rate": [float(number + n) for n in range(ROWS)]}).write_parquet(
            data
        )
        for implant in range(FIRST, FIRST + implants):
            below = folder / f"implant_id={implant}" / f"date={day(number)}"
            below.mkdir(parents=True)
            (below / "data.parquet").write_bytes(data.getbuffer())
