"""Video: motion energy of a camera's view, or of a part of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

import neurochain as nc
from neurochain.errors import ShapeError

__all__ = ["MotionEnergy", "motion_energy"]

WEIGHTS = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
Floats = np.ndarray[Any, np.dtype[np.float64]]
Box = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class MotionEnergy:
    """How much changes from frame to frame.

    Attributes
    ----------
    times : ndarray, shape (n_frames - 1,), float64, seconds
        Of the later frame of each two.
    energy : ndarray, shape (n_frames - 1,), float64, grey levels
        Mean of the absolute differences of all pixels, from 0 to 255.
    """

    times: Annotated[np.ndarray, nc.Unit("s"), nc.Axes("time")]
    energy: Annotated[np.ndarray, nc.Axes("time")]


def motion_energy(video: Any, region: Box | None = None, *, frame_rate: float | None = None) -> MotionEnergy:
    """Mean absolute difference of the brightness of consecutive frames, as is usual for whisking, licking or running.

    Two frames are in memory at a time, however long the video is. Where frames do not follow each other evenly, a longer
    pause lets more change: divide by ``np.diff`` of the times for a rate.

    Parameters
    ----------
    video : Video or array_like, shape (n_frames, rows, columns) or (n_frames, rows, columns, 3)
        Colours of an array are weighted as by ITU-R BT.601; those of a video as its decoder does.
    region : ((int, int), (int, int)), optional
        Rows and columns [first, last) that are looked at; all by default.
    frame_rate : float, Hz
        Of an array, whose first frame is at 0 s.

    Returns
    -------
    MotionEnergy

    Raises
    ------
    ShapeError
        The region does not lie within the frames, or an array is no video.
    ValueError
        An array without a frame rate.

    Examples
    --------
    >>> still = np.zeros((5, 8, 8))
    >>> still[3:, :4] = 50
    >>> found = motion_energy(still, frame_rate=10.0)
    >>> found.times.round(1).tolist(), found.energy.tolist()
    ([0.1, 0.2, 0.3, 0.4], [0.0, 0.0, 25.0, 0.0])
    >>> float(motion_energy(still, ((4, 8), (0, 8)), frame_rate=10.0).energy.max())
    0.0
    """
    frames: Iterator[np.ndarray[Any, Any]]
    if isinstance(video, nc.Video):
        times, frames, shape = video.times, iter(video.grey), video.shape[1:3]
    else:
        array = np.asarray(video)
        if array.ndim not in (3, 4) or (array.ndim == 4 and array.shape[3] != 3):
            raise ShapeError(
                f"motion_energy(): an array of shape {array.shape} is not (n_frames, rows, columns), nor with 3 colours."
            )
        if not frame_rate or not frame_rate > 0:
            raise ValueError(
                f"motion_energy(frame_rate={frame_rate!r}): of an array, say how many frames a second has."
            )
        times, frames, shape = np.arange(len(array)) / frame_rate, _grey(array), array.shape[1:3]
    rows, columns = _box(region, shape)
    energy = np.empty(max(len(times) - 1, 0))
    before: np.ndarray[Any, Any] | None = None
    for number, frame in enumerate(frames):
        now: np.ndarray[Any, Any] = frame[rows, columns].astype(
            np.int16 if frame.dtype == np.uint8 else np.float64
        )
        if before is not None:
            energy[number - 1] = np.abs(now - before).mean()
        before = now
    return MotionEnergy(np.array(times[1:], np.float64), energy)


def _grey(array: np.ndarray[Any, Any]) -> Iterator[Floats]:
    for frame in array:
        yield frame @ WEIGHTS if frame.ndim == 3 else frame


def _box(region: Box | None, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Rows and columns of a region."""
    if region is None:
        return slice(None), slice(None)
    for (first, last), size, what in zip(region, shape, ("rows", "columns"), strict=True):
        if not 0 <= first < last <= size:
            raise ShapeError(
                f"motion_energy(region={region!r}): {what} [{first}, {last}) do not lie in [0, {size})."
            )
    (top, bottom), (left, right) = region
    return slice(top, bottom), slice(left, right)
