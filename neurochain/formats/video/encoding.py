"""Encoding: pixels of a frame as JPEG or PNG, by PyAV, which decoded them."""

from fractions import Fraction
from typing import Any

import numpy as np

from neurochain.errors import require

__all__ = ["WIDEST", "jpeg", "png", "upright"]

WIDEST = 8192  # pixels
EXTRA = "video"
SHARP = 4  # quantiser of the JPEG: from 2, the finest, to 31
Pixels = np.ndarray[Any, np.dtype[np.uint8]]


def upright(pixels: Pixels, rotation: int) -> Pixels:
    """A frame turned clockwise by so many degrees; as it is, where that is no quarter of a turn."""
    return np.rot90(pixels, -(rotation // 90) % 4) if rotation % 90 == 0 else pixels


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
