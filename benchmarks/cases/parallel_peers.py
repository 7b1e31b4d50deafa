"""A function that keeps a core busy, by others. Usage: parallel_peers.py processpool|daft|ray ROWS"""

import sys

from measured import measured

how, rows = sys.argv[1], int(sys.argv[2])


def busy(x: int) -> int:
    total = 0
    for i in range(150_000):
        total += i
    return x


def processpool() -> dict[str, object]:
    with ProcessPoolExecutor(2) as pool:
        return {"rows": len(list(pool.map(busy, range(rows), chunksize=20)))}


def by_daft() -> dict[str, object]:
    function = daft.udf(return_dtype=daft.DataType.int64(), concurrency=2, batch_size=20, use_process=True)(
        lambda column: [busy(x) for x in column.to_pylist()]
    )
    frame = daft.from_pydict({"x": list(range(rows))}).into_batches(20)
    return {"rows": frame.with_column("y", function(daft.col("x"))).collect().count_rows()}


def by_ray() -> dict[str, object]:
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    data = ray.data.from_items([{"x": x} for x in range(rows)], override_num_blocks=20)
    done = data.map(lambda row: {**row, "y": busy(row["x"])}, concurrency=2).materialize()
    return {"rows": done.count()}


if __name__ == "__main__":
    if how == "daft":
        import daft

        measured(by_daft)
    elif how == "ray":
        import ray  # as above
        import ray.data

        measured(by_ray)
    else:
        from concurrent.futures import ProcessPoolExecutor  # as above

        measured(processpool)
