"""Delta: rows that meet filters are counted, and of rows that were sent twice the last ones are."""

from pathlib import Path

from benchmarks.comparison import Comparison, Comparisons
from benchmarks.goal import faster
from benchmarks.tables.appended import AGAIN, COMMITS, IMPLANTS
from benchmarks.tables.entrant import entrant, lighter

AS_IT_COMES, WITH_COLUMNS = "Neuralake, as it comes", "Neuralake, columns said"
STREAMED = "neurochain, streamed"


def delta(ours: Path, release: Path, folder: Path, rows: int) -> Comparisons:
    """Of one table."""
    made = f"{rows:,} rows of {IMPLANTS} implants in {COMMITS} commits, appended by deltalake, 7 columns, on this disk, in the page cache. "
    yield Comparison(
        "Rows of a Delta table that meet filters",
        f"{made}How many rows are of one implant and above 250 ohm, from the address to the number: `table((Filter('implant_id', '=', 4595), "
        "Filter('ohm', '>', 250))).select(pl.len()).collect()`. Both filters are met by rows of every file, so none can be left out. Neuralake's "
        "open release (`data-repository` 0.1.0) hands them to DataFusion; columns said: `columns=['ohm']`, which it cannot find out.",
        "rows",
        rows,
        [
            entrant("neurochain", ours, "delta_neurochain", folder, rows, "count"),
            entrant(AS_IT_COMES, release, "delta_neuralake", folder, rows, "count"),
            entrant(WITH_COLUMNS, release, "delta_neuralake", folder, rows, "count", "ohm"),
        ],
        (faster(3, AS_IT_COMES), lighter(10, AS_IT_COMES)),
    )
    yield Comparison(
        "The last row of each key",
        f"{made}Of each commit {AGAIN:.0%} of the rows are times of the commit before, measured anew: `unique_columns=['implant_id', 'ts']`, and how many "
        "rows are left, and the sum of their impedances: `table(columns=['implant_id', 'ts', 'ohm']).select(pl.len(), pl.col('ohm').sum())`. "
        "Streamed: `collect(engine='streaming')`. Neuralake takes rows in the order in which DataFusion gives them, which need not be "
        "that of the commits, so only the number is compared.",
        "rows",
        rows,
        [
            entrant("neurochain", ours, "delta_neurochain", folder, rows, "last"),
            entrant(STREAMED, ours, "delta_neurochain", folder, rows, "last", "streaming"),
            entrant(WITH_COLUMNS, release, "delta_neuralake", folder, rows, "last", "implant_id,ts,ohm"),
            entrant(AS_IT_COMES, release, "delta_neuralake", folder, rows, "last"),
        ],
        (faster(3, WITH_COLUMNS), lighter(4, WITH_COLUMNS)),
    )
