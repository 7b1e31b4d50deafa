"""Which frames are asked for, and which ones came: what the cases of videos share."""

import numpy as np

BITS, FIELD = 16, 40


def asked(count: int, frames: int) -> list[int]:
    """Numbers of frames, by chance."""
    return np.random.Generator(np.random.PCG64(11)).choice(frames, count, replace=count > frames).tolist()


def told(frames: "list[np.ndarray] | np.ndarray") -> list[int]:
    """Number that each frame has in it."""
    middles = [FIELD // 2 + FIELD * bit for bit in range(BITS)]
    return [
        sum(1 << bit for bit, x in enumerate(middles) if frame[FIELD // 2, x].mean() > 125)
        for frame in frames
    ]
