"""Nodes of a Zarr tree: what the metadata of a group or an array says, checked.

Sources: https://zarr-specs.readthedocs.io/en/latest/v3/core/index.html and
https://zarr-specs.readthedocs.io/en/latest/v2/v2.0.html.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Literal

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.arrays.slicing import check_shape
from neurochain.formats.zarr.dtypes import dtype_v2, dtype_v3, fill_value

__all__ = ["ArrayNode", "Group", "Json", "Node", "parsed", "plain_text", "v2_array", "v2_group", "v3_node"]

Json = dict[str, Any]
MOST_AXES = 32
LARGEST_CHUNK = 2**31  # bytes that are decoded at once
DEEPEST = 64  # objects within one another
LONGEST_TEXT = 1000  # characters of a name
UNDERSTOOD = {"zarr_format", "node_type", "shape", "data_type", "chunk_grid", "chunk_key_encoding", "fill_value", "codecs",
              "attributes", "dimension_names", "storage_transformers", "consolidated_metadata"}  # fmt: skip


@dataclass(frozen=True)
class Group:
    """Node that holds others.

    Attributes
    ----------
    version : {2, 3}
        Of the format.
    attributes : dict
    """

    version: Literal[2, 3]
    attributes: Json


@dataclass(frozen=True)
class ArrayNode:
    """Node that is an array.

    Attributes
    ----------
    version : {2, 3}
        Of the format.
    attributes : dict
    shape : tuple of int
    chunks : tuple of int
        Of what one object holds: a chunk, or a shard of several.
    dtype : dtype or None
        As stored where the version says the byte order; None for what holds no numbers.
    type_name : str
        ``"uint16"``, or what else it holds.
    fill : NumPy scalar or None
        Value of what was never written.
    codecs : tuple of dict
        Of version 3: in the order in which they were applied. Of version 2: the filters, then the compressor, each with
        its ``id``.
    order : {"C", "F"}
        Of the values in a chunk; always C in version 3.
    names : tuple of str, or None
        Of the axes.
    keys : {"default", "v2"}
        How chunks are named.
    separator : str
        Between the numbers in their names.
    """

    version: Literal[2, 3]
    attributes: Json
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    dtype: np.dtype[Any] | None
    type_name: str
    fill: Any
    codecs: tuple[Json, ...]
    order: Literal["C", "F"] = "C"
    names: tuple[str, ...] | None = None
    keys: Literal["default", "v2"] = "default"
    separator: Literal["/", "."] = "/"

    @property
    def inner(self) -> tuple[int, ...]:
        """Shape of what is decoded at once: of the chunks in a shard, where what one object holds is a shard."""
        if self.version == 3 and len(self.codecs) == 1 and self.codecs[0]["name"] == "sharding_indexed":
            said = self.codecs[0]["configuration"].get("chunk_shape")
            if (
                isinstance(said, list)
                and len(said) == len(self.shape)
                and all(type(n) is int and n > 0 for n in said)
            ):
                return tuple(said)
        return self.chunks

    def key(self, place: Sequence[int]) -> str:
        """Path of a chunk, or shard, below the array."""
        numbers = self.separator.join(map(str, place))
        if self.keys == "v2":
            return numbers or "0"
        return f"c{self.separator}{numbers}" if numbers else "c"


Node = Group | ArrayNode


def parsed(text: bytes, name: str) -> Json:
    """Object that a text of JSON holds.

    Raises
    ------
    FormatError
        It is none.
    """
    try:
        found = json.loads(text)
    except UnicodeDecodeError as error:
        raise FormatError(f"{name} is no JSON: byte {error.start:,} is not of UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{name} is no JSON: {str(error)[:200]}") from None
    if not isinstance(found, dict):
        raise FormatError(f"{name} holds no JSON object")
    if _depth(found) > DEEPEST:
        raise FormatError(f"{name} holds objects more than {DEEPEST} deep")
    return found


def plain_text(said: Any) -> str | None:
    """A text that can be stored; None for anything else, or an empty one."""
    if not isinstance(said, str) or not said or len(said) > LONGEST_TEXT:
        return None
    return said.encode("utf-8", "replace").decode()


def v3_node(said: Mapping[str, Any]) -> Node:
    """Node of version 3, from its ``zarr.json``.

    Raises
    ------
    FormatError
        It is none, or one that is stored in a way which nobody here knows.
    """
    if said.get("zarr_format") != 3:
        raise FormatError(f"its zarr_format is {_shown(said.get('zarr_format'))}, in the place of 3")
    attributes = said.get("attributes", {})
    attributes = attributes if isinstance(attributes, dict) else {}
    kind = said.get("node_type")
    if kind == "group":
        return Group(3, attributes)
    if kind != "array":
        raise FormatError(f"its node_type is {_shown(kind)}, neither group nor array")
    strange = [name for name, value in said.items() if name not in UNDERSTOOD and not _may_be_left_out(value)]
    if strange or said.get("storage_transformers"):
        raise FormatError(
            f"it is stored with {', '.join(map(_shown, strange)) or 'storage_transformers'}, which is not known"
        )
    shape, chunks = _shape(said.get("shape"), "shape"), _regular(said.get("chunk_grid"))
    dtype, name = dtype_v3(said.get("data_type"))
    codecs = said.get("codecs")
    if not isinstance(codecs, list) or not codecs:
        raise FormatError("it lists no codecs")
    encoding = _named(said.get("chunk_key_encoding"), "chunk_key_encoding")
    keys = encoding["name"]
    if keys not in ("default", "v2"):
        raise FormatError(f"its chunks are named by {_shown(keys)}, which is not known")
    node = ArrayNode(
        3,
        attributes,
        shape,
        _checked(shape, chunks, dtype),
        dtype,
        name,
        None if dtype is None else fill_value(said.get("fill_value"), dtype),
        tuple(_named(codec, "codec") for codec in codecs),
        names=_names(said.get("dimension_names"), len(shape)),
        keys=keys,
        separator=_separator(encoding["configuration"].get("separator", "/" if keys == "default" else ".")),
    )
    return _sized(node)


def v2_group(said: Any, attributes: Json | None) -> Group:
    """Group of version 2, from its ``.zgroup`` and its ``.zattrs``.

    Raises
    ------
    FormatError
        It is none.
    """
    version = said.get("zarr_format") if isinstance(said, dict) else None
    if version != 2:
        raise FormatError(f"its zarr_format is {_shown(version)}, in the place of 2")
    return Group(2, attributes or {})


def v2_array(said: Mapping[str, Any], attributes: Json | None) -> ArrayNode:
    """Array of version 2, from its ``.zarray`` and its ``.zattrs``.

    Raises
    ------
    FormatError
        It is none.
    """
    if said.get("zarr_format") != 2:
        raise FormatError(f"its zarr_format is {_shown(said.get('zarr_format'))}, in the place of 2")
    shape, chunks = _shape(said.get("shape"), "shape"), _shape(said.get("chunks"), "chunks")
    dtype, name = dtype_v2(said.get("dtype"))
    order = said.get("order", "C")
    if order not in ("C", "F"):
        raise FormatError(f"its order is {_shown(order)}, neither C nor F")
    filters, compressor = said.get("filters") or [], said.get("compressor")
    if not isinstance(filters, list) or not all(isinstance(one, dict) for one in filters):
        raise FormatError("its filters are no list of objects")
    if compressor is not None and not isinstance(compressor, dict):
        raise FormatError("its compressor is no object")
    attributes = attributes or {}
    node = ArrayNode(
        2,
        attributes,
        shape,
        _checked(shape, chunks, dtype),
        dtype,
        name,
        None if dtype is None else fill_value(said.get("fill_value"), dtype),
        (*filters, *([] if compressor is None else [compressor])),
        order,
        _names(attributes.get("_ARRAY_DIMENSIONS"), len(shape)),
        "v2",
        _separator(said.get("dimension_separator", ".")),
    )
    return _sized(node)


def _checked(shape: tuple[int, ...], chunks: tuple[int, ...], dtype: np.dtype[Any] | None) -> tuple[int, ...]:
    """Chunks of an array, if they may be."""
    if len(chunks) != len(shape):
        raise FormatError(f"its chunks have {len(chunks)} axes, and its shape {len(shape)}")
    itemsize = 1 if dtype is None else dtype.itemsize
    check_shape(shape, itemsize)
    chunks = tuple(c if n or c else 1 for n, c in zip(shape, chunks, strict=True))
    if not all(chunks):
        raise FormatError(f"its chunks have the shape {_by(chunks)}")
    return chunks


def _sized(node: ArrayNode) -> ArrayNode:
    """An array, if its chunks are no larger than may be."""
    n_bytes = prod(node.inner) * (1 if node.dtype is None else node.dtype.itemsize)
    if n_bytes > LARGEST_CHUNK:
        raise FormatError(
            f"its chunks have the shape {_by(node.inner)}, {n_bytes:,} bytes; up to {LARGEST_CHUNK:,} are read"
        )
    return node


def _shape(said: Any, what: str) -> tuple[int, ...]:
    if not isinstance(said, list) or len(said) > MOST_AXES:
        raise FormatError(f"its {what} is no list of up to {MOST_AXES} numbers")
    if not all(type(n) is int and 0 <= n < 2**62 for n in said):
        raise FormatError(f"its {what} is {_shown(said)}")
    return tuple(said)


def _regular(said: Any) -> tuple[int, ...]:
    grid = _named(said, "chunk_grid")
    if grid["name"] != "regular":
        raise FormatError(f"its chunk_grid is {_shown(grid['name'])}; regular ones are read")
    return _shape(grid["configuration"].get("chunk_shape"), "chunk_shape")


def _named(said: Any, what: str) -> Json:
    """A name with its configuration, which may be left out."""
    found = {"name": said} if isinstance(said, str) else said
    if not isinstance(found, dict) or not isinstance(found.get("name"), str):
        raise FormatError(f"its {what} has no name")
    configuration = found.get("configuration", {})
    if not isinstance(configuration, dict):
        raise FormatError(f"its {what} {_shown(found['name'])} has no configuration that is an object")
    return {"name": found["name"], "configuration": configuration}


def _names(said: Any, count: int) -> tuple[str, ...] | None:
    """Names of axes; those that have none are numbered."""
    found = [plain_text(name) for name in said] if isinstance(said, list) and len(said) == count else []
    return tuple(name or f"dim{i + 1}" for i, name in enumerate(found)) if any(found) else None


def _separator(said: Any) -> Literal["/", "."]:
    if said == "/":
        return "/"
    if said == ".":
        return "."
    raise FormatError(
        f"the numbers in the names of its chunks are separated by {_shown(said)}, neither '/' nor '.'"
    )


def _may_be_left_out(value: Any) -> bool:
    return isinstance(value, dict) and value.get("must_understand") is False


def _depth(value: Any) -> int:
    deepest, pending = 0, [(value, 1)]
    while pending:
        one, depth = pending.pop()
        deepest = max(deepest, depth)
        inner = one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        pending += [(other, depth + 1) for other in inner if isinstance(other, dict | list)]
    return deepest


def _by(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape)) or "()"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
