"""ParquetTable: Parquet files in folders that are named after the values of partition columns."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import polars as pl

from neurochain.errors import StorageError, TableError
from neurochain.storage import split_uri
from neurochain.tables.dtypes import schema_of
from neurochain.tables.facts import Facts
from neurochain.tables.filters.condition import Condition
from neurochain.tables.filters.record import plain
from neurochain.tables.parquet.layout import Layout, Partition
from neurochain.tables.parquet.pruning import PATH, Folder
from neurochain.tables.parquet.small import are_small, small_files
from neurochain.tables.reach import local_or_uri, object_store_options, reach
from neurochain.tables.table import Table

__all__ = ["ParquetTable"]

COUNTED = 1000  # files whose footers are read to count rows
WIDER = pl.ScanCastOptions(
    integer_cast="upcast",
    float_cast="upcast",
    datetime_cast="nanosecond-downcast",
    missing_struct_fields="insert",
    extra_struct_fields="ignore",
)
"""What files may have: narrower numbers than the table."""


@dataclass(kw_only=True, eq=False, repr=False)
class ParquetTable(Table):
    """Parquet files below a folder.

    Only the folders are listed that filters leave, and of their files only the columns and row groups are read that are asked for.

    Attributes
    ----------
    uri : str
        Of the folder: a path, ``s3://…``, ``gs://…``, ``az://…``.
    partitioning : sequence of Partition
        The outermost first.
    partitioning_scheme : {"hive", "directory"}
        Folders are called ``date=2024-04-28`` or ``2024-04-28``.
    columns : schema or mapping of str to type, optional
        All columns, where the files need not be asked for them. A file that lacks one has nulls in it, and one whose numbers are
        narrower is read as well.
    storage_options : mapping, optional
        As of `read_storage`.
    name, description, owner, docs_filters, docs_columns, deprecated, latency, notebook, links, checks
        As of `Table`.

    Examples
    --------
    >>> spikes = ParquetTable(
    ...     name="spikes", uri="s3://bucket/spikes", partitioning=[Partition("implant_id", "int64"), Partition("date")]
    ... )
    >>> spikes((Filter("implant_id", "==", 4595), Filter("date", "==", "2024-04-28"))).collect()      # doctest: +SKIP
    """

    kind: ClassVar[str] = "parquet"

    uri: str
    partitioning: Sequence[Partition] = ()
    partitioning_scheme: str = "hive"
    columns: Mapping[str, Any] | None = None
    storage_options: Mapping[str, Any] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.uri = os.fspath(self.uri) if isinstance(self.uri, os.PathLike) else self.uri
        if not isinstance(self.uri, str) or not self.uri:
            raise TableError(f"Table {self.name!r}: uri={self.uri!r} is no address.")
        self._folder = Folder(
            _absolute(self.uri), Layout.of(self.partitioning, self.partitioning_scheme, self.name)
        )
        reach(self._folder.uri, self.storage_options)
        self._declared = (
            None if self.columns is None else schema_of(self.columns, f"Table {self.name!r}, columns")
        )
        self._footers: dict[tuple[str, str], pl.Schema] = {}

    @property
    def partition_columns(self) -> tuple[str, ...]:
        return tuple(self._folder.layout.types)

    def read_schema(self, **options: Any) -> pl.Schema:
        """As of `Table`: those of the newest file, unless they are declared."""
        return self._with_partitions(options.get("stored") or self._stored())

    def scan(
        self, condition: Condition, columns: Sequence[str] | None = None, **options: Any
    ) -> pl.LazyFrame:
        """As of `Table`; the columns are those of the last file of which something is wanted, unless they are declared."""
        if options:
            raise TableError(
                f"Table {self.name!r}: a Parquet table has no option {next(iter(options))!r}: it has no versions."
            )
        types = self._folder.layout.types
        files = self._folder.files(condition.within(types).bound(types, f"Table {self.name!r}"))
        stored = self._stored(files)
        if not {*condition.names(), *(columns or ())} <= {*stored, *types}:
            stored = self._stored()  # files that are not wanted may have what is asked for
        return super().scan(condition, columns, files=files, stored=stored)

    def _scan(self, condition: Condition, columns: Sequence[str] | None, **options: Any) -> pl.LazyFrame:
        files, stored = options["files"], options["stored"]
        wanted = self._with_partitions(stored)
        return self._lazy(files, stored).select(list(wanted)) if files.height else pl.LazyFrame(schema=wanted)

    def _lazy(self, files: pl.DataFrame, stored: pl.Schema) -> pl.LazyFrame:
        layout = self._folder.layout
        types = layout.types
        if stored and are_small(self._folder.store, files["\0size"]):
            base = self._folder.path.rstrip("/")
            paths = [f"{base}/{path}" for path in files[PATH]]
            return small_files(self._folder.store, paths, stored, files.select(list(types)), WIDER)
        named = files.select(list(types)).unique() if types else pl.DataFrame()
        # Polars reads these names itself, without a join. Of quoted ones and nulls it makes something else.
        is_hive = (
            named.height > 1
            and layout.scheme == "hive"
            and bool(stored)
            and all(map(layout.is_plain, files[PATH]))
        )
        scanned = pl.scan_parquet(
            [self._address(path) for path in files[PATH]],
            schema=pl.Schema({**stored, **types}) if is_hive else stored,
            hive_partitioning=is_hive,
            hive_schema=types if is_hive else None,
            include_file_paths=PATH if named.height > 1 and not is_hive else None,
            missing_columns="insert",
            extra_columns="ignore",
            cast_options=WIDER,
            storage_options=object_store_options(self._folder.uri) or None,
            glob=False,
        )
        if named.height == 1:
            return scanned.with_columns(
                pl.lit(named[name][0], dtype=kind).alias(name) for name, kind in types.items()
            )
        if not types or is_hive:
            return scanned
        places = files.select(pl.Series(PATH, [self._address(path) for path in files[PATH]]), *types)
        return scanned.join(places.lazy(), on=PATH, how="left", maintain_order="left")

    def facts(self) -> Facts:
        """As of `Table`: one listing, and the footers of up to a thousand files."""
        files = self._folder.files(Condition())
        rows = None
        if 0 < files.height <= COUNTED:
            rows = self._lazy(files, self._stored(files)).select(pl.len()).collect().item()
        elif not files.height:
            rows = 0
        return Facts(
            rows=rows,
            size=int(files["\0size"].sum()),
            files=files.height,
            modified=files["\0mtime"].max(),  # type: ignore[arg-type]
            partitions={name: files[name].unique().sort().to_list() for name in self.partition_columns},
        )

    def reference(self, **options: Any) -> dict[str, Any]:
        """As of `Table`: the address, and a hash over the files' paths, sizes and etags."""
        return self._reference(Condition())

    def _reference(self, condition: Condition, **options: Any) -> dict[str, Any]:
        types = self._folder.layout.types
        asked = condition.within(types).bound(types, f"Table {self.name!r}")
        files = self._folder.files(asked).select(PATH, "\0size", "\0etag")
        digest = hashlib.blake2b(files.write_csv().encode(), digest_size=16).hexdigest()
        return {
            **super().reference(),
            "uri": self._folder.uri,
            "files": files.height,
            "bytes": int(files["\0size"].sum()),
            "state": digest,
        }

    def declared(self) -> dict[str, Any]:
        """As of `Table`."""
        columns = None if self._declared is None else plain(self._declared)
        types = plain(self._folder.layout.types)
        return {
            **super().declared(),
            "uri": self._folder.uri,
            "partitioning": [*map(list, types.items())],
            "columns": columns,
        }

    def _stored(self, files: pl.DataFrame | None = None) -> pl.Schema:
        """Columns of the last of some files, of the newest by default, without those that the folders tell."""
        known = self._declared
        if known is None and files is not None and files.height:
            known = self._footer(files[PATH][-1], files["\0etag"][-1])
        elif known is None:
            newest = self._folder.newest()
            if newest is None:
                raise StorageError(
                    f"Table {self.name!r}: there is no Parquet file below {self.uri}. Say columns={{…}}, and it is an empty table."
                )
            known = self._footer(*newest)
        return pl.Schema({n: t for n, t in known.items() if n not in self._folder.layout.types})

    def _footer(self, path: str, etag: str) -> pl.Schema:
        """Columns of a file."""
        if (path, etag) not in self._footers:
            options = object_store_options(self._folder.uri) or None
            try:
                found = pl.scan_parquet(
                    self._address(path), storage_options=options, glob=False, hive_partitioning=False
                ).collect_schema()
            except (pl.exceptions.PolarsError, OSError) as error:
                raise StorageError(
                    f"Table {self.name!r}: {self.uri}/{path} is no Parquet file that can be read: {error}"
                ) from error
            self._footers = {(path, etag): found}
        return self._footers[path, etag]

    def _with_partitions(self, stored: pl.Schema) -> pl.Schema:
        return pl.Schema({**stored, **self._folder.layout.types})

    def _address(self, path: str) -> str:
        return local_or_uri(f"{self._folder.uri}/{path}")

    def __repr__(self) -> str:
        return f"<ParquetTable {self.name!r} of {self.uri}>"


def _absolute(uri: str) -> str:
    """Address without a slash at its end, of a local folder from the root of the disk."""
    scheme, path = split_uri(uri)
    return str(Path(path).expanduser().absolute()) if scheme == "file" else uri.rstrip("/")
