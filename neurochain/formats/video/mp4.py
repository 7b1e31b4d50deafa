"""Movie: what the box ``moov`` of an MP4 or QuickTime file says of its video (ISO/IEC 14496-12, 8.2 to 8.6)."""

import math
import struct
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.video.boxes import Box, boxes, first, top_boxes
from neurochain.formats.video.codecs import of_box
from neurochain.formats.video.edits import EMPTY, Edit, edits_of, shown
from neurochain.formats.video.even import ending, is_even, rate_of
from neurochain.formats.video.pieces import Pieces
from neurochain.formats.video.tables import counted, decode_times, expanded
from neurochain.formats.video.track import Codec, Track, check_frames, check_size

__all__ = ["Movie"]

SINCE = datetime(1904, 1, 1)
SMALL = 32 * 1024  # bytes of a box that is read whole where it lies
TIMES = 48 * 1024  # bytes of tables of times that a header is worth
Integers = np.ndarray[Any, np.dtype[np.int64]]
ENTRY = 78  # bytes of a visual sample entry before the boxes in it
LARGEST_ENTRY = 64 * 1024


@dataclass(frozen=True)
class Movie:
    """The video track of an MP4 or QuickTime file.

    Attributes
    ----------
    track : Track
        What its header says.
    tables : dict of bytes to Box
        Boxes of its sample table.
    edits : tuple of Edit
    number : int
        Of the track, by which fragments name it.
    scale : int
        Ticks of a second.
    extends : bytes or None
        What fragments leave out, of a file in fragments.
    fragments : int
        Byte from which on there may be fragments.
    texts : tuple of Box
        Boxes of free texts.
    """

    track: Track
    tables: dict[bytes, Box]
    edits: tuple[Edit, ...]
    number: int
    scale: int
    extends: bytes | None = None
    fragments: int = 0
    texts: tuple[Box, ...] = ()

    @classmethod
    def of(cls, pieces: Pieces) -> "Movie":
        """Movie of a file.

        Raises
        ------
        FormatError
            There is none, no video in it, or it contradicts itself.
        """
        brand, moov, problem, end = b"", None, None, 0
        for box in top_boxes(pieces):
            end = box.end
            if box.end > pieces.size:
                problem = f"its box {box.name!r} ends at byte {box.end:,}, and the file has {pieces.size:,} bytes: it is cut short"
                break
            if box.kind == b"ftyp" and box.size >= 4:
                brand = pieces.read(box.start, box.start + 4)
            if box.kind == b"moov" and moov is None:
                moov = box
            if box.kind == b"moof" and moov is not None:
                break  # those that follow are looked through for an index alone
        if moov is None:
            raise FormatError(
                problem
                or "it has no box 'moov', which describes its frames: it was not finished, or is cut short"
            )
        if moov.size <= SMALL:
            pieces.read(moov.start, moov.end)
        found = _movie(pieces, moov, "mov" if brand in (b"", b"qt  ") else "mp4")
        length = moov.end if moov.end <= SMALL and problem is None and end > moov.end else None
        return replace(found, track=replace(found.track, problem=problem, length=length), fragments=moov.end)


@dataclass
class _Trak:
    """What was read of a track."""

    number: int = 0
    rotation: int = 0
    scale: int = 0
    duration: int = 0
    handler: bytes = b""
    edits: bytes = b""
    tables: dict[bytes, Box] = field(default_factory=dict)


def _movie(pieces: Pieces, moov: Box, format: str) -> Movie:
    movie_scale, created, traks = 0, None, []
    extends: dict[int, bytes] = {}
    texts = []
    for box in boxes(pieces, moov.start, moov.end):
        if box.kind == b"mvhd":
            body = pieces.read(box.start, min(box.end, box.start + 32))
            movie_scale, created = _scale(body)[0], _created(body)
        elif box.kind == b"trak":
            traks.append(_trak(pieces, box))
        elif box.kind == b"mvex":
            for inner in boxes(pieces, box.start, box.end):
                if inner.kind == b"trex" and inner.size >= 24:
                    body = pieces.read(inner.start, inner.start + 24)
                    extends[int.from_bytes(body[4:8], "big")] = body[8:]
        elif box.kind in (b"udta", b"meta"):
            texts.append(box)
        elif box.kind == b"cmov":
            raise FormatError("its header is compressed (cmov), which is not read")
    videos = [trak for trak in traks if trak.handler == b"vide" and trak.tables]
    if not videos:
        kinds = ", ".join(repr(t.handler.decode("latin-1")) for t in traks) or "none"
        raise FormatError(f"it has no video: its tracks are {kinds}")
    trak = next((t for t in videos if t.number in extends or _count(pieces, t)), videos[0])
    if not trak.scale:
        raise FormatError("its video does not say how long a tick is")
    codec, width, height, encoder = _entry(pieces, trak.tables.get(b"stsd"))
    check_size(width, height)
    edits = edits_of(trak.edits, trak.scale, movie_scale or trak.scale) if trak.edits else ()
    track = Track(
        format,
        codec,
        width,
        height,
        Fraction(1, trak.scale),
        rotation=trak.rotation,
        has_audio=any(t.handler == b"soun" for t in traks),
        start_time=created,
        encoder=encoder or None,
    )
    in_fragments = trak.number in extends
    track = replace(track, **_timing(pieces, trak, edits)) if not in_fragments else track
    return Movie(
        track,
        trak.tables,
        edits,
        trak.number,
        trak.scale,
        extends.get(trak.number),
        texts=tuple(texts),
    )


def _trak(pieces: Pieces, trak: Box) -> _Trak:
    found = _Trak()
    for box in boxes(pieces, trak.start, trak.end):
        if box.kind == b"tkhd":
            body = pieces.read(box.start, box.end) if box.size <= 256 else b""
            long = body[:1] == b"\1"
            if len(body) < (96 if long else 84):
                raise FormatError("the header of a track is cut short")
            at = 20 if long else 12
            found.number = int.from_bytes(body[at : at + 4], "big")
            a, b, _, c, d = struct.unpack(">5i", body[(52 if long else 40) :][:20])
            found.rotation = (
                round(math.degrees(math.atan2(b, a))) % 360 if (a, b, c, d) != (0, 0, 0, 0) else 0
            )
        elif box.kind == b"edts":
            edit = first(pieces, box.start, box.end, b"elst")
            found.edits = pieces.read(edit.start, edit.end) if edit is not None else b""
        elif box.kind == b"mdia":
            _media(pieces, box, found)
    return found


def _media(pieces: Pieces, mdia: Box, found: _Trak) -> None:
    inside = {box.kind: box for box in boxes(pieces, mdia.start, mdia.end)}
    if (box := inside.get(b"mdhd")) is not None:
        found.scale, found.duration = _scale(pieces.read(box.start, min(box.end, box.start + 32)))
    if (box := inside.get(b"hdlr")) is not None and box.size >= 12:
        found.handler = pieces.read(box.start + 8, box.start + 12)
    if (box := inside.get(b"minf")) is not None and found.handler == b"vide":
        for inner in boxes(pieces, box.start, box.end):
            if inner.kind == b"dinf":
                _check_own(pieces, inner)
            elif inner.kind == b"stbl":
                found.tables = {b.kind: b for b in boxes(pieces, inner.start, inner.end)}


def _check_own(pieces: Pieces, dinf: Box) -> None:
    """Refuse tracks whose samples lie in another file."""
    box = first(pieces, dinf.start, dinf.end, b"dref")
    if box is None or box.size < 20:
        return
    body = pieces.read(box.start, box.start + 20)
    if not body[19] & 1:
        raise FormatError("its frames lie in another file, which is not opened")


def _scale(body: bytes) -> tuple[int, int]:
    """Ticks of a second, and duration in ticks, of ``mvhd`` or ``mdhd``."""
    if len(body) < (32 if body[:1] == b"\1" else 20):
        raise FormatError("the header of a track is cut short")
    form, at = (">IQ", 20) if body[0] == 1 else (">II", 12)
    scale, duration = struct.unpack_from(form, body, at)
    return scale, duration


def _created(body: bytes) -> datetime | None:
    seconds = int.from_bytes(body[4:12] if body[0] == 1 else body[4:8], "big")
    try:
        return SINCE + timedelta(seconds=seconds) if seconds else None
    except OverflowError:
        return None


def _entry(pieces: Pieces, box: Box | None) -> tuple[Codec, int, int, str]:
    """Codec, width, height and name of the encoder of a sample description."""
    if box is None or not 16 <= box.size <= LARGEST_ENTRY:
        raise FormatError("its video does not say how it is coded")
    body = pieces.read(box.start, box.end)
    size, kind = int.from_bytes(body[8:12], "big"), body[12:16].decode("latin-1")
    entry = body[16 : 8 + size]
    if len(entry) < ENTRY:
        raise FormatError(
            f"its video does not say how it is coded: {kind!r} has {len(entry)} bytes, and {ENTRY} are needed"
        )
    width, height = struct.unpack(">HH", entry[24:28])
    inner: dict[str, bytes] = {}
    at = ENTRY
    while at + 8 <= len(entry):
        length = int.from_bytes(entry[at : at + 4], "big")
        if length < 8:
            break
        inner.setdefault(entry[at + 4 : at + 8].decode("latin-1"), entry[at + 8 : at + length])
        at += length
    encoder = entry[43 : 43 + min(entry[42], 31)].decode("utf-8", "replace").strip("\0 ")
    return of_box(kind, inner, int.from_bytes(entry[74:76], "big")), width, height, encoder


def _count(pieces: Pieces, trak: _Trak) -> int:
    for kind in (b"stsz", b"stz2"):
        box = trak.tables.get(kind)
        if box is None:
            continue
        each, count = counted(kind, pieces.read(box.start, min(box.start + 12, box.end)))
        check_frames(count)
        if kind == b"stsz" and not each and 12 + 4 * count > box.size:
            raise FormatError(
                f"it says {count:,} frames, whose sizes take {4 * count:,} bytes, and their table has {box.size - 12:,}"
            )
        if kind == b"stsz" and each * count > pieces.size:
            raise FormatError(f"it says {count:,} frames of {each:,} bytes, and the file has {pieces.size:,}")
        return count
    raise FormatError("its sample table does not say how many frames there are")


def _timing(pieces: Pieces, trak: _Trak, edits: tuple[Edit, ...]) -> dict[str, Any]:
    """How many frames there are, how long, and whether evenly, as far as tables of some size tell."""
    count = _count(pieces, trak)
    stts, ctts = trak.tables.get(b"stts"), trak.tables.get(b"ctts")
    if stts is None:
        raise FormatError("its sample table has no box 'stts'")
    if not count:
        return {"frame_count": 0, "duration": 0.0}
    if stts.size + (ctts.size if ctts is not None else 0) <= TIMES:
        times, last = decode_times(pieces.read(stts.start, stts.end), count)
        if ctts is not None:
            times = times + expanded("ctts", pieces.read(ctts.start, ctts.end), count)
        _, ticks, end = shown(times, edits)
        return _counts(ticks, last, end, trak.scale)
    # What a long table says is not worth reading for a header, but for its beginning.
    found: dict[str, Any] = {}
    if trak.duration:
        found = {
            "duration": trak.duration / trak.scale,
            "frame_rate": Fraction(count * trak.scale, trak.duration),
        }
    if stts.size <= TIMES // 2:
        times, last = decode_times(pieces.read(stts.start, stts.end), count)
        even = is_even(times)
        found = _counts(times, last, None, trak.scale) if even else found | {"is_variable": True}
    late = (
        int.from_bytes(pieces.read(ctts.start + 12, ctts.start + 16), "big", signed=True)
        if ctts is not None
        else 0
    )
    kept = [e for e in edits if e.start != EMPTY]
    whole = not kept or (
        len(kept) == 1
        and kept[0].start <= late
        and (not kept[0].duration or kept[0].start + kept[0].duration >= trak.duration)
    )
    found.pop("frame_count", None)
    return found | ({"frame_count": count} if whole else {"duration": None, "frame_rate": None})


def _counts(ticks: Integers, last: int, end: int | None, scale: int) -> dict[str, Any]:
    if not len(ticks):
        return {"frame_count": 0, "duration": 0.0}
    end = ending(ticks, last, end)
    return {
        "frame_count": len(ticks),
        "duration": (end - int(ticks[0])) / scale,
        "frame_rate": rate_of(ticks, end, Fraction(1, scale)),
        "is_variable": not is_even(ticks),
    }
