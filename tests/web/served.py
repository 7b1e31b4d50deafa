"""Serves a project until the input ends, for the processes that tests of the page start. The first line says the address."""

import os
import sys
import threading

from neurochain.datasets.project import Project, find_project
from neurochain.web.server.running import run_server


def ends() -> None:
    sys.stdin.read()
    os._exit(0)


def serve(project: Project | None = None) -> None:
    """Serve a project; without one, that of the working folder."""
    found = project or find_project()
    assert found is not None
    threading.Thread(target=ends, daemon=True).start()
    run_server(found, lambda line: print(line, flush=True), port=0, token="secret", browser=False)
