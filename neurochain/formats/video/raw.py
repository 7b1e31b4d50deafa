"""Raw: pixels that are not coded, as arrays."""

from typing import Any

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.video.track import Codec

__all__ = ["is_plain", "pixels"]

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
ORDERS = {
    "gray": (0,),
    "pal8": (0,),
    "rgb24": (0, 1, 2),
    "bgr24": (2, 1, 0),
    "bgr0": (2, 1, 0),
    "argb": (1, 2, 3),
}
BYTES = {"bgr0": 4, "argb": 4}
WEIGHTS = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601


def is_plain(codec: Codec) -> bool:
    """Whether packets are rows of bytes, for which no decoder is needed."""
    return codec.name == "rawvideo" and codec.pixels in ORDERS


def pixels(codec: Codec, data: bytes, width: int, height: int, grey: bool) -> Pixels:
    """Pixels of a packet.

    Parameters
    ----------
    codec : Codec
        As `is_plain` wants it.
    data : bytes
        The packet.
    width, height : int
        Of the frame.
    grey : bool
        Whether brightness alone is wanted.

    Returns
    -------
    ndarray, shape (height, width, 3) or (height, width), uint8

    Raises
    ------
    FormatError
        There are fewer bytes than pixels.
    """
    order = ORDERS[codec.pixels]
    row = width * BYTES.get(codec.pixels, len(order))
    # Rows of bitmaps are filled up to four bytes.
    stride = next((s for s in (-(-row // 4) * 4, row) if len(data) >= s * height), None)
    if stride is None:
        raise FormatError(
            f"a frame of {width} x {height} pixels takes {row * height:,} bytes, and its packet has {len(data):,}"
        )
    rows = np.frombuffer(data, np.uint8, stride * height).reshape(height, stride)[:, :row]
    found = (
        rows.reshape(height, width, -1)
        if stride == row
        else np.ascontiguousarray(rows).reshape(height, width, -1)
    )
    found = found[::-1] if codec.flipped else found
    if codec.pixels == "pal8":
        colours = np.zeros((256, 4), np.uint8)
        said = np.frombuffer(codec.palette[: len(codec.palette) // 4 * 4], np.uint8).reshape(-1, 4)[:256]
        colours[: len(said)] = said
        if not len(said):
            colours[:] = np.arange(256, dtype=np.uint8)[:, None]
        found = colours[found[:, :, 0], 2::-1]
    else:
        found = found[:, :, list(order)]
    if grey:
        return found[:, :, 0] if found.shape[2] == 1 else (found @ WEIGHTS).round().astype(np.uint8)
    return np.broadcast_to(found, (height, width, 3)) if found.shape[2] == 1 else found
