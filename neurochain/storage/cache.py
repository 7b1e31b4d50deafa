"""The cache folder: what can be fetched, or computed, again."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """Folder of what can be fetched again: ``$NEUROCHAIN_CACHE``, else the user's cache folder."""
    named = os.environ.get("NEUROCHAIN_CACHE")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "neurochain"
