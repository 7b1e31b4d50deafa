"""Place: where a row stands among those that were asked for, and which ones stand beside it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from neurochain.datasets.project import Project
from neurochain.datasets.schema import KEY
from neurochain.errors import ParameterError
from neurochain.web.api.datasets import version_of
from neurochain.web.api.held import Holder
from neurochain.web.api.questions import ROW, asked_of

__all__ = ["row_place"]


def row_place(project: Project, holder: Holder, query: Mapping[str, str]) -> dict[str, Any]:
    """Number of the row ``key``, from 0, among the rows that are asked for, and the keys of those before and after it.

    The number is None where the filters leave the row out.

    Raises
    ------
    DatasetNotFoundError, ColumnNotFoundError, ExpressionError, ParameterError, VersionError
        What is asked for is not there.
    """
    version, key = version_of(project, query), ROW.of(query)
    held, asked = holder.of(version), asked_of(query)
    try:
        wanted = pl.lit(bytes.fromhex(key), pl.Binary())
    except ValueError as error:
        raise ParameterError(f"key={key[:40]!r} is no key of a row.") from error
    row = version.scan().select(KEY).with_row_index("\0row").filter(pl.col(KEY) == wanted).head(1).collect()
    if not row.height:
        raise ParameterError(f"{version.reference} has no row {key}.")
    index: int | None = row["\0row"][0]
    numbers = held.numbers(asked)
    if numbers is not None:
        found = np.flatnonzero(numbers == index)
        index = int(found[0]) if len(found) else None
    matched = version.rows if numbers is None else len(numbers)
    if index is None:
        return {"index": None, "matched": matched, "before": None, "after": None}
    first = max(index - 1, 0)
    keys = [k.hex() for k in held.page(asked, first, index - first + 2, [])[KEY].to_list()]
    at = index - first
    return {
        "index": index,
        "matched": matched,
        "before": keys[at - 1] if at else None,
        "after": keys[at + 1] if at + 1 < len(keys) else None,
    }
