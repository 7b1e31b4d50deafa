"""Matroska: what a Matroska or WebM file says of its video, and where its packets lie (RFC 9559)."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.video import ebml
from neurochain.formats.video.codecs import INTRA, of_matroska
from neurochain.formats.video.ebml import UNKNOWN, Element, as_float, as_int, as_text, elements
from neurochain.formats.video.pieces import Forward, Pieces
from neurochain.formats.video.tables import Samples
from neurochain.formats.video.track import Codec, Track, check_frames, check_size
from neurochain.storage import File

__all__ = ["Matroska", "packets_of"]

SINCE = datetime(2001, 1, 1)
LARGEST = 1 << 20  # bytes of a description
MOST = 2**24  # elements that are walked over
HEAD, SEGMENT, SEEK_HEAD, INFO, TRACKS, CLUSTER, TAGS = (
    0x1A45DFA3,
    0x18538067,
    0x114D9B74,
    0x1549A966,
    0x1654AE6B,
    0x1F43B675,
    0x1254C367,
)
CUES, CHAPTERS, ATTACHMENTS = 0x1C53BB6B, 0x1043A770, 0x1941A469
TOP = frozenset([SEEK_HEAD, INFO, TRACKS, CLUSTER, TAGS, CUES, CHAPTERS, ATTACHMENTS])
TIMESTAMP, SIMPLE, GROUP, BLOCK, LASTING, REFERENCE = 0xE7, 0xA3, 0xA0, 0xA1, 0x9B, 0xFB
VIDEO, AUDIO = 1, 2
STRIPPED, ZLIB = 3, 0
SEEK, TRACK, ENCODING = 0x4DBB, 0xAE, 0x6240
KEY, INVISIBLE, LACED = 0x80, 0x08, 0x06
SHOWN = 0x10  # in the first byte of a packet of VP8 (RFC 6386, 9.1)


@dataclass(frozen=True)
class Matroska:
    """The video of a Matroska file.

    Attributes
    ----------
    track : Track
        Of which the header tells neither how many frames there are nor how evenly they follow each other.
    number : int
        Of the track, by which blocks name it.
    clusters : int
        Byte at which the first cluster begins.
    end : int
        Byte behind the last.
    lasting : int
        Ticks of a frame; 0 where it is not said.
    tags : int or None
        Byte at which free texts begin.
    title : str
    """

    track: Track
    number: int
    clusters: int
    end: int
    lasting: int = 0
    tags: int | None = None
    title: str = ""

    @classmethod
    def of(cls, pieces: Pieces) -> "Matroska":
        """Matroska of a file.

        Raises
        ------
        FormatError
            There is no video in it, or it contradicts itself.
        """
        head = ebml.one(pieces.read, 0, pieces.size)
        if head.id != HEAD or not head.start <= head.end <= min(pieces.size, LARGEST):
            raise FormatError("its first element is cut short")
        segment = ebml.one(pieces.read, head.end, pieces.size)
        if segment.id != SEGMENT:
            raise FormatError("it has no segment, which holds its frames")
        end, problem = segment.end, None
        if end == UNKNOWN:
            end = pieces.size
        elif end > pieces.size:
            problem = f"it says that it goes to byte {end:,}, and has {pieces.size:,} bytes: it is cut short"
            end = pieces.size
        found, clusters = _top(pieces, segment, end)
        for id in (INFO, TRACKS, TAGS):  # those that lie behind the clusters
            place = found.seek.get(id)
            if id not in found.places and place is not None and segment.start + place < end:
                element = ebml.one(pieces.read, segment.start + place, end)
                if element.id == id:
                    found.places[id] = element
        if TRACKS not in found.places:
            raise FormatError("it does not list its tracks: it was not finished, or is cut short")
        info = dict(elements(_content(pieces, found.places[INFO]))) if INFO in found.places else {}
        if clusters is None and problem is None:
            problem = "it holds no frames"
        return _described(_content(pieces, found.places[TRACKS]), info, found.places, clusters, end, problem)


@dataclass
class _Found:
    places: dict[int, Element]
    seek: dict[int, int]


def _content(pieces: Pieces, element: Element) -> bytes:
    if not element.start <= element.end <= element.start + LARGEST:
        raise FormatError(
            f"the element at byte {element.at:,} describes it in {element.end - element.start:,} bytes"
        )
    return pieces.read(element.start, element.end)


def _top(pieces: Pieces, segment: Element, end: int) -> tuple[_Found, int | None]:
    """Elements before the first cluster, what the table of contents says, and where the first cluster is."""
    found, at = _Found({}, {}), segment.start
    while at < end:
        element = ebml.one(pieces.read, at, end)
        if element.id == CLUSTER:
            return found, element.at
        if element.end == UNKNOWN:
            raise FormatError(f"the element at byte {at:,} does not say how long it is")
        found.places.setdefault(element.id, element)
        if element.id == SEEK_HEAD and element.end <= end:
            for id, entry in elements(_content(pieces, element)):
                said = dict(elements(entry)) if id == SEEK else {}
                found.seek.setdefault(as_int(said.get(0x53AB, b"")), as_int(said.get(0x53AC, b"")))
        at = element.end
    return found, None


def _described(
    tracks: bytes,
    info: dict[int, bytes],
    places: dict[int, Element],
    clusters: int | None,
    end: int,
    problem: str | None,
) -> Matroska:
    entries = [dict(elements(entry)) for id, entry in elements(tracks) if id == TRACK]
    kinds = [as_int(e.get(0x83, b"")) for e in entries]
    if VIDEO not in kinds:
        raise FormatError(f"it has no video: its tracks are of the kinds {kinds}")
    entry = entries[kinds.index(VIDEO)]
    video = dict(elements(entry.get(0xE0, b"")))
    width, height = as_int(video.get(0xB0, b"")), as_int(video.get(0xBA, b""))
    check_size(width, height)
    scale = as_int(info.get(0x2AD7B1, b"")) or 1_000_000  # nanoseconds of a tick
    each = as_int(entry.get(0x23E383, b""))  # nanoseconds of a frame
    duration = as_float(info.get(0x4489, b"")) * scale / 1e9
    track = Track(
        "mkv",
        _codec(entry, video),
        width,
        height,
        Fraction(scale, 10**9),
        duration=duration if 0 < duration < math.inf else None,
        frame_rate=_rate(each),
        rotation=round(as_float(dict(elements(video.get(0x7670, b""))).get(0x7675, b""))) % 360,
        has_audio=AUDIO in kinds,
        start_time=_date(info.get(0x4461)),
        encoder=as_text(info.get(0x5741, b"")) or as_text(info.get(0x4D80, b"")) or None,
        problem=problem,
        length=clusters if clusters is not None and clusters < 32 * 1024 and problem is None else None,
    )
    tags = places[TAGS].at if TAGS in places else None
    title = as_text(info.get(0x7BA9, b""))
    number = as_int(entry.get(0xD7, b""))
    return Matroska(
        track, number, clusters if clusters is not None else end, end, round(each / scale), tags, title
    )


def _codec(entry: dict[int, bytes], video: dict[int, bytes]) -> Codec:
    codec = of_matroska(
        as_text(entry.get(0x86, b"")), entry.get(0x63A2, b""), video.get(0x2EB524, b"").decode("latin-1")
    )
    for id, encoding in elements(entry.get(0x6D80, b"")):
        if id != ENCODING:
            continue
        said = dict(elements(encoding))
        packed = dict(elements(said.get(0x5034, b"")))
        if as_int(said.get(0x5033, b"")) != 0:
            raise FormatError("its frames are encrypted")
        if as_int(packed.get(0x4254, b"")) != STRIPPED:
            raise FormatError("its packets are compressed once more, which is not read")
        codec = Codec(codec.name, codec.extra, codec.pixels, packed.get(0x4255, b""))
    return codec


def _rate(each: int) -> Fraction | None:
    """Frame rate of a duration in nanoseconds, which are a rounding of it: 33,366,667 are 1001/30000 of a second."""
    if not each:
        return None
    exact = Fraction(10**9, each)
    plain = exact.limit_denominator(1001)
    return plain if plain and abs(Fraction(10**9) / plain - each) <= 1 else exact


def _date(content: bytes | None) -> datetime | None:
    if content is None or len(content) != 8:
        return None
    try:
        return SINCE + timedelta(microseconds=int.from_bytes(content, "big", signed=True) // 1000)
    except OverflowError:
        return None


def packets_of(file: File, matroska: Matroska) -> Samples:
    """Packets of the video, in one pass over the heads of its blocks; those that are decoded and not shown are there too.

    Raises
    ------
    FormatError
        A block is cut short.
    """
    walk = _Walk(file, matroska)
    walk.segment()
    if not walk.found:
        none = np.zeros(0, np.int64)
        return Samples(none, none, none, np.zeros(0, bool))
    table = np.array(walk.found, np.int64)
    keys = table[:, 3].astype(bool)
    if matroska.track.codec.name in INTRA:
        keys[:] = True
    hidden = table[:, 4].astype(bool)
    lasting = walk.lasting or matroska.lasting
    return Samples(table[:, 0], table[:, 1], table[:, 2], keys, lasting, hidden if hidden.any() else None)


class _Walk:
    """From element to element."""

    def __init__(self, file: File, matroska: Matroska) -> None:
        self._forward, self._matroska = Forward(file), matroska
        self._vp8 = matroska.track.codec.name == "vp8"
        self.found: list[tuple[int, int, int, bool, bool]] = []
        self.lasting, self._left = 0, MOST

    def segment(self) -> None:
        """All clusters."""
        at, end = self._matroska.clusters, self._matroska.end
        while at < end:
            element = self._next(at, end)
            if element.id == CLUSTER:
                is_open = element.end == UNKNOWN
                at = self._cluster(element.start, end if is_open else min(element.end, end), is_open)
            elif element.end == UNKNOWN:
                raise FormatError(f"the element at byte {at:,} does not say how long it is")
            else:
                at = element.end

    def _next(self, at: int, end: int) -> Element:
        self._left -= 1
        if self._left < 0:
            raise FormatError(f"it has more than {MOST:,} elements")
        return ebml.one(self._forward.read, at, end)

    def _cluster(self, at: int, end: int, is_open: bool) -> int:
        """Blocks of a cluster; the byte behind it."""
        time = 0
        while at < end:
            element = self._next(at, end)
            if is_open and element.id in TOP:
                return at
            if element.end == UNKNOWN or element.end > end:
                raise FormatError(f"the block at byte {at:,} is cut short")
            if element.id == TIMESTAMP:
                time = as_int(self._forward.read(element.start, min(element.end, element.start + 8)))
            elif element.id == SIMPLE:
                self._block(element.start, element.end, time, None)
            elif element.id == GROUP:
                self._group(element, time)
            at = element.end
        return max(at, end) if not is_open else at

    def _group(self, group: Element, time: int) -> None:
        at, block, lasting, refers = group.start, None, 0, False
        while at < group.end:
            element = self._next(at, group.end)
            if element.end == UNKNOWN or element.end > group.end:
                raise FormatError(f"the block at byte {at:,} is cut short")
            if element.id == BLOCK:
                block = element
            elif element.id == LASTING:
                lasting = as_int(self._forward.read(element.start, min(element.end, element.start + 8)))
            refers = refers or element.id == REFERENCE
            at = element.end
        if block is not None and self._block(block.start, block.end, time, not refers):
            self.lasting = lasting

    def _block(self, start: int, end: int, time: int, is_key: bool | None) -> bool:
        """Note a block, if it is one of the video."""
        head = self._forward.read(start, min(start + 16, end))
        track, width = ebml.number(head, 0)
        if track != self._matroska.number:
            return False
        if len(head) < width + 3:
            raise FormatError(f"the block at byte {start:,} is cut short")
        flags = head[width + 2]
        if flags & LACED:
            raise FormatError("several frames lie in one block (lacing), which is not read")
        late = int.from_bytes(head[width : width + 2], "big", signed=True)
        at = start + width + 3
        if at < end:
            key = bool(flags & KEY) if is_key is None else is_key
            hidden = bool(flags & INVISIBLE) or (
                self._vp8 and not head[at - start : at - start + 1][0] & SHOWN
            )
            self.found.append((at, end - at, time + late, key, hidden))
            check_frames(len(self.found))
        return True
