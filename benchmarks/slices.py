"""Reading parts of arrays: time points of compressed images, and windows of recordings."""

import tempfile
from pathlib import Path

from benchmarks.comparison import Comparison, Comparisons
from benchmarks.contestant import Contestant
from benchmarks.goal import faster_per_second
from benchmarks.images import make_images
from benchmarks.recordings import WINDOW, make_recordings
from benchmarks.scale import Scale
from benchmarks.server import LATENCY, object_server

FAR = f"a server on this machine that answers each request after {LATENCY * 1000:.0f} ms more"
CHANNEL = "O1"
AT_ONCE = 8  # downloads


def images(ours: Path, peers: Path, scale: Scale) -> Comparisons:
    """One time point of compressed images, on a local disk and in a bucket."""
    count, few, fewer = scale.of(200), scale.of(40), scale.of(20)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "images"
        stored = make_images(place, count)
        what = (
            f"{count} files of 15 to 40 MB ({stored / 1e9:.1f} GB): 4D NIfTI, 64 x 64 x 40 voxels and 70 to 180 time points of noise, `.nii.gz`. The mean of the "
            "time point in the middle: `read_storage(…).map(mean=lambda volume: …).save(…)`. The seek indexes are there, from an earlier "
            "call that asked for a late time point and read each file once; the one that is timed lies elsewhere, so that its bytes are pulled. "
        )
        yield Comparison(
            "One time point of compressed images",
            what
            + f"nibabel: `np.asarray(nib.load(path).dataobj[..., k])`, {few} of the files, in one process.",
            "images",
            count,
            [
                Contestant("neurochain", ours, "slices_neurochain", (str(place), "mean")),
                Contestant("nibabel", peers, "slices_nibabel", (str(place), str(few)), few),
            ],
            (
                faster_per_second(
                    30, "nibabel", why="A third is the price of any run: listing, headers, save."
                ),
            ),
        )
        with object_server(Path(folder)) as url:
            yield Comparison(
                "One time point of compressed images in a bucket",
                what
                + f"The files lie behind {FAR}. nibabel: each of {fewer} files is downloaded whole by obstore to a temporary file.",
                "images",
                count,
                [
                    Contestant("neurochain", ours, "slices_neurochain", ("s3://images/", "mean", url)),
                    Contestant(
                        "nibabel, downloaded", peers, "slices_nibabel", ("images", str(fewer), url), fewer
                    ),
                ],
                (faster_per_second(20, "nibabel, downloaded", why="A third is the price of any run."),),
            )


def band_power(ours: Path, peers: Path, scale: Scale) -> Comparisons:
    """Band power of a window of recordings in a bucket."""
    count, few = scale.of(200), scale.of(60)
    with tempfile.TemporaryDirectory() as folder:
        size = make_recordings(Path(folder) / "recordings", count, count)
        with object_server(Path(folder)) as url:
            asked = (CHANNEL, str(WINDOW[0]), str(WINDOW[1]))
            yield Comparison(
                "Band power of recordings in a bucket",
                f"{count} EDF+ recordings of {size / 1e6:.0f} MB behind {FAR}. Power from 8 to 13 Hz of one channel in 30 s, by scipy's `welch`: "
                "`read_storage(…).map(alpha).save(…)` with the settings as they come, headers included. The other way: obstore downloads "
                f"whole files to a temporary folder, {AT_ONCE} at once, and pyedflib reads the channel; {few} of the files.",
                "files",
                count,
                [
                    Contestant("neurochain", ours, "band_neurochain", ("s3://recordings/", *asked, url)),
                    Contestant(
                        "downloaded whole",
                        peers,
                        "band_downloaded",
                        ("recordings", *asked, url, str(few), str(AT_ONCE)),
                        few,
                    ),
                ],
                (
                    faster_per_second(
                        20,
                        "downloaded whole",
                        why="A call takes 3.5 ms of the interpreter, of which 1.5 are welch.",
                    ),
                ),
            )
