"""Shapes: what becomes of arrays that fit into no batch as they are."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, get_args

import numpy as np

from neurochain.errors import LoaderError, ShapeError
from neurochain.loaders.mapped import Values

Way = Literal["pad", "crop", "bucket"]
Ways = Mapping[str, Way]


def check_ways(ways: Ways, columns: Mapping[str, Any]) -> None:
    """Refuse ways that there are not, and of columns that there are not.

    Raises
    ------
    LoaderError
        There is one.
    """
    for name, way in ways.items():
        if way not in get_args(Way):
            raise LoaderError(
                f"ragged={{{name!r}: {way!r}}}: there is {', '.join(map(repr, get_args(Way)))}."
            )
        if name.partition(".")[0] not in columns:
            raise LoaderError(
                f"ragged={{{name!r}: …}}: there is no such column, but {', '.join(map(repr, columns))}."
            )
        if way == "bucket" and (name not in columns or columns[name].at_once):
            raise LoaderError(
                f"ragged={{{name!r}: 'bucket'}}: its shapes are known only once files are read. Save them first, or say 'pad' or 'crop'."
            )


def stacked(
    name: str, values: Sequence[Values], way: Way | None, row: Callable[[int], str]
) -> dict[str, Values]:
    """Arrays of some rows as one, shape (rows, …), by column.

    Parameters
    ----------
    name : str
        Of the column.
    values : sequence of ndarray
        One per row.
    way : {"pad", "crop", "bucket"} or None
        ``pad``: zeros behind, along each axis up to the longest, and their own shapes as ``{name}_shape``, (rows, axes).
        ``crop``: from the beginning, along each axis down to the shortest. ``bucket``, None: they have one shape.
    row : callable
        Name of the row at a place, for messages.

    Raises
    ------
    ShapeError
        They have several shapes and nothing was said of it, or not all the same number of axes.
    """
    shapes = [value.shape for value in values]
    other = next((i for i, shape in enumerate(shapes) if shape != shapes[0]), None)
    if other is not None and (way in (None, "bucket") or any(len(s) != len(shapes[0]) for s in shapes)):
        raise ShapeError(
            f"Column {name!r}: {row(0)} has shape {list(shapes[0])} and {row(other)} has {list(shapes[other])}, so they fit "
            f"into no batch. Say ragged={{{name!r}: 'pad'}}, 'crop' or 'bucket', or bring them to one shape in map()."
        )
    if way == "pad":
        longest = tuple(np.max(shapes, axis=0).tolist()) if shapes[0] else ()
        out = np.zeros((len(values), *longest), values[0].dtype)
        for i, value in enumerate(values):
            out[i][tuple(slice(n) for n in value.shape)] = value
        return {name: out, f"{name}_shape": np.asarray(shapes, np.int64).reshape(len(values), len(shapes[0]))}
    if way == "crop" and other is not None:
        shortest = tuple(slice(n) for n in np.min(shapes, axis=0).tolist())
        return {name: np.stack([value[shortest] for value in values])}
    return {name: np.stack(values)}
