"""Frames: pixels of any frames of a video, each stretch between two keyframes pulled and decoded once."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.video.decoding import Decoder, Picture, cores
from neurochain.formats.video.index import PacketIndex
from neurochain.storage import File

__all__ = ["Frames", "Running"]

HELD = 64 * 2**20  # bytes of packets that are pulled at once
PIECE = 1 << 20  # bytes of packets that are pulled at a time of what is decoded from one end to the other
LATE = 64  # pictures that are looked at beyond one that should have come
MANY = 12  # packets from which on one decoder uses several threads
Integers = np.ndarray[Any, np.dtype[np.int64]]
Pixels = np.ndarray[Any, np.dtype[np.uint8]]


@dataclass(frozen=True)
class Run:
    """Packets [first, last] that are decoded one after the other, and what is wanted of them.

    Attributes
    ----------
    first, last : int
    places : dict of int to list of int
        Where the picture of a packet goes.
    """

    first: int
    last: int
    places: dict[int, list[int]]


class Frames:
    """Frames of a video by number. Safe to use from several threads.

    Parameters
    ----------
    file : File
        That holds the packets.
    index : PacketIndex
        Where they lie.
    """

    def __init__(self, file: File, index: PacketIndex) -> None:
        self.file, self.index = file, index
        self._idle: dict[int, list[Decoder]] = {}  # by how many threads they use

    def runs(self, numbers: Sequence[int] | Integers) -> list[Run]:
        """What has to be decoded for some frames, in any order and also several times."""
        wanted = np.asarray(numbers, np.int64)
        firsts, lasts = (span[wanted] for span in self.index.spans)
        packets = self.index.order[wanted].tolist()
        found: dict[int, tuple[int, dict[int, list[int]]]] = {}
        for place, (first, last) in enumerate(zip(firsts.tolist(), lasts.tolist(), strict=True)):
            end, places = found.get(first, (0, {}))
            places.setdefault(packets[place], []).append(place)
            found[first] = max(end, last), places
        return [Run(first, *found[first]) for first in sorted(found)]

    def bytes_needed(self, numbers: Sequence[int] | Integers) -> int:
        """Bytes of the packets that frames are decoded from."""
        total = reached = 0
        for run in self.runs(numbers):
            total += int(self.index.sizes[max(run.first, reached) : run.last + 1].sum())
            reached = max(reached, run.last + 1)
        return total

    def read(self, numbers: Sequence[int] | Integers, out: Pixels) -> None:
        """Put frames into memory of shape (n, height, width, 3), or (n, height, width) for brightness alone.

        Raises
        ------
        FormatError
            One cannot be decoded.
        StorageError
            The bytes cannot be had.
        """
        runs = self.runs(numbers)
        workers = min(cores(), len(runs))
        if workers < 2:
            for run in runs:
                threads = cores() if run.last - run.first >= MANY else 1
                self._decode(run, self.packets(run.first, run.last), numbers, out, threads)
            return
        pending: deque[Future[None]] = deque()
        with ThreadPoolExecutor(workers) as pool:
            try:
                for batch, data in self._batches(runs):
                    ahead = len(pending)  # two batches are in memory at most
                    for run, packets in zip(batch, data, strict=True):
                        pending.append(pool.submit(self._decode, run, packets, numbers, out, 1))
                    for _ in range(ahead):
                        pending.popleft().result()
                while pending:
                    pending.popleft().result()
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise

    def packets(self, first: int, last: int, most: int = HELD) -> Iterator[tuple[int, bytes]]:
        """Packets [first, last] with their numbers, pulled some at a time."""
        part = slice(first, last + 1)
        for number, data in pulled(self.file, self.index.offsets[part], self.index.sizes[part], most):
            yield first + number, data

    def failed(self, number: int, fault: str) -> FormatError:
        """What to say of a frame that did not come out of the decoder."""
        time = self.index.seconds[number]
        return FormatError(
            f"{self.file.uri}: frame {number:,} at {time:.3f} s cannot be decoded{f' ({fault})' if fault else ''}. The file is "
            "damaged there: fetch it again, or leave out the frames up to the next keyframe."
        )

    def _batches(self, runs: list[Run]) -> Iterator[tuple[list[Run], list[Iterable[tuple[int, bytes]]]]]:
        """Runs whose packets fit into memory together, and the packets; a run that does not fit is pulled as it is decoded."""
        sizes = [int(self.index.sizes[r.first : r.last + 1].sum()) for r in runs]
        at = 0
        while at < len(runs):
            end, total = at, 0
            while end < len(runs) and (end == at or total + sizes[end] <= HELD):
                total, end = total + sizes[end], end + 1
            batch = runs[at:end]
            if total > HELD:
                yield batch, [self.packets(batch[0].first, batch[0].last)]
            else:
                parts = [slice(r.first, r.last + 1) for r in batch]
                lying = [(self.index.offsets[part], self.index.sizes[part]) for part in parts]
                ranges = [touching(*one) for one in lying]
                got = iter(self.file.read_ranges([one for some in ranges for one in some]))
                data = [[next(got) for _ in some] for some in ranges]
                yield (
                    batch,
                    [
                        cut(self.file, r.first, *one, some, d)
                        for r, one, some, d in zip(batch, lying, ranges, data, strict=True)
                    ],
                )
            at = end

    def _decode(
        self,
        run: Run,
        packets: Iterable[tuple[int, bytes]],
        numbers: Sequence[int] | Integers,
        out: Pixels,
        threads: int,
    ) -> None:
        """Decode a run, and put what is wanted of it into memory."""
        places = dict(run.places)
        try:
            idle = self._idle.setdefault(threads, [])
            try:
                decoder = idle.pop()
            except IndexError:
                decoder = Decoder(self.index.track, self.index.keys, self.file.name, threads)
            for number, picture in decoder.pictures(packets, set(places)):
                into = places.pop(number, None)
                if into is not None:
                    picture.into(out[into[0]])
                    for other in into[1:]:
                        out[other] = out[into[0]]
                if not places:
                    break
            if decoder.reset() and len(idle) < cores():
                idle.append(decoder)
        except FormatError as error:
            if str(error).startswith(self.file.uri):
                raise
            raise FormatError(f"{self.file.uri}: {error}.") from None
        if not places:
            return
        raise self.failed(int(numbers[min(min(p) for p in places.values())]), decoder.fault)


class Running:
    """Frames that are asked for in ascending order, each decoded once; of a video that shows none of them twice."""

    def __init__(self, frames: Frames, first: int) -> None:
        self._frames, self.next = frames, first
        index = frames.index
        self._decoder = Decoder(index.track, index.keys, frames.file.name, cores())
        packets = frames.packets(int(index.spans[0][first]), len(index.offsets) - 1, PIECE)
        self._pictures = self._decoder.pictures(packets)
        self._held: dict[int, Picture] = {}
        self._ranks = frames.index.ranks

    def picture(self, number: int) -> Picture:
        """Picture of a frame that was not asked for yet, nor one behind it.

        Raises
        ------
        FormatError
            It cannot be decoded.
        """
        packet = int(self._frames.index.order[number])
        later = 0
        while packet not in self._held:
            found = self._following()
            if found is None or later > LATE:
                raise self._frames.failed(number, self._decoder.fault)
            place, picture = found
            if self._ranks[place] >= number:
                self._held[place] = picture
                later += 1
        self.next = number + 1
        found_one = self._held.pop(packet)
        for place in [p for p in self._held if self._ranks[p] < self.next]:
            del self._held[place]
        return found_one

    def _following(self) -> tuple[int, Picture] | None:
        uri = self._frames.file.uri
        try:
            return next(self._pictures, None)
        except FormatError as error:
            raise error if str(error).startswith(uri) else FormatError(f"{uri}: {error}.") from None


def touching(offsets: Integers, sizes: Integers) -> list[tuple[int, int]]:
    """Ranges of the file in which packets lie, those that touch joined."""
    breaks = np.flatnonzero(offsets[1:] != offsets[:-1] + sizes[:-1]) + 1
    begins, ends = np.concatenate([[0], breaks]), np.append(breaks, len(offsets)) - 1
    return list(zip(offsets[begins].tolist(), (offsets[ends] + sizes[ends]).tolist(), strict=True))


def pulled(
    file: File, offsets: Integers, sizes: Integers, most: int = HELD, note: bool = True
) -> Iterator[tuple[int, bytes]]:
    """Packets with their numbers, pulled some at a time.

    Parameters
    ----------
    file : File
        That holds them.
    offsets, sizes : ndarray, shape (n_packets,), int64, bytes
        Where they lie.
    most : int
        Bytes that are pulled at a time, but for one packet at least.
    note : bool
        As of `File.read_ranges`.
    """
    first = 0
    while first < len(offsets):
        behind = first + max(1, int(np.searchsorted(np.cumsum(sizes[first:]), most, side="right")))
        part = slice(first, behind)
        ranges = touching(offsets[part], sizes[part])
        yield from cut(file, first, offsets[part], sizes[part], ranges, file.read_ranges(ranges, note))
        first = behind


def cut(
    file: File,
    first: int,
    offsets: Integers,
    sizes: Integers,
    ranges: list[tuple[int, int]],
    got: list[bytes],
) -> Iterator[tuple[int, bytes]]:
    """Packets, numbered from `first` on, out of the ranges in which they lie."""
    number, begins, lengths = 0, offsets.tolist(), sizes.tolist()
    for (start, end), data in zip(ranges, got, strict=True):
        if len(data) != end - start:
            raise FormatError(
                f"{file.uri} ends at byte {start + len(data):,}, and its frames go on. It is cut short."
            )
        while number < len(begins) and start <= begins[number] and begins[number] + lengths[number] <= end:
            at = begins[number] - start
            yield first + number, data[at : at + lengths[number]]
            number += 1
