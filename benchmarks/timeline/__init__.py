"""Timeline: windows of several recordings on one clock, filters over them, and those who do it by hand."""

import tempfile
from pathlib import Path

from benchmarks.comparison import Comparisons
from benchmarks.scale import Scale
from benchmarks.timeline.aligned import aligned
from benchmarks.timeline.devices import SECONDS, make_probe
from benchmarks.timeline.filtered import filtered
from benchmarks.timeline.pulled import pulled
from benchmarks.timeline.windows import windows


def timeline(ours: Path, peers: Path, scale: Scale) -> Comparisons:
    """Windows of large files, a filter over one, a session into one file, and what is read of it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        probe = make_probe(folder / "probe.bin", scale.of(SECONDS, 5))
        yield from windows(ours, peers, probe, scale)
        yield from filtered(ours, probe, scale)
        yield from aligned(ours, peers, probe, scale)
        yield from pulled(ours, probe, scale)
