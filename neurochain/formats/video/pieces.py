"""Pieces: what describes a video, which lies here and there in its file, by few reads and not without bound."""

from neurochain.errors import FormatError
from neurochain.storage import File

__all__ = ["Forward", "Pieces"]

LEAST = 2048  # bytes that are read at a time
FAR = (
    8 * 2**20
)  # bytes that are read at a time of a file elsewhere that is looked through from one end to the other


class Pieces:
    """Bytes of a file that were read, and those that still are.

    Parameters
    ----------
    file : File
        To read.
    head : bytes
        Its first bytes, which are here.
    limit : int
        Bytes that are read at most.
    note : bool
        As of `File.read_range`.
    """

    def __init__(self, file: File, head: bytes, limit: int, note: bool = True) -> None:
        self.file, self.size = file, file.size
        self._held = [(0, head)]
        self._left, self._note = limit, note

    def read(self, start: int, end: int, ahead: int = LEAST) -> bytes:
        """Bytes [start, end), all of them.

        Parameters
        ----------
        start, end : int
            Half-open.
        ahead : int
            Bytes from `start` on that come along where something must be read.

        Raises
        ------
        FormatError
            The file ends before them, or what was read is so much that it describes no video.
        StorageError
            The bytes cannot be had.
        """
        for first, data in reversed(self._held):
            if first <= start and end <= first + len(data):
                return data[start - first : end - first]
        if end > self.size:
            raise FormatError(
                f"it ends at byte {self.size:,}, and what describes it goes on to byte {end:,}: it is cut short"
            )
        last = min(max(end, start + ahead), self.size)
        # What is here of the beginning is not read again.
        known = b""
        for first, data in self._held:
            if first <= start < first + len(data):
                known = data[start - first :]
                break
        self._left -= last - start - len(known)
        if self._left < 0:
            raise FormatError("what describes it lies in more places than that of any video does")
        data = known + self.file.read_range(start + len(known), last, self._note)
        if len(data) < end - start:
            raise FormatError(
                f"it ends at byte {start + len(data):,}, and what describes it goes on: it is cut short"
            )
        self._held.append((start, data))
        return data[: end - start]


class Forward:
    """Bytes of a file that is looked through from its beginning to its end; little of it is held.

    Parameters
    ----------
    file : File
        To read; what is read is not noted, since it only helps to find the packets.
    """

    def __init__(self, file: File) -> None:
        self.file, self.size = file, file.size
        self._ahead = FAR if file.is_remote else LEAST
        self._start, self._data = 0, b""

    def read(self, start: int, end: int) -> bytes:
        """Bytes [start, end), or fewer at the file's end."""
        end = min(end, self.size)
        if not self._start <= start or end > self._start + len(self._data):
            self._start = start
            self._data = self.file.read_range(
                start, max(end, min(start + self._ahead, self.size)), note=False
            )
        return self._data[start - self._start : end - self._start]
