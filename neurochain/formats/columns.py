"""Columns: a table of a file, as any format gives it."""

from collections.abc import Mapping
from typing import Any

__all__ = ["Columns"]

Columns = Mapping[str, Any]
"""Of each column the values: an array whose first axis is the rows, or a list of texts, numbers or arrays."""
