"""Sources: files of rows, opened as the arrays that they hold; those that were looked at last stay open."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from threading import Lock
from typing import Any, TypeVar

from neurochain.datasets.project import Project
from neurochain.datasets.versions import DatasetVersion
from neurochain.errors import ParameterError
from neurochain.formats import Recording, Video, Volume
from neurochain.formats.opening import open_array
from neurochain.storage import File
from neurochain.web.api.datasets import version_of
from neurochain.web.api.questions import text
from neurochain.web.api.row import file_of
from neurochain.web.media.asked import flag
from neurochain.web.media.inflated import Inflated
from neurochain.web.media.series import series_of, volume_of_series

__all__ = ["Sources"]

FILES = 4096  # whose places are known
FACTS = 256  # found in them
OPEN = 8  # of which each may hold what was decoded of it
T = TypeVar("T")


class Sources:
    """Files of the rows of a project, and nothing else that lies on this machine.

    Parameters
    ----------
    project : Project
        Whose versions list them.

    Attributes
    ----------
    inflated : Inflated
        Compressed volumes in memory.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._lock = Lock()
        self._files: OrderedDict[Hashable, Any] = OrderedDict()
        self._open: OrderedDict[Hashable, Any] = OrderedDict()
        self._facts: OrderedDict[Hashable, Any] = OrderedDict()
        self.inflated = Inflated()

    def version(self, query: Mapping[str, str]) -> DatasetVersion:
        """The version that a request names.

        Raises
        ------
        DatasetNotFoundError
            There is none.
        """
        return version_of(self._project, query)

    def file(self, query: Mapping[str, str]) -> File:
        """The file in a column of a row.

        Raises
        ------
        DatasetNotFoundError, ParameterError, VersionError
            There is none.
        """
        version = self.version(query)
        key, column = text(query, "key"), query.get("column", "file")
        where = version.id, key, column
        found: File = self._kept(self._files, FILES, where, lambda: file_of(version, key, column))
        return found

    def series(self, query: Mapping[str, str]) -> tuple[File, ...]:
        """All files of the DICOM series to which the row's file belongs, as far as the version lists them; or none."""
        version = self.version(query)
        key, column = text(query, "key"), query.get("column", "file")
        where = version.id, key, column, "series"
        found: tuple[File, ...] = self._kept(
            self._files, FILES, where, lambda: series_of(version, key, column)
        )
        return found

    def opened(self, query: Mapping[str, str]) -> Volume | Recording | Video:
        """What lies in the row's file: ``part`` says which of several arrays, ``series=1`` all images of its series.

        Raises
        ------
        FormatError, MissingExtraError, StorageError
            It cannot be opened.
        ParameterError
            There is no such row, or no series.
        """
        part = query.get("part") or None
        if flag(query, "series"):
            files = self.series(query)
            if not files:
                raise ParameterError(
                    "This row's file belongs to no DICOM series that the version lists: leave out series=1."
                )
            return self.held(("series", files, part), lambda: volume_of_series(files, part))
        file = self.file(query)
        return self.held((file, file.companions, part), lambda: open_array(file, part=part))

    def volume(self, query: Mapping[str, str]) -> Volume:
        """As `opened`, a volume.

        Raises
        ------
        ParameterError
            It holds something else.
        """
        return _a(Volume, self.opened(query))

    def recording(self, query: Mapping[str, str]) -> Recording:
        """As `opened`, a recording.

        Raises
        ------
        ParameterError
            It holds something else.
        """
        return _a(Recording, self.opened(query))

    def video(self, query: Mapping[str, str]) -> Video:
        """As `opened`, a video.

        Raises
        ------
        ParameterError
            It holds something else.
        """
        return _a(Video, self.opened(query))

    def kept(self, key: Hashable, make: Callable[[], T]) -> T:
        """Something small that is found once, and stays while it is asked for."""
        found: T = self._kept(self._facts, FACTS, key, make)
        return found

    def held(self, key: Hashable, make: Callable[[], T]) -> T:
        """As `kept`, something large."""
        found: T = self._kept(self._open, OPEN, key, make)
        return found

    def _kept(
        self, among: "OrderedDict[Hashable, Any]", most: int, key: Hashable, make: Callable[[], Any]
    ) -> Any:
        with self._lock:
            if key in among:
                among.move_to_end(key)
                return among[key]
        made = make()
        with self._lock:
            made = among.setdefault(key, made)  # one for all, where two made it
            while len(among) > most:
                among.popitem(last=False)
            return made


def _a(kind: type[T], opened: Any) -> T:
    if not isinstance(opened, kind):
        name = type(opened).__name__.lower()
        raise ParameterError(f"{opened.file.uri} holds a {name}: ask for it as such.")
    return opened
