"""Frame: one picture of a video, upright, as JPEG or PNG."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from neurochain.errors import ParameterError, require
from neurochain.web.media.asked import real, whole
from neurochain.web.media.gate import Stop
from neurochain.web.media.sources import Sources

__all__ = ["frame_picture", "jpeg", "png"]

WIDEST = 8192  # pixels
EXTRA = "video"
SHARP = 4  # quantiser of the JPEG: from 2, the finest, to 31
Pixels = np.ndarray[Any, np.dtype[np.uint8]]


def frame_picture(sources: Sources, query: Mapping[str, str], stop: Stop) -> bytes:
    """The frame that is shown at ``time`` (s, on the video's clock), or that of ``index``; ``width`` (pixels) at most, ``format=png`` exactly.

    Raises
    ------
    FormatError, ParameterError, StorageError
        It cannot be decoded, or there is none.
    ShapeError
        None is shown at this time.
    """
    video = sources.video(query)
    kind = query.get("format", "jpeg")
    if kind not in ("jpeg", "png"):
        raise ParameterError(f"format={kind[:20]!r}: there is 'jpeg' and 'png'.")
    if query.get("time"):
        number = video.index_at(real(query, "time"))
    else:
        number = whole(query, "index", 0, max(len(video) - 1, 0), 0)
    if not len(video):
        raise ParameterError(f"{video.file.uri} has no frames.")
    stop()
    pixels = video[number]
    stop()
    pixels = np.rot90(pixels, -(video.rotation // 90) % 4) if video.rotation % 90 == 0 else pixels
    width = whole(query, "width", 1, WIDEST, WIDEST)
    return png(pixels, width) if kind == "png" else jpeg(pixels, width)


def jpeg(pixels: Pixels, width: int = WIDEST) -> bytes:
    """Pixels, shape (rows, columns, 3), as JPEG, at most so wide."""
    return _encoded(pixels, "mjpeg", "yuvj444p", width)


def png(pixels: Pixels, width: int = WIDEST) -> bytes:
    """Pixels, shape (rows, columns, 3), as PNG, at most so wide."""
    return _encoded(pixels, "png", "rgb24", width)


def _encoded(pixels: Pixels, codec: str, kind: str, width: int) -> bytes:
    av = require("av", EXTRA, "encoding a frame")
    rows, columns = pixels.shape[:2]
    if columns > width:
        rows, columns = max(round(rows * width / columns), 1), width
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), "rgb24")
    frame = frame.reformat(columns, rows, kind, **({"dst_color_range": "JPEG"} if codec == "mjpeg" else {}))
    context = av.CodecContext.create(codec, "w")
    context.width, context.height, context.pix_fmt = columns, rows, kind
    context.time_base = Fraction(1, 1)
    if codec == "mjpeg":
        context.options = {"qmin": str(SHARP), "qmax": str(SHARP), "strict": "unofficial"}
    frame.pts = 0
    return b"".join(bytes(packet) for packet in [*context.encode(frame), *context.encode(None)])
