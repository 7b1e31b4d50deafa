"""Jobs of the engine: DataChain. Usage: engine_datachain.py JOB ROWS default|tuned

Tuned: prefetch=0; arrays as bytes instead of lists.
"""

import sys
from collections.abc import Iterator

import datachain as dc
import numpy as np
from measured import measured

job, rows, how = sys.argv[1], int(sys.argv[2]), sys.argv[3]


class Feature(dc.DataModel):
    index: int
    mean: float
    label: str


def feature(x: int) -> Feature:
    return Feature(index=x, mean=x * 0.5, label=str(x))


def trials(x: int) -> Iterator[Feature]:
    for i in range(100):
        yield Feature(index=i, mean=x + i * 0.01, label="trial")


def numbered(x: int) -> Iterator[float]:
    for i in range(100):
        yield x + i * 0.01


def mean(values: list[float]) -> Iterator[float]:
    yield sum(values) / len(values)


def numbers() -> dc.DataChain:
    chain = dc.read_values(x=list(range(rows)))
    return chain.settings(prefetch=0) if how == "tuned" else chain


def record() -> dict[str, object]:
    return {"rows": numbers().map(f=feature).save("bench").count()}


def read_records() -> dict[str, object]:
    return {"rows": len(dc.read_dataset("bench").to_values("f"))}


def gen() -> dict[str, object]:
    return {"rows": numbers().gen(f=trials).save("bench").count()}


def gen_numbers() -> dict[str, object]:
    return {"rows": numbers().gen(mean=numbered).save("bench").count()}


def made_trials() -> None:
    index = np.repeat(np.arange(rows), 100)
    dc.read_values(x=index.tolist(), mean=(index * 0.5).tolist()).settings(prefetch=0).save("bench")


def agg() -> dict[str, object]:
    chain = dc.read_dataset("bench")
    if how == "tuned":
        chain = chain.settings(prefetch=0)
    chain = chain.agg(average=mean, params=("mean",), output=float, partition_by="x")
    return {"rows": chain.save("means").count()}


def arrays() -> dict[str, object]:
    if how == "tuned":
        numbers().map(v=lambda x: np.full(512, x, np.float32).tobytes(), output=bytes).save("bench")
        vectors = (np.frombuffer(v, np.float32) for v in dc.read_dataset("bench").to_values("v"))
    else:
        numbers().map(v=lambda x: np.full(512, x, np.float32).tolist(), output=list[float]).save("bench")
        vectors = (np.array(v, np.float32) for v in dc.read_dataset("bench").to_values("v"))
    return {"rows": rows, "sum": float(sum(v[0] for v in vectors))}


BEFORE = {"read_records": record, "agg": made_trials}
JOBS = {
    "record": record,
    "read_records": read_records,
    "gen": gen,
    "gen_numbers": gen_numbers,
    "agg": agg,
    "arrays": arrays,
}
dc.read_values(x=[0]).map(y=lambda x: x, output=int).save("warm")  # makes its database
if job in BEFORE:
    BEFORE[job]()
measured(JOBS[job])
