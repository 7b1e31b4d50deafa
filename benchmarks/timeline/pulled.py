"""Pulled: bytes that are read for windows of streams that are not compressed."""

from pathlib import Path

from benchmarks.comparison import Comparison, Comparisons
from benchmarks.goal import pulled_at_most
from benchmarks.scale import Scale
from benchmarks.timeline.devices import CHANNELS, RATE, make_scan
from benchmarks.timeline.entrant import entrant

COUNT, FEW = 1000, 200
COUNTED = Path("/proc/self/io")  # by the system, on Linux
HERE, FAR = "neurochain, on this disk", "neurochain, from a server"


def pulled(ours: Path, probe: Path, scale: Scale) -> Comparisons:
    """Of files on this disk, and on a server."""
    count, few = scale.of(COUNT, 20), scale.of(FEW, 10)
    make_scan(probe.with_name("bold.nii"), probe.stat().st_size // (2 * CHANNELS * RATE))
    contestants = [entrant(FAR, ours, "pulled_neurochain", probe.parent, few, "far", amount=few)]
    if COUNTED.exists():
        contestants.insert(0, entrant(HERE, ours, "pulled_neurochain", probe.parent, count, "here"))
    yield Comparison(
        "Bytes that windows need",
        f"Windows of 0.1 s at random times of a probe ({CHANNELS} channels, int16 at {RATE // 1000} kHz) and of an fMRI scan (`.nii`), {count:,} on this disk and {few:,} from "
        "a server, through a timeline, files opened anew. What is counted: on this disk what the process read, as the system says (`rchar`); "
        "what the server sent, which runs in the same process, so its time says little; it is not asked again for what two windows share. Against it the bytes of the values.",
        "windows",
        count,
        contestants,
        tuple(pulled_at_most(1.2, one.name) for one in contestants),
    )
