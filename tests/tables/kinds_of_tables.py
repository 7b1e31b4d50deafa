"""The same rows as a table of every kind."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import polars as pl
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

import neurochain as nc

NULL = "__HIVE_DEFAULT_PARTITION__"
SQL_TYPES: dict[Any, Any] = {
    pl.Int64: sa.BigInteger,
    pl.Int32: sa.Integer,
    pl.Int16: sa.SmallInteger,
    pl.Float64: sa.Double,
    pl.String: sa.Text,
    pl.Boolean: sa.Boolean,
    pl.Date: sa.Date,
    pl.Datetime: sa.DateTime,
}


def write_partitions(
    frame: pl.DataFrame,
    folder: Path,
    by: Sequence[str],
    scheme: str = "hive",
    written: Callable[[Any], str] = str,
    files: int = 1,
) -> None:
    """Write a frame as a partitioned folder; `written` is how a value stands in the name of its folder."""
    for values, part in frame.partition_by(by, as_dict=True).items():
        names = [NULL if v is None else written(v) for v in values]
        parts = [f"{c}={n}" if scheme == "hive" else n for c, n in zip(by, names, strict=True)]
        place = folder.joinpath(*parts)
        place.mkdir(parents=True, exist_ok=True)
        step = max(1, -(-part.height // files))
        for number, start in enumerate(range(0, part.height, step)):
            part.drop(by).slice(start, step).write_parquet(place / f"part-{number}.parquet")


def parquet(frame: pl.DataFrame, folder: Path) -> nc.Table:
    folder.mkdir(parents=True)
    for number, start in enumerate(range(0, frame.height, 50)):
        frame.slice(start, 50).write_parquet(folder / f"{number}.parquet", row_group_size=10)
    return nc.ParquetTable(name="rows", uri=str(folder))


def hive(frame: pl.DataFrame, folder: Path) -> nc.Table:
    write_partitions(frame, folder, ["s", "h"], written=lambda v: quote(str(v), safe=" "))
    by = [nc.Partition("s"), nc.Partition("h", pl.Int16)]
    return nc.ParquetTable(name="rows", uri=str(folder), partitioning=by)


def directory(frame: pl.DataFrame, folder: Path) -> nc.Table:
    write_partitions(frame, folder, ["d", "h"], "directory")
    by = [nc.Partition("d", pl.Date), nc.Partition("h", "int16")]
    return nc.ParquetTable(name="rows", uri=str(folder), partitioning=by, partitioning_scheme="directory")


def function(frame: pl.DataFrame, folder: Path) -> nc.Table:
    @nc.table(name="rows")
    def given() -> pl.LazyFrame:
        return frame.lazy()

    made: nc.Table = given
    return made


def dataset(frame: pl.DataFrame, folder: Path) -> nc.Table:
    folder.mkdir(parents=True)
    frame.write_parquet(folder / "rows.parquet")
    nc.read_table(folder / "rows.parquet").save("rows")
    return nc.DatasetTable(name="rows", dataset="rows@^1")


def delta(frame: pl.DataFrame, folder: Path) -> nc.Table:
    import deltalake

    from neurochain.tables.delta.table import DeltaTable

    for start in range(0, frame.height, 50):
        deltalake.write_deltalake(str(folder), frame.slice(start, 50).to_arrow(), mode="append")
    made: nc.Table = DeltaTable(name="rows", uri=str(folder))
    return made


def sql(url: str, frame: pl.DataFrame, name: str = "rows") -> nc.Table:
    """The rows as a new table of a database."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        columns = [sa.Column(n, _sql_type(t)) for n, t in frame.schema.items()]
        table = sa.Table(name, sa.MetaData(), *columns)
        table.drop(connection, checkfirst=True)
        table.create(connection)
        connection.execute(table.insert(), frame.to_dicts())
    engine.dispose()
    return nc.SQLTable(name="rows", url=url, table=name)


def _sql_type(dtype: pl.DataType) -> Any:
    if isinstance(dtype, pl.List):
        return postgresql.ARRAY(_sql_type(dtype.inner))  # type: ignore[arg-type]
    return SQL_TYPES[dtype.base_type()]()
