"""Times of frames as ffprobe tells them: 29.97 frames a second, variable rates, and what lies in windows."""

import shutil
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import neurochain as nc

sys.path.insert(0, str(Path(__file__).parents[1] / "formats"))
from video_files import X264, write_video

FFPROBE = shutil.which("ffprobe")
pytestmark = pytest.mark.skipif(
    FFPROBE is None, reason="ffprobe is not installed: it comes with the package ffmpeg"
)


def probed(path):
    """Presentation time of each frame, seconds."""
    command = [
        FFPROBE,
        "-v",
        "error",
        "-select_streams",
        "v",
        "-show_entries",
        "frame=pts_time",
        "-of",
        "csv=p=0",
    ]
    said = subprocess.run([*command, str(path)], capture_output=True, text=True, check=True).stdout
    return np.sort([float(line.strip(",")) for line in said.split() if line.strip(",")])


def films(folder):
    steps = np.random.default_rng(3).integers(8, 90, 120)
    yield write_video(folder / "ntsc.mp4", 150, options=X264, rate=Fraction(30000, 1001))
    yield write_video(folder / "ntsc.mkv", 60, options=X264, rate=Fraction(30000, 1001))
    yield write_video(folder / "variable.mp4", 120, options=X264, times=np.cumsum(steps).tolist())
    yield write_video(
        folder / "drops.mp4", 40, options=X264, times=[33 * i + 400 * (i > 20) for i in range(40)]
    )


def test_frames_are_shown_when_ffprobe_says(tmp_path):
    for path in films(tmp_path):
        times = probed(path)
        found = nc.stream(path).clock
        np.testing.assert_allclose(found.times(0, found.n_samples), times, atol=1.1e-6, err_msg=path.name)


def test_windows_hold_the_frames_that_ffprobe_puts_there(tmp_path):
    for path in films(tmp_path):
        times, t = probed(path), nc.timeline(video=path)
        first, last = t.span
        for start in np.linspace(first, last - 0.4, 7):
            a, b = start + 0.0104, start + 0.3707  # no frame lies there
            w = t.window(a, b)["video"]
            assert len(w) == ((times >= a) & (times < b)).sum(), path.name


def test_real_films(real_data):
    found = sorted(
        p for p in (real_data / "video" / "data").rglob("*") if p.suffix in (".mp4", ".avi", ".mkv", ".mov")
    )
    assert found
    for path in found:
        clock = nc.stream(path).clock
        np.testing.assert_allclose(
            clock.times(0, clock.n_samples), probed(path), atol=1.1e-6, err_msg=path.name
        )
