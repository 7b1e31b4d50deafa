"""A video to read random frames of: H.264 with B-frames, a keyframe at most every 250 frames. It shows nothing that was filmed.

The number of each frame is in it, as sixteen dark or bright fields along its upper edge, so that each reader's frames are
told whatever its conversion of colours does.
"""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

WIDTH, HEIGHT, RATE = 640, 480, 30
FRAMES = 6000
BITS, FIELD = 16, 40  # fields, and pixels of their sides
SEED = 7


def make_film(path: Path, frames: int = FRAMES) -> int:
    """Write a video; returns its bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.Generator(np.random.PCG64(SEED))
    texture = rng.integers(60, 190, (HEIGHT, 2 * WIDTH, 3), np.uint8)
    texture = np.repeat(np.repeat(texture[::8, ::8], 8, axis=0), 8, axis=1)[:HEIGHT, : 2 * WIDTH]
    grain = rng.integers(
        0, 25, (16, HEIGHT, WIDTH, 1), np.uint8
    )  # of the camera, without which nothing is left to decode
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=RATE, options={"preset": "veryfast", "crf": "21", "bf": "3"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(frames):
            picture = texture[:, (2 * number) % WIDTH :][:, :WIDTH] + grain[number % len(grain)]
            _mark(picture, number)
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path.stat().st_size


def _mark(picture: "np.ndarray[Any, Any]", number: int) -> None:
    for bit in range(BITS):
        picture[:FIELD, bit * FIELD : (bit + 1) * FIELD] = 220 if number >> bit & 1 else 30
