"""Fingerprint of a function: the hash that decides whether a stored result may be reused.

A false hit is silent corruption, so the digest is taken from what the function *does*: its instructions, and the
values behind every name it loads, entered until they end in plain data or in installed packages, which count by their
version. Comments, docstrings, layout, file names, names of local variables, annotations and everything the function
does not use have no part in it.

What it cannot see: what is patched after hashing, what a script changes inside an installed package, versions of the
packages that packages use, ctypes handles, and what a function reads from the world; see `Fingerprint.notes`.

A module of your own that a function imports inside its body counts by its whole source file (without comments) until it
is imported, and from then on by what the function uses of it: the digest may differ once, and is never taken for another.
"""

import contextlib
import functools
import sys
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from neurochain.chain.fingerprint.classes import class_file
from neurochain.chain.fingerprint.encoding import Path, pack
from neurochain.chain.fingerprint.result import SCHEME, Fingerprint, Part
from neurochain.chain.fingerprint.source import class_source, code_source
from neurochain.chain.fingerprint.walk import LRU, Walk

__all__ = ["SCHEME", "Fingerprint", "Part", "fingerprint"]

# Deep values are rare; only for them is Python's limit raised, and set back.
_DEEP = 20_000
_ROOT = Path(None, "")


def fingerprint(
    function: object,
    *,
    seeds: Iterable[object] = (),
    version: str | None = None,
    enter: tuple[str, ...] = (),
) -> Fingerprint:
    """Hash all that the result of a function depends on, besides its arguments.

    Parameters
    ----------
    function : callable
        A function, a method, a partial, or an instance with ``__call__``.
    seeds : iterable of type
        Classes whose instances arrive as arguments: their methods are otherwise unseen.
    version : str, optional
        The user's word: only the name of the function and this version count.
    enter : tuple of str
        Top-level packages that are entered even where they are installed. Their locks are then no problem.

    Returns
    -------
    Fingerprint

    Examples
    --------
    >>> threshold = 2
    >>> before = fingerprint(lambda x: x > threshold)
    >>> threshold = 3
    >>> before.digest == fingerprint(lambda x: x > threshold).digest
    False
    """
    name = _name(function)
    if version is not None:
        return _vouched(function, name, version)
    wanted = list(seeds)
    walk = Walk(name, enter)
    try:
        _visit(walk, function, wanted)
    except RecursionError:
        walk = Walk(name, enter)
        try:
            with _recursion_limit(_DEEP):
                _visit(walk, function, wanted)
        except RecursionError:
            walk.problem(_ROOT, "holds a value that is nested too deeply to be compared")
    parts = [b"%d.%d" % sys.version_info[:2]]
    for place, kind, token in walk.tokens:
        parts += [place.encode(), kind.encode(), token]
    return Fingerprint(
        digest=pack(f"scheme {SCHEME}", parts)[1:].hex(),
        problems=tuple(walk.problems),
        notes=tuple(walk.notes),
        packages=dict(sorted(walk.packages.items())),
        parts=tuple(walk.parts),
        name=name,
        source=_source(function),
    )


def _visit(walk: Walk, function: object, seeds: list[object]) -> None:
    walk.slot(function, _ROOT, "value")
    for seed in seeds:
        walk.slot(seed, _ROOT.below(f"<seed:{getattr(seed, '__name__', type(seed).__name__)}>"), "class")
    # The lists grow while annotations lead to other classes.
    for entered, path in walk.functions:
        if "name" in walk.reads:
            walk.slot(entered.__qualname__, path.below("<name>"), "attribute")
        if "doc" in walk.reads:
            walk.slot(entered.__doc__, path.below("<doc>"), "attribute")
        if "annotations" in walk.reads:
            walk.slot(dict(entered.__annotations__), path.below("<annotations>"), "attribute")
    for cls, path in walk.classes:
        if "doc" in walk.reads:
            walk.slot(vars(cls).get("__doc__"), path.below("<doc>"), "attribute")
        if "annotations" in walk.reads:
            walk.slot(dict(vars(cls).get("__annotations__", {})), path.below("<annotations>"), "attribute")


def _vouched(function: object, name: str, version: str) -> Fingerprint:
    inner = _inner(function)
    module = getattr(inner, "__module__", None) or type(inner).__module__
    if module == "__main__":
        module = _main_name()
    qualified = f"{module}.{getattr(inner, '__qualname__', type(inner).__qualname__)}"
    token = pack("version", [qualified.encode(), version.encode()])
    part = Part(f"{name}.<version>", "value", token[1:].hex(), version, repr(version))
    return Fingerprint(
        digest=pack(f"scheme {SCHEME}", [token])[1:].hex(),
        notes=(f"reused by the user's word: version={version!r}; its code is not looked at",),
        parts=(part,),
        name=name,
        source=_source(function),
    )


def _main_name() -> str:
    """What the running script is called when it is imported."""
    main = vars(sys.modules["__main__"])
    spec, filename = main.get("__spec__"), main.get("__file__")
    if spec is not None:
        return str(spec.name)
    return PurePath(filename).stem if isinstance(filename, str) else "__main__"


def _inner(function: Any) -> Any:
    """The function in a partial, a bound method or a cache."""
    # By the type, not by isinstance: a proxy says that it is what it stands for.
    while True:
        kind = type(function)
        if kind is functools.partial:
            function = function.func
        elif kind is MethodType:
            function = function.__func__
        elif kind is LRU:
            function = function.__wrapped__
        elif kind is FunctionType and type(vars(function).get("__wrapped__")) is FunctionType:
            function = vars(function)["__wrapped__"]
        else:
            return function


def _name(function: object) -> str:
    inner = _inner(function)
    kind = type(inner)
    # An instance may answer to any name.
    has_name = kind in (FunctionType, BuiltinFunctionType) or issubclass(kind, type)
    return str(inner.__name__ if has_name else kind.__name__)


def _source(function: object) -> str | None:
    inner = _inner(function)
    if type(inner) is FunctionType:
        return code_source(inner.__code__)[0]
    cls = inner if issubclass(type(inner), type) else type(inner)
    return class_source(cls, class_file(cls))[0] if cls.__module__ != "builtins" else None


@contextlib.contextmanager
def _recursion_limit(limit: int) -> Iterator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, before))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
