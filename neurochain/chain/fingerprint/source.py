"""Source: the text of a function or a class, for people and for making it again. Never part of the digest."""

import ast
import linecache
import os
import symtable
import textwrap
import time
from functools import lru_cache
from types import CodeType, FunctionType

from neurochain.chain.fingerprint.bytecode import decode, normalise

__all__ = ["class_source", "code_source", "imported_names", "line_of"]

# A file that is younger than this process may say something else than what was imported.
_STARTED = time.time()

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda


def line_of(filename: str, line: int | None) -> str | None:
    """``file:line``, the file relative to the working directory where it lies below it."""
    if line is None or filename == "<string>":
        return None
    here = os.path.join(os.path.realpath(os.curdir), "")
    path = filename if filename.startswith("<") else os.path.realpath(filename)
    return f"{path.removeprefix(here)}:{line}"


def code_source(code: CodeType) -> tuple[str | None, bool]:
    """Source text of a function's code.

    Returns
    -------
    text : str or None
        Dedented; of a lambda the lambda alone, or its statement where a line holds several. None where
        there is none.
    changed : bool
        Whether the file was edited after it was imported, so that it no longer shows what runs.
    """
    file = _read(code.co_filename)
    if file is None:
        return None, False
    text, young = file
    parsed = _parse(text)
    if parsed is None:
        return None, young
    if young and not _is_still_there(code, text):
        return None, True
    nodes = parsed.get(code.co_firstlineno, [])
    if code.co_name == "<lambda>":
        return _lambda(code, text, nodes), False
    for node in nodes:
        if not isinstance(node, ast.Lambda) and node.name == code.co_name:
            return _lines(text, code.co_firstlineno, node.end_lineno), False
    return None, False


def class_source(cls: type, filename: str | None, sure: bool = True) -> tuple[str | None, int | None]:
    """Source text and first line of a class; None where it cannot be found, or not with certainty.

    A file that is younger than this process may say something else than what was imported: its text is only given
    where nobody needs to be `sure`.
    """
    file = _read(filename) if filename is not None else None
    parsed = _parse(file[0]) if file is not None else None
    if file is None or parsed is None:
        return None, None
    found = [
        (line, node)
        for line, nodes in parsed.items()
        for node in nodes
        if isinstance(node, ast.ClassDef) and node.name == cls.__name__
    ]
    if len(found) > 1:
        # Several classes of one name: the one that holds one of the methods.
        lines = [f.__code__.co_firstlineno for f in vars(cls).values() if isinstance(f, FunctionType)]
        found = [(a, n) for a, n in found if any(a < line <= (n.end_lineno or a) for line in lines)]
    if len(found) != 1:
        return None, None
    line, node = found[0]
    return (None if file[1] and sure else _lines(file[0], line, node.end_lineno)), line


def imported_names(filename: str | None) -> frozenset[str]:
    """Names that a file binds by imports at its top: the compiler calls their functions in another way."""
    file = _read(filename) if filename is not None else None
    return _imported(file[0]) if file is not None else frozenset()


@lru_cache(maxsize=64)
def _imported(text: str) -> frozenset[str]:
    try:
        table = symtable.symtable(text, "<source>", "exec")
    except (SyntaxError, ValueError):
        return frozenset()
    return frozenset(symbol.get_name() for symbol in table.get_symbols() if symbol.is_imported())


def _read(filename: str) -> tuple[str, bool] | None:
    """Text of a file or of a notebook's cell, and whether it is younger than this process."""
    linecache.checkcache(filename)
    lines = linecache.getlines(filename)
    if not lines:
        return None
    try:
        young = os.stat(filename).st_mtime > _STARTED
    except OSError:
        young = False
    return "".join(lines), young


# Keyed by the text itself, so that an edited file is never taken for the old one.
@lru_cache(maxsize=64)
def _parse(text: str) -> dict[int, list[_Definition]] | None:
    """Definitions by their first line, which is that of the first decorator."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return None
    found: dict[int, list[_Definition]] = {}
    for node in ast.walk(tree):
        if isinstance(node, _Definition):
            first = node.lineno
            if not isinstance(node, ast.Lambda):
                first = min([first, *(decorator.lineno for decorator in node.decorator_list)])
            found.setdefault(first, []).append(node)
    return found


def _lines(text: str, first: int, last: int | None) -> str:
    return textwrap.dedent("".join(text.splitlines(keepends=True)[first - 1 : last])).rstrip() + "\n"


def _lambda(code: CodeType, text: str, nodes: list[_Definition]) -> str | None:
    """The lambda whose body spans the positions of the code, or the lines that hold the candidates."""
    # An instruction of no width is the compiler's own.
    spans = [p for p in code.co_positions() if None not in p and (p[0], p[2]) != (p[1], p[3])]
    candidates = [node for node in nodes if isinstance(node, ast.Lambda)]
    if not candidates:
        return None
    exact = []
    for node in candidates:
        body = node.body
        start, end = (body.lineno, body.col_offset), (body.end_lineno or 0, body.end_col_offset or 0)
        inside = all(start <= (a, c) and (b, d) <= end for a, b, c, d in spans)
        names = [
            argument.arg for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
        ]
        count = code.co_argcount + code.co_kwonlyargcount
        if inside and spans and names == list(code.co_varnames[:count]):
            exact.append(node)
    if exact:
        # A lambda inside a lambda's body: the narrowest that holds all positions.
        best = max(exact, key=lambda node: (node.body.lineno, node.body.col_offset))
        segment = ast.get_source_segment(text, best)
        if segment is not None and len({ast.dump(n) for n in exact}) == len(exact):
            return segment
    first = min(node.lineno for node in candidates)
    return _lines(text, first, max(node.end_lineno or first for node in candidates))


@lru_cache(maxsize=16)
def _compiled(text: str) -> dict[tuple[str, int], list[CodeType]]:
    found: dict[tuple[str, int], list[CodeType]] = {}
    waiting = [compile(text, "<source>", "exec", dont_inherit=True)]
    while waiting:
        for constant in waiting.pop().co_consts:
            if isinstance(constant, CodeType):
                found.setdefault((constant.co_name, constant.co_firstlineno), []).append(constant)
                waiting.append(constant)
    return found


def _is_still_there(code: CodeType, text: str) -> bool:
    """Whether a file's text, compiled, gives this code at its line."""
    mine = normalise(code, decode(code))
    for other in _compiled(text).get((code.co_name, code.co_firstlineno), []):
        theirs = normalise(other, decode(other))
        if mine.digest == theirs.digest and repr(mine.constants) == repr(theirs.constants):
            return True
    return False
