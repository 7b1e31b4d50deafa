"""Block: some samples of some channels, and all that a filter may ask of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neurochain.errors import ShapeError, suggestion

__all__ = ["Array", "Block", "Floats", "Mask"]

Array = np.ndarray[Any, Any]
Floats = np.ndarray[Any, np.dtype[np.float64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True, eq=False)
class Block:
    """Values of channels at some times. What a filter does not name need not be there.

    Attributes
    ----------
    values : ndarray, shape (n_samples, n_channels)
        Physical.
    labels : tuple of str
        Of the channels; without them numbers.
    times : ndarray, shape (n_samples,), float64, seconds
        On the common clock.
    indices : ndarray, shape (n_channels,), float64
        Of the channels in their recording; by default 0, 1, ….
    mean, std : ndarray, shape (n_channels,), float64
        Of each channel, over all its samples.
    columns : mapping of str to ndarray, shape (n_samples,)
        Values of channels that are not among these, by label.

    Raises
    ------
    ShapeError
        They are not as many as the values are.

    Examples
    --------
    >>> Block(np.zeros((3, 2)), ("Fz", "Cz")).column("Cz")
    array([0., 0., 0.])
    """

    values: Array
    labels: tuple[str, ...] = ()
    times: Floats | None = None
    indices: Floats | None = None
    mean: Floats | None = None
    std: Floats | None = None
    columns: Mapping[str, Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.values.ndim != 2:
            raise ShapeError(
                f"Block: values have shape {self.values.shape}; (n_samples, n_channels) is needed."
            )
        n_samples, n_channels = self.values.shape
        if not self.labels:
            object.__setattr__(self, "labels", tuple(map(str, range(n_channels))))
        if self.indices is None:
            object.__setattr__(self, "indices", np.arange(float(n_channels)))
        counts = {"labels": (len(self.labels), n_channels), "times": (_length(self.times), n_samples)}
        counts |= {n: (_length(getattr(self, n)), n_channels) for n in ("indices", "mean", "std")}
        counts |= {f"columns[{n!r}]": (len(c), n_samples) for n, c in self.columns.items()}
        for name, (count, needed) in counts.items():
            if count not in (None, needed):
                raise ShapeError(
                    f"Block: {name} has {count:,} entries; values of {self.values.shape} need {needed:,}."
                )

    def column(self, label: str) -> Array:
        """Values of the channel or column of a label, shape (n_samples,).

        Raises
        ------
        KeyError
            There is none, or more than one; says which there are.
        """
        if label in self.columns:
            return self.columns[label]
        if self.labels.count(label) == 1:
            return self.values[:, self.labels.index(label)]
        if label in self.labels:
            raise KeyError(f"several channels are called {label!r}")
        raise KeyError(f"no channel is called {label!r}. {suggestion(label, [*self.columns, *self.labels])}")


def _length(array: Array | None) -> int | None:
    return None if array is None else len(array)
