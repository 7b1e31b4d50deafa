"""Objects: instances, by their class and their state; and those whose state cannot be known."""

import copyreg
import enum
import functools
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from types import FunctionType
from typing import Any, NamedTuple

from neurochain.chain.fingerprint.encoding import Encoder, Path, pack
from neurochain.chain.fingerprint.origin import PYTHON
from neurochain.chain.fingerprint.values import NOT_JSON, exact_json

__all__ = ["State", "hidden_generator", "instance", "state_of", "unknowable"]

# (module, name, what it is): an instance is never the same twice, or hides what it knows.
_UNKNOWABLE = [
    ("io", "IOBase", "an open file"),
    ("socket", "socket", "a socket"),
    ("sqlite3", "Connection", "a database connection"),
    ("sqlite3", "Cursor", "a database cursor"),
    ("sqlalchemy.engine", "Engine", "a database engine"),
    ("sqlalchemy.engine", "Connection", "a database connection"),
    ("random", "Random", "a random number generator"),
    ("numpy.random", "Generator", "a random number generator"),
    ("numpy.random", "RandomState", "a random number generator"),
    ("numpy.random", "BitGenerator", "a random number generator"),
    ("torch", "Generator", "a random number generator"),
    ("types", "GeneratorType", "a generator, which each call moves on"),
    ("types", "CoroutineType", "a coroutine"),
    ("types", "AsyncGeneratorType", "a generator, which each call moves on"),
    ("types", "FrameType", "a frame"),
    ("types", "TracebackType", "a traceback"),
    ("_thread", "LockType", "a lock"),
    ("_thread", "RLock", "a lock"),
    ("_thread", "_local", "thread-local data"),
    ("threading", "Condition", "a lock"),
    ("threading", "Event", "a lock"),
    ("threading", "Semaphore", "a lock"),
    ("threading", "Barrier", "a lock"),
    ("threading", "Thread", "a thread"),
    ("_contextvars", "ContextVar", "a ContextVar"),
    ("_contextvars", "Context", "a context"),
    ("subprocess", "Popen", "a running program"),
    ("multiprocessing.process", "BaseProcess", "a process"),
    ("concurrent.futures", "Executor", "a pool of workers"),
    ("concurrent.futures", "Future", "a future"),
    ("asyncio", "AbstractEventLoop", "an event loop"),
    ("queue", "Queue", "a queue"),
    ("mmap", "mmap", "a memory map"),
    ("_weakref", "ReferenceType", "a weak reference"),
    ("_ctypes", "_SimpleCData", "a ctypes object"),
    ("_ctypes", "_Pointer", "a ctypes pointer"),
]


def unknowable(value: object) -> str | None:
    """Say what a value is whose state cannot be compared; None for all others."""
    for module, name, what in _UNKNOWABLE:
        kind = getattr(sys.modules.get(module), name, None)
        if isinstance(kind, type) and issubclass(type(value), kind):
            return f"{what} ({type(value).__qualname__})"
    # An iterator of a class written in Python keeps its state in attributes, which are encoded.
    if issubclass(type(value), Iterator) and not hasattr(value, "__dict__"):
        return f"an iterator, which each call moves on ({type(value).__qualname__})"
    return None


def hidden_generator(value: object) -> str | None:
    """Module of the random functions that are bound to one hidden generator: ``random.random``."""
    for module, public, name in (
        ("random", "random", "_inst"),
        ("numpy.random.mtrand", "numpy.random", "_rand"),
    ):
        if value is not None and value is getattr(sys.modules.get(module), name, None):
            return public
    return None


class State(NamedTuple):
    """An instance in the terms of pickle: what is called to make it, with what, and what is set then."""

    make: object
    arguments: tuple[object, ...]
    attributes: dict[str, object]
    rest: object
    items: list[object]
    pairs: list[object]


def state_of(encoder: Encoder, value: object) -> State | str:
    """Take an instance apart; gives the reason where that is impossible, or the name of a global.

    `object.__reduce_ex__` reads ``__dict__`` and ``__slots__``. A class with its own ``__reduce__`` or
    ``__getstate__`` is asked for them: what they leave out does not travel to the workers either.
    """
    reducer = copyreg.dispatch_table.get(type(value))
    found: Any = reducer(value) if reducer is not None else value.__reduce_ex__(4)
    if isinstance(found, str):
        return found
    make, arguments, state, items, pairs = (*found, None, None, None, None)[:5]
    attributes: dict[str, object] = {}
    rest: object = None
    for part in state if isinstance(state, tuple) and len(state) == 2 else (state,):
        if isinstance(part, dict) and all(type(key) is str for key in part):
            attributes.update(part)
        elif part is not None:
            rest = state
    if rest is not None:
        attributes = {}
    # pydantic wraps the fields once more.
    fields = attributes.get("__dict__")
    if "__pydantic_fields_set__" in attributes and isinstance(fields, dict):
        del attributes["__dict__"]
        attributes.update(fields)
    if "__wrapped__" in attributes:
        for (
            name
        ) in functools.WRAPPER_ASSIGNMENTS:  # copied by functools.wraps: where it stands, not what it does
            attributes.pop(name, None)
    if _has_own_way(encoder, type(value)):
        # The first rows run here, where an attribute counts that does not travel.
        for name, item in getattr(value, "__dict__", {}).items():
            if exact_json(item) is not NOT_JSON:
                attributes.setdefault(name, item)
    return State(make, arguments, attributes, rest, list(items or ()), list(pairs or ()))


def _has_own_way(encoder: Encoder, cls: type) -> bool:
    """Whether a class of the user says itself what pickle takes of an instance."""
    ways = (getattr(cls, name, None) for name in ("__reduce__", "__reduce_ex__", "__getstate__"))
    return any(type(way) is FunctionType and encoder.origin_of_function(way).kind == "first" for way in ways)


def instance(encoder: Encoder, value: object, path: Path) -> bytes:
    """Encode an instance of a class."""
    for kind, encode in _SPECIAL.items():
        # Not isinstance: a proxy says that it is what it stands for.
        if issubclass(type(value), kind):
            return encode(encoder, value, path)
    reason = unknowable(value)
    if reason is not None and encoder.trusts_locks and reason.startswith("a lock"):
        return pack("lock", [])
    if reason is not None:
        return encoder.problem(path, f"is {reason}: its state cannot be compared")
    kind = type(value)
    if kind.__module__ == "pydantic._internal._validate_call":
        # Its validator is made from the annotations, which are encoded with the function; it has an address as name.
        return pack("validated call", [encoder.value(part, path) for part in (kind, value.function)])  # type: ignore[attr-defined]
    if kind.__module__.startswith("pydantic_core") and kind.__name__ in (
        "SchemaValidator",
        "SchemaSerializer",
    ):
        # Made from the annotations, which are encoded with the model; its own text holds addresses.
        return encoder.value(kind, path)
    function = getattr(value, "__dict__", {}).get("py_func")
    if callable(function):
        # numba names each compiled function by chance; what it compiles is this.
        options = value.__dict__.get("targetoptions")
        return pack(
            "compiled", [encoder.value(part, path.below("py_func")) for part in (kind, function, options)]
        )
    try:
        state = state_of(encoder, value)
    except Exception as error:
        # Whatever a class raises here, it says that it cannot be taken apart.
        text = f"is a {kind.__qualname__}, which cannot be taken apart ({type(error).__name__}: {error})"
        return encoder.problem(path, text)
    if isinstance(state, str):
        return _global(encoder, value, state, path)
    return pack("instance", [
        encoder.value(state.make, path.below("<make>")),
        _each(encoder, state.arguments, path.below("<class>")),
        attributes(encoder, state.attributes, path),
        encoder.value(state.rest, path.below("<state>")),
        _each(encoder, state.items, path),
        _each(encoder, state.pairs, path),
    ])  # fmt: skip


def attributes(encoder: Encoder, values: Mapping[str, object], path: Path) -> bytes:
    """Encode attributes; their order has no meaning."""
    parts: list[bytes] = []
    for name in sorted(values):
        parts.append(name.encode())
        parts.append(encoder.value(values[name], path.below(name)))
    return pack("attributes", parts)


def _each(encoder: Encoder, values: tuple[object, ...] | list[object], path: Path) -> bytes:
    parts: list[bytes] = []
    for item in values:
        parts.append(encoder.value(item, path))
    return pack("each", parts)


def _global(encoder: Encoder, value: object, name: str, path: Path) -> bytes:
    """Encode an object that says it is a global of a module: a ufunc, a dtype of torch, a type variable."""
    for module in (getattr(value, "__module__", None), type(value).__module__):
        found: object = sys.modules.get(module) if isinstance(module, str) else None
        for part in name.split("."):
            found = getattr(found, "__dict__", {}).get(part) if found is not None else None
        if found is value and isinstance(module, str):
            return encoder.by_name(module, name, path)
    return encoder.problem(path, f"is a {type(value).__qualname__} that no module knows as {name!r}")


def _member(encoder: Encoder, value: enum.Enum, path: Path) -> bytes:
    parts = [encoder.value(type(value), path.below("<class>")), str(value.name).encode()]
    # A combination of flags has no member of its own in the class.
    return pack("enum", [*parts, encoder.value(value.value if isinstance(value, enum.Flag) else None, path)])


def _environment(encoder: Encoder, value: object, path: Path) -> bytes:
    return encoder.external(PYTHON, "os.environ", path)


def _logger(encoder: Encoder, value: object, path: Path) -> bytes:
    # Named after its module, and without influence on a result.
    return pack("logger", [])


def _partial(encoder: Encoder, value: Any, path: Path) -> bytes:
    return pack(
        "partial", [encoder.value(value.func, path), encoder.value((value.args, value.keywords), path)]
    )


def _cached_property(encoder: Encoder, value: Any, path: Path) -> bytes:
    return pack("cached property", [encoder.value(value.func, path)])


def _dispatch_method(encoder: Encoder, value: Any, path: Path) -> bytes:
    # Without its cache, which holds weak references.
    return pack("dispatch method", [encoder.value(value.dispatcher.registry, path)])


_SPECIAL: dict[type, Callable[[Encoder, Any, Path], bytes]] = {
    enum.Enum: _member,
    logging.Logger: _logger,
    type(os.environ): _environment,
    functools.partial: _partial,
    functools.cached_property: _cached_property,
    functools.singledispatchmethod: _dispatch_method,
}
