"""ObjectServer: a folder served as an object store over HTTP, with latency and faults on request.

It speaks what readers of object stores need and no more: GET with ``Range`` and ``If-Match``, HEAD, S3's
ListObjectsV2 (which Google's XML interface shares) and Azure's List Blobs. Keys are ``/bucket/key`` below the folder. Plain HTTP clients see the same paths.
"""

import asyncio
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from types import TracebackType
from typing import Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from neurochain.testing.object_listing import Found, azure_page, find, s3_page

CHUNK = 256 * 1024  # bytes of a file sent at once

Kind = Literal["status", "reset", "short", "stall"]


@dataclass(frozen=True)
class Fault:
    """What goes wrong with an answer.

    Attributes
    ----------
    kind : {"status", "reset", "short", "stall"}
        Another status and no content; the connection is reset in the middle of the content; the content ends early
        but says so nowhere; no answer comes.
    status : int
        Of ``"status"``.
    """

    kind: Kind
    status: int = 503


@dataclass(frozen=True)
class Request:
    """One request, as it came.

    Attributes
    ----------
    method, path : str
        Path decoded, without the query.
    query : mapping of str to str
    headers : mapping of str to str
        Names in lower case.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]

    @property
    def is_listing(self) -> bool:
        """Whether it lists a bucket."""
        return "list-type" in self.query or self.query.get("comp") == "list"


@dataclass
class Traffic:
    """What a server was asked for, and gave.

    Attributes
    ----------
    requests : list of Request
    bytes : int
        Of content.
    most_at_once : int
        Requests in flight.
    """

    requests: list[Request] = field(default_factory=list)
    bytes: int = 0
    most_at_once: int = 0
    in_flight: int = 0

    def clear(self) -> None:
        """Begin anew."""
        self.requests, self.bytes, self.most_at_once = [], 0, 0


class ObjectServer:
    """A folder served as an object store. A context manager; the server runs in a thread of its own.

    Parameters
    ----------
    folder : path
        Its subfolders are buckets.
    latency : float, seconds
        Before each answer.
    fault : callable, optional
        Asked for each request; None lets it pass.
    keys : callable, optional
        Keys of a bucket with their sizes, in order, in place of the folder's: for listings of made objects.
    still : bool
        The folder does not change: it is looked through once, and not for each listing.

    Examples
    --------
    >>> with ObjectServer("data", latency=0.02) as server:                 # doctest: +SKIP
    ...     nc.read_storage("s3://bucket/", storage_options={"endpoint": server.url}, anon=True)
    """

    def __init__(
        self,
        folder: str | Path,
        latency: float = 0.0,
        fault: Callable[[Request], Fault | None] | None = None,
        keys: Callable[[str], Iterable[tuple[str, int]]] | None = None,
        still: bool = False,
    ) -> None:
        self.folder = Path(folder)
        self.still = still
        self.latency, self.fault, self.keys = latency, fault, keys
        self.traffic = Traffic()
        self.url = ""
        self._open: set[asyncio.Transport] = set()
        self._listed: dict[str, list[tuple[str, int]]] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None

    def __enter__(self) -> "ObjectServer":
        self._thread.start()

        async def start() -> asyncio.Server:
            return await self._loop.create_server(lambda: _Connection(self), "127.0.0.1", 0, backlog=1024)

        self._server = asyncio.run_coroutine_threadsafe(start(), self._loop).result()
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        async def stop() -> None:
            if self._server is not None:
                self._server.close()
            for transport in list(self._open):
                transport.abort()
            await asyncio.sleep(0)

        asyncio.run_coroutine_threadsafe(stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def etag(self, path: Path) -> str:
        """Of a file: its size and time of change."""
        status = path.stat()
        return f'"{status.st_size:x}-{status.st_mtime_ns:x}"'

    def found(self, request: Request) -> Found:
        """What a listing asks for."""
        query, bucket = request.query, request.path.strip("/")
        after = query.get("continuation-token") or query.get("start-after") or query.get("marker") or ""
        return find(
            self.listed(bucket),
            query.get("prefix", ""),
            query.get("delimiter", ""),
            after,
            self._stamp(bucket),
        )

    def _stamp(self, bucket: str) -> Callable[[str, int], tuple[str, float]]:
        """Etag and time of change of a key, given its size."""
        if self.keys is not None:
            return lambda _, size: (f'"{size:x}"', 1.7e9)
        root = self.folder / bucket
        return lambda key, _: (self.etag(root / key), (root / key).stat().st_mtime)

    def listed(self, bucket: str) -> list[tuple[str, int]]:
        """Keys of a bucket with their sizes, in order."""
        if bucket not in self._listed or not (self.keys or self.still):
            if self.keys is not None:
                self._listed[bucket] = list(self.keys(bucket))
            else:
                root = self.folder / bucket
                files = (p for p in root.rglob("*") if p.is_file())
                found = [(p.relative_to(root).as_posix(), p.stat().st_size) for p in files]
                self._listed[bucket] = sorted(found, key=lambda f: f[0].encode())
        return self._listed[bucket]


class _Connection(asyncio.Protocol):
    """One connection; requests on it are answered in turn."""

    def __init__(self, server: ObjectServer) -> None:
        self.server = server
        self.buffer = b""
        self.transport: Any = None
        self.busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.server._open.add(self.transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.server._open.discard(self.transport)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        self._next()

    def _next(self) -> None:
        end = self.buffer.find(b"\r\n\r\n")
        if self.busy or end < 0:
            return
        head, self.buffer = self.buffer[:end], self.buffer[end + 4 :]
        request = _parsed(head)
        self.busy = True
        traffic = self.server.traffic
        traffic.requests.append(request)
        traffic.in_flight += 1
        traffic.most_at_once = max(traffic.most_at_once, traffic.in_flight)
        fault = self.server.fault(request) if self.server.fault is not None else None
        if fault is not None and fault.kind == "stall":
            return
        if self.server.latency:
            self.server._loop.call_later(self.server.latency, self._answer, request, fault)
        else:
            self._answer(request, fault)

    def _answer(self, request: Request, fault: Fault | None) -> None:
        if self.transport.is_closing():
            self.server.traffic.in_flight -= 1
            return
        status, headers, body = self._content(request, fault)
        if fault is not None and fault.kind == "short":
            body = body[: len(body) // 2]
            headers["Content-Length"] = str(len(body))
        lines = [
            f"HTTP/1.1 {status} {_REASONS.get(status, 'Error')}",
            *(f"{k}: {v}" for k, v in headers.items()),
        ]
        head = ("\r\n".join(lines) + "\r\n\r\n").encode()
        traffic = self.server.traffic
        traffic.in_flight -= 1
        if request.method == "HEAD":
            body = b""
        if fault is not None and fault.kind == "reset":
            self.transport.write(head + body[: len(body) // 2])
            self.server._loop.call_later(0.01, self.transport.abort)
            return
        traffic.bytes += len(body)
        self.transport.write(head + body)
        self.busy = False
        self._next()

    def _content(self, request: Request, fault: Fault | None) -> tuple[int, dict[str, str], bytes]:
        if fault is not None and fault.kind == "status":
            return _plain(fault.status, b"<Error><Code>SlowDown</Code></Error>")
        if request.is_listing:
            listing = azure_page if "comp" in request.query else s3_page
            return _plain(200, listing(self.server.found(request), request.query).encode(), "application/xml")
        if request.method not in ("GET", "HEAD"):
            return _plain(405, b"")
        path = self.server.folder / request.path.lstrip("/")
        if not path.is_file() or ".." in request.path.split("/"):
            return _plain(404, b"<Error><Code>NoSuchKey</Code></Error>")
        etag, size = self.server.etag(path), path.stat().st_size
        wanted = request.headers.get("if-match")
        if wanted not in (None, "*", etag):
            return _plain(412, b"<Error><Code>PreconditionFailed</Code></Error>")
        headers = {
            "ETag": etag,
            "Last-Modified": formatdate(path.stat().st_mtime, usegmt=True),
            "Accept-Ranges": "bytes",
            "Content-Type": "application/octet-stream",
        }
        start, end, status = 0, size, 200
        if "range" in request.headers:
            found = _range(request.headers["range"], size)
            if found is None:
                return _plain(416, b"<Error><Code>InvalidRange</Code></Error>")
            (start, end), status = found, 206
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
        headers["Content-Length"] = str(end - start)
        body = b""
        if request.method == "GET":
            with open(path, "rb") as file:
                file.seek(start)
                body = file.read(end - start)
        return status, headers, body


_REASONS = {200: "OK", 206: "Partial Content", 404: "Not Found", 412: "Precondition Failed", 503: "Slow Down"}


def _parsed(head: bytes) -> Request:
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    parts = urlsplit(target)
    query = {k: v[0] for k, v in parse_qs(parts.query, keep_blank_values=True).items()}
    headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
    return Request(method, unquote(parts.path), query, headers)


def _plain(status: int, body: bytes, kind: str = "application/xml") -> tuple[int, dict[str, str], bytes]:
    return status, {"Content-Length": str(len(body)), "Content-Type": kind}, body


def _range(text: str, size: int) -> tuple[int, int] | None:
    first, _, last = text.removeprefix("bytes=").partition("-")
    if not first:
        return (max(size - int(last), 0), size) if int(last) and size else None
    start, end = int(first), min(int(last) + 1 if last else size, size)
    return (start, end) if start < end else None
