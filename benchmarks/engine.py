"""The engine's jobs as comparisons with DataChain, and with those who run functions in parallel."""

from pathlib import Path

from benchmarks.comparison import Comparison
from benchmarks.contestant import Contestant
from benchmarks.goal import (
    Goal,
    faster,
    memory_at_most,
    not_slower_than_the_best,
    seconds_at_most,
    within,
)

COMES, TUNED = "DataChain, as it comes", "DataChain, tuned"
PYDANTIC = "Making a million pydantic records, which both do, takes a second by itself; the rest is 1 s here and 7 to 10 s there."
PLAIN = "The generator alone takes 0.11 s of it; hashing the rows' keys, the ledger and the part take most of the rest."
ARRAY = "8 MB are little: half of the time is that of any save (files brought to disk, lineage); each array is written twice and hashed."
ASKED = "The project's database is asked for the version and its parts, which takes 4 ms however many rows there are."
LARGE = "Beyond a million rows the parts go by way of the disk."
RECORDS, BACK, MANY, NUMBERS, FEWER, ARRAYS = (
    "Map to a small record and save",
    "Read records back",
    "One row to many records",
    "One row to many numbers",
    "Many rows to one",
    "Arrays, saved and read",
)


def engine(ours: Path, peers: Path) -> list[Comparison]:
    """One comparison per job."""
    return [*_against_datachain(ours, peers), *_alone(ours), _parallel(ours, peers)]


def _against_datachain(ours: Path, peers: Path) -> list[Comparison]:
    def both(
        title: str, what: str, job: str, rows: int, amount: int, goals: tuple[Goal, ...], default: bool = True
    ) -> Comparison:
        ways = (("default", COMES), ("tuned", TUNED)) if default else (("tuned", TUNED),)
        peer = [Contestant(name, peers, "engine_datachain", (job, str(rows), way)) for way, name in ways]
        mine = Contestant("neurochain", ours, "engine_neurochain", (job, str(rows)))
        return Comparison(title, what, "rows", amount, [mine, *peer], goals)

    return [
        both(
            RECORDS,
            "Each row becomes a pydantic record of an integer, a float and a text, as columns.",
            "record",
            200_000,
            200_000,
            (faster(12, COMES),),
        ),
        both(
            BACK,
            "The records of the job before, one Python object per row.",
            "read_records",
            200_000,
            200_000,
            (faster(10, TUNED),),
            default=False,
        ),
        both(
            MANY,
            "10,000 rows, each to 100 pydantic records by a generator function: 1,000,000 rows, saved.",
            "gen",
            10_000,
            1_000_000,
            (faster(30, COMES, why=PYDANTIC),),
        ),
        both(
            NUMBERS,
            "10,000 rows, each to 100 floats by a generator function: 1,000,000 rows, saved.",
            "gen_numbers",
            10_000,
            1_000_000,
            (faster(30, COMES, why=PLAIN),),
        ),
        both(
            FEWER,
            "The mean of 100 rows each, by a function of Python's: 1,000,000 rows to 10,000.",
            "agg",
            10_000,
            1_000_000,
            (faster(30, COMES),),
        ),
        both(
            ARRAYS,
            "4,000 vectors of 512 float32. As it comes: DataChain keeps a list of floats; tuned: bytes.",
            "arrays",
            4_000,
            4_000,
            (faster(50, COMES, why=ARRAY), faster(4, TUNED, why=ARRAY)),
        ),
    ]


def _alone(ours: Path) -> list[Comparison]:
    def job(what: str, rows: int, title: str = "neurochain", amount: int | None = None) -> Contestant:
        return Contestant(title, ours, "engine_neurochain", (what, str(rows)), amount)

    few, more, most = "neurochain, 100,000", "neurochain, 1,000,000", "neurochain, 10,000,000"
    return [
        Comparison(
            "Run again with nothing changed",
            "The map of 200,000 rows once more, in the project that holds its results; no new version comes of it.",
            "rows",
            200_000,
            [job("rerun", 200_000)],
            (seconds_at_most(0.5),),
        ),
        Comparison(
            "Filter and select on 1,000,000 saved rows",
            "`read_dataset(…).filter(…).select(…).collect()` against `polars.scan_parquet` of the same parts.",
            "rows",
            1_000_000,
            [
                job("select", 1_000_000),
                job("scan", 1_000_000, "polars.scan_parquet"),
            ],
            (within(1.3, "polars.scan_parquet", why=ASKED),),
        ),
        Comparison(
            "Ten million rows",
            "`read_dataset(…).map(y=square).save(…)` of 100,000, 1,000,000 and 10,000,000 rows. The memory is all that the system "
            "counts for the process.",
            "rows",
            10_000_000,
            [
                job("scale", 10_000_000, most),
                job("scale", 1_000_000, more, 1_000_000),
                job("scale", 100_000, few, 100_000),
            ],
            (memory_at_most(1000, most), within(100, few, most), within(10, more, most, why=LARGE)),
        ),
    ]


def _parallel(ours: Path, peers: Path) -> Comparison:
    two, one = "neurochain, 2 workers", "neurochain, in this process"
    return Comparison(
        "A function that keeps a core busy",
        "2,000 calls of about 5 ms. neurochain saves the results, the others hold them in memory; `ray.init` and imports of "
        "workers count, imports of the main process do not.",
        "calls",
        2_000,
        [
            Contestant(two, ours, "engine_neurochain", ("two", "2000")),
            Contestant(one, ours, "engine_neurochain", ("one", "2000")),
            Contestant("ProcessPoolExecutor(2)", peers, "parallel_peers", ("processpool", "2000")),
            Contestant("Daft", peers, "parallel_peers", ("daft", "2000")),
            Contestant("Ray Data", peers, "parallel_peers", ("ray", "2000")),
        ],
        (
            faster(1.85, one, two, why="Worker processes start within the time: 0.3 s of it."),
            not_slower_than_the_best(
                two, why="Worker processes start from nothing, and the results are saved."
            ),
        ),
    )
