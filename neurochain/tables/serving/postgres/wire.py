"""Wire: messages of PostgreSQL's protocol, version 3, as bytes. https://www.postgresql.org/docs/current/protocol-message-formats.html"""

import socket
import struct
from collections.abc import Sequence

__all__ = ["Connection", "Gone", "complete", "data_row", "failure", "message", "row_description"]

LARGEST = 4_000_000  # bytes of a message from a client
SENT_AT_ONCE = 256_000


class Gone(Exception):
    """The client has left, or speaks another language."""


def message(kind: str, body: bytes = b"") -> bytes:
    """A message with its length."""
    return kind.encode() + struct.pack("!i", len(body) + 4) + body


def text(value: str) -> bytes:
    """Text that ends in a zero."""
    return value.encode("utf-8", "replace").replace(b"\0", b"") + b"\0"


def failure(said: str, code: str, severity: str = "ERROR") -> bytes:
    """ErrorResponse; codes: https://www.postgresql.org/docs/current/errcodes-appendix.html"""
    fields = b"".join(
        k.encode() + text(v) for k, v in (("S", severity), ("V", severity), ("C", code), ("M", said))
    )
    return message("E", fields + b"\0")


def row_description(columns: Sequence[tuple[str, int]]) -> bytes:
    """Names and types of the columns; all values come as text."""
    body = struct.pack("!h", len(columns))
    for name, oid in columns:
        body += text(name) + struct.pack("!ihihih", 0, 0, oid, -1, -1, 0)
    return message("T", body)


def data_row(values: Sequence[str | None]) -> bytes:
    """A row."""
    parts = [struct.pack("!h", len(values))]
    for value in values:
        if value is None:
            parts.append(b"\xff\xff\xff\xff")
        else:
            raw = value.encode()
            parts += (struct.pack("!i", len(raw)), raw)
    return message("D", b"".join(parts))


def complete(tag: str) -> bytes:
    """CommandComplete."""
    return message("C", text(tag))


class Connection:
    """A client's socket, read and written in messages."""

    def __init__(self, opened: socket.socket) -> None:
        self._socket, self._out = opened, bytearray()
        self._in = opened.makefile("rb")

    def startup(self) -> tuple[int, bytes]:
        """First message, which has no kind: its code and body."""
        (size,) = struct.unpack("!i", self._read(4))
        if not 8 <= size <= 10_000:
            raise Gone
        body = self._read(size - 4)
        return struct.unpack("!i", body[:4])[0], body[4:]

    def receive(self) -> tuple[str, bytes]:
        """Next message: its kind and body."""
        head = self._read(5)
        (size,) = struct.unpack("!i", head[1:])
        if not 4 <= size <= LARGEST:
            raise Gone
        return head[:1].decode("latin-1"), self._read(size - 4)

    def send(self, data: bytes) -> None:
        """Write, not necessarily at once."""
        self._out += data
        if len(self._out) > SENT_AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Write all now."""
        data, self._out = bytes(self._out), bytearray()
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise Gone from error

    def raw(self, data: bytes) -> None:
        """Write bytes that are no message, at once."""
        self._out += data
        self.flush()

    def _read(self, size: int) -> bytes:
        try:
            data = self._in.read(size)
        except (OSError, ValueError) as error:
            raise Gone from error
        if data is None or len(data) < size:
            raise Gone
        return data
