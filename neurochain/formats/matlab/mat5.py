"""MAT 5: MATLAB's files of the versions 5 to 7, walked element by element; values stay where they are.

https://www.mathworks.com/help/pdf_doc/matlab/matfile_format.pdf
"""

import struct
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from math import prod
from typing import Any, NamedTuple

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.matlab.mat5_bytes import Bytes, FileBytes, InflatedBytes
from neurochain.storage import File

__all__ = ["HDF5_MARK", "Variable", "children", "is_hdf5", "is_mat5", "variables"]

HEADER = 128
HDF5_MARK = b"\x89HDF\r\n\x1a\n"
HDF5_AT = 512  # behind the block that MATLAB leaves for its own header
MATRIX, COMPRESSED = 14, 15
NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
ENCODINGS = {1: "latin-1", 2: "latin-1", 4: "utf-16", 16: "utf-8", 17: "utf-16", 18: "utf-32"}
KINDS = {1: "cell", 2: "struct", 3: "object", 4: "char", 5: "sparse", 6: "double", 7: "single", 8: "int8", 9: "uint8",
         10: "int16", 11: "uint16", 12: "int32", 13: "uint32", 14: "int64", 15: "uint64", 16: "function_handle",
         17: "opaque"}  # fmt: skip
DTYPES = {"double": "float64", "single": "float32"} | {
    f"{u}int{n}": f"{u}int{n}" for u in ("", "u") for n in (8, 16, 32, 64)
}
KIND, IMAGINARY, LOGICAL = 0xFF, 0x0800, 0x0200
TAGS = {order: struct.Struct(order + "II").unpack for order in "<>"}
HEADS = {order: struct.Struct(order + "6I2i2I").unpack_from for order in "<>"}
USUAL = 40  # bytes of flags, two axes and an empty name: what nearly every field and cell begins with
VALUES = {kind: np.dtype(name) for kind, name in DTYPES.items()}
STORED = {order: {type_: np.dtype(order + code) for type_, code in NUMBERS.items()} for order in "<>"}
MOST_AXES = 32
LONGEST_NAME = 4096  # bytes; MATLAB's own have at most 63


@dataclass(slots=True)
class Variable:
    """One variable, field or cell of a MAT-file: what it is and where it lies, without its values.

    Attributes
    ----------
    name : str
        Of a variable of the file; empty for a field or cell.
    kind : str
        MATLAB's class: ``"double"``, ``"int16"``, ``"logical"``, ``"char"``, ``"cell"``, ``"struct"``; or one that is
        not read: ``"sparse"``, ``"object"``, ``"function_handle"``, ``"opaque"``.
    shape : tuple of int
        As MATLAB says it; values lie in Fortran order.
    dtype : dtype or None
        Of the values of numbers; None for anything else.
    stored : dtype or None
        Of their bytes: often narrower, in the file's byte order.
    start, end : int
        Bytes of the values (of the real part), within `source`.
    encoding : str or None
        Of characters.
    complex : bool
        Whether an imaginary part follows.
    compressed : bool
        Whether `start` and `end` count inflated bytes.
    source : Bytes
        What it is read from.
    order : str
        ``"<"`` or ``">"``.
    after, stop : int
        Where what follows the values begins, and where the whole ends.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    start: int
    end: int
    stop: int = field(repr=False)
    compressed: bool
    source: Bytes = field(repr=False, compare=False)
    order: str = field(repr=False)
    dtype: np.dtype[Any] | None = None
    stored: np.dtype[Any] | None = None
    encoding: str | None = None
    complex: bool = False
    after: int = field(repr=False, default=0)

    def __str__(self) -> str:
        return f"{self.name or 'an unnamed value'} ({' x '.join(map(str, self.shape))} {self.kind})"


class Element(NamedTuple):
    """One tagged element: its type, its bytes [start, end), and where the next one stands."""

    type: int
    start: int
    end: int
    next: int


def is_mat5(head: bytes) -> bool:
    """Whether first bytes are those of a MAT-file of the versions 5 to 7."""
    return head[124:128] in (b"\x00\x01IM", b"\x01\x00MI")


def is_hdf5(head: bytes) -> bool:
    """Whether first bytes are those of a MAT-file of version 7.3, which is an HDF5 file."""
    return head[:6] == b"MATLAB" and head[HDF5_AT : HDF5_AT + 8] == HDF5_MARK


def variables(file: File, head: bytes = b"", source: FileBytes | None = None) -> Iterator[Variable]:
    """Walk the variables of a MAT-file, each before the next one is looked for; values are not read.

    Parameters
    ----------
    file : File
        MAT-file of the versions 5 to 7.
    head : bytes
        Its first bytes, where they are known.
    source : FileBytes, optional
        What to read from, where its limit or count matters.

    Raises
    ------
    FormatError
        It is no such file, is cut short, or holds what cannot be.

    Examples
    --------
    >>> [str(v) for v in variables(File.at("results.mat"))]       # doctest: +SKIP
    ['weights (64 x 64 double)', 'label (1 x 12 char)']
    """
    source = source or FileBytes(file, head)
    first = source.take(0, min(HEADER, file.size))
    if len(first) < HEADER or not is_mat5(first):
        raise FormatError(
            f"it is no MAT-file of version 5 to 7: such a file begins with {HEADER} bytes of which the last four say so; "
            f"here are {first[124:128]!r}"
        )
    order = "<" if first[126:128] == b"IM" else ">"
    at = HEADER
    while at < file.size:
        type_, size = TAGS[order](source.take(at, at + 8))
        start, end = at + 8, at + 8 + size
        if end > file.size:
            raise FormatError(
                f"the file is cut short: the variable at byte {at:,} goes up to byte {end:,}, and the file ends at byte "
                f"{file.size:,}"
            )
        if type_ == COMPRESSED:
            inner = InflatedBytes(source, start, end)
            tag = element(inner, 0, inner.size, order)
            found = _matrix(inner, tag, order, True)
        else:
            found = _matrix(source, Element(type_, start, end, end), order, False)
        if found.name:  # the workspace of function handles has none
            yield found
        at = end


def element(source: Bytes, at: int, limit: int, order: str) -> Element:
    """Element at a place; it must end at `limit`.

    Raises
    ------
    FormatError
        It does not.
    """
    if at + 8 > limit:
        raise FormatError(f"{source.place(at)} should begin an element, but what holds it ends at {limit:,}")
    type_, size = TAGS[order](source.take(at, at + 8))
    if type_ >> 16:  # a small one: size and type share four bytes, and its values stand in the next four
        type_, size = type_ & 0xFFFF, type_ >> 16
        if size > 4:
            raise FormatError(
                f"{source.place(at)} begins a small element of {size} bytes; they have 4 at most"
            )
        return Element(type_, at + 4, at + 4 + size, at + 8)
    end = at + 8 + size
    if end > limit:
        raise FormatError(
            f"{source.place(at)} begins an element of {size:,} bytes, but what holds it ends {end - limit:,} bytes before"
        )
    return Element(type_, at + 8, end, min(end + -size % 8, limit))


def children(variable: Variable, wanted: Container[str] | None = None) -> Iterator[tuple[int, str, Variable]]:
    """Walk the fields of a struct, or the cells of a cell array: (index, field's name, what stands there).

    Indices count in Fortran order. The fields of one struct come together; cells have no name.

    Parameters
    ----------
    variable : Variable
        Of anything but structs and cells there are none.
    wanted : container of str, optional
        Names of the fields that matter; the others are passed over unseen.

    Raises
    ------
    FormatError
        It holds what cannot be.
    """
    if variable.kind not in ("struct", "cell"):
        return
    source, at, order = variable.source, variable.start, variable.order
    names = [""]
    if variable.kind == "struct":
        names, at = _field_names(variable)
    count = prod(variable.shape)
    if not names:
        return
    if count * len(names) * 8 > variable.stop - at:
        raise FormatError(
            f"{source.place(variable.start)} should hold {count:,} times {len(names)} values, and there are "
            f"{variable.stop - at:,} bytes for them"
        )
    for index in range(count):
        for name in names:
            tag = element(source, at, variable.stop, order)
            if wanted is None or name in wanted:
                yield index, name, _matrix(source, tag, order, variable.compressed)
            at = tag.next


def _field_names(variable: Variable) -> tuple[list[str], int]:
    """Names of a struct's fields, and where the first value stands."""
    source, order = variable.source, variable.order
    width = element(source, variable.start, variable.stop, order)
    if width.end - width.start != 4:
        raise FormatError(f"{source.place(width.start)} should hold the length of the fields' names")
    (length,) = struct.unpack(order + "i", source.take(width.start, width.end))
    texts = element(source, width.next, variable.stop, order)
    size = texts.end - texts.start
    if not 0 < length <= LONGEST_NAME or size % length:
        if not size:
            return [], texts.next
        raise FormatError(f"{source.place(texts.start)} holds {size} bytes of names of {length} bytes each")
    raw = source.take(texts.start, texts.end)
    return [_text(raw[i : i + length]) for i in range(0, size, length)], texts.next


def _matrix(source: Bytes, tag: Element, order: str, compressed: bool) -> Variable:
    """Variable of a matrix element.

    Raises
    ------
    FormatError
        It is none, or holds what cannot be.
    """
    if tag.type != MATRIX:
        raise FormatError(f"{source.place(tag.start)} should begin a variable, but is of type {tag.type}")
    if tag.start == tag.end:  # how MATLAB writes an empty value
        return Variable("", "double", (0, 0), tag.start, tag.end, tag.end, compressed, source, order,
                        VALUES["double"], STORED[order][9])  # fmt: skip
    if tag.end - tag.start >= USUAL:
        flags, eight, word, _, axes, eight_too, rows, columns, name_, empty = HEADS[order](
            source.take(tag.start, tag.start + USUAL)
        )
        usual = (flags, eight, axes, eight_too, name_, empty) == (6, 8, 5, 8, 1, 0)
        if usual and rows >= 0 and columns >= 0 and (word & KIND) in KINDS and word & KIND != 17:
            shape = rows, columns
            return _variable("", word, shape, tag.start + USUAL, tag.end, compressed, source, order)
    return _unusual(source, tag, order, compressed)


def _unusual(source: Bytes, tag: Element, order: str, compressed: bool) -> Variable:
    """Variable of a matrix element with a name, or more axes than two."""
    flags = element(source, tag.start, tag.end, order)
    if flags.type != 6 or flags.end - flags.start != 8:
        raise FormatError(f"{source.place(tag.start)} should hold the flags of a variable")
    (word,) = struct.unpack(order + "I", source.take(flags.start, flags.start + 4))
    kind = KINDS.get(word & KIND)
    if kind is None:
        raise FormatError(f"{source.place(flags.start)} says class {word & KIND}, which is none of MATLAB's")
    at = flags.next
    shape: tuple[int, ...] = ()
    if kind != "opaque":
        shape, at = _shape(source, at, tag.end, order)
    named = element(source, at, tag.end, order)
    if named.end - named.start > LONGEST_NAME:
        raise FormatError(f"{source.place(named.start)} holds a name of {named.end - named.start:,} bytes")
    name = _text(source.take(named.start, named.end))
    return _variable(name, word, shape, named.next, tag.end, compressed, source, order)


def _shape(source: Bytes, at: int, limit: int, order: str) -> tuple[tuple[int, ...], int]:
    """Lengths of the axes, and where the next element stands."""
    found = element(source, at, limit, order)
    size = found.end - found.start
    if found.type not in (5, 6) or size % 4 or not 8 <= size <= 4 * MOST_AXES:
        raise FormatError(
            f"{source.place(at)} should hold the lengths of 2 to {MOST_AXES} axes; there are {size:,} bytes of type "
            f"{found.type}"
        )
    shape = struct.unpack(f"{order}{size // 4}i", source.take(found.start, found.end))
    if min(shape) < 0:
        raise FormatError(f"{source.place(at)} says {' x '.join(map(str, shape))} values")
    return shape, found.next


def _variable(
    name: str,
    flags: int,
    shape: tuple[int, ...],
    at: int,
    stop: int,
    compressed: bool,
    source: Bytes,
    order: str,
) -> Variable:
    """Variable whose values, fields or cells begin at a place.

    Raises
    ------
    FormatError
        There are not as many values as its shape says, or of no known type.
    """
    kind = KINDS[flags & KIND]
    if kind not in DTYPES and kind != "char":
        return Variable(name, kind, shape, at, stop, stop, compressed, source, order)
    if at + 8 > stop and not prod(shape):
        data = Element(9, stop, stop, stop)
    else:
        data = element(source, at, stop, order)
    found = Variable(
        name, kind, shape, data.start, data.end, stop, compressed, source, order, after=data.next
    )
    if kind == "char":
        if data.type not in ENCODINGS:
            raise FormatError(f"{source.place(data.start)} holds characters of type {data.type}")
        found.encoding = ENCODINGS[data.type]
        return found
    stored = STORED[order].get(data.type)
    if stored is None:
        raise FormatError(f"{source.place(data.start)} holds numbers of type {data.type}")
    if (needed := prod(shape) * stored.itemsize) != data.end - data.start:
        raise FormatError(
            f"{source.place(data.start)} holds {data.end - data.start:,} bytes of {stored.name}, and the "
            f"{' x '.join(map(str, shape))} values that are promised need {needed:,}"
        )
    found.stored, found.dtype, found.complex = stored, VALUES[kind], bool(flags & IMAGINARY)
    if flags & LOGICAL:
        found.kind, found.dtype = "logical", np.dtype(bool)
    return found


def _text(raw: bytes) -> str:
    """Name as text; it ends at the first zero byte."""
    return raw.partition(b"\0")[0].decode("utf-8", "replace")
