"""Run the benchmarks: ``make bench``."""

import argparse
import compileall
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.comparison import Comparison, Comparisons, importing, map_and_save
from benchmarks.contestant import run_interleaved
from benchmarks.engine import engine
from benchmarks.ephys import ephys
from benchmarks.headers import bids, edf, local_dicom, remote_dicom
from benchmarks.install_size import REPOSITORY, installed_size
from benchmarks.loaders import features
from benchmarks.loaders.large import cold, large, many
from benchmarks.loaders.raw import raw
from benchmarks.machine import LOADERS as OTHERS
from benchmarks.machine import NEURALAKE, OURS, PEERS, commit, describe_machine, versions
from benchmarks.report import page, section
from benchmarks.scale import Scale
from benchmarks.slices import band_power, images
from benchmarks.tables import tables
from benchmarks.timeline import timeline
from benchmarks.video import video
from benchmarks.web import web

SELECTIVE: dict[str, Callable[[Path, Path, Scale], Comparisons]] = {
    "headers": local_dicom,
    "buckets": remote_dicom,
    "edf": edf,
    "bids": bids,
    "slices": images,
    "bands": band_power,
    "ephys": ephys,
    "video": video,
    "timeline": timeline,
}
OF_OTHERS = {"loaders": features, "raw": raw}
OF_RELEASES = {"tables": tables}
ALONE = {"web": web, "cold": cold, "many": many, "large": large}
OWN = ("neurochain", "udfs")
CASES = ("map", "engine", *SELECTIVE, *OF_OTHERS, *OF_RELEASES, *ALONE, "import", "size")


def main() -> None:
    """Measure, and write or print the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--peers", type=Path, required=True, help="Python of the environment that has the peers"
    )
    parser.add_argument(
        "--loaders",
        type=Path,
        help="Python of the environment that has other loaders; needed for `loaders` and `raw`",
    )
    parser.add_argument(
        "--neuralake",
        type=Path,
        help="Python of the environment that has Neuralake's open release; needed for `tables`",
    )
    parser.add_argument(
        "--write", type=Path, help="the page, whose other jobs stay; without it, the tables are printed"
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument(
        "--share", type=float, default=1.0, help="of the files that headers, slices and windows are read of"
    )
    parser.add_argument("--only", choices=CASES, nargs="+", default=CASES)
    chosen = parser.parse_args()
    if chosen.write and chosen.share != 1:
        parser.error(
            "--write needs all files: figures of some would be taken for those of all. Leave out --share."
        )
    if chosen.loaders is None and set(OF_OTHERS) & set(chosen.only):
        parser.error("loaders need the environment that has others: --loaders .loaders-venv/bin/python")
    if chosen.neuralake is None and set(OF_RELEASES) & set(chosen.only):
        parser.error("tables need the environment that has Neuralake: --neuralake .neuralake-venv/bin/python")
    # As an interrupt does: what the jobs have made, which is large, is removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    ours, peers = Path(sys.executable), chosen.peers.absolute()
    for package in OWN:  # as pip has done with the others'
        compileall.compile_dir(REPOSITORY / package, quiet=1)
    machine = describe_machine() | {"commit": commit(REPOSITORY)}
    found = {"neurochain's environment": versions(ours, OURS), "peers' environment": versions(peers, PEERS)}
    if chosen.loaders is not None:
        found["other loaders' environment"] = versions(chosen.loaders.absolute(), OTHERS)
    if chosen.neuralake is not None:
        found["Neuralake's environment"] = versions(chosen.neuralake.absolute(), NEURALAKE)
    done: list[Comparison] = []
    sizes: dict[str, dict[str, object]] = {}
    earlier = chosen.write.read_text("utf-8") if chosen.write and chosen.write.exists() else ""

    def keep() -> None:
        """Write what there is, so that a job that fails costs none of the others."""
        if chosen.write:
            chosen.write.write_text(page(machine, found, done, sizes, chosen.repeats, earlier), "utf-8")

    def measure(name: str, comparisons: Callable[[], Comparisons]) -> None:
        if name not in chosen.only:
            return
        _say(f"making what {name} read")
        # One after the other: each finds its files only until the next one is asked for.
        for comparison in comparisons():
            done.append(_run(comparison, chosen.repeats))
            keep()

    scale = Scale(chosen.share)
    measure("map", lambda: iter([map_and_save(ours, peers, chosen.rows)]))
    measure("engine", lambda: iter(engine(ours, peers)))
    for name, comparisons in SELECTIVE.items():
        measure(name, partial(comparisons, ours, peers, scale))
    for name, of_others in OF_OTHERS.items():
        measure(name, partial(of_others, ours, peers, chosen.loaders and chosen.loaders.absolute(), scale))
    for name, of_release in OF_RELEASES.items():
        measure(name, partial(of_release, ours, chosen.neuralake and chosen.neuralake.absolute(), scale))
    for name, alone in ALONE.items():
        measure(name, partial(alone, ours, scale))
    measure("import", lambda: iter([importing(ours, peers)]))
    if "size" in chosen.only:
        _say("installing into a fresh environment")
        sizes["neurochain, core"] = installed_size(str(REPOSITORY), REPOSITORY / "constraints.txt")
        datachain = versions(peers, ("datachain",))["datachain"]
        sizes["DataChain"] = installed_size(f"datachain=={datachain}", None)
        keep()
    if chosen.write:
        _say(f"written: {chosen.write}")
        return
    for comparison in done:
        print(section(comparison))
    for name, size in sizes.items():
        print(name, size)


def _run(comparison: Comparison, repeats: int) -> Comparison:
    _say(comparison.title)
    os.sync()  # files that were just made are on disk, so that nobody's time goes into writing them
    run_interleaved(comparison.contestants, repeats)
    return comparison


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
