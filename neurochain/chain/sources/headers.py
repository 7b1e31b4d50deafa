"""Headers: their columns, and many of them as flat columns."""

import hashlib
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any

import polars as pl

from neurochain import formats
from neurochain.chain.expressions import catalogue, jsonkeys
from neurochain.chain.expressions.jsonkeys import readable
from neurochain.chain.sources import rows as header_rows
from neurochain.chain.sources.rows import IDENTIFIERS, Block
from neurochain.chain.values.nested import nested_series
from neurochain.chain.values.records import record_type
from neurochain.datasets.environment import package_version
from neurochain.datasets.hidden import READS, READS_TYPE
from neurochain.datasets.schema import Schema
from neurochain.datasets.types import Field, Json, Record, Scalar

SHAPES = "shapes"  # hidden column of the header parts: the keys of the row's JSON texts


@lru_cache(maxsize=2)
def header_schema(identified: bool = False) -> Schema:
    """Columns that a file's header gives: the same for every file, whatever it contains.

    Parameters
    ----------
    identified : bool
        With the column of identifiers.
    """
    # Every file has a header and a path; a format's own record is null for files of another.
    required = ("header", "bids")
    fields = [
        Field(name, replace(record_type(model), required=name in required))
        for name, model in formats.RECORDS.items()
    ]
    texts = ["sidecar", *([IDENTIFIERS] if identified else [])]
    return Schema([*fields, *(Field(name, Json(None)) for name in texts)])


@lru_cache(maxsize=2)
def stored_schema(identified: bool = False) -> Schema:
    """Columns of the header parts."""
    return Schema([*header_schema(identified).values(), Field(SHAPES, Scalar("string"))])


@lru_cache(maxsize=1)
def reader_fingerprint() -> str:
    """Identity of the code that reads headers: its source, and the packages that it leans on.

    Whole files count, comments too: coarser than a function's fingerprint, and 1 ms instead of 300.
    """
    digest = hashlib.blake2b(digest_size=16)
    extras = [
        name for name in ("h5py", "av") if find_spec(name) is not None
    ]  # without, some headers are errors
    packages = f"pydicom {package_version('pydicom')} numpy {package_version('numpy')} {' '.join(extras)}"
    digest.update(f"{sys.version_info[:2]} {packages}".encode())
    modules = (header_rows, catalogue, jsonkeys)
    own = {Path(__file__), *(Path(str(module.__file__)) for module in modules)}
    for file in sorted({*Path(formats.__file__).parent.rglob("*.py"), *own}):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    for one in formats.installed_formats():
        digest.update(b"\0" + one.identity)
    return digest.hexdigest()


def header_frame(blocks: Sequence[Block], identified: bool = False) -> pl.DataFrame:
    """Blocks as the flat columns of the header parts, with what was read for each row."""
    columns = [nested_series(READS, _joined("reads", blocks), READS_TYPE)]
    nulls: dict[Any, pl.Series] = {}
    for leaf, dtype, is_json in _leaves(identified):
        if not any(leaf in block for block in blocks):  # most fields of most records
            if dtype not in nulls:
                nulls[dtype] = pl.Series([None], dtype=dtype).new_from_index(0, len(columns[0]))
            columns.append(nulls[dtype].alias(leaf))
            continue
        values = _joined(leaf, blocks)
        columns.append(nested_series(leaf, readable(values) if is_json else values, dtype))
    return pl.DataFrame(columns)


@lru_cache(maxsize=2)
def _leaves(identified: bool) -> list[tuple[str, Any, bool]]:
    """Columns of the header parts with their dtypes, and whether they hold JSON texts."""
    found = []
    for field in stored_schema(identified).values():
        fields = field.type.fields if isinstance(field.type, Record) else (field,)
        are_json = [isinstance(one.type, Json) for one in fields]
        found += [(*leaf, is_json) for leaf, is_json in zip(field.leaves(), are_json, strict=True)]
    return found


def _joined(name: str, blocks: Sequence[Block]) -> list[Any]:
    """Values of a column, of all blocks."""
    return [*chain.from_iterable(block.get(name) or [None] * len(block["number"]) for block in blocks)]
