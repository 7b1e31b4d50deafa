"""A project of made recordings and videos, served until the input ends: see front_made.py, of which this is the twin for signals."""

from fractions import Fraction
from pathlib import Path

import numpy as np
from nwb_files import session
from served import serve
from signals_made import HOUR, LABELS, NOTED, RATE, TIMES, waves
from spikeglx_files import probe, write
from video_files import OPEN, X264, repeated, turned, write_video

import neurochain as nc
from neurochain.testing.edf import write_edf


def hour(path: Path) -> None:
    """An hour of 256 channels, 472 MB of which all but the first half minute are a hole in the file."""
    signals = np.random.default_rng(3).normal(0, 50, (HOUR, 30 * HOUR))
    write_edf(path, signals, HOUR, [f"E{i}" for i in range(HOUR)])
    with open(path, "r+b") as out:
        out.seek(236)
        out.write(b"3600    ")
        out.truncate(256 * (HOUR + 1) + 3600 * HOUR * HOUR * 2)


def build(folder: Path) -> None:
    folder.mkdir()
    write_edf(folder / "eeg.edf", waves(), RATE, LABELS, annotations=NOTED)
    write_edf(folder / "gaps.edf", waves()[:2, : 4 * RATE], RATE, ["A", "B"], starts=[0, 1, 10, 11])
    hour(folder / "hour.edf")
    write(folder / "run_g0_t0.imec0.ap.meta", probe(384), 60_000)
    session(folder / "session.nwb")
    write_video(folder / "even.mp4", options=X264, rate=Fraction(30000, 1001))
    write_video(folder / "variable.mp4", options=X264, count=len(TIMES), times=TIMES)
    write_video(folder / "open.mp4", options=OPEN)
    write_video(folder / "xvid.avi", codec="mpeg4", gop=10)
    turned(write_video(folder / "turned.mp4", options=X264), 90)
    short = write_video(Path("short.mp4"), options={**X264, "crf": "4"}, size=(320, 240), count=16)
    repeated(folder / "long.mp4", short, 300)


if __name__ == "__main__":
    build(Path.cwd() / "data")
    nc.read_storage(str(Path.cwd() / "data" / "*")).save("files")
    serve()
