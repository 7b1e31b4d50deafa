"""Heads: the headers of many files, read in the order in which their bytes come."""

import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from neurochain.chain.sources.headers import HeaderRow, read_row
from neurochain.formats import HeadSizes, first_bytes
from neurochain.formats.identifiers import Identifiers
from neurochain.storage import File, NotFetchedError, ReadLog, recording_reads
from neurochain.storage.ahead import Ahead

FIRST = 100  # files that tell how fast a disk is
SLOW = 0.003  # seconds per file from which on several are read at once
AT_ONCE = 64  # files that need more than was fetched for them


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

    def read(self, sizes: HeadSizes, identifiers: Identifiers) -> "Read":
        """Header and sidecar."""
        with recording_reads(self.log):
            return self, read_row(self.file, self.sidecar, self.path, sizes, identifiers)

    def first(self, sizes: HeadSizes) -> list[tuple[File, int, int]]:
        """Ranges that will most likely be read."""
        ranges = [(self.file, 0, first_bytes(self.file, sizes))]
        if self.sidecar is not None:
            ranges.append((self.sidecar, 0, self.sidecar.size))
        return [r for r in ranges if r[2]]


Read = tuple[Head, HeaderRow]


def read_heads(
    heads: Iterable[Head], remote: bool, identifiers: Identifiers, threads: int | None = None
) -> Iterator[Read]:
    """Read headers: one after the other where bytes come at once, else many at a time.

    Where bytes come at once, parsing is the limit, and threads would only take turns. A network disk looks like a
    local one, so the first files tell. Of files elsewhere the first tells how much of the others is to be asked for.

    Parameters
    ----------
    heads : iterable of Head
        Neighbours next to each other: the length of one's header tells that of the next.
    remote : bool
        Whether they lie elsewhere.
    identifiers : Identifiers
        What becomes of them.
    threads : int, optional
        Files that are read at a time; by default as many as prove useful.

    Yields
    ------
    tuple of Head and HeaderRow
        In no promised order.

    Raises
    ------
    StorageError
        The bytes of a file cannot be had.
    """
    sizes, started = HeadSizes(), time.monotonic()
    coming = iter(heads)
    for count, head in enumerate(coming, 1):
        yield head.read(sizes, identifiers)
        if remote or (count == FIRST and time.monotonic() - started > FIRST * SLOW):
            break
    yield from _ahead(coming, sizes, identifiers, threads)


def _ahead(
    heads: Iterator[Head], sizes: HeadSizes, identifiers: Identifiers, threads: int | None
) -> Iterator[Read]:
    """Headers of files whose first bytes are fetched ahead; those that need more wait for it in threads."""
    late: deque[Future[Read]] = deque()
    wanted = ((head, head.first(sizes)) for head in heads)
    with ThreadPoolExecutor(threads or AT_ONCE) as pool, Ahead(wanted, threads) as ahead:
        for head, fetched in ahead:
            for file, start, data in fetched:
                head.log.offer(file.uri, start, data)
            head.log.waits = False
            try:
                yield head.read(sizes, identifiers)
            except NotFetchedError:
                head.log.take()
                head.log.waits = True
                late.append(pool.submit(head.read, sizes, identifiers))
            while late and (late[0].done() or len(late) > 4 * AT_ONCE):
                yield late.popleft().result()
        while late:
            yield late.popleft().result()
