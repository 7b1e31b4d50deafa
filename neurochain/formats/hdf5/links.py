"""Links: from a path to what lies there, no further than the file, or to the file beside it that a link names."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from neurochain.errors import ColumnNotFoundError, FormatError, require, suggestion

__all__ = ["Outside", "address_of", "children", "follow", "is_group"]

MOST_LINKS = 32  # that lead from one to the next
MOST_SHOWN = 2000


@dataclass(frozen=True)
class Outside:
    """What a link out of the file says.

    Attributes
    ----------
    name : str
        Of the other file, as it is written.
    path : str
        In it.
    """

    name: str
    path: str


def is_group(node: Any) -> bool:
    """Whether a node holds others."""
    return not hasattr(node, "dtype")


def address_of(node: Any) -> int:
    """Byte of the file, from where HDF5 begins, at which a node is described: the same for all links to it.

    ``h5o.get_info`` says it too, and goes through all that the node holds for it.
    """
    h5g = require("h5py.h5g", "hdf5", "an HDF5 file")
    return int(h5g.get_objinfo(node.id, b".").objno[0])


def follow(root: Any, path: str) -> Any:
    """Group or dataset at a path, or the `Outside` to which a link on the way leads.

    Parameters
    ----------
    root : h5py.Group
        Where the path begins.
    path : str
        With slashes; one in front goes without saying.

    Raises
    ------
    ColumnNotFoundError
        There is none; says what there is.
    FormatError
        Links lead round in a circle, or to what is not there.
    """
    return _follow(root, path, 0)


def _follow(root: Any, path: str, depth: int) -> Any:
    if depth > MOST_LINKS:
        raise FormatError(f"more than {MOST_LINKS} links lead on from {path}")
    node, names = root, [n for n in path.split("/") if n and n != "."]
    for i, name in enumerate(names):
        there = "/" + "/".join(names[: i + 1])
        if not is_group(node):
            raise ColumnNotFoundError(f"there is no {path}: {'/' + '/'.join(names[:i])} is a dataset")
        link = node.get(name, getlink=True)
        kind = type(link).__name__
        rest = names[i + 1 :]
        if kind == "ExternalLink":
            return Outside(str(link.filename), "/".join([str(link.path).rstrip("/"), *rest]))
        if kind == "SoftLink":
            target = str(link.path)
            above = "" if target.startswith("/") else "/".join(names[:i]) + "/"
            return _follow(root, "/".join([above + target, *rest]), depth + 1)
        found = node.get(name) if kind == "HardLink" else None
        if found is None:
            inside = "/" + "/".join(names[:i])
            raise ColumnNotFoundError(f"there is no {there}. {inside} has: {suggestion(name, _names(node))}")
        node = found
    return node


def children(group: Any) -> Iterator[tuple[str, Any]]:
    """Names and nodes in a group, in the order of their names; links to other places are left out."""
    for name in group:
        if type(group.get(name, getlink=True)).__name__ == "HardLink":
            node = group.get(name)
            if node is not None:
                yield name, node


def _names(group: Any) -> list[str]:
    return [name for name, _ in zip(group, range(MOST_SHOWN), strict=False)]
