"""Loaders: rows of features on their way to a training loop, and those who feed it otherwise."""

import tempfile
from pathlib import Path

import numpy as np

from benchmarks.comparison import Comparison, Comparisons
from benchmarks.contestant import Contestant
from benchmarks.goal import Goal, faster
from benchmarks.scale import Scale

CASES = Path(__file__).resolve().parent / "cases"
ROWS = 20_000
BATCH = 64
SHAPE = (64, 64)  # float32: 16 KiB a row
PEERS = {
    "h5py, by hand": "h5py",
    "Lance": "lance",
    "Hugging Face datasets": "huggingface",
    "DataChain, bytes": "datachain",
    "mosaicml-streaming": "mosaic",
    "litdata": "litdata",
    "webdataset": "webdataset",
    "MONAI PersistentDataset": "monai",
}
FROM_ONE = {"h5py, by hand", "Lance"}  # which have no workers here

ROW = (
    "{rows:,} rows of {size:,} bytes (64 x 64 float32) with a label, batches of 64, shuffled (Lance: in blocks of 64; webdataset: in a "
    "buffer of 1,000)."
)


def features(ours: Path, peers: Path, others: Path, scale: Scale) -> Comparisons:
    """Rows of features; `others` is the Python of the environment that has other loaders, `peers` that of DataChain."""
    rows = scale.of(ROWS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_rows(folder, rows)

        def one(who: str, python: Path, case: str, workers: int, when: str, *more: str) -> Contestant:
            arguments = (str(folder), str(BATCH), str(workers), when, *more)
            return Contestant(who, python, f"loader_{case}", arguments, folder=CASES)

        def python_of(case: str) -> Path:
            return peers if case == "datachain" else others

        def memory(who: str, how: str, workers: int) -> Contestant:
            return one(who, ours, "memory", workers, "second", how)

        said = ROW.format(rows=rows, size=4 * SHAPE[0] * SHAPE[1])
        yield Comparison(
            "Rows to a training loop",
            f"{said} The second epoch, in the page cache, no workers. `read_dataset(…).to_pytorch(shuffle=True).loader(64)`; plain is "
            "`to_numpy_batches`. In memory: rows gathered into one buffer (the limit), a `TensorDataset` that is asked for batches, and "
            "one with torch's own collate.",
            "rows",
            rows,
            [
                one("neurochain", ours, "neurochain", 0, "second"),
                one("neurochain, plain", ours, "neurochain", 0, "second", "plain"),
                memory("gathered from memory", "gather", 0),
                memory("TensorDataset, batched", "batched", 0),
                memory("TensorDataset", "collate", 0),
                *(one(who, python_of(case), case, 0, "second") for who, case in PEERS.items()),
            ],
            (
                faster(0.8, "gathered from memory"),
                faster(0.9, "gathered from memory", "neurochain, plain"),
                faster(3, "TensorDataset"),
                faster(5, "h5py, by hand"),
                faster(6, "Hugging Face datasets"),
                *_all(50, "litdata", "mosaicml-streaming", "webdataset", "DataChain, bytes"),
            ),
        )
        yield Comparison(
            "Rows to a training loop, two workers",
            f"{said} The second epoch, in the page cache, `num_workers=2`.",
            "rows",
            rows,
            [
                one("neurochain", ours, "neurochain", 2, "second"),
                memory("TensorDataset, batched", "batched", 2),
                memory("TensorDataset", "collate", 2),
                *(
                    one(who, python_of(case), case, 2, "second")
                    for who, case in PEERS.items()
                    if who not in FROM_ONE
                ),
            ],
            (faster(0.9, "TensorDataset"), faster(5, "TensorDataset")),
        )
        yield Comparison(
            "Rows to a training loop, the first epoch",
            f"{said} From the saved version, or from a `.npy` file, to the end of the first epoch, no workers: what each makes of it first "
            "is part of it.",
            "rows",
            rows,
            [
                one("neurochain", ours, "neurochain", 0, "first"),
                *(one(who, python_of(case), case, 0, "first") for who, case in PEERS.items()),
            ],
            tuple(_all(10, "litdata", "mosaicml-streaming")),
        )


def _all(times: float, *than: str) -> list[Goal]:
    return [faster(times, who) for who in than]


def make_rows(folder: Path, rows: int) -> None:
    """Noise whose first value says the row's label."""
    chance = np.random.default_rng(0)
    signals = np.lib.format.open_memmap(folder / "signals.npy", "w+", np.float32, (rows, *SHAPE))
    for start in range(0, rows, 1_000):
        count = min(1_000, rows - start)
        signals[start : start + count] = chance.standard_normal((count, *SHAPE), np.float32)
    labels = np.arange(rows)
    signals[:, 0, 0] = labels
    signals.flush()
    np.save(folder / "labels.npy", labels)
