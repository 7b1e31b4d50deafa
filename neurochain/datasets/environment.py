"""Environment: where, by whom and with what a computation ran. Never a secret."""

import getpass
import hashlib
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from neurochain.datasets.secrets import SHORT, command_line, masked

MAX_DIFF = 1_000_000  # characters of a git diff that are kept

# What may change results, and is no secret: all else that the environment holds stays unsaid.
VARIABLES = frozenset(
    {
        *(
            "OMP_NUM_THREADS",
            "OPENBLAS_NUM_THREADS",
            "MKL_NUM_THREADS",
            "VECLIB_MAXIMUM_THREADS",
            "BLIS_NUM_THREADS",
        ),
        *(
            "NUMBA_NUM_THREADS",
            "POLARS_MAX_THREADS",
            "PYTHONHASHSEED",
            "PYTHONOPTIMIZE",
            "CUDA_VISIBLE_DEVICES",
        ),
        *("TZ", "LANG", "LANGUAGE", "NEUROCHAIN_CACHE", "NEUROCHAIN_CACHE_BYTES", "NEUROCHAIN_CONFIG"),
        *(
            "NEUROCHAIN_HOME",
            "NEUROCHAIN_PROGRESS",
            "NEUROCHAIN_REUSE",
            "NEUROCHAIN_TRUST",
            "NEUROCHAIN_WORKERS",
        ),
    }
)
PREFIXES = ("LC_", "NUMEXPR_")


@dataclass(frozen=True)
class Environment:
    """Interpreter and packages.

    Attributes
    ----------
    python : str
        ``"3.11.7"``.
    platform : str
        ``"Linux-6.1-x86_64"``.
    packages : dict of str to str
        Every installed distribution with its version.
    """

    python: str
    platform: str
    packages: dict[str, str]

    @property
    def hash(self) -> str:
        """Identity, hex."""
        text = json.dumps([self.python, self.platform, self.packages], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class GitState:
    """State of the checkout that the code came from.

    Attributes
    ----------
    commit : str or None
        None outside a checkout, or where git is missing.
    dirty : bool or None
        Whether tracked files differ from the commit.
    diff : str or None
        Of the first-party files that the functions lie in, with what looks like a secret masked.
    """

    commit: str | None = None
    dirty: bool | None = None
    diff: str | None = None


@dataclass(frozen=True)
class Origin:
    """Who ran what, where."""

    host: str
    user: str
    command: str
    environment: Environment
    git: GitState
    variables: dict[str, str] = field(default_factory=dict)


@lru_cache(maxsize=1)
def current_environment() -> Environment:
    """Interpreter and packages of the running process."""
    packages: dict[str, str] = {}
    for distribution in importlib.metadata.distributions():
        name, version = name_and_version(distribution)
        if name:
            packages.setdefault(name, version)  # the first on the path is the one imported
    return Environment(platform.python_version(), platform.platform(), dict(sorted(packages.items())))


def name_and_version(distribution: importlib.metadata.Distribution) -> tuple[str, str]:
    """Name and version of an installed package."""
    # Parsing all that it says of itself, as `distribution.metadata` does, takes fifteen times as long.
    head, _, _ = (distribution.read_text("METADATA") or "").partition("\n\n")
    found = {key: value.strip() for key, _, value in (line.partition(":") for line in head.splitlines())}
    if "Name" in found and "Version" in found:
        return found["Name"], found["Version"]
    return distribution.metadata["Name"], distribution.version


def package_version(name: str) -> str:
    """Version of an installed package.

    Raises
    ------
    PackageNotFoundError
        It is not installed.
    """
    return name_and_version(importlib.metadata.distribution(name))[1]


def current_origin(code_files: Iterable[str] = ()) -> Origin:
    """Where and by whom this process runs.

    Parameters
    ----------
    code_files : iterable of str
        First-party files of the functions; only these are diffed.
    """
    return Origin(
        platform.node(),
        user_name(),
        command_line(sys.argv),
        current_environment(),
        git_state(tuple(code_files)),
        recorded_variables(),
    )


def recorded_variables() -> dict[str, str]:
    """Variables of the environment that are recorded, by name."""
    return {name: masked(value) for name, value in sorted(os.environ.items()) if _recorded(name)}


def private_values() -> frozenset[str]:
    """What the environment holds beside what may be said: a value that is one of these may be a secret."""
    return frozenset(
        value for name, value in os.environ.items() if len(value) >= SHORT and not _recorded(name)
    )


def _recorded(name: str) -> bool:
    return name in VARIABLES or name.startswith(PREFIXES)


def git_state(code_files: tuple[str, ...] = ()) -> GitState:
    """State of the checkout around the functions' code, else around the script, else here (a notebook)."""
    code = [Path(f).resolve() for f in code_files if Path(f).is_file()]
    script = [Path(f).resolve() for f in sys.argv[:1] if Path(f).is_file()]
    for folder in dict.fromkeys([*(f.parent for f in code + script), Path.cwd()]):
        top, commit = _git(folder, "rev-parse", "--show-toplevel"), _git(folder, "rev-parse", "HEAD")
        if top and commit:
            break
    else:
        return GitState()
    status = _git(folder, "status", "--porcelain", "--untracked-files=no")
    dirty = bool(status) if status is not None else None
    files = [str(f) for f in code if f.is_relative_to(top.strip())]
    options = ("--no-color", "--no-ext-diff", "--no-textconv")
    diff = _git(folder, "diff", *options, "HEAD", "--", *files) if dirty and files else None
    return GitState(commit.strip(), dirty, masked(diff[:MAX_DIFF]) if diff else None)


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return None
    return done.stdout if done.returncode == 0 else None


def user_name() -> str:
    """Name of who runs this process."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container without a passwd entry
        return str(os.geteuid()) if hasattr(os, "geteuid") else "unknown"
