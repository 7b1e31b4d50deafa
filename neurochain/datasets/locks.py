"""Lock: a sign that a process lives, which the system takes back when it is gone, however it went."""

import fcntl
import platform
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def try_lock(descriptor: int) -> bool:
    """Lock a file for as long as its descriptor is open; whether that could be done."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def boot_id() -> str:
    """What tells this run of this machine from another; empty where nothing does."""
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return ""


def is_this_run(host: object, boot: object) -> bool:
    """Whether this machine, since it was started, wrote a `host` and a `boot_id`: then a lock that is free says that its owner is gone."""
    return bool(boot_id()) and (host, boot) == (platform.node(), boot_id())
