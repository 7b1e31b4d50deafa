"""Large: rows that are on the disk and not in memory, rows without number, and versions as large as memory."""

import tempfile
from pathlib import Path

from benchmarks.comparison import Comparison, Comparisons
from benchmarks.contestant import Contestant
from benchmarks.goal import faster, memory_over, seconds_at_most
from benchmarks.loaders import CASES, make_rows
from benchmarks.scale import Scale

COLD = 60_000  # rows of 16 KiB, 1 GB
MANY = 100_000_000
LARGE = 1_220_000  # rows of 16 KiB, 20 GB


def cold(ours: Path, scale: Scale) -> Comparisons:
    """Files that are not in the page cache."""
    with tempfile.TemporaryDirectory() as name:
        folder, rows = Path(name), scale.of(COLD)
        make_rows(folder, rows)
        for part, count in (("all", rows), ("half", rows // 2)):

            def one(who: str, case: str, part: str = part, count: int = count) -> Contestant:
                return Contestant(who, ours, f"cold_{case}", (str(folder), part), count, folder=CASES)

            yield Comparison(
                f"Rows from a cold disk, {part} of them",
                f"{rows:,} rows of 16,384 bytes, of which {'all' if part == 'all' else 'half, drawn at random,'} are read once, shuffled, in batches of 64; none of the file is in the page "
                "cache when the clock starts (`posix_fadvise`). By hand: `numpy.take` from the mapped `.npy` file, in an order drawn before. What "
                "a fault reads around it is the system's choice (8 MB here), which helps where all is wanted.",
                "rows",
                count,
                [one("neurochain", "neurochain"), one("mapped by hand", "mapped")],
                (faster(1, "mapped by hand"), faster(1.2, "mapped by hand")),
            )


def many(ours: Path, scale: Scale) -> Comparisons:
    """A hundred million rows."""
    with tempfile.TemporaryDirectory() as name:
        rows = scale.of(MANY)

        def one(who: str, case: str, what: str) -> Contestant:
            return Contestant(who, ours, f"many_{case}", (name, str(rows), what), 1, folder=CASES)

        yield Comparison(
            "The first batch of many rows",
            f"A saved version of {rows:,} rows, mapped by an earlier loader: from `read_dataset` to the first shuffled batch of 64; the same where "
            "a loop is taken up at nine tenths of an epoch; and then 2,000 batches more. torch: `DataLoader(shuffle=True)` over the mapped array, which draws "
            "all numbers first, and taken up by going through them.",
            "times",
            1,
            [
                one("neurochain, first batch", "neurochain", "first"),
                one("neurochain, taken up", "neurochain", "resume"),
                one("neurochain, 2,000 batches", "neurochain", "epoch"),
                one("torch, first batch", "torch", "first"),
            ],
            (
                seconds_at_most(1, "neurochain, first batch"),
                seconds_at_most(1, "neurochain, taken up"),
                memory_over(50, "neurochain, first batch", "neurochain, 2,000 batches"),
            ),
        )


def large(ours: Path, scale: Scale) -> Comparisons:
    """Twenty gigabytes."""
    with tempfile.TemporaryDirectory() as name:
        rows = scale.of(LARGE)

        def epoch(who: str, part: str) -> Contestant:
            amount = 64 if part == "one" else rows
            return Contestant(who, ours, "large_neurochain", (name, str(rows), part), amount, folder=CASES)

        yield Comparison(
            "A version of 20 GB",
            f"A saved version of {rows:,} rows of 16,384 bytes ({rows * 16_384 / 1e9:.1f} GB), mapped by an earlier loader; one shuffled epoch, and one batch. Memory is the "
            "largest that the process had, mapped files included.",
            "rows",
            rows,
            [epoch("neurochain", "epoch"), epoch("neurochain, one batch", "one")],
            (memory_over(500, "neurochain, one batch", "neurochain"),),
        )
