"""Facts: what is known of a table's content without reading its rows."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Facts"]


@dataclass(frozen=True)
class Facts:
    """What a table's storage says of it.

    Attributes
    ----------
    rows : int or None
        None where counting them would mean to read them.
    size : int or None
        Bytes.
    files : int or None
    modified : datetime or None
        When its content last changed, UTC.
    version : str or None
        Of the content: a Delta version, a dataset's ``name@1.2.0``.
    partitions : mapping of str to list
        Values that each partition column has, ascending.
    """

    rows: int | None = None
    size: int | None = None
    files: int | None = None
    modified: dt.datetime | None = None
    version: str | None = None
    partitions: Mapping[str, list[Any]] = field(default_factory=dict)
