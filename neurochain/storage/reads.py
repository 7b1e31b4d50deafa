"""ReadLog: which bytes of which file were read, and one hash over them.

A log follows a File object wherever it goes (into threads too); a File made while a log is active
(``with recording_reads()``) reports to it. Lineage keeps, per file, the coalesced ranges and one SHA-256
over those bytes in file order, whatever order they were read in.
"""

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from neurochain.errors import StorageError
from neurochain.storage.planner import Cost

KEEP_BYTES = 64 * 2**20  # bytes of one file held for hashing; beyond it they are read once more

_active: ContextVar["ReadLog | None"] = ContextVar("neurochain_read_log", default=None)


@dataclass(frozen=True, slots=True)
class FileRead:
    """What was read of one file.

    Attributes
    ----------
    uri, etag : str
        The file, and its identity when it was read.
    ranges : tuple of (int, int)
        Disjoint, sorted, half-open [start, end).
    sha256 : bytes
        Over the bytes of the ranges, in order.
    """

    uri: str
    etag: str
    ranges: tuple[tuple[int, int], ...]
    sha256: bytes


class NotFetchedError(StorageError):
    """Bytes that were not fetched ahead are asked for, where nobody is to wait; never leaves this project."""


@dataclass(slots=True)
class _Segments:
    etag: str
    again: Callable[[int, int], bytes]
    parts: list[tuple[int, int, bytes | None]] = field(default_factory=list)
    held: int = 0


class ReadLog:
    """Counts and remembers reads. Safe to use from several threads.

    Attributes
    ----------
    bytes, requests : int
        Pulled from storage so far, and in how many reads.
    waited : float, seconds
        Until they came, where they came from elsewhere.
    io : {"time", "bytes"}
        What the reads should save.
    keeps : bool
        Whether bytes of files elsewhere are kept in the cache.
    waits : bool
        Whether bytes may be asked for that were not fetched ahead; NotFetchedError where they may not.
    """

    def __init__(self, io: Cost = "time", keeps: bool = True, waits: bool = True) -> None:
        self.io, self.keeps, self.waits = io, keeps, waits
        self._fetched: dict[str, tuple[int, bytes]] = {}
        self.bytes = 0
        self.waited = 0.0
        self.requests = 0
        self._files: dict[str, _Segments] = {}
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        return bool(self._files)

    def add(self, uri: str, etag: str, start: int, data: bytes, again: Callable[[int, int], bytes]) -> None:
        """Note what was read, as far as it was wanted. `again` reads a range once more, without noting it."""
        with self._lock:
            segments = self._files.setdefault(uri, _Segments(etag, again))
            keep = segments.held + len(data) <= KEEP_BYTES
            segments.held += len(data) if keep else 0
            segments.parts.append((start, start + len(data), data if keep else None))

    def offer(self, uri: str, start: int, data: bytes) -> None:
        """Give bytes of a file that were fetched ahead; they count as pulled now."""
        self.hold(uri, start, data)
        self.count(len(data), 1)

    def hold(self, uri: str, start: int, data: bytes) -> None:
        """Give bytes of a file that were read before, for the reads within them that follow."""
        self._fetched[uri] = start, data

    def held(self, uri: str) -> int:
        """How many of a file's first bytes were fetched ahead."""
        return len(self.head(uri))

    def head(self, uri: str) -> bytes:
        """First bytes of a file that were fetched ahead, or read before; empty where there are none."""
        start, data = self._fetched.get(uri, (0, b""))
        return b"" if start else data

    def fetched(self, uri: str, start: int, end: int) -> bytes:
        """First bytes of a range, as far as they were fetched ahead.

        Raises
        ------
        NotFetchedError
            They were not, and nobody is to wait for them.
        """
        first, data = self._fetched.get(uri, (0, b""))
        found = data[start - first : end - first] if first <= start else b""
        if len(found) < end - start and not self.waits:
            raise NotFetchedError(f"[{start}, {end}) of {uri} was not fetched ahead.")
        return found

    def count(self, pulled: int, requests: int, waited: float = 0.0) -> None:
        """Count bytes that were pulled, wanted or not, requests, and the seconds until they came."""
        with self._lock:
            self.waited += waited
            self.bytes += pulled
            self.requests += requests

    def add_whole(self, uri: str, etag: str, size: int, again: Callable[[int, int], bytes]) -> None:
        """Note that a file went as a whole to someone whose reads cannot be seen."""
        with self._lock:
            self.bytes += size
            self.requests += 1
            segments = self._files.setdefault(uri, _Segments(etag, again))
            segments.parts.append((0, size, None))

    def files(self) -> list[FileRead]:
        """What was read of each file, in the order of first use."""
        with self._lock:
            files = list(self._files.items())
        return _file_reads(files)

    def take(self) -> list[FileRead]:
        """As `files`, and forget them; the totals stay."""
        with self._lock:
            files = list(self._files.items())
            self._files = {}
        return _file_reads(files)


def _file_reads(files: list[tuple[str, _Segments]]) -> list[FileRead]:
    return [_file_read(uri, segments) for uri, segments in files]


def _file_read(uri: str, segments: _Segments) -> FileRead:
    digest, ranges, at = hashlib.sha256(), list[tuple[int, int]](), -1
    for start, end, data in segments.parts:
        if data is None or start < at or start == end:
            break
        digest.update(data)
        ranges.append((start, end) if start > at else (ranges.pop()[0], end))
        at = end
    else:  # one after the other, as headers are read
        return FileRead(uri, segments.etag, tuple(ranges), digest.digest())
    joined = coalesce(segments.parts)
    return FileRead(uri, segments.etag, joined, _sha256(joined, segments))


def coalesce(parts: list[tuple[int, int, bytes | None]]) -> tuple[tuple[int, int], ...]:
    """Join ranges that overlap or touch."""
    merged: list[tuple[int, int]] = []
    for start, end, _ in sorted(parts, key=lambda p: p[:2]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        elif end > start:
            merged.append((start, end))
    return tuple(merged)


def _sha256(ranges: tuple[tuple[int, int], ...], segments: _Segments) -> bytes:
    digest = hashlib.sha256()
    held = sorted((p for p in segments.parts if p[2] is not None), key=lambda p: (p[0], -p[1]))
    i = 0
    for start, end in ranges:
        at = start
        while at < end:
            # The held segment that covers `at` and reaches furthest; segments are sorted by start.
            best: tuple[int, memoryview] | None = None
            while i < len(held) and held[i][0] <= at:
                first, last, data = held[i]
                if last > at and data is not None and (best is None or last > best[0]):
                    best = (last, memoryview(data)[at - first :])
                i += 1
            if best is not None:
                digest.update(best[1])
                at = best[0]
                continue
            stop = min(end, held[i][0] if i < len(held) else end, at + KEEP_BYTES)
            digest.update(segments.again(at, stop))
            at = stop
    return digest.digest()


def active_log() -> ReadLog | None:
    """Log of the surrounding ``recording_reads()``, if there is one."""
    return _active.get()


@contextmanager
def recording_reads(log: ReadLog | None = None) -> Iterator[ReadLog]:
    """Record the reads of every File made inside the block."""
    log = log if log is not None else ReadLog()
    token = _active.set(log)
    try:
        yield log
    finally:
        _active.reset(token)
