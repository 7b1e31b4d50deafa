"""Statistics: means and weights over all rows that a training needs, kept with the version whose rows they are."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from neurochain.chain.chain import Chain
from neurochain.chain.expressions.resolve import resolve
from neurochain.chain.functions.generation import Gen
from neurochain.chain.progress import Progress
from neurochain.chain.run import collected
from neurochain.chain.sources.version import VersionSource
from neurochain.chain.values.objects import RECORDING
from neurochain.datasets.statistics import find_statistic, keep_statistic
from neurochain.datasets.types import Record, Scalar
from neurochain.errors import LoaderError, SchemaError, ShapeError
from neurochain.formats.recordings.windows import Windows
from neurochain.loaders.cutting import cutting_step
from neurochain.loaders.expansion import chooses, expand
from neurochain.loaders.mapped import Values
from neurochain.loaders.rows import Rows

Numbers = NDArray[np.float64]
TIMED = ("channel", "time")  # axes of windows and recordings
TOGETHER = 32_000_000  # bytes of arrays that are looked at together
CLASSES = ("bool", "string", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)))


@dataclass(frozen=True, eq=False)
class MeanStd:
    """Mean and standard deviation of the values of a column.

    Attributes
    ----------
    column : str
    mean, std : ndarray of float64, shape (channels,), or () over all values
        In the column's unit; the standard deviation is that of the values themselves (divided by n), as scikit-learn's.
    count : ndarray of int, as `mean`
        Values.
    nans : int
        Values that are not among them.
    behind : int
        Axes of a row's arrays behind that of the channels.
    """

    column: str
    mean: Numbers
    std: Numbers
    count: NDArray[np.int64]
    nans: int
    behind: int

    def __repr__(self) -> str:
        of = (
            f"{len(self.mean)} channels, {int(self.count[0]):,}" if self.mean.ndim else f"{int(self.count):,}"
        )
        said = f"{of} values{' each' if self.mean.ndim else ''}"
        return f"MeanStd({self.column}: {said}, mean {_few(self.mean)}, std {_few(self.std)})"

    def standardize(self, values: Any) -> Any:
        """Values of a row or of a batch, minus the mean and over the standard deviation, where that is not 0.

        Parameters
        ----------
        values : ndarray or Tensor, shape ([rows,] …, channels, …)
            Whole numbers become float32.
        """
        shape = (-1, *[1] * self.behind) if self.mean.ndim else ()
        mean, scale = self.mean.reshape(shape), np.where(self.std > 0, self.std, 1.0).reshape(shape)
        if isinstance(values, np.ndarray):
            values = values if values.dtype.kind == "f" else values.astype(np.float32)
            return (values - mean.astype(values.dtype)) / scale.astype(values.dtype)
        values = values if values.is_floating_point() else values.float()
        return (values - values.new_tensor(mean)) / values.new_tensor(scale)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types."""
        lists = {name: getattr(self, name).tolist() for name in ("mean", "std", "count")}
        return {**lists, "nans": self.nans, "behind": self.behind}

    @classmethod
    def from_json(cls, column: str, found: dict[str, Any]) -> "MeanStd":
        """What `to_json` gave."""
        mean, std = (np.asarray(found[name], np.float64) for name in ("mean", "std"))
        return cls(column, mean, std, np.asarray(found["count"], np.int64), found["nans"], found["behind"])


def mean_std(chain: Chain, column: str, axis: int | str | None) -> MeanStd:
    """Mean and standard deviation of a column; see `Chain.mean_std`."""

    def compute() -> dict[str, Any]:
        return _mean_std(expand(chain.select(column)), column, axis, _axes(chain, column)).to_json()

    return MeanStd.from_json(
        column, _once(chain, {"statistic": "mean_std", "column": column, "axis": axis}, compute)
    )


def class_weights(chain: Chain, column: str) -> dict[Any, float]:
    """Weight of each class; see `Chain.class_weights`."""
    about = {"statistic": "class_weights", "column": column}
    counts = _once(chain, about, lambda: {"counts": _counts(chain, column)})["counts"]
    rows = sum(count for _, count in counts)
    return {value: rows / (len(counts) * count) for value, count in counts}


def _once(chain: Chain, about: dict[str, Any], compute: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Numbers over a chain's rows: those that are kept, where they are rows of a version."""
    source, cutting = chain.plan.source, cutting_step(chain)
    steps = chain.plan.steps if cutting is None else chain.before(cutting).plan.steps
    if not isinstance(source, VersionSource) or not chooses(steps):
        return compute()
    version = source.version
    about = {**about, "steps": [step.to_json() for step in chain.plan.steps]}
    found = find_statistic(version.project, version.id, about)
    if found is None:
        found = compute()
        keep_statistic(version.project, version.id, about, found)
    return found


def _axes(chain: Chain, column: str) -> Sequence[str]:
    """Names of the axes of a row's arrays, as far as they have some."""
    cutting = cutting_step(chain)
    if cutting is not None and column not in chain.before(cutting).schema:
        step = chain.plan.steps[cutting]
        return TIMED if isinstance(step, Gen) and isinstance(step.udf.function, Windows) else ()
    found = resolve(column, chain.schema)
    if found is None:
        return ()
    kind = found.field.type
    return TIMED if isinstance(kind, Record) and kind.name == RECORDING else found.field.axes


def _mean_std(rows: Rows, column: str, axis: int | str | None, axes: Sequence[str]) -> MeanStd:
    if rows.drawn:
        raise LoaderError(
            f"mean_std({column!r}): random windows have no fixed values. Ask a chain of nc.windows() without random=True."
        )
    moments: _Moments | None = None
    number, behind = None, 0
    for start, values in _blocks(rows, column):
        for array in [values] if isinstance(values, np.ndarray) else [value[None] for value in values]:
            shape = array.shape[1:]
            number = _number(shape, column, axis, axes)
            behind = 0 if number is None else len(shape) - 1 - number
            found = _Moments.of(_by_channel(array, column, number))
            if moments is not None and len(moments.count) != len(found.count):
                raise ShapeError(
                    f"mean_std({column!r}): {rows.name(0)} has {len(moments.count)} entries along axis {axis!r}, and one of those "
                    f"from {rows.name(start)} on has {len(found.count)}. Pick the same channels, or say axis=None."
                )
            moments = found if moments is None else moments.with_others(found)
    if moments is None:
        raise SchemaError(f"mean_std({column!r}): there are no rows.")
    std = np.sqrt(moments.squares / np.maximum(moments.count, 1))
    if number is None:
        return MeanStd(column, moments.mean[0], std[0], moments.count[0], moments.nans, 0)
    return MeanStd(column, moments.mean, std, moments.count, moments.nans, behind)


def _number(shape: tuple[int, ...], column: str, axis: int | str | None, axes: Sequence[str]) -> int | None:
    """Number of an axis of a row's arrays; None over all values."""
    if axis is None or not shape:
        return None
    if isinstance(axis, str):
        if axis in axes:
            return axes.index(axis)
        named = f"its axes are {', '.join(axes)}" if axes else "its axes have no names"
    elif -len(shape) <= axis < len(shape):
        return axis % len(shape)
    else:
        named = f"a row has the shape {list(shape)}"
    raise ShapeError(
        f"mean_std({column!r}): there is no axis {axis!r}: {named}. Give a number, axis=0, or axis=None for one mean over all "
        "values."
    )


def _blocks(rows: Rows, column: str) -> Iterator[tuple[int, Any]]:
    """Values of some rows at a time, with the number of the first."""
    start, size = 0, 1
    with Progress().step(f"mean and std of {column}", rows.count) as progress:
        while start < rows.count:
            numbers = np.arange(start, min(start + size, rows.count))
            (values,) = rows.take(numbers).values()
            first = values[0] if len(values) else None
            if isinstance(values, dict) or isinstance(first, str):
                raise SchemaError(
                    f"Column {column!r} holds no numbers. Name one that does; of a record a field: 'record.field'."
                )
            yield start, values
            held = values.nbytes if isinstance(values, np.ndarray) else sum(v.nbytes for v in values)
            start += len(numbers)
            size = max(1, TOGETHER * len(numbers) // max(held, 1))
            progress.advance(len(numbers))


def _by_channel(array: Values, column: str, axis: int | None) -> Values:
    """Values by channel, shape (channels, values), of an array of rows."""
    if array.dtype.kind not in "biuf":
        raise SchemaError(
            f"Column {column!r} holds {array.dtype} values, which have no mean. Make real numbers of them in map()."
        )
    if axis is None:
        return array.reshape(1, -1)
    first = np.moveaxis(array, axis + 1, 0)
    return first.reshape(len(first), -1)


@dataclass
class _Moments:
    """Of some values: how many, their mean, and the sum of their squares around it, by channel."""

    count: NDArray[np.int64]
    mean: Numbers
    squares: Numbers
    nans: int

    @classmethod
    def of(cls, values: Values) -> "_Moments":
        """Of values by channel, shape (channels, values)."""
        known = ~np.isnan(values) if values.dtype.kind == "f" else np.ones(values.shape, bool)
        whole = bool(known.all())
        count = np.full(len(values), values.shape[1]) if whole else known.sum(1)
        values = values if whole else np.where(known, values, 0)
        mean = values.sum(1, dtype=np.float64) / np.maximum(count, 1)
        around = values - mean[:, None]
        around = around if whole else np.where(known, around, 0)
        squares = np.einsum("ij,ij->i", around, around)
        return cls(count, mean, squares, int(values.size - count.sum()))

    def with_others(self, other: "_Moments") -> "_Moments":
        """Of both together (Chan, Golub and LeVeque 1983)."""
        count = self.count + other.count
        apart, share = other.mean - self.mean, other.count / np.maximum(count, 1)
        squares = self.squares + other.squares + apart**2 * self.count * share
        return _Moments(count, self.mean + apart * share, squares, self.nans + other.nans)


def _counts(chain: Chain, column: str) -> list[list[Any]]:
    """Classes with their rows, in order."""
    state, _ = chain.select(column).execute()
    (field,) = state.schema.values()
    if not isinstance(field.type, Scalar) or field.type.name not in CLASSES:
        raise SchemaError(
            f"class_weights({column!r}): it holds {field.type}, and classes are whole numbers, texts or booleans."
        )
    counts = collected(state.frame.select(pl.col(field.name).alias("value")).group_by("value").len()).sort(
        "value"
    )
    if counts["value"].null_count():
        raise SchemaError(
            f"class_weights({column!r}): some rows have none. Drop them with filter(nc.Column({column!r}).is_not_null())."
        )
    return [list(row) for row in counts.rows()]


def _few(numbers: Numbers) -> str:
    shown = [f"{number:.4g}" for number in np.atleast_1d(numbers)[:4].tolist()]
    return f"[{', '.join(shown)}{', …' if numbers.size > 4 else ''}]" if numbers.ndim else shown[0]
