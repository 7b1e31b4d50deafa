"""Walk: from a function to everything that its result depends on."""

import copy
import copyreg
import functools
import json
import sys
from collections.abc import Collection
from types import (
    BuiltinFunctionType,
    ClassMethodDescriptorType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodDescriptorType,
    MethodType,
    MethodWrapperType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any

from neurochain.chain.fingerprint import origin as origins
from neurochain.chain.fingerprint.arrays import array
from neurochain.chain.fingerprint.bytecode import decode, normalise
from neurochain.chain.fingerprint.classes import visit_class
from neurochain.chain.fingerprint.encoding import Encoder, Path, pack
from neurochain.chain.fingerprint.functions import visit_function, visit_wrapper, wrapper_of
from neurochain.chain.fingerprint.modules import visit_module
from neurochain.chain.fingerprint.notes import note_for
from neurochain.chain.fingerprint.objects import State, hidden_generator, instance, state_of, unknowable
from neurochain.chain.fingerprint.origin import Origin
from neurochain.chain.fingerprint.owners import Owners
from neurochain.chain.fingerprint.result import Kind, Part
from neurochain.chain.fingerprint.values import CONTAINERS, NOT_JSON, exact_json, scalar, show
from neurochain.datasets.environment import private_values
from neurochain.datasets.secrets import looks_secret

__all__ = ["LRU", "Walk"]

# The type of what functools.lru_cache gives; it has no public name.
LRU = type(functools.lru_cache(lambda: None))
_DESCRIPTORS = (
    ClassMethodDescriptorType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodDescriptorType,
    WrapperDescriptorType,
)


class Walk(Owners, Encoder):
    """One visit of all that a function uses.

    Parameters
    ----------
    name : str
        Name of the function, for paths and messages.
    enter : collection of str
        Top-level packages that are entered wherever they lie.
    shallow : bool
        Functions and classes count by their own code alone: enough for an order.
    """

    def __init__(self, name: str, enter: Collection[str] = (), shallow: bool = False) -> None:
        self.name = name
        self.parts: list[Part] = []
        self.tokens: list[tuple[str, str, bytes]] = []
        self.notes: dict[str, None] = {}
        self.problems: dict[str, None] = {}
        self.packages: dict[str, str] = {}
        self.functions: list[tuple[FunctionType, Path]] = []
        self.classes: list[tuple[type, Path]] = []
        self.reads: set[str] = set()
        self.trusts_locks = bool(enter)
        super().__init__(enter)
        self._shallow = shallow
        # By id, with the object itself, so that no id is given twice during the walk.
        self._seen: dict[int, tuple[object, str]] = {}
        self._memo: dict[int, tuple[object, bytes]] = {}
        self._active: dict[int, Path] = {}

    # Parts

    def emit(
        self,
        path: Path,
        kind: Kind,
        token: bytes,
        value: object = NOT_JSON,
        *,
        source: str | None = None,
        where: str | None = None,
    ) -> None:
        """Add a part; `value` is shown, `token` is what counts."""
        if self._shallow:
            return
        place = str(path)
        self.tokens.append((place, kind, token))
        shown = "" if value is NOT_JSON or kind in ("code", "class") else show(value)
        exact = None if kind in ("code", "class") else exact_json(value)
        # A copy: the value may change after it was hashed.
        exact = None if exact is NOT_JSON else copy.deepcopy(exact)
        if kind != "constant" and looks_secret(value, place, self._environment):
            shown, exact = "<not shown>", None
        digest = pack("part", [token])[1:].hex()
        self.parts.append(Part(self.name + place, kind, digest, exact, shown, source, where))

    @functools.cached_property
    def _environment(self) -> frozenset[str]:
        return private_values()

    def note(self, text: str | None) -> None:
        """Remember what the digest cannot see."""
        if text is not None and not self._shallow:
            self.notes[text] = None

    def problem(self, path: Path, text: str) -> bytes:
        """Remember why a result can never be reused; gives the bytes that stand for the value."""
        if not self._shallow:
            self.problems[f"{self.name}{path} {text}"] = None
        return pack("problem", [text.split(" (")[0].encode()])

    def slot(self, value: object, path: Path, kind: Kind) -> None:
        """Make the parts of a value that has a name: a global, a default, an attribute."""
        key = id(value)
        if key in self._seen:
            self.emit(path, kind, self.value(value, path), show(value))
            return
        # By the type, not by isinstance: a proxy says that it is what it stands for.
        cls = type(value)
        found: Any = value
        if cls is MethodType and hidden_generator(found.__self__) is None:
            self.slot(found.__func__, path, kind)
            self.slot(found.__self__, path.below("<self>"), "attribute")
        elif cls is functools.partial:
            self.slot(found.func, path, kind)
            for name, argument in (*enumerate(found.args), *sorted(found.keywords.items())):
                self.slot(argument, path.below(f"<partial:{name}>"), "param")
        elif cls is LRU:
            self._seen[key] = (value, str(path))
            self.slot(found.__wrapped__, path, kind)
        elif cls is ModuleType:
            visit_module(self, found, path)
        elif cls is FunctionType or issubclass(cls, type):
            if self._origin(value).kind == "first" or (cls is FunctionType and not wrapper_of(self, found)):
                self.value(value, path)
            else:
                self.emit(path, "package", self.value(value, path), _qualified(value))
        elif not self._own_instance(value, path):
            shown = _external_name(value)
            self.emit(path, "package" if shown else kind, self.value(value, path), shown or value)

    # Values

    def value(self, value: object, path: Path) -> bytes:
        """Encode a value: equal bytes for equal values and for no others."""
        found = scalar(value)
        if found is not None:
            return found
        key = id(value)
        if key in self._seen:
            return pack("seen", [self._seen[key][1].encode()])
        if key in self._memo:
            return self._memo[key][1]
        if key in self._active:
            return pack("cycle", [str(self._active[key]).encode()])
        self._active[key] = path
        try:
            found = self._encode(value, path)
        finally:
            del self._active[key]
        self._memo[key] = (value, found)
        return found

    def sort_key(self, value: object) -> bytes:
        """Encode a value for an order of sets that is the same in every process."""
        found = scalar(value)
        if found is not None:
            return found
        walk = Walk(self.name, self._enter, shallow=True)
        # What is being encoded here may hold the set, and the set this.
        walk._active = self._active
        return walk.value(value, Path(None, ""))

    def _encode(self, value: Any, path: Path) -> bytes:
        container = CONTAINERS.get(type(value))
        if container is not None:
            return container(self, value, path)
        cls = type(value)
        if cls is FunctionType or issubclass(cls, type):
            return self._definition(value, path)
        if issubclass(cls, ModuleType):
            visit_module(self, value, path)
            return pack("module", [value.__name__.encode()])
        if cls in (MethodType, BuiltinFunctionType, MethodWrapperType):
            return self._method(value, path)
        if cls in (staticmethod, classmethod):
            return pack(cls.__name__, [self.value(value.__func__, path)])
        if cls is property:
            parts = (value.fget, value.fset, value.fdel)
            return pack("property", [self.value(part, path.below("<property>")) for part in parts])
        if cls in _DESCRIPTORS:
            return pack("descriptor", [self.value(value.__objclass__, path), value.__name__.encode()])
        if cls is LRU:
            return pack("cached", [self.value(value.__wrapped__, path)])
        return array(self, value, path) or instance(self, value, path)

    def _definition(self, value: Any, path: Path) -> bytes:
        """A function or a class: entered, or counted by its package."""
        origin = self._origin(value)
        if self._shallow:
            code = getattr(value, "__code__", None)
            digest = normalise(code, decode(code)).digest if code is not None else b""
            return pack("shallow", [value.__qualname__.encode(), digest])
        name = wrapper_of(self, value) if type(value) is FunctionType else _qualified(value)
        if origin.kind != "first" and name is not None:
            return self.external(origin, name, path)
        place = str(path)
        self._seen[id(value)] = (value, place)
        if issubclass(type(value), type):
            visit_class(self, value, path)
        elif origin.kind == "first":
            visit_function(self, value, path)
        else:
            visit_wrapper(self, value, origin, path)
        return pack("seen", [place.encode()])

    def _method(self, value: Any, path: Path) -> bytes:
        """A function or method, bound, or written in C."""
        owner = value.__self__
        hidden = hidden_generator(owner)
        if hidden is not None:
            return self.by_name(hidden, value.__name__, path)
        if isinstance(value, MethodType):
            parts = [self.value(value.__func__, path), self.value(owner, path.below("<self>"))]
            return pack("method", parts)
        if owner is None or isinstance(owner, ModuleType):
            module = value.__module__ or getattr(owner, "__name__", None)
            return self.by_name(str(module), value.__qualname__, path)
        return pack("bound", [value.__name__.encode(), self.value(owner, path.below("<self>"))])

    def _own_instance(self, value: object, path: Path) -> bool:
        """Make a part of each attribute of an instance of a first-party class."""
        cls = type(value)
        if cls.__module__ == "builtins" or self._origin(cls).kind != "first" or unknowable(value) is not None:
            return False
        if hasattr(cls, "__members__") or array(self, value, path) is not None:
            return False
        try:
            state = state_of(self, value)
        except Exception:
            return False  # the value's own encoding says why
        if not isinstance(state, State) or state.rest is not None:
            return False
        self._seen[id(value)] = (value, str(path))
        self.slot(cls, path.below("<class>"), "class")
        self.emit(
            path,
            "value",
            pack("instance of", [self.value(cls, path), *(n.encode() for n in sorted(state.attributes))]),
        )
        for name in sorted(state.attributes):
            self.slot(state.attributes[name], path.below(name), "attribute")
        is_plain = state.make is copyreg.__newobj__  # type: ignore[attr-defined]
        if not is_plain or len(state.arguments) > 1 or state.items or state.pairs:
            contents = [state.make, state.arguments, state.items, state.pairs]
            self.slot(contents, path.below("<contents>"), "value")
        return True

    # Who wrote it

    def _origin(self, value: Any) -> Origin:
        return (
            self.origin_of_class(value) if issubclass(type(value), type) else self.origin_of_function(value)
        )

    def external(self, origin: Origin, name: str, path: Path) -> bytes:
        """Encode a thing of an installed package or of Python, by its qualified name and version."""
        self.note(note_for(name))
        if origin.kind == "python":
            return pack("python", [name.encode()])
        versions = origins.distributions(origin.top)
        if not versions:
            return self.problem(path, f"uses {name}: the installed package {origin.top} has no version")
        if not self._shallow:
            self.packages.update(versions)
        return pack("package", [name.encode(), json.dumps(versions, sort_keys=True).encode()])

    def by_name(self, module: str, name: str, path: Path) -> bytes:
        """Encode a global of a module that cannot be looked into."""
        found = sys.modules.get(module)
        if found is None:
            return self.problem(path, f"is {name!r} of the module {module!r}, which is not loaded")
        origin = self.origin_of_module(found)
        if origin.kind != "first":
            return self.external(origin, f"{module}.{name}", path)
        filename = vars(found).get("__file__")
        if isinstance(filename, str) and not filename.endswith(".py"):
            visit_module(self, found, path)  # a compiled extension of the user: all of its file
        return pack("named", [name.encode()])


def _qualified(value: Any) -> str:
    return f"{value.__module__}.{value.__qualname__}"


def _external_name(value: Any) -> str | None:
    """Qualified name of a builtin or compiled function of a module, to show."""
    if type(value) is BuiltinFunctionType and (
        value.__self__ is None or isinstance(value.__self__, ModuleType)
    ):
        return f"{value.__module__}.{value.__qualname__}"
    return None
