"""The engine's jobs as comparisons with DataChain, and with those who run functions in parallel."""

from pathlib import Path

from benchmarks.comparison import Comparison
from benchmarks.contestant import Contestant


def engine(ours: Path, peers: Path) -> list[Comparison]:
    """One comparison per job."""
    return [
        _both(
            "Map to a small record and save",
            "Each row becomes a pydantic record of an integer, a float and a text, as columns.",
            ours,
            peers,
            "record",
            200_000,
        ),
        _both(
            "Read records back",
            "The records of the job before, one Python object per row.",
            ours,
            peers,
            "read_records",
            200_000,
            ("tuned",),
        ),
        _both(
            "One row to many",
            "10,000 rows, each to 100 records by a generator function: 1,000,000 rows.",
            ours,
            peers,
            "gen",
            10_000,
            amount=1_000_000,
        ),
        _both(
            "Many rows to one",
            "The mean of 100 rows each, by a function of Python's: 1,000,000 rows to 10,000.",
            ours,
            peers,
            "agg",
            10_000,
            amount=1_000_000,
        ),
        _both(
            "Arrays, saved and read",
            "4,000 vectors of 512 float32. As it comes: DataChain keeps a list of floats; tuned: bytes.",
            ours,
            peers,
            "arrays",
            4_000,
        ),
        Comparison(
            "Run again with nothing changed",
            "The map of 200,000 rows once more, in the project that holds its results; no new version comes of it.",
            "rows",
            200_000,
            [Contestant("neurochain", ours, "engine_neurochain", ("rerun", "200000"))],
        ),
        Comparison(
            "Filter and select on 1,000,000 saved rows",
            "`read_dataset(…).filter(…).select(…).collect()` against `polars.scan_parquet` of the same parts.",
            "rows",
            1_000_000,
            [
                Contestant("neurochain", ours, "engine_neurochain", ("select", "1000000")),
                Contestant("polars.scan_parquet", ours, "engine_neurochain", ("scan", "1000000")),
            ],
        ),
        Comparison(
            "A function that keeps a core busy",
            "2,000 calls of about 5 ms. neurochain saves the results, the others hold them in memory; ray.init and imports of "
            "workers count, imports of the main process do not.",
            "calls",
            2_000,
            [
                Contestant("neurochain, 2 workers", ours, "engine_neurochain", ("two", "2000")),
                Contestant("neurochain, in this process", ours, "engine_neurochain", ("one", "2000")),
                Contestant("ProcessPoolExecutor(2)", peers, "parallel_peers", ("processpool", "2000")),
                Contestant("Daft", peers, "parallel_peers", ("daft", "2000")),
                Contestant("Ray Data", peers, "parallel_peers", ("ray", "2000")),
            ],
        ),
    ]


def _both(
    title: str,
    what: str,
    ours: Path,
    peers: Path,
    job: str,
    rows: int,
    ways: tuple[str, ...] = ("default", "tuned"),
    amount: int | None = None,
) -> Comparison:
    names = {"default": "DataChain, as it comes", "tuned": "DataChain, tuned"}
    peer = [Contestant(names[w], peers, "engine_datachain", (job, str(rows), w)) for w in ways]
    mine = Contestant("neurochain", ours, "engine_neurochain", (job, str(rows)))
    return Comparison(title, what, "rows", amount or rows, [mine, *peer])
