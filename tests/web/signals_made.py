"""What recordings and videos that are made for tests of the page hold."""

import numpy as np

from neurochain.formats import Annotation

RATE = 256
SPIKE = 20_000  # sample
SPIKING = 3  # channel
LABELS = [*(f"E{i}" for i in range(20)), "EOG left", "ECG", "EMG chin", "Status"]
NOTED = [
    Annotation(10.0, 2.0, "blink"),
    Annotation(30.5, None, "stimulus"),
    Annotation(60.0, 5.0, "<b>rest</b>"),
]
HOUR = 256  # channels, and samples in a second
TIMES = [
    t + 700 * k for k in range(3) for t in (0, 40, 80, 95, 200, 260, 300, 333, 400, 410, 600, 640)
]  # ms, of frames


def waves() -> np.ndarray:
    """Signals of a recording, shape (24, 120 s)."""
    rng = np.random.default_rng(4)
    t = np.arange(120 * RATE) / RATE
    signals = rng.normal(0, 30, (len(LABELS), len(t))) + 40 * np.sin(2 * np.pi * 10 * t)
    signals[SPIKING, SPIKE] = 900
    return signals
