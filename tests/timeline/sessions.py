"""Sessions: NWB files that are valid, read by pynwb."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pynwb


def valid(path: Path, own: bool = False) -> Path:
    """A file in which pynwb finds no fault.

    Parameters
    ----------
    path : Path
        Of the file.
    own : bool
        Whether by the standard that lies in the file, which takes longer, or by that of pynwb.
    """
    assert pynwb.validate(path=str(path), use_cached_namespaces=own) == []
    return path


def read(path: Path, into: Callable[[Any], Any]) -> Any:
    """What is found in a file."""
    with pynwb.NWBHDF5IO(path, "r", load_namespaces=False) as io:
        return into(io.read())
