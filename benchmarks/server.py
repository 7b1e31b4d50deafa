"""An object store on this machine, in a process of its own: ``python -m benchmarks.server FOLDER LATENCY``."""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from neurochain.testing import ObjectServer

LATENCY = 0.02  # seconds before each answer


@contextmanager
def object_server(folder: Path, latency: float = LATENCY, module: str = "benchmarks.server") -> Iterator[str]:
    """URL under which the subfolders of a folder are buckets, as long as the block lasts; served by a module that takes folder and latency."""
    command = [sys.executable, "-m", module, str(folder), str(latency)]
    with subprocess.Popen(
        command, cwd=Path(__file__).parent.parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            url = server.stdout.readline().strip()
            if not url:
                raise RuntimeError("The object store did not start.")
            yield url
        finally:
            server.stdin.close()  # which ends it


def main() -> None:
    """Serve until the standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("latency", type=float)
    arguments = parser.parse_args()
    with ObjectServer(arguments.folder, latency=arguments.latency, still=True) as server:
        print(server.url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
