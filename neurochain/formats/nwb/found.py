"""Found: one time series of an NWB file by its name, remembered once it was found."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from neurochain.errors import ColumnNotFoundError, FormatError, suggestion
from neurochain.formats.hdf5.dataset import beyond
from neurochain.formats.hdf5.links import Outside, follow, is_group
from neurochain.formats.hdf5.opened import look
from neurochain.formats.nwb.header import parse, session_start
from neurochain.formats.nwb.nodes import series_groups, short
from neurochain.formats.nwb.series import Series, series_of, values_of
from neurochain.storage import File, Memo

__all__ = ["EXTRA", "NAME", "Found"]

NAME = "NWB"
EXTRA = "nwb"
KEY = "nwb series 1"
MOST_SHOWN = 20


@dataclass(frozen=True)
class Found:
    """A time series, and where it is described.

    Attributes
    ----------
    holder : File
        That describes it: another one, where a link leads there.
    series : Series
    start_time : datetime or None
        When the session began, local time.
    """

    holder: File
    series: Series
    start_time: datetime | None

    @classmethod
    def of(cls, file: File, name: str | None, memo: Memo) -> "Found":
        """The series of a name, or the one that is meant where there is none.

        Parameters
        ----------
        file : File
            NWB.
        name : str or None
            Path, or the last part of it.
        memo : Memo
            Where what is found is kept.

        Raises
        ------
        ColumnNotFoundError
            There is none of this name.
        FormatError
            There are several, and no name is given; or it is damaged.
        """
        key = f"{KEY}: {file.uri} {file.etag} {name}"
        if (kept := memo.get(key)) is not None:
            said = json.loads(kept)
            start = None if said["start_time"] is None else datetime.fromisoformat(said["start_time"])
            holder = file if said["link"] is None else beyond(file, Outside(*said["link"]))
            return cls(holder, Series.unpacked(said["series"].encode()), start)

        def into(root: Any) -> tuple[str | Outside, Series | Outside | None, datetime | None]:
            place = _place(root, name)
            series = None if isinstance(place, Outside) else series_of(root, place)
            return place, series, session_start(root)

        place, series, start = look(file, into, NAME, extra=EXTRA)
        link, holder = None, file
        if isinstance(place, Outside):
            link, holder, place = place, beyond(file, place), place.path
        if not isinstance(series, Series):
            series = _described(holder, place)
        found = cls(holder, series, start)
        said = {
            "start_time": None if start is None else start.isoformat(),
            "link": None if link is None else [link.name, link.path],
            "series": found.series.packed().decode(),
        }
        memo.put(key, json.dumps(said).encode())
        return found


def _described(file: File, path: str) -> Series:
    found = look(file, lambda root: series_of(root, path), NAME, extra=EXTRA)
    if isinstance(found, Series):
        return found
    link = found
    values = look(
        beyond(file, link), lambda root: values_of(_inside(root, link.path), path), NAME, extra=EXTRA
    )
    described = look(file, lambda root: series_of(root, path, values), NAME, extra=EXTRA)
    assert isinstance(described, Series)
    return described


def _inside(root: Any, path: str) -> Any:
    found = follow(root, path)
    if isinstance(found, Outside):
        raise FormatError(f"links lead from file to file, in the end to {found.name!r}")
    return found


def _place(root: Any, name: str | None) -> str | Outside:
    """Path of the series that is meant, or the link that leads to it."""
    if name is None:
        header = parse(root)
        one, paths = header.chosen(), [s.path for s in header.series]
        if one is None and paths:
            more = f" and {len(paths) - MOST_SHOWN} more" if len(paths) > MOST_SHOWN else ""
            shown = ", ".join(paths[:MOST_SHOWN])
            raise FormatError(
                f"it has {len(paths)} time series: {shown}{more}. Say which: nc.open(path, part=…)"
            )
        if one is None:
            raise FormatError(header.problem or "it has no time series")
        return one.path
    try:
        node = follow(root, name)
    except ColumnNotFoundError:
        node = None
    if isinstance(node, Outside):
        return node
    if node is not None and is_group(node) and "data" in node:
        return "/" + name.strip("/")
    paths = [path for path, _ in series_groups(root)]
    meant = [path for path in paths if path.rpartition("/")[2] == name]
    if len(meant) == 1:
        return meant[0]
    if meant:
        raise FormatError(f"several time series are called {name!r}: {', '.join(meant)}. Give the path")
    raise ColumnNotFoundError(f"it has no time series {name!r}. {suggestion(name, short(paths))}")
