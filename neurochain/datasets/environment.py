"""Environment: where, by whom and with what a computation ran. Never a secret."""

import getpass
import hashlib
import importlib.metadata
import json
import os
import platform
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

MAX_DIFF = 1_000_000  # characters of a git diff that are kept

_SECRET = (
    r"(?:token|passw(?:or)?d|passphrase|pwd|secret|credential|bearer|authorization"
    r"|(?:api|access|account|private|auth|signing)[-_]?key)"
)
_NAMED = re.compile(
    rf"(?i)({_SECRET}[\w.-]*['\"]?\s*[=:]\s*)[^&\r\n]+"
)  # name=value, name: value, ?name=value&
_NAME = re.compile(rf"(?i)-*[\w.-]*{_SECRET}[\w.-]*:?\Z")  # the value is the next argument
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+\S+")
_USERINFO = re.compile(r"(\w+://)(?:[^\s/@:]*:\S*|[^\s/@]*)@")


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
        Of the first-party files that the functions lie in.
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


@lru_cache(maxsize=1)
def current_environment() -> Environment:
    """Interpreter and packages of the running process."""
    packages: dict[str, str] = {}
    for distribution in importlib.metadata.distributions():
        if name := distribution.metadata["Name"]:
            packages.setdefault(name, distribution.version)  # the first on the path is the one imported
    return Environment(platform.python_version(), platform.platform(), dict(sorted(packages.items())))


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
    )


def command_line(arguments: list[str]) -> str:
    """Command line, quoted as for a shell, with what looks like a secret masked."""
    shown: list[str] = []
    masked = False
    for i, argument in enumerate(arguments):
        text = _NAMED.sub(r"\1***", _USERINFO.sub(r"\1***@", _BEARER.sub(r"\1 ***", argument)))
        shown.append("***" if masked else shlex.quote(text) if text == argument else text)
        masked = i > 0 and not masked and _NAME.match(argument) is not None
    return " ".join(shown)


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
    return GitState(commit.strip(), dirty, diff[:MAX_DIFF] if diff else None)


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
