"""DeltaTable: a table of Delta Lake, at its latest version or an earlier one."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

import polars as pl

from neurochain.errors import ColumnNotFoundError, TableError, VersionError, suggestion
from neurochain.tables.delta.frame import frame
from neurochain.tables.delta.log import Log
from neurochain.tables.delta.newest import newest
from neurochain.tables.delta.opening import ranges
from neurochain.tables.delta.order import in_order
from neurochain.tables.delta.slices import Slice, slices
from neurochain.tables.delta.snapshot import MODIFIED, SIZE, Snapshot
from neurochain.tables.delta.statistics import files_of
from neurochain.tables.dtypes import schema_of
from neurochain.tables.facts import Facts
from neurochain.tables.filters.condition import Condition
from neurochain.tables.reach import reach
from neurochain.tables.table import Table

__all__ = ["DeltaTable"]

OPTIONS = ("version", "timestamp")


@dataclass(kw_only=True, eq=False, repr=False)
class DeltaTable(Table):
    """A table of Delta Lake. Needs the extra ``[delta]``.

    Only the files are read that can hold wanted rows, as the values of the partition columns and the statistics in the log say, and of them
    only the columns and row groups that are asked for.

    With `unique_columns`, of all rows that have one key the last one is kept: that of the latest commit, in a commit that of the file that it lists
    last, in a file the lowest. A null is a value of a key as any other. A filter on columns of the key alone is applied before that, any other
    one after it: a row that a later one has replaced never comes back. Where a commit wrote rows of others anew (``OPTIMIZE``,
    ``DELETE`` or ``UPDATE`` without deletion vectors, ``MERGE``), it left no trace of which was the later one; a `LostOrderWarning` says so.

    Attributes
    ----------
    uri : str
        Of the table's folder: a path, ``s3://…``, ``gs://…``, ``az://…``.
    unique_columns : sequence of str
        The key, of which rows but the last one are left out.
    columns : schema or mapping of str to type, optional
        All columns, where they should be others than the table says: one that it does not have is all null, one of another type is cast.
    version : int, optional
        The one that is read; by default the latest, each time anew.
    timestamp : str or datetime, optional
        The version that was the latest one then: ``"2026-01-01T00:00:00Z"``. Without a zone, UTC is meant.
    storage_options : mapping, optional
        As of `read_storage`.
    name, description, owner, docs_filters, docs_columns, deprecated, latency, notebook, links, checks
        As of `Table`.

    Examples
    --------
    >>> impedance = DeltaTable(name="impedance", uri="s3://bucket/impedance", unique_columns=["implant_id", "ts"])
    >>> impedance(Filter("implant_id", "==", 4595), ["ts", "ohm"], version=3).collect()      # doctest: +SKIP
    """

    kind: ClassVar[str] = "delta"

    uri: str
    unique_columns: Sequence[str] = ()
    columns: Mapping[str, Any] | None = None
    version: int | None = None
    timestamp: str | dt.datetime | None = None
    storage_options: Mapping[str, Any] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.uri, str) or not self.uri:
            raise TableError(f"{self._where}: uri={self.uri!r} is no address.")
        if isinstance(self.unique_columns, str):
            raise TableError(f"{self._where}: unique_columns is a list: write [{self.unique_columns!r}].")
        self.unique_columns = tuple(self.unique_columns)
        self.uri = self.uri.rstrip("/") or "/"
        reach(self.uri, self.storage_options)
        self._log = Log(self.uri)
        self._declared = None if self.columns is None else schema_of(self.columns, f"{self._where}, columns")
        self.columns = None if self._declared is None else dict(self._declared)
        self._check_point(self.version, self.timestamp)
        if self._declared is not None:
            self._check_key(self._declared)

    @property
    def partition_columns(self) -> tuple[str, ...]:
        """As of `Table`, of the latest version."""
        return self._snapshot().partition_columns

    def read_schema(self, **options: Any) -> pl.Schema:
        """As of `Table`: those of the version, unless they are declared."""
        if self._declared is not None:
            return self._declared
        snapshot = options.get("snapshot") or self._snapshot(**options)
        return pl.Schema(snapshot.schema)

    def scan(
        self, condition: Condition, columns: Sequence[str] | None = None, **options: Any
    ) -> pl.LazyFrame:
        """As of `Table`; ``version`` and ``timestamp`` are known."""
        snapshot = self._snapshot(**options)  # one for all that follows, whatever is committed meanwhile
        if self._declared is None:
            self._check_key(snapshot.schema)
        return super().scan(condition, columns, snapshot=snapshot)

    def _scan(self, condition: Condition, columns: Sequence[str] | None, **options: Any) -> pl.LazyFrame:
        snapshot: Snapshot = options["snapshot"]
        types = self.read_schema(snapshot=snapshot)
        needed = set(types) if columns is None else {*columns, *condition.names(), *self.unique_columns}
        if not self.unique_columns:
            return frame(snapshot, files_of(snapshot, condition, types), types, needed)
        below = condition.within(self.unique_columns)
        files = files_of(snapshot, below, types)
        if files.height > 1:
            files = in_order(files, self._log.commits(snapshot.version), self._where)
        expression = below.expression()

        def rows_of(part: Slice, needed: set[str]) -> pl.LazyFrame:
            terms = [term for term in (part.condition, expression) if term is not None]
            rows = frame(snapshot, part.files, types, needed)
            return rows.filter(*terms) if terms else rows

        parts = [partial(rows_of, part) for part in slices(snapshot, files, self.unique_columns, types)]
        return newest(parts, self.unique_columns, pl.Schema(types), needed)

    def _in_order(
        self,
        condition: Condition,
        columns: Sequence[str] | None,
        key: str | Sequence[str] | None,
        options: Mapping[str, Any],
    ) -> pl.LazyFrame:
        """As of `Table`: by `unique_columns`, since of rows with one key one is kept, in no order."""
        if not self.unique_columns:
            return self.scan(condition, columns, **options)
        wanted = None if columns is None else list(dict.fromkeys([*columns, *self.unique_columns]))
        found = self.scan(condition, wanted, **options).sort(self.unique_columns)
        return found if columns is None else found.select(columns)

    def facts(self) -> Facts:
        """As of `Table`: from the log alone. Rows that `unique_columns` leave out are counted."""
        snapshot = self._snapshot()
        modified: Any = self._log.modified(snapshot.version) or snapshot.files[MODIFIED].max()
        return Facts(
            rows=snapshot.rows,
            size=int(snapshot.files[SIZE].sum()),
            files=snapshot.files.height,
            modified=modified,
            version=str(snapshot.version),
            partitions={
                name: snapshot.files[name].unique().sort().to_list() for name in snapshot.partition_columns
            },
        )

    def reference(self, **options: Any) -> dict[str, Any]:
        """As of `Table`: the address, the table's id, and the number of the version."""
        snapshot = self._snapshot(**options)
        found = {**super().reference(), "uri": self.uri, "id": snapshot.id, "version": snapshot.version}
        return {**found, "unique_columns": list(self.unique_columns)} if self.unique_columns else found

    def _snapshot(self, **options: Any) -> Snapshot:
        for name in options:
            if name not in OPTIONS:
                raise TableError(
                    f"{self._where}: a Delta table has no option {name!r}. {suggestion(name, OPTIONS)}"
                )
        version, timestamp = options.get("version"), options.get("timestamp")
        if version is None and timestamp is None:
            version, timestamp = self.version, self.timestamp
        self._check_point(version, timestamp)
        if timestamp is not None:
            version = self._version_at(timestamp)
        return Snapshot.read(self.uri, version, self._where)

    def _version_at(self, timestamp: str | dt.datetime) -> int | None:
        """Latest version at a time."""
        instant = _instant(timestamp, self._where)
        times = self._log.times()
        if not times:
            return None  # there is no table, as is said when it is opened
        before = [version for version, time in times.items() if time <= instant]
        if not before:
            first, last = next(iter(times.items())), list(times.items())[-1]
            raise VersionError(
                f"{self._where} has no version as old as {instant.isoformat()}. Existing: {ranges(list(times))}, of "
                f"{first[1].isoformat()} to {last[1].isoformat()}."
            )
        return before[-1]

    def _check_point(self, version: Any, timestamp: Any) -> None:
        if version is not None and timestamp is not None:
            raise TableError(f"{self._where}: say version= or timestamp=, not both.")
        if version is not None and (not isinstance(version, int) or isinstance(version, bool) or version < 0):
            raise TableError(f"{self._where}: version={version!r} is no version: they are numbered from 0.")
        if timestamp is not None:
            _instant(timestamp, self._where)

    def _check_key(self, schema: Mapping[str, pl.DataType]) -> None:
        for name in self.unique_columns:
            if name not in schema:
                raise ColumnNotFoundError(
                    f"{self._where}: unique_columns has {name!r}, which is no column. {suggestion(name, schema)}"
                )

    @property
    def _where(self) -> str:
        return f"Table {self.name!r}"

    def __repr__(self) -> str:
        return f"<DeltaTable {self.name!r} of {self.uri}>"


def _instant(given: str | dt.datetime, where: str) -> dt.datetime:
    try:
        found = dt.datetime.fromisoformat(given) if isinstance(given, str) else given
        return found.replace(tzinfo=dt.UTC) if found.tzinfo is None else found.astimezone(dt.UTC)
    except (ValueError, AttributeError, TypeError) as error:
        raise TableError(
            f"{where}: timestamp={given!r} is no time. Write '2026-01-01T00:00:00Z', or a datetime."
        ) from error
