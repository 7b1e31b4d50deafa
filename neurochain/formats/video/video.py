"""Video: a lazy array of frames over time."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import index as as_int
from types import MappingProxyType
from typing import Any

import numpy as np

from neurochain.errors import ShapeError
from neurochain.formats.arrays.slicing import Axis, Index, normalise
from neurochain.formats.shown.shown import Shown
from neurochain.formats.video.frames import Frames, Running
from neurochain.formats.video.index import PacketIndex
from neurochain.storage import File

__all__ = ["Video"]

NEAR = 32  # frames that are decoded on the way to one that is asked for next
SLACK = 1e-9  # seconds by which times that were computed may be off
Pixels = np.ndarray[Any, np.dtype[np.uint8]]
Seconds = np.ndarray[Any, np.dtype[np.float64]]


class Video(Shown):
    """Frames over time, decoded as they are sliced: ``video[frame, row, column, colour]``.

    Made by `open_video`. A slice is an array of uint8, red, green and blue; `grey` is the same video with brightness
    alone. Frames are as they are stored: `rotation` says by how much they are to be turned, and is not applied. Times are
    those of presentation, on the file's own clock. Pickles as its file and opens again where it arrives.

    A frame is decoded from the keyframe before it, whose bytes and those up to the frame are what is pulled. Frames that
    lie between two keyframes are decoded together: ask for many at once by `frames`, or iterate.

    Attributes
    ----------
    file : File
        Where the packets lie.
    format, codec : str
        As in `header.format`; as libavcodec calls it.
    shape : tuple of int
        Frames, rows, columns, and three colours.
    times : ndarray, shape (n_frames,), float64, seconds
        When each frame is shown, ascending.
    start, duration : float, seconds
        Of the first frame, and from there to the end of the last one.
    frame_rate : float, Hz
        On average.
    is_variable : bool
        Whether frames do not follow each other evenly.
    rotation : int, degrees
        By which frames are to be turned clockwise to stand upright.
    start_time : datetime or None
        As the file says it, without time zone: by the standards UTC, and often that of writing.
    opened_with : mapping
        What the caller of `open` said of the file, as plain JSON.

    Examples
    --------
    >>> video = open_video(File.at("mouse.mp4"))                        # doctest: +SKIP
    >>> video                                                             # doctest: +SKIP
    <Video mouse.mp4 (1000 frames of 406 x 396, 20 s) 50 Hz h264>
    >>> video.at(12.5).shape, video.bytes_needed(625)                   # doctest: +SKIP
    ((406, 396, 3), 41208)
    """

    opened_with: Mapping[str, Any] = MappingProxyType({})

    def __init__(self, file: File, reopen: "Callable[[File], Video]", index: PacketIndex) -> None:
        track = index.track
        self.file, self.format, self.codec = file, track.format, track.codec.name
        self.rotation, self.start_time = track.rotation, track.start_time
        self.frame_rate, self.is_variable = index.frame_rate, index.is_variable
        self._reopen, self._index, self._frames = reopen, index, Frames(file, index)
        self._first, self._behind = 0, len(index.order)
        self._is_grey = False
        self._start: float | None = None
        self._lock = threading.Lock()
        self._before: int | None = None
        self._running: Running | None = None

    @property
    def times(self) -> Seconds:
        """When each frame is shown, shape (n_frames,), float64, seconds; ascending."""
        return self._index.seconds[self._first : self._behind]

    @property
    def start(self) -> float:
        """Time of the first frame, seconds."""
        if self._start is not None:
            return self._start
        return float(self._index.seconds[self._first])

    @property
    def duration(self) -> float:
        """From the first frame to the end of the last one, seconds."""
        return max(self._end - self.start, 0.0)

    @property
    def shape(self) -> tuple[int, ...]:
        """Frames, rows, columns, and three colours where they are not `grey`."""
        track = self._index.track
        return (self._behind - self._first, track.height, track.width, *(() if self._is_grey else (3,)))

    @property
    def ndim(self) -> int:
        """How many axes there are."""
        return len(self.shape)

    @property
    def axes(self) -> tuple[str, ...]:
        """Names of the axes."""
        return ("frame", "row", "column", "color")[: self.ndim]

    @property
    def dtype(self) -> np.dtype[np.uint8]:
        """Of what a slice gives: uint8."""
        return np.dtype(np.uint8)

    @property
    def grey(self) -> "Video":
        """The same video with brightness alone, which is decoded in less time: shape (n_frames, rows, columns)."""
        return self._with(_is_grey=True)

    def window(self, start: float, end: float) -> "Video":
        """Cut out the frames whose times lie in [start, end); they are decoded when they are used.

        Parameters
        ----------
        start, end : float, seconds
            On the video's clock, within it.

        Returns
        -------
        Video
            Its `start` is the time of its first frame, on the same clock.

        Raises
        ------
        ShapeError
            The window does not lie within the video.
        """
        if not self.start - SLACK <= start <= end <= self._end + SLACK:
            raise ShapeError(
                f"window({start:g}, {end:g}): {self.file.uri} goes from {self.start:g} s to {self._end:g} s. Ask for "
                "[start, end) within it."
            )
        first, behind = np.searchsorted(self.times, [start - SLACK, end - SLACK]).tolist()
        empty = {"_start": float(start)} if first == behind else {}
        return self._with(_first=self._first + first, _behind=self._first + behind, **empty)

    def index_at(self, seconds: float) -> int:
        """Number of the frame that is shown at a time: the last one whose own time is not later.

        Raises
        ------
        ShapeError
            No frame is shown then.
        """
        number = int(np.searchsorted(self.times, seconds + SLACK, side="right")) - 1
        if number < 0 or not seconds < self._end + SLACK:
            raise ShapeError(
                f"at({seconds:g}): {self.file.uri} goes from {self.start:g} s to {self._end:g} s. Ask for a time in "
                "[start, end)."
            )
        return number

    def at(self, seconds: float) -> Pixels:
        """Frame that is shown at a time, shape (rows, columns, 3).

        Raises
        ------
        ShapeError
            No frame is shown then.
        FormatError
            It cannot be decoded.
        """
        found: Pixels = self[self.index_at(seconds)]
        return found

    def frames(self, indices: Sequence[int] | np.ndarray[Any, np.dtype[Any]]) -> Pixels:
        """Frames by number, in the order that is asked for.

        What lies between two keyframes is pulled and decoded once, whatever the order, and several such stretches at once.

        Parameters
        ----------
        indices : sequence of int
            Negative ones count from the end; one may come several times.

        Returns
        -------
        ndarray, shape (n, rows, columns, 3), uint8

        Raises
        ------
        IndexError
            There is no such frame.
        FormatError
            One cannot be decoded; says which, and when it is shown.
        """
        count = len(self)
        numbers = np.array([as_int(i) for i in indices], np.int64)
        outside = numbers[(numbers < -count) | (numbers >= count)]
        if len(outside):
            raise IndexError(f"video.frames([…]): there is no frame {int(outside[0])}; there are {count:,}.")
        return self._read(np.where(numbers < 0, numbers + count, numbers))

    def bytes_needed(self, index: Index = ...) -> int:
        """Bytes of the packets that ``video[index]`` is decoded from; nothing is read.

        Audio that lies between them is pulled along where that costs less than one more request.

        Raises
        ------
        IndexError
            As slicing does.
        """
        return self._frames.bytes_needed(
            self._numbers(normalise(index, self.shape, "video")[0]) + self._first
        )

    def __getitem__(self, index: Index) -> Any:
        """Decode a slice.

        Raises
        ------
        IndexError
            Out of bounds, or no integer, slice or ``...``.
        FormatError
            A frame cannot be decoded.
        """
        axes = normalise(index, self.shape, "video")
        if 0 in (axis.count for axis in axes):
            found = np.zeros((axes[0].count, *self.shape[1:]), np.uint8)
        elif axes[0].drop:
            found = self._one(axes[0].start)[None]
        else:
            found = self._read(self._numbers(axes[0]))
        kept = (slice(None), *(_within(axis) for axis in axes[1:]))
        found = found[kept]
        return found[0] if axes[0].drop else found

    def __iter__(self) -> Iterator[Pixels]:
        """Frames one after the other, each decoded once; one is in memory at a time."""
        if not self._index.is_once:
            yield from map(self._read_one, range(len(self)))
            return
        running = Running(self._frames, self._first) if len(self) else None
        for number in range(len(self)):
            out = np.empty(self.shape[1:], np.uint8)
            if running is not None:
                running.picture(self._first + number).into(out)
            yield out

    def __len__(self) -> int:
        return self._behind - self._first

    def read(self) -> Pixels:
        """All frames, in memory; errors as of a slice."""
        found: Pixels = self[...]
        return found

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        if copy is False:
            raise ValueError("np.asarray(video, copy=False): a lazy video has no memory to share.")
        array = self.read()
        return array if dtype is None else array.astype(dtype, copy=False)

    def __reduce__(self) -> tuple[Any, ...]:
        whole = not self._first and self._behind == len(self._index.order)
        return _reopened, (
            self._reopen,
            self.file,
            self._is_grey,
            None if whole else (self._first, self._behind, self._start),
        )

    def __repr__(self) -> str:
        rate = f"{self.frame_rate:.6g} Hz{' on average' if self.is_variable else ''}"
        since = f" from {self.start:g} s" if self.start else ""
        rows, columns = self.shape[1:3]
        grey = "grey " if self._is_grey else ""
        return (
            f"<Video {self.file.name} ({len(self)} {grey}frames of {rows} x {columns}, {self.duration:g} s{since}) "
            f"{rate} {self.codec}>"
        )

    @property
    def _end(self) -> float:
        """When the last frame is no longer shown, seconds."""
        if self._behind < len(self._index.order):
            return float(self._index.seconds[self._behind]) if self._start is None else self._start
        return self._index.ends if self._start is None else self._start

    def _numbers(self, axis: Axis) -> np.ndarray[Any, np.dtype[np.int64]]:
        numbers = axis.start + axis.step * np.arange(axis.count, dtype=np.int64)
        return numbers[::-1] if axis.reverse else numbers

    def _read(self, numbers: np.ndarray[Any, np.dtype[np.int64]]) -> Pixels:
        out = np.empty((len(numbers), *self.shape[1:]), np.uint8)
        if len(numbers):
            self._frames.read(numbers + self._first, out)
        return out

    def _read_one(self, number: int) -> Pixels:
        found: Pixels = self._read(np.array([number], np.int64))[0]
        return found

    def _one(self, number: int) -> Pixels:
        """One frame; the next one after it goes on where its decoder stands."""
        out = np.empty(self.shape[1:], np.uint8)
        if not self._lock.acquire(blocking=False):  # somebody else goes through it
            return self._read_one(number)
        try:
            follows = self._before is not None and self._before + 1 == number
            self._before = number
            running, place = self._running, self._first + number
            if running is None and follows and self._index.is_once:
                running = self._running = Running(self._frames, place)
            if running is not None and running.next <= place < running.next + NEAR:
                running.picture(place).into(out)
                return out
            self._running = None
        finally:
            self._lock.release()
        return self._read_one(number)

    def _with(self, **changes: Any) -> "Video":
        """The same video but for some attributes."""
        twin = object.__new__(Video)
        twin.__dict__.update(self.__dict__)
        twin.__dict__.update(changes)
        # No two go on with one decoder.
        twin._lock, twin._before, twin._running = threading.Lock(), None, None
        return twin


def _within(axis: Axis) -> int | slice:
    """An axis of a frame, as numpy takes it."""
    if axis.drop:
        return axis.start
    last = axis.start + (axis.count - 1) * axis.step
    if not axis.reverse:
        return slice(axis.start, last + 1 if axis.count else axis.start, axis.step)
    return slice(last, axis.start - 1 if axis.start else None, -axis.step)


def _reopened(
    reopen: Callable[[File], Video], file: File, grey: bool, part: tuple[int, int, float | None] | None
) -> Video:
    """Video as it was pickled: of its file, with its part of it."""
    video = reopen(file)
    video = video.grey if grey else video
    return video if part is None else video._with(_first=part[0], _behind=part[1], _start=part[2])
