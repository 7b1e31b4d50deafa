"""Building: values as the classes that an annotation names, the reverse of what results become."""

import enum
import typing
from collections.abc import Callable, Mapping
from typing import Any

from neurochain.chain.values.records import bare, fields_of
from neurochain.datasets.types import DataType, List, Record, Scalar

_CONTAINERS: dict[Any, Callable[[Any], Any]] = {list: list, set: set, frozenset: frozenset, tuple: tuple}


def classes_of(annotation: Any, kind: DataType) -> tuple[type, ...]:
    """Classes that values of a column are built as; none where the annotation asks for nothing of the sort.

    Parameters
    ----------
    annotation : object
        Of the parameter.
    kind : DataType
        Of the column.
    """
    plain, _ = bare(annotation)
    match kind:
        case List(item):
            inner = _item(plain)
            return classes_of(inner, item) if inner is not None else ()
        case Record(name, _) if name != "File" and isinstance(plain, type) and fields_of(plain) is not None:
            return (plain,)
        case Scalar() if isinstance(plain, type) and issubclass(plain, enum.Enum):
            return (plain,)
    return ()


def is_built(annotation: Any, kind: DataType) -> bool:
    """Whether a column's values are something else than what the annotation asks for, until they are built."""
    plain, _ = bare(annotation)
    container = typing.get_origin(plain) or plain
    return bool(classes_of(annotation, kind)) or (
        isinstance(kind, List) and container in _CONTAINERS and container is not list
    )


def build(annotation: Any, value: Any) -> Any:
    """A value as an annotation has it: records as pydantic models, dataclasses …, texts as members of an enum.

    What the annotation does not speak of stays as it is.

    Raises
    ------
    Exception
        Whatever the class raises for a value that does not suit it.
    """
    plain, _ = bare(annotation)
    if value is None:
        return None
    if isinstance(plain, type) and issubclass(plain, enum.Enum):
        return plain(value)
    container = typing.get_origin(plain) or plain
    if container in _CONTAINERS and isinstance(value, list):
        return _CONTAINERS[container](build(_item(plain), v) for v in value)
    fields = fields_of(plain)
    if fields is None or not isinstance(value, Mapping):
        return value
    validate = getattr(plain, "model_validate", None)
    if validate is not None:
        return validate(_dicts(value), by_name=True)  # fields are stored under their names, not their aliases
    return plain(**{name: build(hint, value[name]) for name, hint in fields if name in value})


def _item(plain: Any) -> Any:
    """Annotation of the values in a list; None for what is no list."""
    arguments = typing.get_args(plain)
    many = typing.get_origin(plain) in _CONTAINERS and arguments
    return arguments[0] if many and (len(arguments) == 1 or arguments[1] is Ellipsis) else None


def _dicts(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _dicts(value[k]) for k in value}
    return [_dicts(v) for v in value] if isinstance(value, list) else value
