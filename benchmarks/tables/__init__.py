"""Tables: Delta tables and partitioned folders, against Neuralake's open release."""

import tempfile
from importlib.util import find_spec
from pathlib import Path

from benchmarks.comparison import Comparisons
from benchmarks.scale import Scale
from benchmarks.tables.appended import COMMITS, make_table
from benchmarks.tables.delta import delta
from benchmarks.tables.partitioned import partitioned
from benchmarks.tables.partitions import make_partitions
from benchmarks.tables.site import make_tables, site

ROWS = 2_000_000
IMPLANTS, DAYS = 100, 100
TABLES = 100


def tables(ours: Path, release: Path, scale: Scale) -> Comparisons:
    """Rows of a Delta table by filters, the last row of each key, and files by partitions; `release` is the Python of Neuralake's environment."""
    with tempfile.TemporaryDirectory() as name:
        rows = make_table(Path(name) / "impedance", scale.of(ROWS, COMMITS * 100))
        make_table(Path(name) / "small", COMMITS * 400)
        yield from delta(ours, release, Path(name), rows)
    with tempfile.TemporaryDirectory() as name:
        implants, days = scale.of(IMPLANTS, 4), scale.of(DAYS, 4)
        make_partitions(Path(name) / "lab/spikes", implants, days)
        yield from partitioned(ours, release, Path(name), implants, days)
    if find_spec("neurochain.tables.site") is not None:
        with tempfile.TemporaryDirectory() as name:
            count = scale.of(TABLES, 3)
            make_tables(Path(name), count)
            yield site(ours, release, Path(name), count)
