"""fMRI: temporal signal-to-noise ratio, and ghosts of echo-planar images. A volume is read some images at a time."""

from collections.abc import Iterator
from typing import Any

import numpy as np

import neurochain as nc
from neurochain.errors import ShapeError
from udfs.mri import foreground
from udfs.region import as_volume, check_same_grid

__all__ = ["ghost_to_signal", "temporal_mean", "tsnr"]

Floats = np.ndarray[Any, np.dtype[np.float64]]
BLOCK = 2**21  # values read at once: 16 MB
ROUNDING = 1e-12  # share of a sum of squares that may be left of it by rounding alone


def tsnr(volume: Any, order: int = 0) -> nc.Volume:
    """Temporal signal-to-noise ratio of each voxel: mean over time, over the standard deviation.

    Parameters
    ----------
    volume : Volume or ndarray, shape (x, y, z, t), or any with time last
        Read some images at a time.
    order : int
        Degree of the polynomial whose fit over time is no noise: 0 takes the mean away, 1 a drift, 2 is that of
        FBIRN.

    Returns
    -------
    Volume of float64, shape (x, y, z)
        0 where a voxel does not vary, NaN where one of its values is not finite.

    Raises
    ------
    ShapeError
        There are not more images than the polynomial has coefficients, or the volume has only one axis.
    ValueError
        A degree that cannot be.

    Notes
    -----
    G. Krueger and G. H. Glover, Magn. Reson. Med. 46(4), 631-637, 2001, https://doi.org/10.1002/mrm.1240; with
    a polynomial of degree 2 it is the signal-to-fluctuation-noise ratio of L. Friedman and G. H. Glover, J. Magn.
    Reson. Imaging 23(6), 827-839, 2006, https://doi.org/10.1002/jmri.20583. The standard deviation is the
    population's (divided by the number of images).

    Examples
    --------
    >>> values = 100 + np.tile([1.0, -1.0], 10) * np.ones((2, 2, 2, 1))
    >>> round(float(tsnr(values)[0, 0, 0]), 9)
    100.0
    """
    image = as_volume(volume)
    if order < 0:
        raise ValueError(f"tsnr(order={order!r}): a polynomial has degree 0 at least.")
    n = image.shape[-1] if image.ndim > 1 else 0
    if n < order + 2:
        raise ShapeError(
            f"tsnr(order={order}) of {image!r}: that takes {order + 2} images over time at least, along the last axis."
        )
    # Orthonormal polynomials over time: what is left of the squares beside their shares is noise.
    basis, _ = np.linalg.qr(np.vander(np.linspace(-1, 1, n), order + 1, increasing=True))
    shape = image.shape[:-1]
    origin = np.asarray(image[..., 0], np.float64)  # near all values, so that squares keep their digits
    total, squares, shares = np.zeros(shape), np.zeros(shape), np.zeros((order + 1, *shape))
    with np.errstate(invalid="ignore"):  # inf - inf is NaN, which is what is known of such a voxel
        for start, block in _over_time(image):
            moved = block - origin[..., None]
            total += moved.sum(axis=-1)
            squares += (moved**2).sum(axis=-1)
            shares += np.moveaxis(moved @ basis[start : start + block.shape[-1]], -1, 0)
        left = squares - (shares**2).sum(axis=0)
    left[left <= ROUNDING * squares] = 0
    deviation = np.sqrt(left / n)
    mean = origin + total / n
    # NaN is no variation of 0 and stays NaN.
    ratio = np.divide(mean, deviation, out=np.zeros(shape), where=deviation != 0)
    return _like(image, ratio)


def temporal_mean(volume: Any) -> nc.Volume:
    """Mean over time of each voxel.

    Parameters
    ----------
    volume : Volume or ndarray, shape (x, y, z, t), or any with time last
        Read some images at a time.

    Returns
    -------
    Volume of float64, shape (x, y, z)

    Examples
    --------
    >>> temporal_mean(np.arange(8.0).reshape(1, 1, 2, 4)).read().tolist()
    [[[1.5, 5.5]]]
    """
    image = as_volume(volume)
    if image.ndim < 2 or not image.shape[-1]:
        raise ShapeError(f"temporal_mean() of {image!r}: there is no time along the last axis.")
    total = np.zeros(image.shape[:-1])
    for _, block in _over_time(image):
        total += block.sum(axis=-1)
    return _like(image, total / image.shape[-1])


def ghost_to_signal(volume: Any, axis: int = 1, mask: Any = None) -> float:
    """Ghost-to-signal ratio of an echo-planar image: what the object leaves half a field of view away.

    Parameters
    ----------
    volume : Volume or ndarray, shape (x, y, z) or (x, y, z, t)
        Of several times, their mean is looked at.
    axis : int
        Phase-encoding direction; 1, from front to back, is usual.
    mask : Volume or ndarray, shape (x, y, z), optional
        Where the object is; `udfs.mri.foreground` by default.

    Returns
    -------
    float
        (mean of the ghost's place - mean of the air) / median of the object; 0 without ghosts.

    Raises
    ------
    ShapeError
        No axis of that number, or the object leaves no room for a ghost or for air.

    Notes
    -----
    M. Giannelli et al., J. Appl. Clin. Med. Phys. 11(4), 170-180, 2010, https://doi.org/10.1120/jacmp.v11i4.3237, as
    MRIQC computes it: the ghost's place is the mask moved by half the field of view, without the mask.

    Examples
    --------
    >>> image = np.zeros((8, 8, 2))
    >>> image[2:6, 0:3] = 100
    >>> image[2:6, 4:7] = 5
    >>> ghost_to_signal(image)
    0.05
    """
    image = as_volume(volume)
    image = temporal_mean(image) if image.ndim > 3 else image
    if not 0 <= axis < image.ndim:
        raise ShapeError(
            f"ghost_to_signal(axis={axis}) of {image!r}: name one of its axes 0 to {image.ndim - 1}."
        )
    where = foreground(image) if mask is None else as_volume(mask)
    check_same_grid(image, where)
    values, inside = np.asarray(image), np.asarray(where) != 0
    ghost = np.roll(inside, image.shape[axis] // 2, axis) & ~inside
    air = ~ghost & ~inside
    if not (inside.any() and ghost.any() and air.any()):
        raise ShapeError(
            f"{image!r} holds {inside.sum()} voxels of the object, {ghost.sum()} where a ghost would be, and "
            f"{air.sum()} of air: some of each are needed. Give a mask."
        )
    return float((values[ghost].mean() - values[air].mean()) / np.median(values[inside]))


def _over_time(image: nc.Volume) -> Iterator[tuple[int, Floats]]:
    """First time and values of successive blocks of whole images."""
    count = max(1, BLOCK // max(1, int(np.prod(image.shape[:-1]))))
    for start in range(0, image.shape[-1], count):
        yield start, np.asarray(image[..., start : start + count], np.float64)


def _like(image: nc.Volume, values: Floats) -> nc.Volume:
    return nc.Volume.of(values, image.affine, image.axes[:-1], image.voxel_sizes)
