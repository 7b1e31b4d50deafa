"""Electrophysiology: metadata and regions of NWB files, and windows of raw samples."""

import tempfile
from pathlib import Path

from benchmarks.comparison import Comparison, Comparisons
from benchmarks.contestant import Contestant
from benchmarks.goal import faster, faster_per_second, within
from benchmarks.scale import Scale
from benchmarks.server import LATENCY, object_server
from benchmarks.sessions import CHANNELS, CHUNK, PROBE, RATE, make_probe, make_sessions

FAR = f"a web server on this machine that answers each request after {LATENCY * 1000:.0f} ms more"


def ephys(ours: Path, peers: Path, scale: Scale) -> Comparisons:
    """Regions of NWB files on a server and here, their metadata, and windows of raw samples."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _regions(ours, peers, Path(folder), scale)
        yield _metadata(ours, peers, Path(folder), scale)
        yield _windows(ours, peers, Path(folder), scale)


def _regions(ours: Path, peers: Path, folder: Path, scale: Scale) -> Comparisons:
    count = scale.of(16)
    size = make_sessions(folder / "nwb", count, min(count, 4), scale.of(24, 4))
    what = (
        f"{count} NWB files of {size / 1e6:.0f} MB: voltages of {CHANNELS} channels at {RATE // 1000} kHz, gzipped in chunks of {CHUNK[0]} x {CHUNK[1]}. "
        "Each is opened, and a tenth of a second of 8 channels is read, one file after the other. The others: h5py over the file object of "
        "each. neurochain, again: where the chunks lie is known from an earlier call, which read another time; what was pulled then "
        "is not there any more. "
    )

    def contestants(place: str) -> list[Contestant]:
        own = [
            Contestant(name, ours, "regions_neurochain", (place, str(count), how))
            for name, how in (("neurochain, again", "again"), ("neurochain, first time", "first"))
        ]
        by = (
            [("fsspec", "fsspec"), ("remfile", "remfile")] if place.startswith("http") else [("h5py", "h5py")]
        )
        return own + [Contestant(name, peers, "regions_peers", (place, str(count), how)) for name, how in by]

    with object_server(folder) as url:
        yield Comparison(
            "A region of NWB files on a server",
            what + f"The files lie behind {FAR}. fsspec with its own way of reading ahead.",
            "files",
            count,
            contestants(f"{url}/nwb"),
            tuple(
                faster(3, than, who)
                for who in ("neurochain, again", "neurochain, first time")
                for than in ("remfile", "fsspec")
            ),
        )
    yield Comparison(
        "A region of NWB files on this disk", what, "files", count, contestants(str(folder / "nwb"))
    )


def _metadata(ours: Path, peers: Path, folder: Path, scale: Scale) -> Comparison:
    count, few = scale.of(10_000), scale.of(200)
    size = make_sessions(folder / "small", count, min(count, 50), 0.2)
    return Comparison(
        "Metadata of NWB files",
        f"{count} NWB files of {size / 1e3:.0f} kB on this disk, most of them hard links to 50. `read_storage(…).save(…)`: session, subject, series, tables. "
        f"pynwb: `NWBHDF5IO(path, 'r').read()` and the same things asked of it, {few} of the files, in one process.",
        "files",
        count,
        [
            Contestant("neurochain", ours, "metadata_neurochain", (str(folder / "small"),)),
            Contestant("pynwb", peers, "metadata_pynwb", (str(folder / "small"), str(few)), few),
        ],
        (faster_per_second(5, "pynwb"),),
    )


def _windows(ours: Path, peers: Path, folder: Path, scale: Scale) -> Comparison:
    seconds, count = scale.of(60, 5), scale.of(600)
    path = make_probe(folder / "raw" / "probe.bin", seconds)
    return Comparison(
        "Windows of raw samples",
        f"{count} windows of 1 s of {PROBE} channels, int16 at {RATE // 1000} kHz, at random times of a file of {path.stat().st_size / 1e9:.1f} GB on this disk, "
        "which is in memory. `recording.stored.window(t, t + 1).read()`; NumPy: the same samples copied out of a `memmap`. Each "
        "is summed over one channel, so that it is there.",
        "windows",
        count,
        [
            Contestant("neurochain", ours, "windows_raw", ("neurochain", str(path), str(count))),
            Contestant("numpy.memmap", ours, "windows_raw", ("memmap", str(path), str(count))),
        ],
        (within(1.25, "numpy.memmap"),),
    )
