"""Values: plain data as bytes, equal for equal values and for no others; and the same for people and JSON."""

from collections.abc import Callable, Iterable
from types import BuiltinFunctionType, FunctionType, MappingProxyType, SimpleNamespace
from typing import Any

from neurochain.chain.fingerprint.encoding import Encoder, Path, pack

__all__ = ["CONTAINERS", "NOT_JSON", "exact_json", "scalar", "show"]

_SCALARS = frozenset({type(None), bool, int, float, complex, str, bytes})
_JSON_SCALARS = frozenset({type(None), bool, int, str})
_MOST_JSON = 64_000
_MOST_SHOWN = 120

NOT_JSON = object()


def scalar(value: Any) -> bytes | None:
    """Encode a value without parts; None when it is none of these.

    The exact type counts: 1, 1.0, True, "1" and b"1" differ, as do 0.0 and -0.0. Every NaN is the same.
    """
    kind = type(value)
    if kind is str:
        text: str = value
        return b"s" + text.encode("utf-8", "surrogatepass")
    if kind is int:
        # Not repr, which refuses numbers of more than a few thousand digits.
        return b"i%x" % value
    if kind is bytes:
        return b"b" + bytes(value)
    if kind in _SCALARS or value is Ellipsis or value is NotImplemented:
        return f"v{kind.__name__} {value!r}".encode()
    return None


def _plain(items: Iterable[object]) -> bool:
    return _SCALARS.issuperset(map(type, items))


def _repr(value: object) -> bytes | None:
    """Encode a container of scalars by its repr, which tells their types apart and is fast."""
    try:
        return repr(value).encode("utf-8", "surrogatepass")
    except ValueError:  # an integer of thousands of digits
        return None


def _sequence(encoder: Encoder, value: Any, path: Path) -> bytes:
    tag = type(value).__name__
    if _plain(value) and (text := _repr(value)) is not None:
        return pack(f"plain {tag}", [text])
    parts: list[bytes] = []
    for index, item in enumerate(value):
        parts.append(encoder.value(item, path.at(str(index))))
    return pack(tag, parts)


def _mapping(encoder: Encoder, value: Any, path: Path) -> bytes:
    tag = type(value).__name__
    if (
        type(value) is dict
        and _plain(value)
        and _plain(value.values())
        and (text := _repr(value)) is not None
    ):
        return pack(f"plain {tag}", [text])
    parts: list[bytes] = []
    for key, item in value.items():
        parts.append(encoder.value(key, path.below("<key>")))
        parts.append(encoder.value(item, path.at(show(key))))
    return pack(tag, parts)


def _set(encoder: Encoder, value: Any, path: Path) -> bytes:
    keyed = sorted(((encoder.sort_key(item), item) for item in value), key=lambda pair: pair[0])
    parts: list[bytes] = []
    for _, item in keyed:
        parts.append(encoder.value(item, path.below("<item>")))
    return pack(type(value).__name__, parts)


def _buffer(encoder: Encoder, value: Any, path: Path) -> bytes:
    view = memoryview(value)
    return pack(type(value).__name__, [view.format.encode(), repr(view.shape).encode(), view.tobytes()])


def _namespace(encoder: Encoder, value: Any, path: Path) -> bytes:
    return pack("SimpleNamespace", [encoder.value(dict(sorted(vars(value).items())), path)])


def _range(encoder: Encoder, value: Any, path: Path) -> bytes:
    return pack(type(value).__name__, [encoder.value((value.start, value.stop, value.step), path)])


CONTAINERS: dict[type, Callable[[Encoder, Any, Path], bytes]] = {
    list: _sequence,
    tuple: _sequence,
    dict: _mapping,
    MappingProxyType: _mapping,
    set: _set,
    frozenset: _set,
    bytearray: _buffer,
    memoryview: _buffer,
    SimpleNamespace: _namespace,
    range: _range,
    slice: _range,
}


def exact_json(value: object) -> Any:
    """Give a value if JSON holds it exactly in less than 64 kB, else `NOT_JSON`.

    Tuples, sets, bytes and floats that are not finite would come back as something else.
    """
    if value is NOT_JSON:
        return value
    budget = [_MOST_JSON]
    return value if _fits(value, budget, 0) else NOT_JSON


def _fits(value: Any, budget: list[int], depth: int) -> bool:
    kind = type(value)
    if kind is str:
        budget[0] -= len(value) + 3
    elif kind is int:
        budget[0] -= value.bit_length() // 3 + 2
    else:
        budget[0] -= 8
    if budget[0] < 0 or depth > 20:
        return False
    if kind in _JSON_SCALARS:
        return True
    if kind is float:
        return bool(value - value == 0)
    if kind is list:
        return all(_fits(item, budget, depth + 1) for item in value)
    if kind is dict:
        return all(
            type(k) is str and _fits(k, budget, depth) and _fits(v, budget, depth + 1)
            for k, v in value.items()
        )
    return False


def show(value: object) -> str:
    """A value in at most 120 characters. Code of the user is never called for it, and no address is shown."""
    text = _show(value, 3)
    return text if len(text) <= _MOST_SHOWN else text[: _MOST_SHOWN - 1] + "…"


def _show(value: Any, depth: int) -> str:
    kind = type(value)
    if kind is str or kind is bytes:
        return repr(value[:_MOST_SHOWN])
    if kind is int:
        return repr(value) if value.bit_length() < 400 else f"<int of {value.bit_length()} bits>"
    if kind in _SCALARS or value is Ellipsis:
        return repr(value)
    if kind in (list, tuple, set, frozenset, dict) and depth:
        return _show_container(value, depth)
    if kind in (FunctionType, BuiltinFunctionType) or issubclass(kind, type):
        return f"<{value.__qualname__}>"
    shape, dtype = (_attribute(value, name) for name in ("shape", "dtype"))
    if isinstance(shape, tuple) and dtype is not None:
        return f"<{kind.__name__} {dtype} {tuple(shape)}>"
    return f"<{kind.__qualname__}>"


def _attribute(value: object, name: str) -> Any:
    # Only what a C type keeps: a property in Python would be the user's code.
    return getattr(value, name, None) if type(value).__module__ in ("numpy", "torch") else None


def _show_container(value: Any, depth: int) -> str:
    first: list[str] = []
    items = value.items() if type(value) is dict else value
    if type(value) in (set, frozenset):
        items = sorted(value, key=lambda item: _show(item, 1))[:9] if len(value) < 100 else ()
    for item in items:
        if len(first) == 8:
            break
        pair = type(value) is dict
        first.append(f"{_show(item[0], 1)}: {_show(item[1], depth - 1)}" if pair else _show(item, depth - 1))
    more = f", … {len(value)} in all" if len(value) > len(first) else ""
    text = ", ".join(first)
    match value:
        case dict():
            return f"{{{text}{more}}}"
        case list():
            return f"[{text}{more}]"
        case tuple():
            return f"({text}{more}{',' if len(value) == 1 else ''})"
        case _:
            return (
                f"{kind}({{{text}{more}}})"
                if (kind := type(value).__name__) != "set"
                else f"{{{text}{more}}}"
            )
