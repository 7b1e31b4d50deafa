"""Windows: a second of all channels at random times, of files of any size."""

from pathlib import Path

from benchmarks.comparison import Comparison, Comparisons
from benchmarks.goal import each_at_most, memory_at_most, memory_over, within
from benchmarks.scale import Scale
from benchmarks.timeline.devices import CHANNELS, RATE, make_short, make_sparse
from benchmarks.timeline.entrant import entrant

SECOND = CHANNELS * RATE * 2  # bytes
SHORT, LONG = 44, 4341  # seconds: 1 GB and 100 GB
COUNT = 200
SMALL, REAL, SPARSE = "neurochain, 1 GB", "neurochain, 5 GB", "neurochain, 100 GB"
SCALED = "neurochain, 5 GB, in uV"
SHORT_SPARSE = "neurochain, 1 GB, sparse"  # a hole lies otherwise in the page cache than samples do


def windows(ours: Path, peers: Path, probe: Path, scale: Scale) -> Comparisons:
    """Of a file that is there, of its first fifth, and of sparse ones."""
    count = scale.of(COUNT, 5)
    short = make_short(probe.with_name("short.bin"), probe, scale.of(SHORT, 3))
    sparse = make_sparse(probe.with_name("sparse.bin"), LONG)
    hole = make_sparse(probe.with_name("hole.bin"), scale.of(SHORT, 3))
    all_ = [REAL, SMALL, SHORT_SPARSE, SPARSE, SCALED]
    files = dict(zip(all_, (probe, short, hole, sparse, probe), strict=True))
    sizes = ", ".join(f"{file.stat().st_size / 1e9:.3g}" for file in (short, probe, sparse))
    yield Comparison(
        "Windows of a second, however large the file",
        f"{count} windows of 1 s of {CHANNELS} channels, int16 at {RATE // 1000} kHz, {SECOND / 1e6:.0f} MB each, at random times, through a timeline: `t.window(a, a + "
        f"1)['ephys'].read()`. Files of {sizes} GB: noise, and the last one is sparse, of no bytes on the disk, and reads as zeros, as does another of 1 GB. What is "
        "asked for was read before, so it is in the page cache; files are opened before the clock starts. In uV: times a gain, as float32. "
        "memmap: copied out of it. SpikeInterface: `read_binary(…).get_traces(start, end)`, which shows a mapped file, and a copy of that; in "
        "uV by `return_in_uV=True`. Memory that others have is also that of mapped files.",
        "windows",
        count,
        [
            *(
                entrant(
                    name,
                    ours,
                    "excerpts_neurochain",
                    files[name],
                    count,
                    "uV" if name == SCALED else "numbers",
                )
                for name in all_
            ),
            entrant("memmap, 5 GB", ours, "excerpts_peers", "memmap", probe, count, "numbers"),
            entrant(
                "SpikeInterface, 5 GB", peers, "excerpts_peers", "spikeinterface", probe, count, "numbers"
            ),
            entrant(
                "SpikeInterface, 5 GB, in uV", peers, "excerpts_peers", "spikeinterface", probe, count, "uV"
            ),
        ],
        (
            *(each_at_most(0.02, name) for name in all_),
            *(memory_at_most(300, name) for name in all_),
            memory_over(20, SMALL, SPARSE),
            within(1.25, SMALL, SPARSE),
            within(1.25, SHORT_SPARSE, SPARSE),
        ),
    )
    short.unlink()
    sparse.unlink()
    hole.unlink()
