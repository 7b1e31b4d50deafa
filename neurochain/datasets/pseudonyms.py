"""Pseudonym: what stands for a name in records that are kept for good.

It is an HMAC-SHA256 under a key that lies in the user's configuration folder and in no project: the same name has the
same pseudonym, and nobody without the key can tell, or try out, whose it is. A user who deletes the key can no longer
be told from another.
"""

import hashlib
import hmac
import os
import platform
import secrets
from contextlib import suppress
from pathlib import Path

from neurochain.datasets.environment import user_name

CONFIG = "NEUROCHAIN_CONFIG"  # names the folder itself
UNKNOWN = "unknown"  # where no key can be kept
_KEY = "pseudonyms.key"
_DIGITS = 32  # hexadecimal
_BYTES = 32  # of the key


def config_folder() -> Path:
    """Folder of what is the user's own: ``$NEUROCHAIN_CONFIG``, else the user's configuration folder."""
    named = os.environ.get(CONFIG)
    if named:
        return Path(named).expanduser()
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "neurochain"


def pseudonym(text: str) -> str:
    """What stands for a text, hex; ``"unknown"`` where no key can be kept."""
    try:
        key = _key(config_folder() / _KEY)
    except (OSError, RuntimeError):  # a full or read-only disk, or a user without a home
        return UNKNOWN
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:_DIGITS]


def person() -> str:
    """Pseudonym of who runs this process, on this machine."""
    return pseudonym(f"{user_name()}@{platform.node()}")


def _key(path: Path) -> bytes:
    """The key, made where there is none; of two processes that make one, one wins."""
    with suppress(FileNotFoundError):
        return _read(path)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = path.with_name(f"new-{secrets.token_hex(8)}")
    try:
        with open(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(made, path)
    finally:
        made.unlink(missing_ok=True)
    return _read(path)


def _read(path: Path) -> bytes:
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)
    return path.read_bytes()
