"""Building: from a function to the recipe that it can be made of again.

A recipe is plain JSON: ``{"root": node, "items": [...]}``. A node is a value of `plain`, or one of

- ``{"item": 3}``: an entry of the list, a function, class or instance of the user's own;
- ``{"import": ["scipy.signal", "welch"]}``: what an installed package or Python itself gives under this name, the
  second text empty for the module;
- ``{"stub": ["helpers", {"scale": node}]}``: of a module of the user's own what is taken from it;
- ``{"partial": [...]}``, ``{"method": [...]}``, ``{"cached": [...]}``, ``{"member": [...]}``, ``{"annotated": [...]}``,
  ``{"record": [...]}`` (of this package: a unit, a window);
- ``{"unknown": "a torch.nn.Module"}``: what could not be recorded, and why.

Names are those that the texts use and do not define; each is looked up where the code would look.
"""

import builtins
import dataclasses
import enum
import functools
import sys
import typing
from collections.abc import Set
from types import FunctionType, MethodType, ModuleType
from typing import Any

from neurochain.chain.fingerprint.classes import class_file
from neurochain.chain.fingerprint.modules import loaded_global
from neurochain.chain.fingerprint.objects import State, state_of
from neurochain.chain.fingerprint.source import class_source, code_source, imported_names
from neurochain.chain.fingerprint.walk import LRU, Walk
from neurochain.chain.recipes import plain, texts
from neurochain.datasets.environment import private_values
from neurochain.datasets.secrets import looks_secret
from neurochain.errors import ReplayError

MOST_BYTES = 4_000_000  # of the values in one recipe
OWN = "neurochain"

Recipe = dict[str, Any]


def recipe_of(function: object) -> Recipe:
    """What a function can be made of again."""
    builder = _Builder()
    root = builder.node(function, "")
    return {"root": root, "items": builder.items}


class _Builder:
    """One walk over all that a function refers to."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []
        self._numbers: dict[int, int] = {}
        self._held: list[object] = []  # so that no id is given twice
        self._walk = Walk("recipe")
        self._left = MOST_BYTES
        self._environment = private_values()

    def node(self, value: Any, name: str) -> Any:
        """A value, which is known under a name."""
        try:
            return self._node(value, name)
        except ReplayError as error:
            return {"unknown": str(error)}
        except RecursionError:
            return {"unknown": "a value that is nested too deeply"}

    def _node(self, value: Any, name: str) -> Any:
        kind = type(value)
        if value is type(None):
            return {"import": ["types", "NoneType"]}
        if id(value) in self._numbers:
            return {"item": self._numbers[id(value)]}
        if kind is ModuleType or issubclass(kind, ModuleType):
            return self._module(value)
        if kind is FunctionType or issubclass(kind, type):
            return self._definition(value, name)
        if kind is functools.partial:
            named = [[k, self.node(v, k)] for k, v in value.keywords.items()]
            return {"partial": [self.node(value.func, name), [self.node(a, "") for a in value.args], named]}
        if kind is MethodType:
            return {"method": [self.node(value.__self__, name), value.__func__.__name__]}
        if kind is LRU:
            given = value.cache_parameters()
            return {"cached": [self.node(value.__wrapped__, name), given["maxsize"], given["typed"]]}
        if isinstance(value, enum.Enum) and value.name is not None:
            return {"member": [self.node(kind, kind.__name__), value.name]}
        if (found := self._annotated(value)) is not None:
            return found
        origin = self._walk.origin_of_class(kind)
        if origin.kind == "first":
            return self._instance(value, name)
        if origin.top == OWN and dataclasses.is_dataclass(value):  # a unit, axes, a window
            fields = [
                [f.name, self.node(getattr(value, f.name), f.name)]
                for f in dataclasses.fields(value)
                if f.init
            ]
            return {"record": [[kind.__module__, kind.__qualname__], fields]}
        if looks_secret(value, name, self._environment):
            raise ReplayError("a value that looks like a secret, which is never recorded")
        try:
            return self._spent(plain.encode(value, lambda inner: self._node(inner, name)))
        except ReplayError:
            if (place := _place(value, name)) is not None:
                return {"import": place}
            raise

    def _spent(self, node: Any) -> Any:
        if isinstance(node, str):
            self._left -= len(node)
        elif isinstance(node, dict):
            self._left -= sum(len(part) for part in node.values() if isinstance(part, str)) + 8
            self._left -= sum(
                len(p) for part in node.values() if isinstance(part, list) for p in part if isinstance(p, str)
            )
        else:
            self._left -= 8
        if self._left < 0:
            raise ReplayError(f"a value beyond the {MOST_BYTES:,} bytes that are recorded of a function")
        return node

    def _module(self, module: ModuleType) -> Any:
        if self._walk.origin_of_module(module).kind == "first":
            raise ReplayError(f"the module {module.__name__} as a whole")
        return {"import": [module.__name__, ""]}

    def _definition(self, value: Any, name: str) -> Any:
        """A function or class: written down where it is the user's own, else imported."""
        is_class = issubclass(type(value), type)
        origin = (self._walk.origin_of_class if is_class else self._walk.origin_of_function)(value)
        if origin.kind != "first":
            place = _place(value, name)
            if place is None:
                raise ReplayError(f"{value.__module__}.{value.__qualname__}, which no import gives")
            return {"import": place}
        number = self._numbers[id(value)] = len(self.items)
        self._held.append(value)
        self.items.append({})
        self.items[number] = self._class(value) if is_class else self._function(value)
        return {"item": number}

    def _function(self, function: FunctionType) -> dict[str, Any]:
        code = function.__code__
        source, _ = code_source(code)
        item: dict[str, Any] = {
            "kind": "function",
            "name": function.__name__,
            "qualname": function.__qualname__,
            "module": function.__module__,
            "code": code.co_name,
            "source": source,
            "free": list(code.co_freevars),
        }
        cells = dict(zip(code.co_freevars, function.__closure__ or (), strict=True))
        item["cells"] = {n: self.node(c.cell_contents, n) for n, c in cells.items() if _filled(c)}
        item["defaults"] = [self.node(v, "") for v in function.__defaults__ or ()]
        item["kwdefaults"] = {n: self.node(v, n) for n, v in (function.__kwdefaults__ or {}).items()}
        item["attributes"] = {n: self.node(v, n) for n, v in vars(function).items()}
        annotations = texts.annotations(function.__annotations__, code.co_name, source)
        given = function.__annotations__
        item["annotations"] = [[n, text, isinstance(given[n], str)] for n, text in annotations.items()]
        names = texts.used_names(source, definition=True)
        names = names.union(*(texts.used_names(text) for text in annotations.values()))
        found = {n: c.cell_contents for n, c in cells.items() if _filled(c)}
        item["globals"] = self._names(
            names - set(item["cells"]), {**function.__globals__, **found}, texts.chains(source)
        )
        item["imports"] = sorted(imported_names(code.co_filename) & names)
        return item

    def _class(self, cls: type) -> dict[str, Any]:
        filename = class_file(cls)
        source, _ = class_source(
            cls, filename, sure=False
        )  # what is made of it is held against the fingerprint
        scope: dict[str, Any] = dict(vars(sys.modules.get(cls.__module__, builtins)))
        for value in vars(cls).values():  # a class in a function sees that function's variables
            function = getattr(value, "__func__", value)
            if type(function) is FunctionType:
                cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
                scope |= {n: c.cell_contents for n, c in cells if _filled(c) and n != "__class__"}
        names = texts.used_names(source) - {cls.__name__}
        return {
            "kind": "class",
            "name": cls.__name__,
            "qualname": cls.__qualname__,
            "module": cls.__module__,
            "source": source,
            "globals": self._names(names, scope, texts.chains(source)),
            "imports": sorted(imported_names(filename) & names),
        }

    def _names(self, names: frozenset[str], scope: dict[str, Any], chains: texts.Chains) -> dict[str, Any]:
        """What names stand for where the code looks them up."""
        out: dict[str, Any] = {}
        for name in sorted(names):
            if name not in scope or (name.startswith("__") and name.endswith("__")):
                continue
            value = scope[name]
            if isinstance(value, ModuleType) and self._walk.origin_of_module(value).kind == "first":
                out[name] = self._stub(value, chains.get(name, frozenset()))
            else:
                out[name] = self.node(value, name)
        return out

    def _stub(self, module: ModuleType, chains: Set[tuple[str, ...]]) -> Any:
        """Of a module of the user's own what is taken from it."""
        if not chains or () in chains:
            return {"unknown": f"the module {module.__name__} as a whole"}
        attributes: dict[str, Any] = {}
        for first in sorted({chain[0] for chain in chains}):
            value = vars(module).get(first, sys.modules.get(f"{module.__name__}.{first}"))
            if isinstance(value, ModuleType) and self._walk.origin_of_module(value).kind == "first":
                attributes[first] = self._stub(value, {chain[1:] for chain in chains if chain[0] == first})
            elif value is not None or first in vars(module):
                attributes[first] = self.node(value, first)
        return {"stub": [module.__name__, attributes]}

    def _instance(self, value: Any, name: str) -> Any:
        """An object of a class of the user's own: its class and its attributes."""
        try:
            state = state_of(self._walk, value)
        except Exception as error:
            raise ReplayError(
                f"a {type(value).__qualname__}, which cannot be taken apart ({error})"
            ) from error
        plainly = isinstance(state, State) and getattr(state.make, "__name__", "") == "__newobj__"
        if (
            not isinstance(state, State)
            or not plainly
            or state.rest is not None
            or state.items
            or state.pairs
        ):
            raise ReplayError(f"a {type(value).__qualname__}, which is made in a way of its own")
        if len(state.arguments) > 1:
            raise ReplayError(f"a {type(value).__qualname__}, which is made of arguments")
        number = self._numbers[id(value)] = len(self.items)
        self._held.append(value)
        self.items.append({})
        self.items[number] = {
            "kind": "instance",
            "class": self.node(type(value), type(value).__name__),
            "attributes": {n: self.node(v, n) for n, v in state.attributes.items()},
        }
        return {"item": number}

    def _annotated(self, value: Any) -> Any:
        """A type with arguments, as annotations hold it; None for anything else."""
        origin = typing.get_origin(value)
        if origin is None or isinstance(value, type):
            return None
        arguments = [self.node(a, getattr(a, "__name__", "")) for a in typing.get_args(value)]
        if origin is typing.Annotated or hasattr(value, "__metadata__"):
            return {"annotated": ["Annotated", None, arguments]}
        if isinstance(value, type(int | str)) or origin is typing.Union:
            return {"annotated": ["Union", None, arguments]}
        return {"annotated": ["Alias", self.node(origin, getattr(origin, "__name__", "")), arguments]}


def _filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not Ellipsis or True
    except ValueError:
        return False


def _place(value: Any, name: str) -> list[str] | None:
    """Module and name that give a thing of an installed package or of Python."""
    module, qualname = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if isinstance(module, str) and isinstance(qualname, str) and loaded_global(module, qualname) is value:
        return [module, qualname]
    owner = getattr(value, "__self__", None)
    if isinstance(owner, ModuleType) and getattr(owner, str(qualname), None) is value:
        return [owner.__name__, str(qualname)]
    for wanted in dict.fromkeys([name, str(getattr(value, "__name__", ""))]):
        places = [
            known
            for known, found in list(sys.modules.items())
            if wanted
            and known != "__main__"
            and isinstance(found, ModuleType)
            and vars(found).get(wanted) is value
        ]
        if places:
            walk = Walk("recipe")
            own = [p for p in places if walk.origin_of_module(sys.modules[p]).kind != "first"]
            if own:
                return [min(own, key=lambda p: (p.count("."), len(p), p)), wanted]
    return None
