"""Served: the file itself, by range.

``Range: bytes=…`` with one range is answered with 206, with several in parts (multipart/byteranges), with none that lies in the
file with 416. The ETag is the file's as the version lists it: whoever has begun goes on with ``If-Range``, and a file that has
changed since is an error before the first byte, or the end of the answer before the last.
"""

import hashlib
import re
import secrets
from collections.abc import Iterator, Mapping
from itertools import chain
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

from neurochain.errors import FileChangedError, ParameterError
from neurochain.storage import File
from neurochain.storage.folders import is_whole
from neurochain.web.media.gate import Stop
from neurochain.web.media.sources import Sources

__all__ = ["RangeError", "content_type", "entity_tag", "ranges_of", "served"]

PIECE = 2**20  # bytes read at a time
MOST_RANGES = 64
FORM = re.compile(r"(\d*)-(\d*)")
TYPES = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/mp4",  # browsers play what they can of it, by this name alone
    ".qt": "video/mp4",
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
    ".avi": "video/x-msvideo",
}
Range = tuple[int, int]


class RangeError(Exception):
    """None of the ranges lies in the file; never leaves the server."""


def content_type(file: File) -> str:
    """What a browser is told that it gets: a video, or bytes, and never a page."""
    return TYPES.get(file.suffix, "application/octet-stream")


def entity_tag(file: File) -> str:
    """Identity of the content as HTTP has it."""
    return f'"{hashlib.blake2b(f"{file.uri} {file.etag} {file.size}".encode(), digest_size=12).hexdigest()}"'


def ranges_of(text: str, size: int) -> list[Range] | None:
    """Ranges [start, end) that a header names; None where it is none that is understood, and so is as if it were not there.

    Raises
    ------
    RangeError
        None of them lies in the file.

    Examples
    --------
    >>> ranges_of("bytes=0-9,-5", 100), ranges_of("lines=1-2", 100)
    ([(0, 10), (95, 100)], None)
    """
    unit, _, listed = text.partition("=")
    parts = [part.strip() for part in listed.split(",") if part.strip()]
    if unit.strip().lower() != "bytes" or not 0 < len(parts) <= MOST_RANGES:
        return None
    found = []
    for part in parts:
        match = FORM.fullmatch(part)
        if match is None or part == "-" or len(part) > 40 or not part.isascii():
            return None
        first, last = match.groups()
        if first and last and int(last) < int(first):
            return None
        start = int(first) if first else max(size - int(last), 0)
        end = min(int(last) + 1, size) if first and last else size
        if start < end:
            found.append((start, end))
    if not found:
        raise RangeError
    if sum(end - start for start, end in found) > 2 * size:  # the same over and over
        return None
    return found


def served(
    sources: Sources, query: Mapping[str, str], headers: Mapping[str, str], method: str, stop: Stop
) -> Response:
    """The file in a column of a row.

    Raises
    ------
    FileChangedError
        It is no longer the one that was listed.
    DatasetNotFoundError, ParameterError, StorageError, VersionError
        It is not there.
    """
    file = sources.file(query)
    _check(file)
    tag = entity_tag(file)
    shown = quote(file.name)
    common = {
        "accept-ranges": "bytes",
        "etag": tag,
        "cache-control": "private, no-cache",
        "content-disposition": f"{'inline' if file.suffix in TYPES else 'attachment'}; filename*=UTF-8''{shown}",
    }
    if headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=common)
    wanted = headers.get("range", "") if headers.get("if-range", tag) == tag else ""
    try:
        ranges = ranges_of(wanted, file.size) if wanted else None
    except RangeError:
        return Response(status_code=416, headers={**common, "content-range": f"bytes */{file.size}"})
    kind = content_type(file)
    if ranges is None:
        return _answer(file, [(0, file.size)], 200, common, kind, method)
    if len(ranges) == 1:
        ((start, end),) = ranges
        said = {**common, "content-range": f"bytes {start}-{end - 1}/{file.size}"}
        return _answer(file, ranges, 206, said, kind, method)
    return _several(file, ranges, common, kind, method)


def _check(file: File) -> None:
    """Check that it is still the one that was listed, and one that has bytes.

    What was pulled of it before lies in the cache, so that reading alone does not tell.

    Raises
    ------
    FileChangedError, ParameterError, StorageError
        It is not.
    """
    if is_whole(file.name):
        raise ParameterError(
            f"{file.uri} is a folder: it has no bytes of its own. Ask for what lies in it: volume, traces."
        )
    if file.etag and File.at(file.uri).etag != file.etag:
        raise _changed(file)


def _changed(file: File) -> FileChangedError:
    return FileChangedError(
        f"{file.uri} has changed since this version listed it ({file.size:,} bytes, {file.etag}). Run the chain again for a new "
        "version, or bring back the file as it was."
    )


def _answer(
    file: File, ranges: list[Range], status: int, headers: Mapping[str, str], kind: str, method: str
) -> Response:
    length = sum(end - start for start, end in ranges)
    told = {**headers, "content-length": str(length)}
    if method == "HEAD":
        return Response(status_code=status, headers=told, media_type=kind)
    return StreamingResponse(_begun(file, _pieces(file, *ranges[0])), status, told, kind)


def _several(file: File, ranges: list[Range], headers: Mapping[str, str], kind: str, method: str) -> Response:
    mark = secrets.token_hex(12)
    heads = [
        f"\r\n--{mark}\r\nContent-Type: {kind}\r\nContent-Range: bytes {a}-{b - 1}/{file.size}\r\n\r\n".encode()
        for a, b in ranges
    ]
    last = f"\r\n--{mark}--\r\n".encode()
    length = sum(map(len, heads)) + sum(b - a for a, b in ranges) + len(last)
    told = {**headers, "content-length": str(length)}
    several = f"multipart/byteranges; boundary={mark}"
    if method == "HEAD":
        return Response(status_code=206, headers=told, media_type=several)

    def content() -> Iterator[bytes]:
        for head, (start, end) in zip(heads, ranges, strict=True):
            first = True
            for piece in _pieces(file, start, end):
                yield head + piece if first else piece
                first = False
        yield last

    return StreamingResponse(_begun(file, content()), 206, told, several)


def _begun(file: File, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Pieces, of which the first is read before anything is answered: then an error can still be said.

    Raises
    ------
    FileChangedError, StorageError
        It cannot be read.
    """
    try:
        first = next(pieces, None)
    except FileChangedError as error:
        raise _changed(file) from error
    return iter(()) if first is None else chain([first], pieces)


def _pieces(file: File, start: int, end: int) -> Iterator[bytes]:
    """Bytes, a piece at a time; a page that goes ends it."""
    for at in range(start, end, PIECE):
        yield file.read_range(at, min(at + PIECE, end))
