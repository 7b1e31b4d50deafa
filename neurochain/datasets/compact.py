"""Compact: structs in Thrift's compact protocol, in which Parquet files say where what lies.

Source: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from typing import Any

__all__ = ["MalformedError", "struct_at"]

DEPTH = 16  # structs within structs; Parquet's have 6
ITEMS = 2**20  # of one list

_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
_WHOLE = (_I16, _I32, _I64)

Struct = dict[int, Any]


class MalformedError(Exception):
    """Bytes are no struct."""


def struct_at(data: Any, at: int) -> tuple[Struct, int]:
    """Values of a struct by their ids, and the byte behind it.

    Parameters
    ----------
    data : bytes or mmap
        Of which only the struct's bytes are looked at.
    at : int
        Its first byte.

    Raises
    ------
    MalformedError
        There is none, or one that is deeper or longer than Parquet's.
    """
    try:
        return _struct(data, at, DEPTH)
    except (IndexError, ValueError, OverflowError) as error:
        raise MalformedError(f"no struct at byte {at}") from error


def _struct(data: Any, at: int, depth: int) -> tuple[Struct, int]:
    if not depth:
        raise ValueError("too deep")
    found: Struct = {}
    number = 0
    while byte := data[at]:
        at += 1
        step, kind = byte >> 4, byte & 15
        if step:
            number += step
        else:
            number, at = _whole(data, at)
        if kind in (_TRUE, _FALSE):
            found[number] = kind == _TRUE
        else:
            found[number], at = _value(data, at, kind, depth)
    return found, at + 1


def _value(data: Any, at: int, kind: int, depth: int) -> tuple[Any, int]:
    if kind in _WHOLE:
        return _whole(data, at)
    if kind == _BINARY:
        length, at = _unsigned(data, at)
        return _bytes(data, at, length), at + length
    if kind == _STRUCT:
        return _struct(data, at, depth - 1)
    if kind in (_LIST, _SET):
        count, item = data[at] >> 4, data[at] & 15
        at += 1
        if count == 15:
            count, at = _unsigned(data, at)
        return _items(data, at, item, count, depth - 1)
    if kind in (_TRUE, _FALSE, _BYTE):  # of a list, a byte each
        return data[at], at + 1
    if kind == _DOUBLE:
        return _bytes(data, at, 8), at + 8
    if kind == _MAP:
        count, at = _unsigned(data, at)
        if not count:
            return {}, at
        kinds = data[at]
        keys_and_values, at = [], at + 1
        for _ in range(_few(count)):
            key, at = _value(data, at, kinds >> 4, depth - 1)
            value, at = _value(data, at, kinds & 15, depth - 1)
            keys_and_values.append((key, value))
        return keys_and_values, at
    raise ValueError(f"type {kind}")


def _items(data: Any, at: int, kind: int, count: int, depth: int) -> tuple[list[Any], int]:
    if depth <= 0:
        raise ValueError("too deep")
    items = []
    for _ in range(_few(count)):
        item, at = _value(data, at, kind, depth)
        items.append(item)
    return items, at


def _few(count: int) -> int:
    if count > ITEMS:
        raise ValueError("too many")
    return count


def _bytes(data: Any, at: int, length: int) -> bytes:
    if at + length > len(data):
        raise ValueError("too long")
    return bytes(data[at : at + length])


def _unsigned(data: Any, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("too long")


def _whole(data: Any, at: int) -> tuple[int, int]:
    value, at = _unsigned(data, at)
    return (value >> 1) ^ -(value & 1), at
