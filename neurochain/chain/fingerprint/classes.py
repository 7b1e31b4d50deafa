"""Classes: their bases, methods and attributes; the fields of dataclasses, enums and pydantic's models."""

import sys
from types import DynamicClassAttribute, FunctionType, GetSetDescriptorType, MemberDescriptorType
from typing import Any

from neurochain.chain.fingerprint.encoding import Encoder, Path, pack
from neurochain.chain.fingerprint.source import class_source, line_of

__all__ = ["class_file", "visit_class"]

# What Python, abc, copyreg, dataclasses, enum, typing and pydantic keep in a class for themselves.
_OWN = {
    "__abstractmethods__", "__annotations__", "__class_vars__", "__dataclass_fields__", "__dataclass_params__",
    "__dict__", "__doc__", "__firstlineno__", "__module__", "__orig_bases__", "__parameters__", "__qualname__",
    "__signature__", "__slotnames__", "__static_attributes__", "__type_params__", "__weakref__", "_abc_impl",
}  # fmt: skip
_ENUM_METHODS = (FunctionType, classmethod, staticmethod, property)
_FIELD_FLAGS = ("init", "repr", "hash", "compare", "kw_only")
_PYDANTIC_FIELD = (
    "annotation", "default", "default_factory", "alias", "alias_priority", "validation_alias",
    "serialization_alias", "exclude", "discriminator", "frozen", "validate_default", "init", "init_var", "kw_only",
    "metadata",
)  # fmt: skip
_PYDANTIC_DECORATORS = (
    "validators", "field_validators", "root_validators", "field_serializers", "model_serializers",
    "model_validators", "computed_fields",
)  # fmt: skip


def class_file(cls: type) -> str | None:
    """File in which a class was written, by its methods, which know it better than its module."""
    for value in vars(cls).values():
        function = getattr(value, "__func__", value)
        if not isinstance(function, FunctionType) or function.__code__.co_filename.startswith("<"):
            continue
        if str(function.__globals__.get("__name__")).split(".")[0] in sys.stdlib_module_names:
            continue  # dataclasses and namedtuple add methods under the name of the class
        if function.__qualname__.startswith(f"{cls.__qualname__}."):
            return function.__code__.co_filename
    filename = getattr(sys.modules.get(cls.__module__), "__file__", None)
    return filename if isinstance(filename, str) else None


def visit_class(walk: Encoder, cls: type, path: Path) -> None:
    """Make the parts of a first-party class."""
    walk.classes.append((cls, path))
    filename = class_file(cls)
    source, line = class_source(cls, filename)
    where = line_of(filename, line) if filename is not None else None
    names = _attribute_names(cls)
    fields = vars(cls).get("__dataclass_fields__", {})
    shape = [
        cls.__qualname__.encode(),
        *(f"{base.__module__}.{base.__qualname__}".encode() for base in cls.__bases__ if base is object),
        *(f"{name} {_tag(vars(cls)[name])}".encode() for name in names),
        repr(vars(cls).get("__slots__")).encode()
        if isinstance(vars(cls).get("__slots__"), (str, tuple))
        else b"",
        repr(vars(cls).get("__dataclass_params__")).encode(),
        *(_field_shape(field) for field in fields.values()),
    ]
    walk.emit(path, "class", pack("class", shape), None, source=source, where=where)
    bases = [base for base in cls.__bases__ if base is not object]
    for number, base in enumerate(bases):
        walk.slot(base, path.below(f"<base:{number}:{base.__qualname__}>"), "class")
    if type(cls) is not type:
        walk.slot(type(cls), path.below("<metaclass>"), "class")
    for name in names:
        _visit_attribute(walk, vars(cls)[name], path.below(name))
    for name, field in fields.items():
        _visit_field(walk, field, path.below(f"<field:{name}>"))
    if hasattr(cls, "__members__") and "_member_map_" in vars(cls):
        for name, member in cls.__members__.items():
            walk.slot(member._value_, path.below(name), "attribute")
    model = vars(cls).get("__pydantic_fields__")
    if isinstance(model, dict):
        _visit_model(walk, cls, model, path)
    elif any(walk.origin_of_class(base).kind == "third" for base in (*bases, type(cls))):
        # A base like that of msgspec or SQLModel may read the annotations.
        walk.slot(dict(vars(cls).get("__annotations__", {})), path.below("<annotations>"), "attribute")


def _attribute_names(cls: type) -> list[str]:
    """Names of the attributes that somebody wrote."""
    values = vars(cls)
    is_enum, is_dataclass = "_member_map_" in values, "__dataclass_fields__" in values
    fields = values.get("__dataclass_fields__", {})
    names: list[str] = []
    for name, value in values.items():
        if name in _OWN or name == "__slots__" or name.startswith(("__pydantic_", "_abc_")):
            continue
        if isinstance(value, (MemberDescriptorType, GetSetDescriptorType)):
            continue
        if is_enum and _is_of_enum(cls, name, value):
            continue
        if is_dataclass and (_is_default(fields.get(name), value) or _is_generated(value)):
            continue
        names.append(name)
    return sorted(names)


def _is_of_enum(cls: type, name: str, value: object) -> bool:
    """Whether an attribute is a member of an enum, or what enum keeps beside its members."""
    if isinstance(value, _ENUM_METHODS):
        return name == "_generate_next_value_"
    return name.startswith("_") or isinstance(value, (cls, DynamicClassAttribute))


def _is_default(field: Any, value: object) -> bool:
    """Whether an attribute of a dataclass is the default of its field, and not one that was set later."""
    return field is not None and value is field.default


def _is_generated(value: object) -> bool:
    """Whether @dataclass wrote a method."""
    function = getattr(value, "__wrapped__", value)
    if not isinstance(function, FunctionType):
        return False
    made = function.__code__.co_qualname.startswith("__create_fn__.<locals>.")
    return made or function.__globals__.get("__name__") == "dataclasses"


def _tag(value: object) -> str:
    kind = type(value)
    return kind.__name__ if kind in (staticmethod, classmethod, property, FunctionType) else "value"


def _visit_attribute(walk: Encoder, value: Any, path: Path) -> None:
    match value:
        case staticmethod() | classmethod():
            walk.slot(value.__func__, path, "attribute")
        case property():
            for name, function in (("", value.fget), ("<setter>", value.fset), ("<deleter>", value.fdel)):
                if function is not None:
                    walk.slot(function, path.below(name) if name else path, "attribute")
        case _:
            walk.slot(value, path, "attribute")


def _field_shape(field: Any) -> bytes:
    flags = [f"{name}={getattr(field, name, None)}" for name in _FIELD_FLAGS]
    return " ".join([field.name, getattr(field._field_type, "name", ""), *flags]).encode()


def _visit_field(walk: Encoder, field: Any, path: Path) -> None:
    """A dataclass's field: its default, how it is made, and what the user said of it."""
    missing = type(field.default).__name__ == "_MISSING_TYPE"
    if not missing:
        walk.slot(field.default, path, "default")
    if type(field.default_factory).__name__ != "_MISSING_TYPE":
        walk.slot(field.default_factory, path.below("<factory>"), "default")
    if field.metadata:
        walk.slot(dict(field.metadata), path.below("<metadata>"), "default")


def _visit_model(walk: Encoder, cls: Any, fields: dict[str, Any], path: Path) -> None:
    """A pydantic model: annotations count, since they decide what values become."""
    walk.emit(path.below("<fields>"), "attribute", walk.value(tuple(fields), path), list(fields))
    for name, field in fields.items():
        place = path.below(f"<field:{name}>")
        for part in _PYDANTIC_FIELD:
            value = getattr(field, part, None)
            if value is not None and not (part == "metadata" and not value):
                walk.slot(value, place if part == "default" else place.below(part), "attribute")
    decorators = vars(cls).get("__pydantic_decorators__")
    for kind in _PYDANTIC_DECORATORS:
        for name, decorator in getattr(decorators, kind, {}).items():
            walk.slot(decorator.info, path.below(f"<{kind}:{name}>"), "attribute")
