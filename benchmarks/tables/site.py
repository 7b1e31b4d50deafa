"""Site: the pages of a catalog of a hundred tables."""

from pathlib import Path

import polars as pl

from benchmarks.comparison import Comparison
from benchmarks.goal import Contestants, Goal, faster
from benchmarks.tables.entrant import entrant

ROWS = 1000  # of a table
OTHER = "Neuralake"


def make_tables(folder: Path, tables: int) -> None:
    """Write a Parquet file for each table."""
    for number in range(tables):
        below = folder / f"table_{number:03d}"
        below.mkdir(parents=True)
        columns = {f"column_{n}": range(n, n + ROWS) for n in range(8)}
        pl.DataFrame(columns | {"note": [f"{n}" for n in range(ROWS)]}).write_parquet(below / "data.parquet")


def site(ours: Path, release: Path, folder: Path, tables: int) -> Comparison:
    """Of tables that were made."""
    return Comparison(
        "A catalog's site",
        f"A catalog of {tables} Parquet tables of {ROWS:,} rows and 9 columns on this disk, each with a description, an owner and an example: the "
        "site is built, from the declarations to the last file. Ours reads rows for previews, counts them, and says sizes; the other one reads schemas, and "
        "copies an application that was built before.",
        "tables",
        tables,
        [
            entrant("neurochain", ours, "site_neurochain", folder, tables),
            entrant(OTHER, release, "site_neuralake", folder, tables),
        ],
        (faster(2, OTHER), smaller(10, OTHER)),
    )


def smaller(times: float, than: str, who: str = "neurochain") -> Goal:
    """So many times fewer bytes written than by another one; the cases say ``bytes``."""

    def measure(all_: Contestants) -> tuple[str, bool]:
        mine, other = (int(str(all_[name].runs[-1].facts["bytes"])) for name in (who, than))
        return f"{mine / 1e6:.3g} MB of {other / 1e6:.3g} MB", mine * times <= other

    return Goal(f"{who}: at most 1/{times:g} of the size of {than}", measure)
