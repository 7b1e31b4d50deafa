"""DatasetTable: a saved version of a dataset as a table."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import polars as pl

from neurochain.chain.chain import Chain
from neurochain.chain.sources.version import VersionSource
from neurochain.chain.values.row import presented
from neurochain.datasets.project import Project, find_project, project_at
from neurochain.datasets.schema import Schema
from neurochain.datasets.types import Array, Ragged, Record
from neurochain.datasets.versions import DatasetVersion, find_version
from neurochain.errors import ColumnNotFoundError, TableError, suggestion
from neurochain.tables.facts import Facts
from neurochain.tables.filters.columns import as_column
from neurochain.tables.filters.condition import Condition
from neurochain.tables.table import Table

__all__ = ["DatasetTable"]


@dataclass(kw_only=True, eq=False, repr=False)
class DatasetTable(Table):
    """Rows of a saved version: the latest of those that are meant, when they are asked for.

    The call takes ``version=``, as in ``table(version="1.0.0")``.

    Attributes
    ----------
    dataset : str
        ``"name"``, ``"name@1.2.0"``, or the latest of a range: ``"name@^1"``.
    project : str, path or Project, optional
        Whose it is; that of the current folder by default.
    name, description, owner, docs_filters, docs_columns, deprecated, latency, notebook, links, checks
        As of `Table`.

    Examples
    --------
    >>> roi = DatasetTable(name="alpha_roi_tags", dataset="alpha_roi_tags@^1")
    >>> roi(Filter("header.format", "=", "dicom"), columns=["alpha"], version="1.0.0").collect()        # doctest: +SKIP
    """

    kind: ClassVar[str] = "dataset"

    dataset: str
    project: str | os.PathLike[str] | Project | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.dataset, str) or not self.dataset.partition("@")[0]:
            raise TableError(
                f"Table {self.name!r}: dataset={self.dataset!r} names none. Write 'name', 'name@1.2.0' or 'name@^1'."
            )

    def version(self, version: str | None = None) -> DatasetVersion:
        """The version that is read now.

        Parameters
        ----------
        version : str, optional
            ``"1.2.0"``, or a range; as the table declares by default.

        Raises
        ------
        DatasetNotFoundError
            There is none; shows what there is.
        """
        return find_version(self._project(), self._asked(version))

    def read_schema(self, **options: Any) -> pl.Schema:
        """As of `Table`: hidden columns are left out, arrays are `pl.Array`, records are structs."""
        return _presented_schema(self._version(options).schema)

    def scan(
        self, condition: Condition, columns: Sequence[str] | None = None, **options: Any
    ) -> pl.LazyFrame:
        """As of `Table`; filters and columns may name fields of records, too: ``"header.format"``."""
        version = self._version(options)
        leaves: dict[str, pl.DataType] = version.schema.leaves()
        shown = _presented_schema(version.schema)
        where = f"Table {self.name!r}"
        asked = condition.bound({**leaves, **shown}, where)
        for name in columns or ():
            if name not in shown and name not in leaves:
                raise ColumnNotFoundError(f"{where} has no column {name!r}. {suggestion(name, shown)}")
        flat = version.scan()
        as_stored = [n for n, dtype in leaves.items() if shown.get(n, dtype) == dtype]
        if (first := asked.within(as_stored).expression()) is not None:
            flat = flat.filter(first)
        wanted = list(shown) if columns is None else list(columns)
        needed = dict.fromkeys([*wanted, *asked.names()])
        found = flat.select(_presented(n, version.schema) for n in needed)
        if (rest := asked.expression()) is not None:
            found = found.filter(rest)
        return found.select(wanted)

    def _scan(self, condition: Condition, columns: Sequence[str] | None, **options: Any) -> pl.LazyFrame:
        return self.scan(condition, columns, **options)

    def facts(self) -> Facts:
        """As of `Table`: from the version's record."""
        version = self.version()
        return Facts(
            rows=version.rows,
            size=version.bytes,
            files=len(version.part_hashes()),
            modified=version.created,
            version=version.reference,
        )

    def reference(self, **options: Any) -> dict[str, Any]:
        """As of `Table`: the version and its content hash."""
        version = self._version(options)
        return {
            **super().reference(),
            "dataset": version.name,
            "version": version.version,
            "content_hash": version.content_hash,
        }

    def _chain(
        self,
        condition: Condition,
        columns: Sequence[str] | None,
        key: str | Sequence[str] | None,
        options: Mapping[str, Any],
    ) -> Chain:
        """As `read_dataset`, with the filters behind it: nothing is read here."""
        if key is not None:
            raise TableError(
                f"Table {self.name!r}: rows of a version have their keys. Leave out key={key!r}."
            )
        version = self._version(options)
        leaves: dict[str, pl.DataType] = version.schema.leaves()
        asked = condition.bound({**leaves, **_presented_schema(version.schema)}, f"Table {self.name!r}")
        chain = Chain.of(VersionSource(version, asked=self._asked(options.get("version"))))
        if (term := as_column(asked)) is not None:
            chain = chain.filter(term)
        return chain if columns is None else chain.select(*columns)

    def declared(self) -> dict[str, Any]:
        """As of `Table`; which project it is says the machine."""
        return {"dataset": self.dataset}

    def _project(self) -> Project | None:
        if self.project is None:
            return find_project(create=False)
        return self.project if isinstance(self.project, Project) else project_at(self.project)

    def _asked(self, version: str | None) -> str:
        return self.dataset if version is None else f"{self.dataset.partition('@')[0]}@{version}"

    def _version(self, options: Mapping[str, Any]) -> DatasetVersion:
        for name in options:
            if name != "version":
                raise TableError(f"Table {self.name!r}: a dataset has no option {name!r}. There is version=.")
        return self.version(options.get("version"))

    def __repr__(self) -> str:
        return f"<DatasetTable {self.name!r} of {self.dataset}>"


def _presented_schema(schema: Schema) -> pl.Schema:
    return presented(pl.DataFrame(schema=schema.leaves()), schema).schema


def _presented(name: str, schema: Schema) -> pl.Expr:
    """A column, or a field of one, as a user sees it."""
    if name not in schema or not isinstance(schema[name].type, Array | Ragged | Record):
        return pl.col(name)
    one = Schema([schema[name]])
    leaves = [leaf for leaf, _ in schema[name].leaves()]
    return (
        pl.struct(leaves)
        .map_batches(
            partial(_made, schema=one), return_dtype=_presented_schema(one)[name], is_elementwise=True
        )
        .alias(name)
    )


def _made(values: pl.Series, schema: Schema) -> pl.Series:
    return presented(values.struct.unnest(), schema).to_series()
