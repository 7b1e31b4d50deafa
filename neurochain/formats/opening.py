"""Opening: from a path or URI to the lazy array that lies there."""

import os
from collections.abc import Mapping
from typing import Any

from neurochain.formats import open_array
from neurochain.formats.recording import Recording
from neurochain.formats.volume import Volume
from neurochain.storage import Access, File, address, remember

__all__ = ["open"]


# The builtin is not used here; the name is meant to be read with its package: nc.open(…).
def open(
    source: str | os.PathLike[str] | File,
    *,
    format: str | None = None,
    anon: bool = False,
    storage_options: Mapping[str, Any] | None = None,
) -> Volume | Recording:
    """Open a file as the lazy array that it holds: a Volume or a Recording, as its content says.

    Only the header is read. What is costly to find again, as the seek index of a ``.nii.gz``, is remembered in the cache
    folder, where chains find it too.

    Parameters
    ----------
    source : str, path or File
        One file. Of several that belong together, their header: ``.vhdr``, ``.hdr``.
    format : str, optional
        As in `header.format`; by default the content tells.
    anon : bool
        Read public buckets without credentials.
    storage_options : mapping, optional
        As of `read_storage`.

    Raises
    ------
    FormatError
        The file is of no known format, or not what its header promises.
    StorageError
        There is none, or its bytes cannot be had.

    Examples
    --------
    >>> volume = nc.open("s3://openneuro.org/ds000001/sub-01/anat/sub-01_T1w.nii.gz", anon=True)    # doctest: +SKIP
    >>> volume.at_mm(-42, -22, 54)                                                                 # doctest: +SKIP
    >>> recording = nc.open("night.edf")                                                           # doctest: +SKIP
    >>> recording.window(30, 60)                                                                   # doctest: +SKIP
    <Recording night.edf (23 channels, 30 s from 30 s) 256 Hz>
    """
    uri = source.uri if isinstance(source, File) else os.fspath(source)
    place = address(uri)
    if place is not None and (anon or storage_options):
        remember(place, Access.of({**({"anon": True} if anon else {}), **(storage_options or {})}))
    return open_array(source if isinstance(source, File) else File.at(uri), format)
