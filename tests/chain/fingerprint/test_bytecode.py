"""Layout has no part in the meaning: real modules, written again by `ast.unparse`, give the same streams."""

import ast
import asyncio.base_events
import dataclasses
import json.decoder
import statistics
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import pytest

from neurochain.chain.fingerprint.bytecode import decode, normalise


def codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes(constant)


def meaning(code: CodeType) -> tuple[bytes, list[Any]]:
    stream = normalise(code, decode(code))
    return stream.digest, [constant.value for constant in stream.constants]


@pytest.mark.parametrize(
    "module",
    [asyncio.base_events, dataclasses, json.decoder, statistics, tempfile, textwrap],
    ids=lambda module: module.__name__,
)
def test_layout_has_no_part_in_the_meaning(module: ModuleType) -> None:
    text = Path(str(module.__file__)).read_text(encoding="utf-8")
    written = list(codes(compile(text, "a", "exec", dont_inherit=True)))
    again = list(codes(compile(ast.unparse(ast.parse(text)), "b", "exec", dont_inherit=True)))
    differ = [a.co_qualname for a, b in zip(written, again, strict=True) if meaning(a) != meaning(b)]
    # Python 3.11 joins a chain of `and` and `or` differently when it stands on one line: 2 of 2,414 functions.
    assert len(differ) <= len(written) // 100, differ


def test_the_same_stream_is_the_same_bytecode() -> None:
    text = Path(str(statistics.__file__)).read_text(encoding="utf-8")
    found: dict[tuple[bytes, str], CodeType] = {}
    for code in codes(compile(text, "a", "exec", dont_inherit=True)):
        digest, constants = meaning(code)
        other = found.setdefault((digest, repr((constants, code.co_consts))), code)
        assert other.co_code == code.co_code, (other.co_qualname, code.co_qualname)
