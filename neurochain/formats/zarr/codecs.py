"""Codecs: what was done with the values of a chunk before they were stored, undone.

Sources: https://zarr-specs.readthedocs.io/en/latest/v3/codecs/index.html and, for version 2 and what is called
``numcodecs.…`` in version 3, https://numcodecs.readthedocs.io.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from lzma import LZMAError
from math import prod
from typing import Any

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.arrays.deflate import ERRORS
from neurochain.formats.zarr.compressors import COMPRESSORS, by_numcodecs
from neurochain.formats.zarr.dtypes import numeric
from neurochain.formats.zarr.node import ArrayNode, Json
from neurochain.formats.zarr.shards import Sharding, checked_crc32c

__all__ = ["Pipeline", "pipeline"]

PLAIN = (
    "shuffle",
    "crc32",
    "crc32c",
    "adler32",
    "fletcher32",
    "jenkins_lookup3",
)  # of numcodecs: bytes to bytes
FILTERS = (
    "delta",
    "fixedscaleoffset",
    "astype",
    "quantize",
    "bitround",
    "packbits",
)  # of numcodecs: of values
DTYPES = ("dtype", "astype", "encode_dtype", "decode_dtype")  # of their configurations
DAMAGE: tuple[type[Exception], ...] = (ValueError, TypeError, LookupError, ArithmeticError, RuntimeError, OSError, AttributeError, AssertionError,
          MemoryError, EOFError, LZMAError, *ERRORS)  # fmt: skip
"""What decoders raise at damaged bytes."""
FREE = 256 * 2**20  # bytes of a decoded chunk, from which on it is asked whether so few bytes can hold it
DENSEST = 2**17  # bytes that one byte may stand for: zstd of zeros has 32,768
Values = np.ndarray[Any, Any]
Undo = Callable[[Any], Any]


@dataclass(frozen=True)
class Step:
    """One codec.

    Attributes
    ----------
    undo : callable
        Gives what was encoded.
    grows : int
        Times the bytes of what it encodes that it gives at most, besides an eighth and a kilobyte.
    """

    undo: Undo
    grows: int = 1

    def bound(self, size: int) -> int:
        """Bytes that it makes of so many, at most."""
        return self.grows * size + size // 8 + 1024


@dataclass(frozen=True)
class Pipeline:
    """All codecs of an array.

    Attributes
    ----------
    shape : tuple of int
        Of a chunk.
    most : int
        Bytes that an encoded chunk takes at most.
    plain : bool
        Whether a chunk's bytes are its values as they are.
    sharding : Sharding or None
        Where a chunk is a shard, and nothing else was done with it.
    """

    shape: tuple[int, ...]
    most: int
    plain: bool
    sharding: Sharding | None
    _dtype: np.dtype[Any]
    _undo: tuple[Undo, ...]

    def decode(self, data: bytes) -> Values:
        """Values of a chunk, in its shape.

        Raises
        ------
        FormatError
            It is damaged.
        MissingExtraError
            A codec needs a package that is not installed.
        """
        n_bytes = prod(self.shape) * self._dtype.itemsize
        if n_bytes > FREE and n_bytes > DENSEST * len(data):
            raise FormatError(
                f"{len(data):,} bytes cannot hold the {n_bytes:,} that its array's metadata says"
            )
        held: Any = data
        for undo in self._undo:
            try:
                held = undo(held)
            except FormatError:
                raise
            except ImportError:
                raise
            except DAMAGE as error:
                raise FormatError(
                    f"it cannot be decoded: {str(error)[:200] or type(error).__name__}"
                ) from None
        found: Values = held
        return found


def pipeline(node: ArrayNode) -> Pipeline:
    """What undoes the codecs of an array of numbers.

    Raises
    ------
    FormatError
        One is not known.
    """
    assert node.dtype is not None
    if node.version == 2:
        return _of_v2(node, node.dtype)
    return _of_v3(node.codecs, node.chunks, node.dtype, node.fill)


def _of_v2(node: ArrayNode, dtype: np.dtype[Any]) -> Pipeline:
    size = prod(node.chunks) * dtype.itemsize
    undo: list[Undo] = [lambda held: _values(held, node.chunks, dtype, node.order)]
    for codec in node.codecs:
        step = _numcodec(codec.get("id"), codec, size)
        undo.insert(0, step.undo)
        size = step.bound(size)
    return Pipeline(node.chunks, size, not node.codecs, None, dtype, tuple(undo))


def _of_v3(codecs: Sequence[Json], shape: tuple[int, ...], dtype: np.dtype[Any], fill: Any) -> Pipeline:
    """Codecs in three stretches: of values, from values to bytes, and of bytes."""
    undo: list[Undo] = []
    size, inner_shape, inner_type = prod(shape) * dtype.itemsize, shape, dtype
    serial: str | None = None
    sharding: Sharding | None = None
    for codec in codecs:
        name, said = codec["name"], codec["configuration"]
        if name in ("bytes", "sharding_indexed"):
            if serial is not None:
                raise FormatError(f"it lists both {serial} and {name} among its codecs")
            serial = name
            if name == "bytes":
                undo.insert(0, _serial(said, inner_shape, inner_type))
                size = prod(inner_shape) * inner_type.itemsize
            else:
                sharding = _sharding(said, inner_shape, inner_type, fill)
                undo.insert(0, sharding.decode)
                size = sharding.most
        elif name == "transpose":
            if serial is not None:
                raise FormatError("it lists transpose behind what makes bytes")
            order = _order(said.get("order"), len(inner_shape))
            undo.insert(0, _turned(order))
            inner_shape = tuple(inner_shape[i] for i in order)
        elif name == "crc32c":
            undo.insert(0, lambda held: checked_crc32c(bytes(held)))
            size += 4
        else:
            key = name.removeprefix("numcodecs.")
            if key in FILTERS and serial is None and key != "packbits":
                made, inner_type = _filter(key, said, inner_shape, inner_type)
                undo.insert(0, made)
            elif serial is None or key in FILTERS:
                raise _unknown(name)
            else:
                if key == "shuffle":
                    said = {"elementsize": dtype.itemsize, **{k: v for k, v in said.items() if v is not None}}
                step = _numcodec(
                    key if name != key or key in ("gzip", "zstd", "blosc") else None, said, size, name
                )
                undo.insert(0, step.undo)
                size = step.bound(size)
    if serial is None:
        raise FormatError("none of its codecs makes bytes of values")
    alone = sharding if len(codecs) == 1 else None
    return Pipeline(shape, size, len(codecs) == 1 and sharding is None, alone, dtype, tuple(undo))


def _numcodec(key: Any, said: Mapping[str, Any], size: int, name: Any = None) -> Step:
    """A codec of numcodecs that gives at most so many bytes."""
    if not isinstance(key, str):
        raise _unknown(key if name is None else name)
    if key in COMPRESSORS:
        if key == "lzma" and said.get("format", 1) == 3:
            raise FormatError("its codec is lzma without a header, which is not read")
        decompress = COMPRESSORS[key]
        return Step(lambda held: decompress(bytes(held), size))
    if key not in (*PLAIN, *FILTERS):
        raise _unknown(key if name is None else name)
    _check_dtypes(said)
    configuration = {**said, "id": key}
    # Those of values may make other types of them; nobody makes more than 16 bytes of one.
    return Step(lambda held: by_numcodecs(configuration, held), 16 if key in FILTERS else 1)


def _filter(
    key: str, said: Mapping[str, Any], shape: tuple[int, ...], dtype: np.dtype[Any]
) -> tuple[Undo, np.dtype[Any]]:
    """A codec of values in version 3, and the type that it makes of them."""
    _check_dtypes(said)
    native = dtype.newbyteorder("=")
    configuration = {**{k: v for k, v in said.items() if v is not None}, "id": key}
    if key in ("delta", "fixedscaleoffset", "quantize"):
        configuration.setdefault("dtype", native.str)
    if key == "astype":
        configuration.setdefault("decode_dtype", native.str)
    made = numeric(configuration.get("encode_dtype" if key == "astype" else "astype")) or native

    def undo(held: Any) -> Values:
        found = np.asarray(by_numcodecs(configuration, held))
        return found.reshape(shape)

    return undo, made if key in ("delta", "fixedscaleoffset", "astype") else native


def _check_dtypes(said: Mapping[str, Any]) -> None:
    for name in DTYPES:
        if said.get(name) is not None and numeric(said[name]) is None:
            raise FormatError(
                f"one of its codecs has the {name} {str(said[name])[:40]!r}, which is none of numbers"
            )


def _serial(said: Mapping[str, Any], shape: tuple[int, ...], dtype: np.dtype[Any]) -> Undo:
    endian = said.get("endian", "little" if dtype.itemsize == 1 else None)
    if endian not in ("little", "big"):
        raise FormatError(f"its codec bytes has the endian {str(endian)[:40]!r}, neither little nor big")
    stored = dtype.newbyteorder("<" if endian == "little" else ">")
    return lambda held: _values(held, shape, stored, "C")


def _values(held: Any, shape: tuple[int, ...], dtype: np.dtype[Any], order: Any) -> Values:
    """Values that bytes hold."""
    if isinstance(held, np.ndarray):
        held = np.ascontiguousarray(held)
    view = memoryview(held).cast("B")
    if len(view) != prod(shape) * dtype.itemsize:
        raise FormatError(f"it holds {len(view):,} bytes instead of {prod(shape) * dtype.itemsize:,}")
    return np.frombuffer(view, dtype).reshape(shape, order=order)


def _order(said: Any, count: int) -> tuple[int, ...]:
    if said in ("C", "F"):  # as drafts of version 3 had it
        return tuple(range(count)) if said == "C" else tuple(range(count))[::-1]
    if (
        not isinstance(said, list)
        or not all(type(n) is int for n in said)
        or sorted(said) != list(range(count))
    ):
        raise FormatError(f"its codec transpose has the order {str(said)[:60]}, and there are {count} axes")
    return tuple(said)


def _turned(order: tuple[int, ...]) -> Undo:
    back = tuple(int(i) for i in np.argsort(order))
    return lambda held: np.asarray(held).transpose(back)


def _sharding(said: Mapping[str, Any], shape: tuple[int, ...], dtype: np.dtype[Any], fill: Any) -> Sharding:
    chunks = said.get("chunk_shape")
    if not isinstance(chunks, list) or not all(type(n) is int and 0 < n < 2**62 for n in chunks):
        raise FormatError(f"its shards hold chunks of the shape {str(chunks)[:60]}")
    if len(chunks) != len(shape):
        raise FormatError(f"its shards of {shape} hold chunks of {tuple(chunks)}")
    place = said.get("index_location", "end")
    if place not in ("start", "end"):
        raise FormatError(f"the index of its shards is at {str(place)[:40]!r}, neither start nor end")
    names = [(one.get("name"), one.get("configuration") or {}) if isinstance(one, dict) else (one, {})
             for one in _listed(said.get("index_codecs"), "index_codecs")]  # fmt: skip
    if [name for name, _ in names] not in (["bytes"], ["bytes", "crc32c"]):
        raise FormatError(
            f"the index of its shards is stored by {str([n for n, _ in names])[:80]}, which is not known"
        )
    endian = names[0][1].get("endian") if isinstance(names[0][1], dict) else None
    if endian not in ("little", "big"):
        raise FormatError(f"the index of its shards has the endian {str(endian)[:40]!r}")
    codecs = []
    for one in _listed(said.get("codecs"), "codecs of chunks in shards"):
        found = {"name": one} if isinstance(one, str) else one
        if not isinstance(found, dict) or not isinstance(found.get("name"), str):
            raise FormatError("a codec of the chunks in its shards has no name")
        configuration = found.get("configuration", {})
        codecs.append(
            {"name": found["name"], "configuration": configuration if isinstance(configuration, dict) else {}}
        )
    inner = _of_v3(codecs, tuple(chunks), dtype, fill)
    return Sharding(
        shape, tuple(chunks), inner, dtype, fill, endian == "big", len(names) == 2, place == "start"
    )


def _listed(said: Any, what: str) -> list[Any]:
    if not isinstance(said, list) or not said:
        raise FormatError(f"its {what} are no list")
    return said


def _unknown(name: Any) -> FormatError:
    known = ", ".join(sorted({*COMPRESSORS, *PLAIN, *FILTERS, "transpose", "sharding_indexed"}))
    return FormatError(
        f"it is stored by the codec {str(name)[:60]!r}, which is not known here; known are {known}"
    )
