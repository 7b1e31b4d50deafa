"""Texts: which names the source text of a function or class uses, and its annotations."""

import ast
import functools
import symtable
import textwrap
from collections.abc import Iterator, Mapping
from types import MappingProxyType

KEPT = 1_024  # texts whose answers are kept: a function is looked at in each run of it
Chains = Mapping[str, frozenset[tuple[str, ...]]]


def parsed(text: str | None) -> ast.Module | None:
    """Syntax tree of a text; of a lambda or an argument that was cut out of its line too."""
    return _parsed(text)[0]


def _parsed(text: str | None) -> tuple[ast.Module | None, str]:
    """Syntax tree of a text, and the form of it that could be parsed."""
    plain = textwrap.dedent(text or "")
    for form in (plain, f"({plain.strip()})"):
        try:
            return ast.parse(form), form
        except (SyntaxError, ValueError):
            continue
    return None, ""


@functools.lru_cache(KEPT)
def used_names(text: str | None, definition: bool = False) -> frozenset[str]:
    """Names that a text uses and does not define itself.

    Parameters
    ----------
    text : str or None
        Of a definition, or an expression.
    definition : bool
        Only what is used inside it: not its decorators, defaults and annotations.
    """
    tree, form = _parsed(text)
    if tree is None:
        return frozenset()
    table = symtable.symtable(form, "<source>", "exec")
    scopes = table.get_children() if definition else [table]
    found = {
        symbol.get_name()
        for scope in scopes
        for inner in _all(scope)
        for symbol in inner.get_symbols()
        if symbol.is_referenced() and (inner is table or symbol.is_global())
    }
    if not definition:
        found.update(_quoted(tree))
    return frozenset(found)


def _all(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _all(child)


def _quoted(tree: ast.AST) -> Iterator[str]:
    """Names in annotations that are written in quotes."""
    for node in ast.walk(tree):
        annotation = getattr(node, "annotation", None) or getattr(node, "returns", None)
        if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
            yield from used_names(annotation.value)


@functools.lru_cache(KEPT)
def chains(text: str | None) -> Chains:
    """Attributes that a text takes from each name: ``helpers.a.b`` gives ``{"helpers": {("a", "b")}}``."""
    found: dict[str, set[tuple[str, ...]]] = {}
    tree = parsed(text)
    inner: set[ast.AST] = set()
    for node in ast.walk(tree) if tree is not None else ():
        if node in inner:
            continue
        chain: list[str] = []
        at: ast.AST = node
        while isinstance(at, ast.Attribute):
            chain.append(at.attr)
            at = at.value
            inner.add(at)
        if isinstance(at, ast.Name):
            found.setdefault(at.id, set()).add(tuple(reversed(chain)))
    return MappingProxyType({name: frozenset(taken) for name, taken in found.items()})


def annotations(known: Mapping[str, object], name: str, text: str | None) -> dict[str, str]:
    """Annotations of the function of a name as they are written; without those that cannot be read.

    Parameters
    ----------
    known : mapping
        The function's ``__annotations__``.
    name : str
        Of its code.
    text : str or None
        Its source.
    """
    if not known:
        return {}
    written = _annotations(name, text)
    return {key: written[key] for key in known if key in written}


@functools.lru_cache(KEPT)
def _annotations(name: str, text: str | None) -> Mapping[str, str]:
    """All that the text of a function annotates."""
    tree = parsed(text)
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
            a = node.args
            given = [*a.posonlyargs, *a.args, *a.kwonlyargs, *filter(None, (a.vararg, a.kwarg))]
            written = {arg.arg: _written(arg.annotation) for arg in given if arg.annotation is not None}
            if node.returns is not None:
                written["return"] = _written(node.returns)
            return MappingProxyType(written)
    return MappingProxyType({})


def _written(annotation: ast.expr) -> str:
    """An annotation as a text; one in quotes is one already."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return annotation.value
    return ast.unparse(annotation)
