"""A versioned, queryable index over brain data that stays where it is.

Headers are read first, only the bytes that a function needs are pulled, and every saved feature knows how it
was made, well enough to be made again.

>>> import neurochain as nc
>>> scans = nc.read_storage("data/**/*.dcm")                                 # doctest: +SKIP
>>> scans.map(size=lambda file: file.size).save("sizes")                     # doctest: +SKIP

Names are imported when they are first used: ``import neurochain`` costs milliseconds, polars and sqlalchemy
come with the first chain.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

from neurochain.errors import (
    AmbiguousColumnError,
    BrokenFormatWarning,
    ColumnError,
    ColumnExistsError,
    ColumnNotFoundError,
    DatasetNotFoundError,
    DeprecatedTableWarning,
    ExportError,
    ExpressionError,
    FileChangedError,
    FormatError,
    LoaderError,
    LostOrderWarning,
    ManyMatchesWarning,
    MissingExtraError,
    NeurochainError,
    NothingMatchedError,
    NotReproducibleWarning,
    ParameterError,
    PatternError,
    ProjectError,
    ReplayError,
    SchemaError,
    ShapeError,
    StorageError,
    TableError,
    TableNotFoundError,
    UDFError,
    VersionError,
    WorkerLostError,
)

if TYPE_CHECKING:
    import polars as pl

    from neurochain.chain.chain import Chain
    from neurochain.chain.expressions.column import Column
    from neurochain.chain.expressions.when import when
    from neurochain.chain.functions.udf import udf
    from neurochain.chain.parameters import param
    from neurochain.chain.reading import (
        dataset,
        import_versions,
        open_table,
        read_bids,
        read_dataset,
        read_records,
        read_storage,
        read_table,
        read_values,
    )
    from neurochain.chain.replay.staleness import stale
    from neurochain.chain.values.records import Axes, Unit
    from neurochain.chain.values.row import Row
    from neurochain.chain.withdrawing import withdraw
    from neurochain.datasets.lineage import Lineage
    from neurochain.datasets.versions import DatasetVersion
    from neurochain.export.datachain import read_datachain
    from neurochain.formats import (
        Annotation,
        Header,
        Recording,
        Video,
        Volume,
        dicom_series,
        open_recording,
        open_series,
        open_video,
        open_volume,
    )
    from neurochain.formats.opening import open
    from neurochain.formats.recordings.windows import windows
    from neurochain.formats.volumes.patches import patches
    from neurochain.loaders.leakage import check_leakage
    from neurochain.storage import File
    from neurochain.tables.catalog import Catalog
    from neurochain.tables.checks.declaring import (
        check,
        fresh,
        in_range,
        matches,
        not_null,
        one_of,
        row_count,
        unique,
    )
    from neurochain.tables.datasettable import DatasetTable
    from neurochain.tables.delta.table import DeltaTable
    from neurochain.tables.filters.filter import Filter
    from neurochain.tables.function import FunctionTable, table
    from neurochain.tables.parquet.layout import Partition
    from neurochain.tables.parquet.table import ParquetTable
    from neurochain.tables.sql.query import sql
    from neurochain.tables.sqltable.table import SQLTable
    from neurochain.tables.table import Table
    from neurochain.timeline.excerpt import Excerpt
    from neurochain.timeline.intervals.intervals import Intervals
    from neurochain.timeline.making import timeline
    from neurochain.timeline.streams.opening import stream
    from neurochain.timeline.timeline import Timeline

    def datasets() -> pl.DataFrame: ...


__version__ = "0.1.0"

# Polars' allocator keeps the memory that it has freed, up to a gigabyte in a long run. It reads this when it is
# imported; what the user has set goes first.
os.environ.setdefault("_RJEM_MALLOC_CONF", "muzzy_decay_ms:1000")

_LAZY = {
    "Annotation": "neurochain.formats",
    "Axes": "neurochain.chain.values.records",
    "Catalog": "neurochain.tables.catalog",
    "Chain": "neurochain.chain.chain",
    "Column": "neurochain.chain.expressions.column",
    "DatasetTable": "neurochain.tables.datasettable",
    "DatasetVersion": "neurochain.datasets.versions",
    "DeltaTable": "neurochain.tables.delta.table",
    "Excerpt": "neurochain.timeline.excerpt",
    "File": "neurochain.storage",
    "Filter": "neurochain.tables.filters.filter",
    "FunctionTable": "neurochain.tables.function",
    "Header": "neurochain.formats",
    "Intervals": "neurochain.timeline.intervals.intervals",
    "Lineage": "neurochain.datasets.lineage",
    "ParquetTable": "neurochain.tables.parquet.table",
    "Partition": "neurochain.tables.parquet.layout",
    "Recording": "neurochain.formats",
    "Row": "neurochain.chain.values.row",
    "SQLTable": "neurochain.tables.sqltable.table",
    "Table": "neurochain.tables.table",
    "Timeline": "neurochain.timeline.timeline",
    "Unit": "neurochain.chain.values.records",
    "Video": "neurochain.formats",
    "Volume": "neurochain.formats",
    "check": "neurochain.tables.checks.declaring",
    "check_leakage": "neurochain.loaders.leakage",
    "dataset": "neurochain.chain.reading",
    "dicom_series": "neurochain.formats",
    "fresh": "neurochain.tables.checks.declaring",
    "import_versions": "neurochain.chain.reading",
    "in_range": "neurochain.tables.checks.declaring",
    "matches": "neurochain.tables.checks.declaring",
    "not_null": "neurochain.tables.checks.declaring",
    "one_of": "neurochain.tables.checks.declaring",
    "open": "neurochain.formats.opening",
    "open_recording": "neurochain.formats",
    "open_series": "neurochain.formats",
    "open_table": "neurochain.chain.reading",
    "open_video": "neurochain.formats",
    "open_volume": "neurochain.formats",
    "param": "neurochain.chain.parameters",
    "patches": "neurochain.formats.volumes.patches",
    "read_bids": "neurochain.chain.reading",
    "read_datachain": "neurochain.export.datachain",
    "read_dataset": "neurochain.chain.reading",
    "read_records": "neurochain.chain.reading",
    "read_storage": "neurochain.chain.reading",
    "read_table": "neurochain.chain.reading",
    "read_values": "neurochain.chain.reading",
    "row_count": "neurochain.tables.checks.declaring",
    "sql": "neurochain.tables.sql.query",
    "stale": "neurochain.chain.replay.staleness",
    "stream": "neurochain.timeline.streams.opening",
    "table": "neurochain.tables.function",
    "udf": "neurochain.chain.functions.udf",
    "unique": "neurochain.tables.checks.declaring",
    "when": "neurochain.chain.expressions.when",
    "windows": "neurochain.formats.recordings.windows",
    "withdraw": "neurochain.chain.withdrawing",
}

__all__ = [
    "AmbiguousColumnError",
    "Annotation",
    "Axes",
    "BrokenFormatWarning",
    "Catalog",
    "Chain",
    "Column",
    "ColumnError",
    "ColumnExistsError",
    "ColumnNotFoundError",
    "DatasetNotFoundError",
    "DatasetTable",
    "DatasetVersion",
    "DeltaTable",
    "DeprecatedTableWarning",
    "Excerpt",
    "ExportError",
    "ExpressionError",
    "File",
    "FileChangedError",
    "Filter",
    "FormatError",
    "FunctionTable",
    "Header",
    "Intervals",
    "Lineage",
    "LoaderError",
    "LostOrderWarning",
    "ManyMatchesWarning",
    "MissingExtraError",
    "NeurochainError",
    "NotReproducibleWarning",
    "NothingMatchedError",
    "ParameterError",
    "ParquetTable",
    "Partition",
    "PatternError",
    "ProjectError",
    "Recording",
    "ReplayError",
    "Row",
    "SQLTable",
    "SchemaError",
    "ShapeError",
    "StorageError",
    "Table",
    "TableError",
    "TableNotFoundError",
    "Timeline",
    "UDFError",
    "Unit",
    "VersionError",
    "Video",
    "Volume",
    "WorkerLostError",
    "__version__",
    "check",
    "check_leakage",
    "dataset",
    "datasets",
    "dicom_series",
    "fresh",
    "import_versions",
    "in_range",
    "matches",
    "not_null",
    "one_of",
    "open",
    "open_recording",
    "open_series",
    "open_table",
    "open_video",
    "open_volume",
    "param",
    "patches",
    "read_bids",
    "read_datachain",
    "read_dataset",
    "read_records",
    "read_storage",
    "read_table",
    "read_values",
    "row_count",
    "sql",
    "stale",
    "stream",
    "table",
    "timeline",
    "udf",
    "unique",
    "when",
    "windows",
    "withdraw",
]


def __getattr__(name: str) -> Any:
    if name in ("datasets", "timeline"):  # packages that can be called
        return import_module(f"neurochain.{name}")
    if name not in _LAZY:
        raise AttributeError(f"module 'neurochain' has no attribute {name!r}")
    value = getattr(import_module(_LAZY[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
