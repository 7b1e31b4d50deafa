"""Bytecode: what a code object does, whatever its layout.

The compiler leaves line breaks in the bytecode: no-ops that carry a line, jumps that were or were not joined,
and, in Python 3.13, pairs of instructions that are fused only when they stand on one line. Here instructions are
listed in the order in which control can reach them, jumps lead to ordinals, and fused pairs are split, so that
the same meaning gives the same list. Names of local variables become ordinals as well.

The format is CPython's (`dis` documentation, ``Objects/exception_handling_notes.txt``), 3.11 to 3.13.
"""

import dis
import sys
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass
from types import CodeType
from typing import NamedTuple

from neurochain.chain.fingerprint.encoding import pack

__all__ = ["Constant", "Instruction", "Stream", "decode", "normalise"]

_UNCONDITIONAL = {"JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT", "JUMP_ABSOLUTE"}
_ENDS = {"RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE"}
_FUSED = {
    "LOAD_FAST_LOAD_FAST": ("LOAD_FAST", "LOAD_FAST"),
    "STORE_FAST_LOAD_FAST": ("STORE_FAST", "LOAD_FAST"),
    "STORE_FAST_STORE_FAST": ("STORE_FAST", "STORE_FAST"),
}
_CONST = {dis.opname[op] for op in dis.hasconst}
_NAME = {dis.opname[op] for op in dis.hasname}
_LOCAL = {dis.opname[op] for op in (*dis.haslocal, *dis.hasfree)}
_RELATIVE = {dis.opname[op] for op in dis.hasjrel}
_BACKWARD = {op for op in _RELATIVE if "BACKWARD" in op}
# The compiler chooses between a test and its opposite by the layout: one of the two stands for both.
_INVERTED = {"POP_JUMP_IF_TRUE": "POP_JUMP_IF_FALSE", "POP_JUMP_IF_NOT_NONE": "POP_JUMP_IF_NONE"}
# Low bits of the argument of a name instruction that say how it is called, not which name it is.
_FLAG_BITS = {"LOAD_GLOBAL": 1}
if sys.version_info >= (3, 12):
    _FLAG_BITS |= {"LOAD_ATTR": 1, "LOAD_SUPER_ATTR": 2}
# What a class body stores about its own text.
_TEXT_NAMES = {"__doc__", "__firstlineno__", "__static_attributes__", "__qualname__", "__module__"}
# *args, **kwargs, generator, coroutine, iterable coroutine, asynchronous generator.
_MEANING_FLAGS = 0x04 | 0x08 | 0x20 | 0x80 | 0x100 | 0x200
_OPTIMIZED = 0x01


class Instruction(NamedTuple):
    """One instruction: `value` is the name or the constant that its argument stands for."""

    offset: int
    op: str
    arg: int
    value: object
    end: int


class Constant(NamedTuple):
    """A constant that an instruction loads, with its line."""

    value: object
    line: int | None


@dataclass(frozen=True, slots=True)
class Stream:
    """The meaning of a code object without the values of its constants and without nested code."""

    digest: bytes
    constants: list[Constant]
    nested: list[CodeType]


def decode(code: CodeType) -> list[Instruction]:
    """Instructions of a code object, without those that only keep lines, caches or text."""
    found: list[Instruction] = []
    raw, consts, names = code.co_code, code.co_consts, code.co_names
    opname, size = dis.opname, len(code.co_code)
    start, extended, position = 0, 0, 0
    while position < size:
        op, arg = opname[raw[position]], raw[position + 1] | extended
        position += 2
        if op == "EXTENDED_ARG":
            extended = arg << 8
            continue
        while position < size and raw[position] == 0:  # CACHE
            position += 2
        extended = 0
        if op in _FUSED:
            for half, name in enumerate(_FUSED[op]):
                variable = code._varname_from_oparg((arg >> 4, arg & 15)[half])  # type: ignore[attr-defined]
                found.append(Instruction(start + half, name, arg, variable, position))
        elif op != "NOP":
            value: object = None
            if op in _CONST:
                value = consts[arg]
            elif op in _NAME:
                value = names[arg >> _FLAG_BITS.get(op, 0)]
            elif op in _LOCAL:
                value = code._varname_from_oparg(arg)  # type: ignore[attr-defined]
            found.append(Instruction(start, op, arg, value, position))
        start = position
    return found if code.co_flags & _OPTIMIZED else _without_text(found)


def _without_text(body: list[Instruction]) -> list[Instruction]:
    """A class or module body without the storing of its docstring, its name and its line."""
    kept: list[Instruction] = []
    for instruction in body:
        stores_text = instruction.op == "STORE_NAME" and instruction.value in _TEXT_NAMES
        if stores_text and kept and kept[-1].op in ("LOAD_CONST", "LOAD_NAME"):
            kept.pop()
        else:
            kept.append(instruction)
    return kept


class _Handler(NamedTuple):
    start: int
    end: int
    target: int
    depth: int


def _handlers(code: CodeType) -> list[_Handler]:
    """The exception table: six bits a byte, bit 6 continues a number, bit 7 starts an entry."""
    numbers: list[int] = []
    going = False
    for byte in code.co_exceptiontable:
        if going:
            numbers[-1] = numbers[-1] << 6 | byte & 63
        else:
            numbers.append(byte & 63)
        going = bool(byte & 64)
    entries = zip(*[iter(numbers)] * 4, strict=True)
    return [_Handler(2 * a, 2 * (a + size), 2 * target, depth) for a, size, target, depth in entries]


def normalise(code: CodeType, body: list[Instruction], local_names: bool = False) -> Stream:
    """List the instructions by the order in which control reaches them.

    Parameters
    ----------
    code : CodeType
        The code object.
    body : list of Instruction
        What `decode` gave for it.
    local_names : bool
        Whether the names of local variables count, since something like ``locals()`` reads them.
    """
    order, jumps, catches = _reachable(body, _handlers(code))
    position = {index: place for place, index in enumerate(order) if index >= 0}
    lines = _Lines(code)
    constants: list[Constant] = []
    nested: list[CodeType] = []
    arguments = _argument_names(code)
    ordinals = {name: f"arg {place}" for place, name in enumerate(arguments)}
    tokens: list[str] = [
        f"{code.co_argcount} {code.co_posonlyargcount} {code.co_kwonlyargcount}",
        f"{code.co_flags & _MEANING_FLAGS}",
        " ".join(arguments),
    ]
    caught: object = None
    for index in order:
        if index < 0:
            tokens.append(f"go {position[~index]}")
            continue
        _, op, arg, value, _ = body[index]
        token = f"{op} {arg}"
        if op in _CONST:
            if isinstance(value, CodeType):
                token = f"{op} code"
                nested.append(value)
            elif value is None or value is Ellipsis:
                token = f"{op} {value}"
            else:
                token = f"{op} constant"
                constants.append(Constant(value, lines[body[index].offset]))
        elif op in _NAME:
            token = f"{op} {arg & _FLAG_BITS.get(op, 0) and arg & (1 << _FLAG_BITS[op]) - 1} {value}"
        elif op in _LOCAL:
            if local_names or value in code.co_freevars:
                token = f"{op} {value}"
            else:
                token = f"{op} {ordinals.setdefault(str(value), f'local {len(ordinals)}')}"
        elif index in jumps:
            token = f"{_INVERTED.get(_undirected(op), _undirected(op))} to {position[jumps[index]]}"
        catch = catches.get(index)
        if catch != caught:
            caught = catch
            token += " uncaught" if catch is None else f" caught {position[catch[0]]} {catch[1]}"
        tokens.append(token)
    return Stream(pack("code", ["\n".join(tokens).encode()]), constants, nested)


def _undirected(op: str) -> str:
    return op.replace("FORWARD_", "").replace("BACKWARD_", "")


def _argument_names(code: CodeType) -> tuple[str, ...]:
    count = code.co_argcount + code.co_kwonlyargcount
    count += bool(code.co_flags & 0x04) + bool(code.co_flags & 0x08)
    # A comprehension's argument is called ".0" in every version; other names can be used by keyword.
    return code.co_varnames[:count]


def _reachable(
    body: list[Instruction], table: list[_Handler]
) -> tuple[list[int], dict[int, int], dict[int, tuple[int, int]]]:
    """Order of the instructions (``~i`` says: go on at i), targets of jumps, handlers."""
    offsets = [instruction.offset for instruction in body]
    targets: dict[int, int] = {}
    for index, (_, op, arg, _, end) in enumerate(body):
        if op in _RELATIVE:
            where = end + 2 * (-arg if op in _BACKWARD else arg)
            # A removed instruction hands its place to the next one that is kept.
            targets[index] = bisect_right(offsets, where - 1)

    def follow(index: int) -> int:
        steps = 0
        while body[index].op in _UNCONDITIONAL and steps < len(body):
            index, steps = targets[index], steps + 1
        return index

    order: list[int] = []
    placed: set[int] = set()
    jumps: dict[int, int] = {}
    catches: dict[int, tuple[int, int]] = {}
    waiting = deque([follow(0)])
    while waiting:
        index = waiting.popleft()
        if index in placed:
            continue
        while index not in placed:
            placed.add(index)
            order.append(index)
            for start, end, target, depth in table:
                if start <= offsets[index] < end:
                    catches[index] = (follow(bisect_right(offsets, target - 1)), depth)
                    waiting.append(catches[index][0])
                    break
            following = index + 1
            if index in targets:
                target = targets[index]
                if _undirected(body[index].op) in _INVERTED:
                    following, target = target, following
                jumps[index] = follow(target)
                waiting.append(jumps[index])
            # A loop without any instruction but its jump has nowhere else to go.
            if body[index].op in _ENDS or body[index].op in _UNCONDITIONAL:
                break
            index = follow(following)
        else:
            order.append(~index)
    return order, jumps, catches


class _Lines:
    """Lines of offsets, read only when asked."""

    def __init__(self, code: CodeType) -> None:
        self._code = code
        self._starts: list[int] | None = None
        self._lines: list[int | None] = []

    def __getitem__(self, offset: int) -> int | None:
        if self._starts is None:
            table = list(self._code.co_lines())
            self._starts = [start for start, _, _ in table]
            self._lines = [line for _, _, line in table]
        return self._lines[bisect_right(self._starts, offset) - 1]
