"""Versions and what made them: schema, parts, database, ledger, lineage.

The engine wing: it knows columns, rows and bytes, and nothing of what they mean.

Called as a function, ``neurochain.datasets()`` lists all saved versions.
"""

import sys
from types import ModuleType
from typing import Any


class _Package(ModuleType):
    """Package that can be called: its name and that of the public function are one attribute of `neurochain`."""

    def __call__(self) -> Any:
        """All saved versions: name, version, rows, size (bytes), created (UTC), description, labels."""
        from neurochain.datasets.project import (
            find_project,  # costs sqlalchemy and polars; asked for by the call
        )
        from neurochain.datasets.versions import list_versions  # as above

        return list_versions(find_project(create=False))


sys.modules[__name__].__class__ = _Package
