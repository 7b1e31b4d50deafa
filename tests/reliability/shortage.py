"""Shortage: a save that meets a full disk, or a limit on the size of files, and the same save once there is room.

``python shortage.py disk|limit FOLDER SIZE…`` prints a line of JSON for each size. ``disk`` must be root, of a
namespace of its own.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import saving
import soundness

import neurochain as nc
from neurochain.chain.executors import inline
from neurochain.datasets import leases
from neurochain.datasets.garbage import collect_garbage
from neurochain.datasets.project import HOME, Project, close_projects, find_project
from neurochain.errors import NeurochainError

ROOM = "64m"
sys.dont_write_bytecode = True  # a limit would cut what others import


@contextmanager
def small_disk(home: Path, size: int) -> Iterator[None]:
    """A disk with the project on it and so many bytes more; afterwards it has room."""
    subprocess.run(["mount", "-o", f"remount,size={ROOM}", home], check=True)
    for old in home.iterdir():
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    shutil.copytree(home.with_name("template"), home, dirs_exist_ok=True)
    full = shutil.disk_usage(home).used + size
    subprocess.run(["mount", "-o", f"remount,size={full}", home], check=True)
    yield
    subprocess.run(["mount", "-o", f"remount,size={ROOM}", home], check=True)


@contextmanager
def small_files(home: Path, size: int) -> Iterator[None]:
    """No file may have more bytes; the calls of functions, which are counted in a file, are few."""
    shutil.rmtree(home)
    shutil.copytree(home.with_name("template"), home)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def attempt(data: Path) -> dict[str, Any]:
    """Save, and what came of it."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            saving.save(data)
        except NeurochainError as error:
            found = {"error": type(error).__name__, "message": str(error)}
        else:
            found = {"error": "", "message": ""}
        soundness.check_database(opened())
        read = soundness.check_versions(opened())
    return {**found, "read": read, "warned": [str(w.message) for w in warned]}


def opened() -> Project:
    project = find_project()
    assert project is not None
    return project


def main(kind: str, folder: Path, sizes: list[int]) -> None:
    inline.REMEMBER_SECONDS = 0.0
    home, data, template = folder / "home", folder / "data", folder / "template"
    os.environ[saving.CALLS] = str(folder / "calls")
    saving.make_files(data)
    os.environ[HOME] = str(template)
    saving.save_base()
    close_projects()
    home.mkdir()
    if kind == "disk":
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "none", home], check=True)
    os.environ[HOME] = str(home)
    for size in sizes:
        with {"disk": small_disk, "limit": small_files}[kind](home, size):
            found = attempt(data)
            close_projects()
        before = saving.calls()
        version = saving.save(data)
        found |= {"hash": version.content_hash, "calls": saving.calls() - before}
        assert soundness.check_versions(opened()) == ["base@1.0.0", "study/peaks@1.0.0"]
        assert nc.dataset(saving.NAME).rows == version.rows
        leases.release()
        collect_garbage(opened())
        soundness.check_no_garbage(opened())
        close_projects()
        Path(os.environ[saving.CALLS]).unlink()
        print(json.dumps({"size": size, **found}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), [int(a) for a in sys.argv[3:]])
