"""Aligned: what a probe, a camera and a scanner recorded around many instants, in one file."""

from pathlib import Path

from benchmarks.comparison import Comparison, Comparisons
from benchmarks.films import HEIGHT, WIDTH, make_film
from benchmarks.films import RATE as FRAME_RATE
from benchmarks.goal import faster
from benchmarks.scale import Scale
from benchmarks.timeline.devices import CHANNELS, RATE, REPETITION_TIME, SCAN, make_scan
from benchmarks.timeline.entrant import entrant

COUNT = 1000
LENGTH = 0.1  # seconds of a window, as the cases have it
ALL, STILL = "ephys,video,bold", "ephys,bold"
BY_HAND, SORTED = "SpikeInterface + PyAV + nibabel", "the same, decoded through"


def aligned(ours: Path, peers: Path, probe: Path, scale: Scale) -> Comparisons:
    """All three, and the two of which nothing is decoded."""
    seconds, count = probe.stat().st_size // (2 * CHANNELS * RATE), scale.of(COUNT, 20)
    film, scan = probe.with_name("film.mp4"), probe.with_name("bold.nii")
    size = make_film(film, seconds * FRAME_RATE)
    make_scan(scan, seconds)
    asked = probe, film, scan, count
    job = (
        f"{count:,} windows of {LENGTH:g} s at random times of {seconds} s, into one HDF5 file: for each window and stream the values, and when each sample was "
        "taken. `t.to_hdf5(path, t.around(times, 0, 0.1))`, which takes the windows in the order of time; by hand one window after the other, as "
        "they are asked for: `read_binary(…).get_traces`{}, `dataobj[..., a:b]`, h5py. All files are in the page cache, and nothing is known of them "
        "from before; opening is timed, and what was written is on the disk (`fsync`) when the clock stops. Then both files are read, and the values, "
        "dtypes, shapes and times of each window compared. "
    )
    streams = (
        f"A probe ({probe.stat().st_size / 1e9:.3g} GB: {CHANNELS} channels, int16 at {RATE // 1000} kHz){{}} and an fMRI scan "
        f"({' x '.join(map(str, SCAN))} int16, every {REPETITION_TIME:g} s; as `.nii`, so that how nibabel goes about gzip does not decide)."
    )
    yield Comparison(
        "Windows of a whole session",
        job.format(
            ", seek to the keyframe before and decode up to the window's end with `thread_type = 'AUTO'`; or, decoded through, in the order of time "
            "too, each frame once"
        )
        + streams.format(
            f", a video ({size / 1e6:.0f} MB: {WIDTH} x {HEIGHT} pixels, {FRAME_RATE} a second, H.264 with B-frames, a keyframe at most every 250 frames; written as RGB)"
        ),
        "windows",
        count,
        [
            entrant("neurochain", ours, "session_neurochain", *asked, ALL),
            entrant(BY_HAND, peers, "session_by_hand", *asked, ALL, "asked"),
            entrant(SORTED, peers, "session_by_hand", *asked, ALL, "sorted"),
        ],
        (faster(2, BY_HAND),),
    )
    yield Comparison(
        "Windows of a session without video",
        job.format("") + streams.format(""),
        "windows",
        count,
        [
            entrant("neurochain", ours, "session_neurochain", *asked, STILL),
            entrant("SpikeInterface + nibabel", peers, "session_by_hand", *asked, STILL, "asked"),
        ],
    )
    film.unlink()
    scan.unlink()
