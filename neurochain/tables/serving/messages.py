"""Messages of FlightSQL: the few fields of its protocol buffers that are looked at.

https://arrow.apache.org/docs/format/FlightSql.html, https://protobuf.dev/programming-guides/encoding
"""

from collections.abc import Iterator

from neurochain.errors import FormatError

__all__ = ["any_message", "decode", "pack", "unpack"]

PREFIX = "type.googleapis.com/arrow.flight.protocol.sql."
TEXT = 2  # wire type of texts, bytes and messages
SIZES = {0: 0, 1: 8, 5: 4}  # bytes of the other wire types; a number of type 0 ends by itself


def decode(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Fields of a message that are texts, bytes or messages, with their numbers.

    Raises
    ------
    FormatError
        It is no message.

    Examples
    --------
    >>> list(decode(pack(1, b"select 1")))
    [(1, b'select 1')]
    """
    at = 0
    while at < len(data):
        key, at = _number(data, at)
        kind = key & 7
        if kind == TEXT:
            size, at = _number(data, at)
            if at + size > len(data):
                raise FormatError("A FlightSQL message is cut off.")
            yield key >> 3, data[at : at + size]
            at += size
        elif kind == 0:
            _, at = _number(data, at)
        elif kind in SIZES:
            at += SIZES[kind]
        else:
            raise FormatError(f"A FlightSQL message has a field of wire type {kind}.")


def pack(number: int, value: bytes) -> bytes:
    """Field of a message."""
    return _varint(number << 3 | TEXT) + _varint(len(value)) + value


def any_message(name: str, value: bytes) -> bytes:
    """Message with the name of its type, as commands travel."""
    return pack(1, f"{PREFIX}{name}".encode()) + pack(2, value)


def unpack(data: bytes) -> tuple[str, bytes]:
    """Name of the type, and message, of what travels with its name.

    Raises
    ------
    FormatError
        It is no message of FlightSQL.
    """
    fields = dict(decode(data))
    name = fields.get(1, b"").decode("utf-8", "replace")
    if not name.startswith(PREFIX):
        raise FormatError("This is no command of FlightSQL.")
    return name.removeprefix(PREFIX), fields.get(2, b"")


def _number(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise FormatError("A FlightSQL message is cut off.")
        byte = data[at]
        at, value, shift = at + 1, value | (byte & 0x7F) << shift, shift + 7
        if byte < 0x80:
            return value, at


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
