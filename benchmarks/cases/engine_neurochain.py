"""Jobs of the engine: neurochain. Usage: engine_neurochain.py JOB ROWS

What a job needs beforehand (rows to read back, to aggregate, to filter) is made before the clock starts.
"""

import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
from measured import measured
from pydantic import BaseModel

import neurochain as nc

job, rows = sys.argv[1], int(sys.argv[2])
nc.Chain  # noqa: B018, names are imported at their first use, and imports are not what is timed


class Feature(BaseModel):
    index: int
    mean: float
    label: str


def feature(x: int) -> Feature:
    return Feature(index=x, mean=x * 0.5, label=str(x))


def trials(x: int):
    for i in range(100):
        yield Feature(index=i, mean=x + i * 0.01, label="trial")


def numbers(x: int):
    for i in range(100):
        yield x + i * 0.01


def thousand(k: int):
    return range(k * 1000, k * 1000 + 1000)


def square(x: int) -> int:
    return x * x


def mean(mean: list[float]) -> float:
    return sum(mean) / len(mean)


def vector(x: int) -> np.ndarray:
    return np.full(512, x, np.float32)


def busy(x: int) -> int:
    total = 0
    for i in range(150_000):
        total += i
    return x


def record() -> dict[str, object]:
    return {"rows": nc.read_values(x=list(range(rows))).map(feature).save("bench").rows}


def read_records() -> dict[str, object]:
    return {"rows": sum(1 for _ in nc.read_dataset("bench").select("index", "mean", "label"))}


def gen() -> dict[str, object]:
    return {"rows": nc.read_values(x=list(range(rows))).gen(trials).save("bench").rows}


def gen_numbers() -> dict[str, object]:
    return {"rows": nc.read_values(x=list(range(rows))).gen(mean=numbers).save("bench").rows}


def agg() -> dict[str, object]:
    return {"rows": nc.read_dataset("bench").agg(average=mean, partition_by="x").save("means").rows}


def arrays() -> dict[str, object]:
    nc.read_values(x=list(range(rows))).map(v=vector).save("bench")
    total = 0.0
    for row in nc.read_dataset("bench"):
        total += float(row.v[0])
    return {"rows": rows, "sum": total}


def rerun() -> dict[str, object]:
    version = nc.read_values(x=list(range(rows))).map(y=lambda x: x * 2).save("bench")
    return {"rows": version.rows, "version": version.version}


def select() -> dict[str, object]:
    frame = nc.read_dataset("bench").filter(nc.Column("mean") > rows / 2).select("index", "mean").collect()
    return {"rows": frame.height}


def scan() -> dict[str, object]:
    frame = pl.scan_parquet(parts).filter(pl.col("mean") > rows / 2).select("index", "mean").collect()
    return {"rows": frame.height}


def parallel(workers: int) -> dict[str, object]:
    chain = nc.read_values(x=list(range(rows))).map(y=busy).settings(workers=workers)
    return {"rows": chain.save("bench").rows}


def scale() -> dict[str, object]:
    return {"rows": nc.read_dataset("source").map(y=square).save("bench").rows}


def source() -> None:
    """In a process of its own, whose memory is gone with it."""
    subprocess.run(
        [sys.executable, __file__, "make_source", str(rows)], check=True, stdout=subprocess.DEVNULL
    )


def make_source() -> dict[str, object]:
    return {"rows": nc.read_values(k=list(range(rows // 1000))).gen(x=thousand).save("source").rows}


def features() -> None:
    start = nc.read_values(index=np.arange(rows).tolist(), mean=np.arange(rows, dtype=float).tolist())
    start.mutate(label=nc.Column("index").cast("string")).save("bench")


def found_parts() -> None:
    features()
    version = nc.dataset("bench")
    parts.extend(next(version.project.parts.rglob(f"{part}.parquet")) for part in version.part_hashes())


parts: list[Path] = []
BEFORE = {
    "read_records": record,
    "agg": gen,
    "rerun": rerun,
    "select": features,
    "scan": found_parts,
    "scale": source,
}
JOBS = {
    "record": record,
    "read_records": read_records,
    "gen": gen,
    "gen_numbers": gen_numbers,
    "scale": scale,
    "make_source": make_source,
    "agg": agg,
    "arrays": arrays,
    "rerun": rerun,
    "select": select,
    "scan": scan,
    "one": lambda: parallel(0),
    "two": lambda: parallel(2),
}
nc.read_values(x=[0]).map(y=lambda x: x).save("warm")  # makes the project
if job in BEFORE:
    BEFORE[job]()
measured(JOBS[job])
