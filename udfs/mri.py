"""MRI: statistics in a region, signal-to-noise ratios, and what is not air.

Values are in the units of the scanner, which mean nothing by themselves; a slope and an intercept in the file
are applied. A region is named as in `udfs.region.region_values`.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

import neurochain as nc
from neurochain.errors import ShapeError
from udfs.region import Box, as_volume, check_same_grid, region_values

__all__ = [
    "ROIStatistics",
    "foreground",
    "noise_factor",
    "otsu_threshold",
    "roi_statistics",
    "snr",
    "snr_difference",
]


@dataclass(frozen=True)
class ROIStatistics:
    """Statistics of the values in a region, those that are not finite left out.

    Attributes
    ----------
    n_voxels : int
        Values that were looked at.
    n_not_finite : int
        NaN and infinite values beside them.
    mean, std, minimum, maximum : float or None
        The standard deviation is the population's. Null where no value is finite.
    p05, p25, median, p75, p95 : float or None
        Percentiles, linear between neighbours.
    """

    n_voxels: int
    n_not_finite: int
    mean: float | None
    std: float | None
    minimum: float | None
    p05: float | None
    p25: float | None
    median: float | None
    p75: float | None
    p95: float | None
    maximum: float | None


def roi_statistics(
    volume: Any,
    box: Box | None = None,
    *,
    mm: bool = False,
    labels: Any = None,
    label: int | None = None,
) -> ROIStatistics:
    """Statistics of the values in a region: a box, a label, or all. Only the box around it is read.

    Parameters
    ----------
    volume, box, mm, labels, label
        As in `region_values`.

    Raises
    ------
    ShapeError
        The region lies outside the volume, holds no voxel, or is of another grid.

    Examples
    --------
    >>> found = roi_statistics(np.arange(24.0).reshape(2, 3, 4), [(0, 1), (1, 3), (0, 2)])
    >>> found.n_voxels, found.mean, found.median
    (4, 6.5, 6.5)
    """
    values = np.asarray(region_values(volume, box, mm=mm, labels=labels, label=label), np.float64)
    finite = values[np.isfinite(values)]
    bad = len(values) - len(finite)
    if not len(finite):
        return ROIStatistics(0, bad, *[None] * 9)
    low, p05, p25, median, p75, p95, high = map(float, np.percentile(finite, [0, 5, 25, 50, 75, 95, 100]))
    mean, std = float(finite.mean()), float(finite.std())
    return ROIStatistics(len(finite), bad, mean, std, low, p05, p25, median, p75, p95, high)


def snr(volume: Any, signal: Box, background: Box, *, mm: bool = False, n_coils: int = 1) -> float:
    """Signal-to-noise ratio of one magnitude image: mean of a region over the noise seen in air.

    Parameters
    ----------
    volume : Volume or ndarray
        Magnitudes.
    signal : sequence of (low, high), voxels or mm
        Box in the object.
    background : sequence of (low, high), voxels or mm
        Box in air, free of ghosts and of edges that the scanner has filled with zeros.
    mm : bool
        Whether the boxes are in mm (RAS+).
    n_coils : int
        Receivers whose images were added as the root of the sum of squares; 1 for one coil, or where they were
        combined with their phases.

    Returns
    -------
    float
        Inf where the background does not vary.

    Raises
    ------
    ShapeError
        A region lies outside the volume, or holds fewer than two voxels of air.
    ValueError
        A number of coils that cannot be.

    Notes
    -----
    Magnitudes of Gaussian noise follow Rayleigh's distribution (chi with 2 n_coils degrees of freedom), whose
    standard deviation is `noise_factor` times that of the noise: 0.655 for one coil. NEMA MS 1, "Determination
    of signal-to-noise ratio (SNR) in diagnostic magnetic resonance imaging"; R. M. Henkelman, Med. Phys. 12(2),
    232-233, 1985; C. D. Constantinides et al., Magn. Reson. Med. 38(5), 852-857, 1997,
    https://doi.org/10.1002/mrm.1910380524. With parallel imaging noise differs from place to place: use
    `snr_difference`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> image = np.abs(rng.normal(size=(64, 64, 8)) + 1j * rng.normal(size=(64, 64, 8)))
    >>> image[16:48, 16:48] += 100
    >>> round(snr(image, [(20, 44), (20, 44)], [(0, 12), (0, 64)]))
    101
    """
    inside = np.asarray(region_values(volume, signal, mm=mm), np.float64)
    air = np.asarray(region_values(volume, background, mm=mm), np.float64)
    return _over(float(inside.mean()), _deviation(air, "background") / noise_factor(n_coils))


def snr_difference(first: Any, second: Any, box: Box | None = None, *, mm: bool = False) -> float:
    """Signal-to-noise ratio from two acquisitions of the same: mean of both over the noise of their difference.

    Parameters
    ----------
    first, second : Volume or ndarray, of one shape
        Acquired alike, one after the other.
    box : sequence of (low, high), voxels or mm
        In the object; all by default.
    mm : bool
        Whether the box is in mm (RAS+).

    Returns
    -------
    float
        ``mean((first + second) / 2) / (std(first - second) / sqrt(2))``; inf where the two are equal.

    Raises
    ------
    ShapeError
        The volumes have different shapes or affines, or the region fewer than two voxels.

    Notes
    -----
    The method of two images of NEMA MS 1. It holds wherever noise differs from place to place, and for any number
    of coils; motion between the two counts as noise.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> round(snr_difference(*rng.normal(50, 1, (2, 32, 32, 8))) / 50, 1)
    1.0
    """
    one, two = as_volume(first), as_volume(second)
    check_same_grid(one, two)
    a, b = (np.asarray(region_values(v, box, mm=mm), np.float64) for v in (one, two))
    return _over(float((a + b).mean()) / 2, _deviation(a - b, "difference") / math.sqrt(2))


def noise_factor(n_coils: int = 1) -> float:
    """Standard deviation of magnitudes in air, over that of the noise in one receiver's real part.

    Examples
    --------
    >>> round(noise_factor(), 4), round(noise_factor(8), 4)
    (0.6551, 0.7014)
    """
    if n_coils < 1:
        raise ValueError(f"noise_factor({n_coils!r}): one coil at least.")
    mean = math.sqrt(2) * math.exp(math.lgamma(n_coils + 0.5) - math.lgamma(n_coils))
    return math.sqrt(2 * n_coils - mean**2)


def otsu_threshold(values: Any, n_bins: int = 256) -> float:
    """Threshold between two classes of values such that each varies least.

    Parameters
    ----------
    values : array_like
        Those that are not finite are left out.
    n_bins : int
        Of the histogram between the least and the largest value.

    Returns
    -------
    float
        Edge of a bin: the brighter class lies at it or above. Above the only value where there is but one.

    Raises
    ------
    ShapeError
        No value is finite.

    Notes
    -----
    N. Otsu, "A threshold selection method from gray-level histograms", IEEE Trans. Syst. Man Cybern. 9(1), 62-66,
    1979, https://doi.org/10.1109/TSMC.1979.4310076

    Examples
    --------
    >>> otsu_threshold([0, 1, 2, 10, 11, 12], n_bins=12)
    3.0
    """
    flat = np.asarray(values, np.float64).reshape(-1)
    flat = flat[np.isfinite(flat)]
    if not len(flat):
        raise ShapeError("otsu_threshold(): there is no finite value to divide.")
    if flat.min() == flat.max():
        return float(np.nextafter(flat[0], np.inf))
    counts, edges = np.histogram(flat, n_bins)
    centres = (edges[:-1] + edges[1:]) / 2
    below, above = counts.cumsum()[:-1], counts[::-1].cumsum()[::-1][1:]
    sums = (counts * centres).cumsum()
    # The first and the last bin hold a value each, so neither class is ever empty.
    between = below * above * ((sums[-1] - sums[:-1]) / above - sums[:-1] / below) ** 2.0
    return float(edges[int(between.argmax()) + 1])


def foreground(volume: Any) -> nc.Volume:
    """Voxels that are as bright as Otsu's threshold or brighter: head or phantom against air. No brain extraction.

    Parameters
    ----------
    volume : Volume or ndarray, three axes at most
        Of several times, give `udfs.fmri.temporal_mean`. Read whole.

    Returns
    -------
    Volume of uint8
        1 and 0, on the same grid.

    Raises
    ------
    ShapeError
        It has more than three axes, or no finite value.

    Examples
    --------
    >>> image = np.zeros((4, 4, 4))
    >>> image[1:3, 1:3, 1:3] = 100
    >>> int(foreground(image).read().sum())
    8
    """
    image = as_volume(volume)
    if image.ndim > 3:
        raise ShapeError(f"foreground() of {image!r}: give one image, for instance temporal_mean(volume).")
    values = np.asarray(image)
    mask = (values >= otsu_threshold(values)).astype(np.uint8)
    return nc.Volume.of(mask, image.affine, image.axes, image.voxel_sizes)


def _deviation(values: np.ndarray[Any, Any], what: str) -> float:
    """Standard deviation of a sample."""
    if len(values) < 2:
        raise ShapeError(f"One voxel of {what} says nothing about noise: take a larger box.")
    return float(values.std(ddof=1))


def _over(signal: float, noise: float) -> float:
    return signal / noise if noise else math.inf
