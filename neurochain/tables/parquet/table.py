"""ParquetTable: Parquet files in folders that are named after the values of partition columns."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import polars as pl

from neurochain.errors import StorageError, TableError
from neurochain.tables.dtypes import schema_of
from neurochain.tables.facts import Facts
from neurochain.tables.filters.condition import Condition
from neurochain.tables.parquet.layout import Layout, Partition
from neurochain.tables.parquet.pruning import PATH, Folder
from neurochain.tables.parquet.small import are_small, small_files
from neurochain.tables.reach import local_or_uri, object_store_options, reach
from neurochain.tables.table import Table

__all__ = ["ParquetTable"]

COUNTED = 1000  # files whose footers are read to count rows


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
        All columns, where the files need not be asked for them. A file that lacks one has nulls in it.
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
        if not isinstance(self.uri, str) or not self.uri:
            raise TableError(f"Table {self.name!r}: uri={self.uri!r} is no address.")
        self._folder = Folder(
            self.uri.rstrip("/"), Layout.of(self.partitioning, self.partitioning_scheme, self.name)
        )
        reach(self.uri, self.storage_options)
        self._declared = (
            None if self.columns is None else schema_of(self.columns, f"Table {self.name!r}, columns")
        )
        self._found: pl.Schema | None = self._declared

    @property
    def partition_columns(self) -> tuple[str, ...]:
        return tuple(self._folder.layout.types)

    def read_schema(self, **options: Any) -> pl.Schema:
        """As of `Table`: those of the newest file, unless they are declared."""
        if self._found is None:
            newest = self._folder.newest()
            if newest is None:
                raise StorageError(
                    f"Table {self.name!r}: there is no Parquet file below {self.uri}. Say columns={{…}}, and it is an empty table."
                )
            self._learn(newest)
        return self._with_partitions()

    def scan(
        self, condition: Condition, columns: Sequence[str] | None = None, **options: Any
    ) -> pl.LazyFrame:
        """As of `Table`."""
        if options:
            raise TableError(
                f"Table {self.name!r}: a Parquet table has no option {next(iter(options))!r}: it has no versions."
            )
        listed = None
        if self._found is None:  # what is wanted tells the columns, if anything is
            types = self._folder.layout.types
            listed = self._files(condition.within(types).bound(types, f"Table {self.name!r}"))
            if listed.height:
                self._learn(listed[PATH][-1])
        return super().scan(condition, columns, **({} if listed is None else {"listed": listed}))

    def _scan(self, condition: Condition, columns: Sequence[str] | None, **options: Any) -> pl.LazyFrame:
        listed: pl.DataFrame | None = options.get("listed")
        files = self._files(condition) if listed is None else listed
        wanted = self._with_partitions()
        if not files.height:
            return pl.LazyFrame(schema=wanted)
        found = self._lazy(files)
        return found.select(list(wanted))

    def _lazy(self, files: pl.DataFrame) -> pl.LazyFrame:
        stored = self._stored()
        types = self._folder.layout.types
        if stored and are_small(self._folder.store, files["\0size"]):
            base = self._folder.path.rstrip("/")
            paths = [f"{base}/{path}" for path in files[PATH]]
            return small_files(self._folder.store, paths, stored, files.select(list(types)), None)
        named = files.select(list(types)).unique() if types else pl.DataFrame()
        is_hive = named.height > 1 and self.partitioning_scheme == "hive"
        scanned = pl.scan_parquet(
            [self._address(path) for path in files[PATH]],
            schema=pl.Schema({**stored, **types}) if is_hive else stored,
            hive_partitioning=is_hive,
            hive_schema=types if is_hive else None,
            include_file_paths=PATH if named.height > 1 and not is_hive else None,
            missing_columns="insert",
            extra_columns="ignore",
            storage_options=object_store_options(self.uri) or None,
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
        files = self._files(Condition())
        rows = None
        if 0 < files.height <= COUNTED:
            self.read_schema()
            rows = self._lazy(files).select(pl.len()).collect().item()
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
        files = self._files(Condition()).select(PATH, "\0size", "\0etag")
        digest = hashlib.blake2b(files.write_csv().encode(), digest_size=16).hexdigest()
        return {
            **super().reference(),
            "uri": self.uri,
            "files": files.height,
            "bytes": int(files["\0size"].sum()),
            "state": digest,
        }

    def _files(self, condition: Condition) -> pl.DataFrame:
        return self._folder.files(condition)

    def _learn(self, path: str) -> None:
        address = self._address(path)
        try:
            self._found = self._schema_of(address)
        except (pl.exceptions.PolarsError, OSError) as error:
            raise StorageError(
                f"Table {self.name!r}: {self.uri}/{path} is no Parquet file that can be read: {error}"
            ) from error

    def _schema_of(self, address: str) -> pl.Schema:
        options = object_store_options(self.uri) or None
        return pl.scan_parquet(
            address, storage_options=options, glob=False, hive_partitioning=False
        ).collect_schema()

    def _stored(self) -> pl.Schema:
        """Columns of the files, without those that the folders tell."""
        self.read_schema()
        known = self._found or pl.Schema()
        return pl.Schema({n: t for n, t in known.items() if n not in self._folder.layout.types})

    def _with_partitions(self) -> pl.Schema:
        known = self._found or pl.Schema()
        return pl.Schema({**known, **self._folder.layout.types})

    def _address(self, path: str) -> str:
        return local_or_uri(f"{self.uri.rstrip('/')}/{path}")

    def __repr__(self) -> str:
        return f"<ParquetTable {self.name!r} of {self.uri}>"
