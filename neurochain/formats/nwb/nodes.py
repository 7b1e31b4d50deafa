"""Nodes of an NWB file: groups and datasets by the types that the standard gives them."""

from collections.abc import Iterator, Sequence
from typing import Any

from neurochain.errors import ColumnNotFoundError, FormatError
from neurochain.formats.hdf5.attributes import plain, text
from neurochain.formats.hdf5.links import Outside, children, follow, is_group
from neurochain.formats.hdf5.whole import whole

__all__ = ["SERIES_IN", "content", "kind_of", "member", "series_groups", "short"]

SERIES_IN = ("acquisition", "stimulus/presentation", "processing", "analysis")
DEEPEST = 8
MOST = 50_000  # groups that are looked at


def kind_of(node: Any) -> str:
    """Type by the standard: ``"ElectricalSeries"``."""
    return text(node, "neurodata_type")


def member(root: Any, path: str) -> Any:
    """Node at a path, through links inside the file; None where there is none, or a link leads out."""
    try:
        found = follow(root, path)
    except (ColumnNotFoundError, FormatError):
        return None
    return None if isinstance(found, Outside) else found


def content(root: Any, path: str) -> Any:
    """Value of a dataset of one entry, or of a short list; None where there is none."""
    node = member(root, path)
    if node is None or is_group(node) or node.shape is None or node.size > 1000:
        return None
    return plain(whole(node))


def series_groups(root: Any) -> Iterator[tuple[str, Any]]:
    """Paths and groups of the time series: groups with data, and with times or a rate."""
    left = [MOST]
    for place in SERIES_IN:
        holder = member(root, place)
        if holder is not None and is_group(holder):
            yield from _series_below(holder, f"/{place}", 0, left)


def short(paths: Sequence[str]) -> list[str]:
    """Names by which paths can be told apart: the last part where that is enough.

    Examples
    --------
    >>> short(["/acquisition/a", "/analysis/a", "/intervals/trials"])
    ['/acquisition/a', '/analysis/a', 'trials']
    """
    ends = [path.rpartition("/")[2] for path in paths]
    return [end if ends.count(end) == 1 else path for path, end in zip(paths, ends, strict=True)]


def _series_below(group: Any, path: str, depth: int, left: list[int]) -> Iterator[tuple[str, Any]]:
    left[0] -= 1
    if left[0] < 0 or depth > DEEPEST:
        raise FormatError(f"it has more than {MOST:,} groups, or some more than {DEEPEST} deep")
    if "data" in group and ("starting_time" in group or "timestamps" in group):
        yield path, group
        return
    for name, node in children(group):
        if is_group(node):
            yield from _series_below(node, f"{path}/{name}", depth + 1, left)
