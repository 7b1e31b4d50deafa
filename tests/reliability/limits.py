"""Limits: commands that put a process under what an ordinary user meets, also where the tests run as root."""

import os
import shutil
import subprocess

import pytest


def without_override() -> list[str]:
    """Prefix of a command for which the modes of files count."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("root may write everywhere, and there is no setpriv to do without that")
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]


def own_mounts() -> list[str]:
    """Prefix of a command that may mount what nobody else sees."""
    prefix = ["unshare", "--user", "--map-root-user", "--mount"]
    if shutil.which("unshare") is None or subprocess.run([*prefix, "true"], capture_output=True).returncode:
        pytest.skip("no disk can be made here: `unshare --user --map-root-user --mount` is not allowed")
    return prefix
