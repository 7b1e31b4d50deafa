"""Filtered: a condition over a whole recording, against reading it alone."""

from pathlib import Path

from benchmarks.comparison import Comparison, Comparisons
from benchmarks.goal import faster, memory_over
from benchmarks.scale import Scale
from benchmarks.timeline.devices import CHANNELS, RATE, make_short
from benchmarks.timeline.entrant import entrant
from benchmarks.timeline.windows import SHORT

PLAIN, SPREAD = "signal > 0.8", "abs(signal) > 4*std"
READING = "NumPy, reading alone"


def filtered(ours: Path, probe: Path, scale: Scale) -> Comparisons:
    """Of a file, and of its first fifth, whose pass takes as much memory."""
    short = make_short(probe.with_name("short.bin"), probe, scale.of(SHORT, 3))
    size, few = (max(round(path.stat().st_size / 1e6), 1) for path in (probe, short))
    yield Comparison(
        "A filter over a whole recording",
        f"{size / 1000:.3g} GB of noise, {CHANNELS} channels, int16 at {RATE // 1000} kHz, with a gain, in the page cache: between which samples of each "
        f"channel a condition holds. `Sieve.of('{PLAIN}', recording).runs()`, and with `{SPREAD}`, of which standard deviations are not "
        "known before: two passes. NumPy, reading alone: a second after the other is copied out of a `memmap`, and nothing done with it. By "
        f"hand: a second after the other, `(samples * gain > 0.8).sum()`; with std in two passes, sums of squares in float64 before. 1 GB: the first {few / 1000:.3g} GB of the file.",
        "MB",
        size,
        [
            entrant("neurochain", ours, "sieve_neurochain", probe, PLAIN),
            entrant("neurochain, with std", ours, "sieve_neurochain", probe, SPREAD),
            entrant("neurochain, 1 GB", ours, "sieve_neurochain", short, PLAIN, amount=few),
            entrant("neurochain, 1 GB, with std", ours, "sieve_neurochain", short, SPREAD, amount=few),
            entrant(READING, ours, "sieve_numpy", probe, "read"),
            entrant("NumPy, by hand", ours, "sieve_numpy", probe, "plain"),
            entrant("NumPy, by hand, with std", ours, "sieve_numpy", probe, "std"),
        ],
        (
            faster(0.7, READING),
            faster(0.35, READING, "neurochain, with std"),
            memory_over(20, "neurochain, 1 GB"),
            memory_over(20, "neurochain, 1 GB, with std", "neurochain, with std"),
        ),
    )
    short.unlink()
