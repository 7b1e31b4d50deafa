"""VersionRows: a dataset version as a table that a query names without a declaration."""

from collections.abc import Sequence
from typing import Any, ClassVar

import polars as pl

from neurochain.datasets.schema import KEY
from neurochain.datasets.versions import DatasetVersion
from neurochain.tables.filters.condition import Condition
from neurochain.tables.table import Table

__all__ = ["VersionRows"]


class VersionRows(Table):
    """Rows of a version as flat columns: a record's field is called ``"header.modality"``, an array is its bytes.

    Attributes
    ----------
    version : DatasetVersion
    """

    kind: ClassVar[str] = "dataset"

    def __init__(self, version: DatasetVersion) -> None:
        plain = "".join(c if c.isalnum() else "_" for c in version.name)
        super().__init__(name=plain if plain.isidentifier() else f"_{plain}")
        self.version = version

    def read_schema(self, **options: Any) -> pl.Schema:
        """As of `Table`."""
        leaves: dict[str, Any] = {n: t for n, t in self.version.schema.leaves().items() if n != KEY}
        return pl.LazyFrame(schema=leaves).collect_schema()

    def _scan(self, condition: Condition, columns: Sequence[str] | None, **options: Any) -> pl.LazyFrame:
        return self.version.scan().drop(KEY)

    def reference(self, **options: Any) -> dict[str, Any]:
        """As of `Table`: the version."""
        return {**super().reference(), "dataset": self.version.reference}
