"""Patches: volumes cut into boxes. One spec plans the cuts, without reading, and makes them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from neurochain.errors import ShapeError
from neurochain.formats.header import Header
from neurochain.formats.volumes.volume import Volume

__all__ = ["Patches", "patches"]

Cut = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Patches:
    """Boxes of equal shape over the first axes of a volume. Made by `patches`.

    Attributes
    ----------
    shape : tuple of int
        Entries along the first axes; the other axes stay whole.
    stride : tuple of int
        From the start of one to that of the next, along each of them.
    drop_last : bool
        Whether what is left behind the last whole box along an axis is left out; else it is a smaller one.
    """

    shape: tuple[int, ...]
    stride: tuple[int, ...]
    drop_last: bool = True

    def cuts(self, shape: Iterable[int]) -> list[Cut]:
        """Ranges [start, end) of each patch along its axes, in C order.

        Parameters
        ----------
        shape : iterable of int
            Of the volume.

        Raises
        ------
        ShapeError
            The volume has fewer axes than a patch.

        Examples
        --------
        >>> patches((2, 3)).cuts((5, 3, 20))
        [((0, 2), (0, 3)), ((2, 4), (0, 3))]
        """
        lengths = tuple(shape)
        if len(lengths) < len(self.shape):
            raise ShapeError(
                f"patches of {self.shape}: the volume has the shape {lengths}, fewer axes than a patch."
            )
        along = [self._along(*one) for one in zip(self.shape, self.stride, lengths, strict=False)]
        return list(product(*along))

    def count(self, volume: "Volume | Header | Mapping[str, Any]") -> int:
        """How many patches there are of a volume, or of one with such a header.

        Raises
        ------
        ShapeError
            It has fewer axes than a patch, or the header says no shape.
        """
        shape = volume["shape"] if isinstance(volume, Mapping) else volume.shape
        if shape is None:
            raise ShapeError("patches: the header says no shape. Open the file to see why.")
        return len(self.cuts(shape))

    def of(self, volume: Volume) -> Iterator[Volume]:
        """Patches of a volume, one after the other; their voxels are read when they are used.

        Raises
        ------
        ShapeError
            It has fewer axes than a patch.
        """
        for cut in self.cuts(volume.shape):
            yield volume.crop(*cut)

    def __call__(self, volume: Volume) -> Iterator[Volume]:
        """As `of`: ``chain.gen(patch=nc.patches((64, 64, 64)))`` gives a row for each patch."""
        return self.of(volume)

    def _along(self, size: int, stride: int, length: int) -> list[tuple[int, int]]:
        cuts = [(start, start + size) for start in range(0, length - size + 1, stride)]
        start = len(cuts) * stride
        if not self.drop_last and start < length and (not cuts or cuts[-1][1] < length):
            cuts.append((start, length))
        return cuts


def patches(
    shape: Iterable[int], stride: int | Iterable[int] | None = None, drop_last: bool = True
) -> Patches:
    """Cut volumes into patches: by itself, or as a function of `gen`.

    Parameters
    ----------
    shape : iterable of int
        Entries along the first axes of the volume; the other axes stay whole.
    stride : int or iterable of int, optional
        From the start of one to that of the next; `shape` by default.
    drop_last : bool
        Leave out what is left behind the last whole patch along an axis; else it is a smaller one.

    Returns
    -------
    Patches

    Raises
    ------
    ValueError
        A length or stride that is not positive, or not one for each axis.

    Examples
    --------
    >>> patches((64, 64, 64), stride=32)
    Patches(shape=(64, 64, 64), stride=(32, 32, 32), drop_last=True)
    >>> chain.gen(patch=nc.patches((64, 64, 64)))                          # doctest: +SKIP
    """
    sizes = tuple(int(n) for n in shape)
    steps = sizes if stride is None else (stride,) * len(sizes) if isinstance(stride, int) else tuple(stride)
    if not sizes or len(steps) != len(sizes) or min(*sizes, *steps) < 1:
        raise ValueError(
            f"patches({shape!r}, stride={stride!r}): one positive whole number is needed for each axis."
        )
    return Patches(sizes, tuple(int(n) for n in steps), drop_last)
