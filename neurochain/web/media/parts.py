"""Parts: which arrays there are in a file that holds several."""

from collections.abc import Mapping
from typing import Any

from neurochain.datasets.plain import plain
from neurochain.formats import read_header
from neurochain.web.media.gate import Stop
from neurochain.web.media.sources import Sources

__all__ = ["part_list"]

LISTED = {
    "series": ("series_types", "series_channels", "series_samples", "series_frequencies", "series_units"),
    "streams": ("stream_frequencies", "channel_counts", "sample_counts"),
    "datasets": ("dataset_shapes", "dataset_dtypes"),
    "array_paths": ("array_shapes", "array_dtypes"),
}
"""Fields of headers that name arrays, and those that tell of each of them."""
MOST = 2000


def part_list(sources: Sources, query: Mapping[str, str], stop: Stop) -> dict[str, Any]:
    """What ``part=`` can be for a file, as far as its header says, and what it says of each.

    Raises
    ------
    DatasetNotFoundError, ParameterError, StorageError, VersionError
        There is no such file.
    """
    file = sources.file(query)
    found = sources.kept(("parts", file), lambda: read_header(file))
    record = found.record or {}
    for name, more in LISTED.items():
        paths = record.get(name)
        if paths:
            told = {key.partition("_")[2]: record.get(key) or [] for key in more}
            parts = [
                {"path": path, **{key: plain(v[i]) for key, v in told.items() if i < len(v)}}
                for i, path in enumerate(paths[:MOST])
            ]
            return {"total": len(paths), "parts": parts}
    return {"total": 0, "parts": []}
