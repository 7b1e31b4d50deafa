"""Heads: the headers of many files, read one after the other, or many together."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from neurochain.chain.sources.rows import HeaderRow, lost_row, read_row
from neurochain.errors import StorageError
from neurochain.formats import HeadSizes, first_bytes
from neurochain.formats.identifiers import Identifiers
from neurochain.storage import File, NotFetchedError, ReadLog, recent_heads, recording_reads
from neurochain.storage.fetcher import Fetcher

FIRST = 100  # files that tell how fast a disk is
SLOW = 0.003  # seconds per file from which on several are read at once

Place = tuple[int, str, int, str, datetime | None, str | None, str, tuple[str, int, str] | None]
"""A file whose header is to be read: number, uri, size, etag, mtime, companions, path, and uri, size and etag of the
JSON file next to it."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How headers are read.

    Attributes
    ----------
    remote : bool
        Whether the files lie elsewhere.
    identifiers : Identifiers
        What becomes of them.
    threads : int or None
        Files that are fetched at a time; None for as many as prove useful.
    share : int
        Processes that read at the same time.
    tolerant : bool
        A file whose bytes cannot be had costs its row's header, and not the run.
    """

    remote: bool
    identifiers: Identifiers
    threads: int | None = None
    share: int = 1
    tolerant: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """A file whose header is to be read.

    Attributes
    ----------
    number : int
        Its place among the others.
    file : File
    sidecar : File or None
        The JSON file next to it.
    path : str
        Relative to its root.
    log : ReadLog
        To which both files report.
    """

    number: int
    file: File
    sidecar: File | None
    path: str
    log: ReadLog

    @classmethod
    def of(cls, place: Place) -> "Head":
        """The file that lies there."""
        number, uri, size, etag, mtime, companions, path, beside = place
        log = ReadLog(keeps=False)  # the ledger keeps what the headers say
        sidecar = None if beside is None else File(*beside, None, log)
        # What was listed is known to have no companions where none are named: nobody need look for them.
        return cls(number, File(uri, size, etag, mtime, log, companions or "{}"), sidecar, path, log)

    def read(self, sizes: HeadSizes, manner: Manner) -> HeaderRow:
        """Header and sidecar."""
        try:
            with recording_reads(self.log):
                return read_row(
                    self.number, self.file, self.sidecar, self.path, self.log, sizes, manner.identifiers
                )
        except NotFetchedError:
            raise
        except StorageError as error:
            if not manner.tolerant:
                raise
            return lost_row(self.number, self.path, self.log, error)

    def first(self, sizes: HeadSizes) -> list[tuple[File, int, int]]:
        """Ranges that will most likely be read."""
        ranges = [(self.file, 0, first_bytes(self.file, sizes))]
        if self.sidecar is not None:
            ranges.append((self.sidecar, 0, self.sidecar.size))
        return [r for r in ranges if r[2]]


def read_heads(bursts: Iterable[list[Place]], manner: Manner) -> Iterator[HeaderRow]:
    """Read headers in this process: one after the other where bytes come at once, else all of a burst together.

    Where bytes come at once, parsing is the limit, and threads would only take turns. A network disk looks like a
    local one, so the first files tell. Of files elsewhere the first tells how much of the others is to be asked for.

    Parameters
    ----------
    bursts : iterable of lists of Place
        Neighbours next to each other: the length of one's header tells that of the next.
    manner : Manner
        How.

    Yields
    ------
    HeaderRow
        In no promised order; all of a burst before the next one is asked for.

    Raises
    ------
    StorageError
        The bytes of a file cannot be had, and that is not tolerated.
    """
    sizes, together, count, started = HeadSizes(), False, 0, time.monotonic()
    with Fetcher(manner.threads, manner.share, manner.tolerant) as fetcher:
        for burst in bursts:
            for at, place in enumerate(burst):
                if together:
                    yield from _together(fetcher, burst[at:], sizes, manner)
                    break
                yield Head.of(place).read(sizes, manner)
                count += 1
                slow = count == FIRST and time.monotonic() - started > FIRST * SLOW
                together = manner.remote or slow


def _together(fetcher: Fetcher, places: list[Place], sizes: HeadSizes, manner: Manner) -> Iterator[HeaderRow]:
    """Headers of files whose first bytes are fetched together; then of those that need more."""
    late: list[Head] = []
    # Another process opens none of them.
    recent = recent_heads() if manner.remote and manner.share == 1 else None
    heads = map(Head.of, places)
    for head, fetched in fetcher.fetch([(head, head.first(sizes)) for head in heads]):
        for file, start, data in fetched:
            head.log.offer(file.uri, start, data)
        head.log.waits = False
        try:
            row = head.read(sizes, manner)
        except NotFetchedError:
            head.log.take()
            head.log.waits = True
            late.append(head)
            continue
        if recent is not None and row.records["header"]["n_channels"] is not None:
            # Who opens a recording reads its header again; of other files what is opened lies elsewhere.
            recent.keep(head.file.uri, head.file.etag, head.log.head(head.file.uri))
        yield row
    yield from fetcher.each(lambda head: head.read(sizes, manner), late)
