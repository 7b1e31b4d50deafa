"""Machine: what the measurements were made on, and with which versions."""

import datetime as dt
import json
import os
import platform
import subprocess
from pathlib import Path

OURS = (
    "neurochain",
    "polars",
    "numpy",
    "pydantic",
    "sqlalchemy",
    "pydicom",
    "obstore",
    "indexed_gzip",
    "isal",
    "scipy",
    "av",
    "h5py",
    "deltalake",
)
PEERS = (
    "datachain", "daft", "ray", "pydicom", "nibabel", "mne", "pyEDFlib", "pybids", "bids2table", "obstore", "scipy",
    "decord", "av", "spikeinterface", "h5py",
)  # fmt: skip

NEURALAKE = ("data-repository", "deltalake", "polars", "pyarrow")

LOADERS = (
    "torch", "litdata", "mosaicml-streaming", "webdataset", "datasets", "pylance", "h5py", "monai", "torchio",
)  # fmt: skip


def describe_machine() -> dict[str, str]:
    """Processor, cores, memory, system and date."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{memory:.0f} GiB",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def versions(python: Path, packages: tuple[str, ...]) -> dict[str, str]:
    """Versions of Python and of packages in an environment."""
    code = (
        "import json, platform, sys; from importlib.metadata import version; "
        "print(json.dumps({'Python': platform.python_version(), **{p: version(p) for p in sys.argv[1:]}}))"
    )
    ran = subprocess.run([str(python), "-c", code, *packages], check=True, capture_output=True, text=True)
    found: dict[str, str] = json.loads(ran.stdout)
    return found


def commit(repository: Path) -> str:
    """Commit that is checked out, and whether files differ from it; empty without git."""
    try:
        found = _git(repository, "rev-parse", "--short", "HEAD")
        changed = _git(repository, "status", "--porcelain", "--", "neurochain", "benchmarks")
    except (OSError, subprocess.CalledProcessError):
        return ""
    return found + (" with local changes" if changed else "")


def _git(repository: Path, *arguments: str) -> str:
    ran = subprocess.run(["git", *arguments], cwd=repository, check=True, capture_output=True, text=True)
    return ran.stdout.strip()
