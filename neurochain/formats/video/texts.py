"""Texts: what containers say in words: who filmed, where, and what somebody wrote about it."""

from collections.abc import Iterator

from neurochain.errors import FormatError
from neurochain.formats.video.avi import Riff, said_in
from neurochain.formats.video.boxes import Box, boxes
from neurochain.formats.video.ebml import as_text, elements, one
from neurochain.formats.video.mkv import Matroska
from neurochain.formats.video.mp4 import Movie
from neurochain.formats.video.pieces import Pieces

__all__ = ["texts_of"]

LONGEST = 4096  # bytes of a text
LARGEST = 1 << 20  # bytes of all texts of a file
MOST = 200  # texts
DEVICES = frozenset(
    name.lower()
    for name in (
        "©too", "©swr", "©mak", "©mod", "©fmt", "©enc", "com.apple.quicktime.make", "com.apple.quicktime.model",
        "com.apple.quicktime.software", "com.android.version", "com.android.capture.fps", "encoder", "ISFT", "BPS",
        "DURATION", "NUMBER_OF_FRAMES", "NUMBER_OF_BYTES", "HANDLER_NAME", "VENDOR_ID", "MAJOR_BRAND",
        "MINOR_VERSION", "COMPATIBLE_BRANDS", "CREATION_TIME",
    )
)  # fmt: skip
"""What speaks of the camera or the program alone; all other texts may name a person or a place."""


def texts_of(pieces: Pieces, container: Movie | Riff | Matroska) -> dict[str, str]:
    """Texts of a file that may name a person or a place, by the container's own names; what is damaged is left out."""
    found: dict[str, str] = {}
    read = {Movie: _movie, Riff: _riff, Matroska: _matroska}[type(container)]
    try:
        for name, text in read(pieces, container):  # type: ignore[operator]
            statistics = name.startswith("_STATISTICS")
            if text and name.lower() not in DEVICES and not statistics and len(found) < MOST:
                found.setdefault(name, text)
    except FormatError:
        return found
    return found


def _movie(pieces: Pieces, movie: Movie) -> Iterator[tuple[str, str]]:
    for box in movie.texts:
        yield from _user(pieces, box) if box.kind == b"udta" else _meta(pieces, box)


def _user(pieces: Pieces, box: Box) -> Iterator[tuple[str, str]]:
    """Texts of a box ``udta``: those of QuickTime, of 3GPP, and those of a box ``meta`` in it."""
    for inner in boxes(pieces, box.start, box.end):
        if inner.kind == b"meta":
            yield from _meta(pieces, inner)
        elif inner.size <= LONGEST:
            body = pieces.read(inner.start, inner.end)
            # QuickTime: length and language before the text; 3GPP: version, flags and language.
            begin = 4 if inner.kind[:1] == b"\xa9" else 6
            if inner.kind[:1] == b"\xa9" or inner.kind in THREE_GPP:
                yield inner.name, _plain(body[begin:])


THREE_GPP = frozenset([b"titl", b"auth", b"perf", b"dscp", b"cprt", b"loci", b"albm", b"gnre", b"kywd"])


def _meta(pieces: Pieces, box: Box) -> Iterator[tuple[str, str]]:
    """Texts of a box ``meta``, named by four characters or by a list of keys."""
    start = box.start
    if box.size >= 12 and pieces.read(start + 4, start + 8) != b"hdlr":  # of MP4, with version and flags
        start += 4
    keys: list[str] = []
    for inner in boxes(pieces, start, box.end):
        if inner.kind == b"keys" and 8 <= inner.size <= 2**16:
            keys = [
                _plain(pieces.read(key.start, key.end)) for key in boxes(pieces, inner.start + 8, inner.end)
            ]
        elif inner.kind == b"ilst":
            for item in boxes(pieces, inner.start, inner.end):
                number = int.from_bytes(item.kind, "big")
                name = keys[number - 1] if 0 < number <= len(keys) else item.name
                for data in boxes(pieces, item.start, item.end):
                    if data.kind == b"data" and 8 <= data.size <= LONGEST:
                        body = pieces.read(data.start, data.end)
                        if body[3] in (1, 2):  # UTF-8, UTF-16
                            yield (
                                name,
                                _plain(body[8:]) if body[3] == 1 else body[8:].decode("utf-16-be", "replace"),
                            )


def _riff(pieces: Pieces, riff: Riff) -> Iterator[tuple[str, str]]:
    for chunk in riff.texts:
        yield from said_in(pieces, chunk.start, chunk.end)


def _matroska(pieces: Pieces, matroska: Matroska) -> Iterator[tuple[str, str]]:
    yield "Title", matroska.title
    if matroska.tags is None:
        return
    tags = one(pieces.read, matroska.tags, pieces.size)
    if not tags.start <= tags.end <= tags.start + LARGEST:
        return
    for id, tag in elements(pieces.read(tags.start, tags.end)):
        for inner, content in elements(tag) if id == 0x7373 else ():
            if inner == 0x67C8:
                said = dict(elements(content))
                yield as_text(said.get(0x45A3, b"")), as_text(said.get(0x4487, b"")[:LONGEST])


def _plain(body: bytes) -> str:
    return body.split(b"\0")[0].decode("utf-8", "replace").strip()
