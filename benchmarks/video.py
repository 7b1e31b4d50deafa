"""Random frames of a video."""

import tempfile
from pathlib import Path

from benchmarks.comparison import Comparison, Comparisons
from benchmarks.contestant import Contestant
from benchmarks.films import FRAMES, HEIGHT, RATE, WIDTH, make_film
from benchmarks.goal import faster, faster_per_second
from benchmarks.scale import Scale

PYAV, DECORD, SORTED = "PyAV, seek and decode", "decord, as asked", "decord, sorted"


def video(ours: Path, peers: Path, scale: Scale) -> Comparisons:
    """A thousand random frames of a local file, at once and one after the other."""
    count, few = scale.of(1000), scale.of(200)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        size = make_film(path, FRAMES)
        what = (
            f"A made video of {size / 1e6:.0f} MB: {FRAMES:,} frames of {WIDTH} x {HEIGHT} pixels, {RATE} a second, H.264 with B-frames, a "
            "keyframe at most every 250 frames. Frames by chance, as RGB arrays; that they are the right ones is looked at after the clock "
            "has stopped. Opening is timed. Ours has its index from an earlier process. "
        )
        yield Comparison(
            "Random frames of a video",
            what
            + f"{count:,} frames. neurochain: `nc.open(path).frames(numbers)`. decord: `VideoReader(path).get_batch(numbers)`, in the order that is asked for, "
            f"and with numbers that were sorted before. PyAV: for each of {few} frames, seek to the keyframe before it and decode up to it, with "
            "`thread_type = 'AUTO'`.",
            "frames",
            count,
            [
                Contestant("neurochain", ours, "frames_neurochain", (str(path), str(count), "batch")),
                Contestant(DECORD, peers, "frames_peers", ("decord", str(path), str(count), "batch")),
                Contestant(SORTED, peers, "frames_peers", ("decord", str(path), str(count), "sorted")),
                Contestant(PYAV, peers, "frames_peers", ("pyav", str(path), str(few), "one"), few),
            ],
            (faster(5, DECORD), faster_per_second(5, PYAV)),
        )
        yield Comparison(
            "Random frames of a video, one call for each",
            what + f"{few} frames. neurochain: `video[number]`. decord: `reader[number]`. PyAV as before.",
            "frames",
            few,
            [
                Contestant("neurochain", ours, "frames_neurochain", (str(path), str(few), "one")),
                Contestant("decord", peers, "frames_peers", ("decord", str(path), str(few), "one")),
                Contestant(PYAV, peers, "frames_peers", ("pyav", str(path), str(few), "one")),
            ],
        )
