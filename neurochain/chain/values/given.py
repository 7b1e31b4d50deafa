"""Given: what functions give, brought to plain Python and numpy values before a column is made of it."""

import copy
import datetime as dt
import enum
import sys
import typing
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate, chain
from typing import Any

import numpy as np

from neurochain.chain.values.objects import in_memory, object_name
from neurochain.chain.values.records import bare, fields_of, type_of
from neurochain.errors import SchemaError

_TIMES = (dt.date, dt.time, dt.datetime, dt.timedelta)
_NUMBERS = (bool, int, float, complex, np.bool_, np.int64, np.float32, np.float64)
_PLAIN = frozenset([type(None), str, bytes, bytearray, np.ndarray, *_NUMBERS, *_TIMES])


class Repeated(Sequence[int]):
    """Number of the row of each item of lists that lie one after the other; made only for messages."""

    def __init__(self, rows: Sequence[int], lengths: Sequence[int]) -> None:
        self._rows, self._ends = rows, list(accumulate(lengths))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __getitem__(self, at: Any) -> Any:
        return self._rows[bisect_right(self._ends, at)]


def plain_arrays(values: Sequence[Any]) -> Sequence[Any]:
    """Values with torch tensors as the numpy arrays that they hold.

    Raises
    ------
    SchemaError
        numpy has no such array (bfloat16, sparse).
    """
    tensors = {kind for kind in set(map(type, values)) if hasattr(kind, "detach") and _is_torch(kind)}
    return [_array(v) if type(v) in tensors else v for v in values] if tensors else values


def _is_torch(kind: type) -> bool:
    return any(base.__module__.partition(".")[0] == "torch" for base in kind.__mro__)


def _array(tensor: Any) -> Any:
    try:
        return tensor.detach().cpu().resolve_conj().resolve_neg().numpy()
    except (TypeError, RuntimeError) as error:
        raise SchemaError(
            f"A tensor of dtype {tensor.dtype} and layout {tensor.layout} is no numpy array. "
            "Return tensor.float(), or tensor.to_dense()."
        ) from error


def plain_enums(values: Sequence[Any]) -> Sequence[Any]:
    """Values with members of enums as what they stand for."""
    return [v.value if isinstance(v, enum.Enum) else v for v in values]


def check_choice(name: str, values: Sequence[Any], annotation: Any, rows: Sequence[int]) -> None:
    """Hold values against an annotation that lists them: ``Literal["rest", "task"]``, or an enum.

    Raises
    ------
    SchemaError
        A value is none of those.
    """
    plain, _ = bare(annotation)
    if typing.get_origin(plain) is typing.Literal:
        choices = plain_enums(typing.get_args(plain))
    elif isinstance(plain, type) and issubclass(plain, enum.Enum) and not issubclass(plain, enum.Flag):
        choices = [member.value for member in plain]
    else:
        return
    for i, value in enumerate(plain_enums(values)):
        if value is not None and value not in choices:
            raise SchemaError(
                f"Column {name!r}: row {rows[i]} gives {value!r:.60}, and its annotation allows "
                f"{', '.join(map(repr, choices))} alone. Return one of them, or annotate the function with the values' type."
            )


def check_class(name: str, values: Sequence[Any], annotation: Any, rows: Sequence[int]) -> None:
    """Hold values against an annotation that says their class, and leaves the rest to the values.

    Raises
    ------
    SchemaError
        A value is no array, volume or recording, as the annotation says, or an array of another dtype.
    """
    plain, _ = bare(annotation)
    lazy = object_name(plain)
    origin = typing.get_origin(plain) or plain
    if lazy is None and origin is not np.ndarray:
        return
    dtype = _dtype_of(plain)
    for i, v in enumerate(values):
        if v is None:
            continue
        if lazy is not None:
            fits = object_name(type(v)) == lazy
        else:
            fits = isinstance(v, np.ndarray) and (dtype is None or issubclass(v.dtype.type, dtype))
        if not fits:
            what = f"{v.dtype}{list(v.shape)}" if isinstance(v, np.ndarray) else type(v).__name__
            said = lazy or (f"array of {dtype.__name__}" if dtype is not None else "numpy array")
            raise SchemaError(
                f"Column {name!r} is annotated as {said}, but row {rows[i]} gives {what}. "
                "Return what the annotation says, or change it."
            )


def _dtype_of(annotation: Any) -> type[Any] | None:
    """Class of numbers in ``NDArray[np.float32]``; None where it says none."""
    arguments = typing.get_args(annotation)
    inner = typing.get_args(arguments[1]) if len(arguments) == 2 else ()
    found = inner[0] if inner else None
    return found if isinstance(found, type) and issubclass(found, np.generic) else None


def refuse_masked(path: str, row: int, value: Any) -> None:
    """Masked arrays: numpy would drop the mask without a word.

    Raises
    ------
    SchemaError
        It is one.
    """
    # Who has one has imported it; for the others that would take 10 ms.
    if "numpy.ma" in sys.modules and isinstance(value, np.ma.MaskedArray):
        raise SchemaError(
            f"Column {path!r}: row {row} gives a masked array, whose missing values have no place in a table. "
            "Fill them: array.filled(np.nan), or return the mask as an array of its own."
        )


def settled(value: Any) -> Any:
    """The value, with volumes and recordings of files read into memory: once, while the call is the row's own.

    A class's fields are looked at where their annotations leave room for such; what lies in other containers
    is read when its column is made.
    """
    kind: type = type(value)
    if kind in _PLAIN:
        return value
    if kind is dict:
        return (
            value
            if _PLAIN.issuperset(map(type, value.values()))
            else {k: settled(v) for k, v in value.items()}
        )
    if kind is list:
        return value if _PLAIN.issuperset(set(map(type, value))) else [settled(v) for v in value]
    if object_name(kind) is not None:
        return in_memory(value)
    twin = value
    for name in _open_fields(kind):
        before = getattr(value, name)
        after = settled(before)
        if after is not before:
            if isinstance(value, tuple):
                twin = twin._replace(**{name: after})
                continue
            twin = copy.copy(value) if twin is value else twin
            object.__setattr__(twin, name, after)  # frozen ones too
    return twin


def all_settled(values: list[Any]) -> list[Any]:
    """As `settled`, of many values; those of plain kinds are not looked at one by one."""
    kinds = set(map(type, values))
    if _PLAIN.issuperset(kinds):
        return values
    if kinds == {dict} and _PLAIN.issuperset(set(map(type, chain.from_iterable(map(dict.values, values))))):
        return values
    if len(kinds) == 1 and fields_of(kind := next(iter(kinds))) is not None and not _open_fields(kind):
        return values
    return [settled(v) for v in values]


@lru_cache(maxsize=1024)
def _open_fields(cls: type) -> tuple[str, ...]:
    """Fields of a record class that may hold a volume or a recording, as their annotations go."""
    found = []
    for name, hint in fields_of(cls) or []:
        try:
            known = type_of(hint)
        except SchemaError:  # said where the column is made
            continue
        if known is None:
            found.append(name)
    return tuple(found)
