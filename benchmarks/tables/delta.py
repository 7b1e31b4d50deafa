"""Delta: rows that meet filters are counted, and of rows that were sent twice the last ones are."""

from pathlib import Path

from benchmarks.comparison import Comparison, Comparisons
from benchmarks.goal import faster
from benchmarks.tables.appended import AGAIN, COMMITS, IMPLANTS
from benchmarks.tables.entrant import entrant, lighter

AS_IT_COMES, WITH_COLUMNS = "Neuralake, as it comes", "Neuralake, columns said"
STREAMED = "neurochain, streamed"
DECODED = "Polars decodes several files at once; streamed, it drops their rows as soon as they are counted."


def delta(ours: Path, release: Path, folder: Path, rows: int) -> Comparisons:
    """Of one table."""
    made = (
        f"{rows:,} rows of {IMPLANTS} implants in {COMMITS} commits, appended by deltalake, 7 columns, on this disk, in the page cache. Before the clock "
        "starts the same is asked of a small table, so that what libraries take once is no part of it. Memory is what the process has of its own "
        "(pages of files that it maps are the system's), looked at each half millisecond. "
    )
    asked = folder / "impedance", folder / "small", rows
    yield Comparison(
        "Rows of a Delta table that meet filters",
        f"{made}How many rows are valid and above 100 ohm, from the address to the number: `table((Filter('is_valid', '=', True), "
        "Filter('ohm', '>', 100))).select(pl.len()).collect()`; streamed: `collect(engine='streaming')`. Rows of every file meet them, so none is left "
        "out. Neuralake's open release (`data-repository` 0.1.0) hands them to DataFusion, and has the rows before it counts; columns said: "
        "`columns=['ohm']`, which it cannot find out.",
        "rows",
        rows,
        [
            entrant("neurochain", ours, "delta_neurochain", *asked, "count"),
            entrant(STREAMED, ours, "delta_neurochain", *asked, "count", "streaming"),
            entrant(AS_IT_COMES, release, "delta_neuralake", *asked, "count"),
            entrant(WITH_COLUMNS, release, "delta_neuralake", *asked, "count", "ohm"),
        ],
        (
            faster(3, AS_IT_COMES),
            lighter(10, AS_IT_COMES, why=DECODED),
            lighter(10, AS_IT_COMES, STREAMED),
        ),
    )
    yield Comparison(
        "The last row of each key",
        f"{made}Of each commit {AGAIN:.0%} of the rows are times of the commit before, measured anew: `unique_columns=['implant_id', 'ts']`, and how many "
        "rows are left, and the sum of their impedances: `table(columns=['implant_id', 'ts', 'ohm']).select(pl.len(), pl.col('ohm').sum())`. "
        "Streamed: `collect(engine='streaming')`. Neuralake takes rows in the order in which DataFusion gives them, which is not "
        "that of the commits: its sum is another one, of rows that were replaced. Only the number is compared.",
        "rows",
        rows,
        [
            entrant("neurochain", ours, "delta_neurochain", *asked, "last"),
            entrant(STREAMED, ours, "delta_neurochain", *asked, "last", "streaming"),
            entrant(AS_IT_COMES, release, "delta_neuralake", *asked, "last"),
            entrant(WITH_COLUMNS, release, "delta_neuralake", *asked, "last", "implant_id,ts,ohm"),
        ],
        (
            faster(3, AS_IT_COMES),
            faster(
                3,
                WITH_COLUMNS,
                why="Half of the time goes into telling which key is the last, which the other one does not do in order.",
            ),
            lighter(4, AS_IT_COMES),
            lighter(4, WITH_COLUMNS),
        ),
    )
