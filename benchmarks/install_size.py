"""Size of an installation: a fresh environment, the package, and what its site-packages weigh.

    python benchmarks/install_size.py [REQUIREMENT] [-c CONSTRAINTS]

Counts the disk blocks of site-packages, byte code included, without pip and setuptools: what
``du -sm`` says after both were removed. Needs only the standard library.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
NOT_OURS = (
    "pip",
    "pip-",
    "setuptools",
    "setuptools-",
    "pkg_resources",
    "_distutils_hack",
    "distutils-precedence",
)
BLOCK = 512  # bytes; the unit of st_blocks, whatever the filesystem


def installed_size(requirement: str, constraints: Path | None) -> dict[str, object]:
    """Install into a fresh environment and measure.

    Returns
    -------
    dict
        ``megabytes`` (2**20 bytes on disk), ``packages`` (how many), ``largest`` (the five largest, MB).
    """
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / "bin" / "python"
        command = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check", requirement]
        if constraints is not None:
            command += ["-c", str(constraints)]
        subprocess.run(command, check=True, stdout=sys.stderr)
        (site,) = Path(folder).glob("lib/python*/site-packages")
        return site_size(site)


def site_size(site: Path) -> dict[str, object]:
    """The same of an environment that is there."""
    tops = {top.name: _on_disk(top) for top in site.iterdir() if not _is_pip(top.name)}
    largest = sorted(tops.items(), key=lambda item: -item[1])[:5]
    return {
        "megabytes": round(sum(tops.values()) / 2**20, 1),
        "packages": sum(name.endswith(".dist-info") for name in tops),
        "largest": {name: round(size / 2**20, 1) for name, size in largest},
    }


def _is_pip(name: str) -> bool:
    return name in NOT_OURS or name.startswith(tuple(n for n in NOT_OURS if n.endswith("-")))


def _on_disk(path: Path) -> int:
    own = path.lstat().st_blocks * BLOCK
    return own + (sum(_on_disk(p) for p in path.iterdir()) if path.is_dir() and not path.is_symlink() else 0)


def main() -> None:
    """Print the measurement as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("requirement", nargs="?", default=str(REPOSITORY))
    parser.add_argument("-c", "--constraints", type=Path)
    arguments = parser.parse_args()
    print(json.dumps(installed_size(arguments.requirement, arguments.constraints), indent=2))


if __name__ == "__main__":
    main()
