"""Decoder: frames of packets, by way of PyAV, which is an extra. No demuxer sees the file."""

import os
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from neurochain.errors import FormatError, require
from neurochain.formats.video import raw
from neurochain.formats.video.codecs import SPARE
from neurochain.formats.video.track import Track

__all__ = ["Decoder", "Picture", "cores"]

EXTRA = "video"
PREFERRED = {"av1": "libdav1d"}  # the other one needs special hardware
SHARE = "OMP_NUM_THREADS"
MARGIN = 256  # pixels by which decoders make frames larger than what is shown of them


class Picture:
    """A decoded frame: pixels are made of it when they are asked for."""

    __slots__ = ("_decoder", "_frame")

    def __init__(self, decoder: "Decoder", frame: Any) -> None:
        self._decoder, self._frame = decoder, frame

    def into(self, out: np.ndarray[Any, np.dtype[np.uint8]]) -> None:
        """Put the pixels into memory of shape (height, width, 3) or, for brightness alone, (height, width)."""
        grey = out.ndim == 2
        track = self._decoder.track
        if isinstance(self._frame, bytes):
            out[...] = raw.pixels(track.codec, self._frame, track.width, track.height, grey)
            return
        frame = self._decoder.reformatted(self._frame, "gray" if grey else "rgb24")
        plane = frame.planes[0]
        rows = np.frombuffer(plane, np.uint8)[: plane.line_size * track.height].reshape(
            track.height, plane.line_size
        )
        out[...] = rows[:, : track.width * (1 if grey else 3)].reshape(out.shape)


class Decoder:
    """Decodes the packets of a track.

    Parameters
    ----------
    track : Track
        How they are coded.
    keys : ndarray, shape (n_packets,), bool
        With which of them decoding can begin; some codecs want to be told.
    name : str
        Of the file, for messages.
    threads : int
        That one decoder uses.
    """

    def __init__(
        self, track: Track, keys: np.ndarray[Any, np.dtype[np.bool_]], name: str, threads: int = 1
    ) -> None:
        self.track, self._keys, self._threads = track, keys, threads
        self.fault = ""
        """What the decoder said of the last packet that it could not decode."""
        self._av = (
            None if raw.is_plain(track.codec) else require("av", EXTRA, f"decoding the frames of {name}")
        )
        self._context = self._opened() if self._av is not None else None
        self._reformatter = self._av.video.reformatter.VideoReformatter() if self._av is not None else None

    def _opened(self) -> Any:
        av, codec, track = self._av, self.track.codec, self.track
        assert av is not None
        try:
            try:
                context = av.CodecContext.create(PREFERRED.get(codec.name, codec.name), "r")
            except (ValueError, av.FFmpegError):
                context = av.CodecContext.create(codec.name, "r")
        except (ValueError, av.FFmpegError):
            raise FormatError(
                f"its frames are coded as {codec.name!r}, which PyAV {av.__version__} does not decode. Convert it: "
                "ffmpeg -i FILE -c:v libx264 -crf 18 OUT.mp4"
            ) from None
        if codec.extra:
            context.extradata = codec.extra
        if codec.name == "rawvideo":
            context.pix_fmt = codec.pixels
        context.width, context.height = track.width, track.height
        # A frame that is larger than the container says is refused before memory is taken for it.
        options = {"max_pixels": str((track.width + MARGIN) * (track.height + MARGIN))}
        if codec.name == "h264":  # then it holds frames back until their order is sure, and drops none
            options["strict"] = "1"
        context.options = options
        context.thread_count = self._threads
        context.thread_type = "FRAME" if self._threads > 1 else "NONE"
        try:
            context.open()
        except (av.FFmpegError, MemoryError, ValueError, OverflowError) as error:
            raise FormatError(
                f"what its header says of the codec {codec.name!r} cannot be read ({_plainly(error)})"
            ) from None
        return context

    def pictures(
        self, packets: Iterable[tuple[int, bytes]], wanted: "set[int] | None" = None
    ) -> Iterator[tuple[int, Picture]]:
        """Pictures as they are decoded, each with the number of its packet; those that fail are missing.

        Parameters
        ----------
        packets : iterable of (int, bytes)
            In the order in which they are decoded, from one on with which decoding can begin.
        wanted : set of int, optional
            Packets whose pictures are wanted: others are not decoded, where no other one refers to them.
        """
        for number, data in packets:
            yield from self.feed(number, data, wanted is None or number in wanted)
        yield from self.flush()

    def feed(self, number: int, data: bytes, wanted: bool = True) -> Iterator[tuple[int, Picture]]:
        """Pictures that come out when a packet goes in."""
        if self._context is None:
            yield number, Picture(self, data)
            return
        assert self._av is not None
        codec = self.track.codec
        if codec.name in SPARE:
            self._context.skip_frame = "DEFAULT" if wanted else "NONREF"
        # The bytes are copied into memory of libavcodec's: what borrows Python's has no padding behind it, and is freed in
        # a thread that waits for Python while Python waits for the thread.
        held = codec.prefix + data
        if not held:  # which would mean that no more packets come
            return
        packet = self._av.Packet(len(held))
        packet.update(held)
        # Numbers, not times: two frames may have one time.
        packet.pts = packet.dts = number
        packet.is_keyframe = bool(self._keys[number])
        yield from self._decoded(packet)

    @property
    def reorders(self) -> bool:
        """Whether pictures may come out in another order than packets go in; known from the first packet on."""
        return self._context is not None and bool(self._context.has_b_frames)

    def reset(self) -> bool:
        """Begin anew, with a packet with which decoding can begin; False where another decoder is better made."""
        if self.fault:
            return False
        if self._context is not None:
            self._context.flush_buffers()
        return True

    def flush(self) -> Iterator[tuple[int, Picture]]:
        """Pictures that were held back; a packet may follow behind `reset` alone."""
        if self._context is not None:
            yield from self._decoded(None)

    def _decoded(self, packet: Any) -> Iterator[tuple[int, Picture]]:
        assert self._av is not None
        assert self._context is not None
        try:
            frames = self._context.decode(packet)
        except (self._av.FFmpegError, MemoryError) as error:
            self.fault = _plainly(error)
            return
        for frame in frames:
            if frame.pts is None:
                continue
            if frame.is_corrupt:
                self.fault = self.fault or "some of its bytes are not what the codec wants"
                continue
            if (frame.width, frame.height) != (self.track.width, self.track.height):
                raise FormatError(
                    f"a frame has {frame.width} x {frame.height} pixels, and its header says {self.track.width} x "
                    f"{self.track.height}: it is damaged, or its size changes on the way, which is not read"
                )
            yield frame.pts, Picture(self, frame)

    def reformatted(self, frame: Any, kind: str) -> Any:
        """A frame in another pixel format."""
        assert self._av is not None
        assert self._reformatter is not None
        try:
            return self._reformatter.reformat(frame, format=kind, threads=1)
        except (self._av.FFmpegError, MemoryError, ValueError) as error:
            raise FormatError(
                f"a frame of pixels {frame.format.name} cannot be converted ({_plainly(error)})"
            ) from None


def _plainly(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def cores() -> int:
    """Processors that this process may use; a worker among others is told its share, as other libraries are."""
    affinity = getattr(os, "sched_getaffinity", None)
    found = len(affinity(0)) if affinity is not None else os.cpu_count() or 1
    share = os.environ.get(SHARE, "")
    return min(found, int(share)) if share.isdecimal() and int(share) else found
