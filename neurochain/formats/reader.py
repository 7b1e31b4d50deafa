"""Reader: one format's file, from its first bytes to its header and its lazy array."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

from pydantic import BaseModel

from neurochain.formats.recordings.recording import Recording
from neurochain.formats.video.video import Video
from neurochain.formats.volumes.volume import Volume
from neurochain.storage import File, Memo

__all__ = ["FileHeader", "FilmReader", "HeadSizes", "LevelReader", "PartReader", "Reader"]


@dataclass(slots=True)
class FileHeader:
    """What the first bytes of a file say.

    Attributes
    ----------
    header : dict
        Fields of `Header`, plain Python values; those that are absent are null.
    name : str or None
        Column of the format's own record (``"dicom"``), or None.
    record : dict or None
        Fields of that record; those that are absent are null.
    length : int or None
        Bytes that the header takes, where the format says.
    """

    header: dict[str, Any] = field(default_factory=dict)
    name: str | None = None
    record: dict[str, Any] | None = None
    length: int | None = None

    @property
    def error(self) -> str | None:
        """What the file says that is not so."""
        error = self.header.get("error")
        return None if error is None else str(error)


class HeadSizes:
    """How long the headers in a folder are, so that the next file's is fetched in one request and no more.

    Files of a series have headers of nearly one length, from 8 KB (one vendor) to 290 KB (another), and a folder may hold
    two series. A folder of which
    nothing is known yet may be like the last one: a study has a folder for each subject.
    """

    STEP = 4096  # bytes
    MOST_GUESSED = 32768  # bytes of a file in another folder

    def __init__(self) -> None:
        self._by_folder: dict[tuple[str, str], tuple[int, int]] = {}  # of the last two
        self._last: dict[str, int] = {}

    def wanted(self, file: File, reader: "Reader") -> int:
        """Bytes to fetch first."""
        known = self._by_folder.get((file.uri.rpartition("/")[0], reader.name))
        if known is not None:
            return max(known)
        return max(reader.head_size, min(self._last.get(reader.name, 0), self.MOST_GUESSED))

    def learn(self, file: File, reader: "Reader", length: int) -> None:
        """Remember the length of a header."""
        rounded = (length // self.STEP + 1) * self.STEP
        key = file.uri.rpartition("/")[0], reader.name
        self._by_folder[key] = rounded, self._by_folder.get(key, (0, 0))[0]
        self._last[reader.name] = rounded


class Reader(Protocol):
    """Reader of one format. It has no state, so one serves all threads.

    Attributes
    ----------
    name : str
        Of the format and of its record's column: ``"nifti"``.
    formats : tuple of str
        What `header.format` may be.
    record : type
        Of the format's own fields.
    array : {"volume", "recording", "video"}
        The lazy array that its files hold.
    suffixes : tuple of str
        Lower case, with the dot: ``(".nii", ".nii.gz", ".ap.meta")``.
    head_size : int
        Bytes wanted first; `read_header` fetches more where they do not suffice.
    companions : mapping of str to tuple of str
        Endings of the files without which a file is not whole, by its own ending: ``{".vhdr": (".eeg", ".vmrk")}``. What
        begins with no dot is the whole name of a file in its folder: ``{".dat": (".json", "params.py")}``; what has a slash is
        looked for below it: ``{".oebin": ("continuous/*/continuous.dat",)}``.
        Readers reach them by `File.beside`; they lie in the same folder, and a change of one is a change of the file.
    """

    @property
    def name(self) -> str: ...
    @property
    def formats(self) -> tuple[str, ...]: ...
    @property
    def array(self) -> Literal["volume", "recording", "video"]: ...
    @property
    def record(self) -> type[BaseModel]: ...
    @property
    def suffixes(self) -> tuple[str, ...]: ...
    @property
    def head_size(self) -> int: ...
    @property
    def companions(self) -> Mapping[str, tuple[str, ...]]: ...

    def matches(self, head: bytes, name: str) -> bool:
        """Whether the content is of this format. `name` helps where content is ambiguous."""
        ...

    def read_header(self, file: File, head: bytes) -> FileHeader:
        """Header of a file whose first bytes are `head`.

        Raises
        ------
        FormatError
            The content is not what it claims to be, and nothing of it can be told.
        StorageError
            The bytes cannot be had.
        """
        ...

    def identifiers(self, file: File) -> dict[str, str]:
        """What names a person in the header, by the format's own names; asked for only where somebody wants it.

        Raises
        ------
        StorageError
            The bytes cannot be had.
        """
        ...

    def volume(self, file: File, memo: Memo | None = None) -> Volume:
        """Lazy array with spatial axes.

        Raises
        ------
        FormatError
            There is none in such a file; says what it is instead.
        """
        ...

    def recording(self, file: File, memo: Memo | None = None) -> Recording:
        """Lazy array of channels over time.

        Raises
        ------
        FormatError
            There is none in such a file; says what it is instead.
        """
        ...


@runtime_checkable
class PartReader(Protocol):
    """Reader of files that hold several arrays."""

    def part(self, name: str, file: File, memo: Memo | None = None) -> Volume | Recording:
        """One of them, by its name.

        Raises
        ------
        FormatError
            There is none of this name; the message lists those that there are.
        """
        ...


@runtime_checkable
class LevelReader(Protocol):
    """Reader of files that hold an image at several resolutions."""

    def level(
        self, resolution: float, file: File, memo: Memo | None = None, part: str | None = None
    ) -> Volume:
        """The coarsest whose voxels are no larger than that, in mm, along each spatial axis; of one of several images `part`.

        Raises
        ------
        FormatError
            None is so fine, or there are no levels; the message lists those that there are.
        """
        ...


@runtime_checkable
class FilmReader(Protocol):
    """Reader of files that hold a video."""

    def video(self, file: File, memo: Memo | None = None) -> Video:
        """Lazy array of frames over time.

        Raises
        ------
        FormatError
            The file is cut short, or contradicts itself.
        """
        ...
