"""Whole: all values of a dataset at once, by HDF5 itself, where that can do no harm."""

from math import prod
from typing import Any

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.arrays.inflate import RATIO
from neurochain.formats.hdf5.filters import check_filters

__all__ = ["check_values", "whole"]

FEW = 64 * 1024  # bytes that may be the fill value alone


def whole(node: Any) -> np.ndarray[Any, Any]:
    """All values of a dataset of an open file.

    Parameters
    ----------
    node : h5py.Dataset
        Small enough for that.

    Raises
    ------
    FormatError
        As `check_values`.
    """
    check_values(node)
    return np.asarray(node[()])


def check_values(node: Any) -> None:
    """Look whether values lie in the file itself, take as many bytes as their shape says, and went through harmless filters.

    Raises
    ------
    FormatError
        They do not.
    """
    if node.external or node.is_virtual:
        raise FormatError(f"{node.name} lies in another file, which is not followed")
    plist, size = node.id.get_create_plist(), node.file.id.get_filesize()
    filters = [plist.get_filter(i)[0] for i in range(plist.get_nfilters())]
    check_filters(node.name, filters)
    needed, held = prod(node.shape or ()) * node.dtype.itemsize, int(node.id.get_storage_size())
    if needed > max(held * RATIO if filters else held, FEW) or held > size:
        raise FormatError(
            f"{node.name} should have {needed:,} bytes, and {held:,} are said to be in a file of {size:,}"
        )
