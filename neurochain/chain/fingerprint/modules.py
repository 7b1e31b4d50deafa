"""Modules: attributes taken through them, imports inside functions, and source files not yet imported."""

import importlib.util
import os
import sys
from collections.abc import Mapping
from importlib.machinery import ModuleSpec
from types import CodeType, FunctionType, ModuleType
from typing import Any

from neurochain.chain.fingerprint.bytecode import decode, normalise
from neurochain.chain.fingerprint.encoding import Encoder, Path, pack
from neurochain.chain.fingerprint.names import Imported, imports_of
from neurochain.chain.fingerprint.notes import note_for
from neurochain.chain.fingerprint.origin import Origin

__all__ = ["follow_import", "follow_module", "loaded_global", "visit_module"]


def loaded_global(module: str, qualname: str) -> object:
    """What a qualified name gives in a module that is loaded; None where it gives nothing."""
    found: object = sys.modules.get(module)
    for part in qualname.split("."):
        if found is None:
            return None
        # Not getattr, which may run code of the user.
        found = vars(found).get(part) if hasattr(found, "__dict__") else None
    return found.__func__ if isinstance(found, (staticmethod, classmethod)) else found


def follow_module(walk: Encoder, module: ModuleType, chain: tuple[str, ...], path: Path) -> None:
    """Make the parts of ``module.a.b``: of your own modules only what is taken from them."""
    while True:
        origin = walk.origin_of_module(module)
        if origin.kind != "first":
            _follow_installed(walk, origin, module, chain, path)
            return
        if not chain:
            visit_module(walk, module, path)
            return
        name, chain = chain[0], chain[1:]
        path = path.below(name)
        value = vars(module).get(name, sys.modules.get(f"{module.__name__}.{name}"))
        if isinstance(value, ModuleType):
            module = value
        elif name in vars(module):
            if chain and isinstance(value, type) and walk.origin_of_class(value).kind != "first":
                walk.note(note_for(f"{value.__module__}.{value.__qualname__}.{chain[0]}"))
            walk.slot(value, path, "global")
            return
        else:
            _follow_missing(walk, module, name, chain, path)
            return


def _follow_missing(walk: Encoder, module: ModuleType, name: str, chain: tuple[str, ...], path: Path) -> None:
    """Make the parts of what a module does not hold yet: a submodule, or what it makes when asked."""
    full = f"{module.__name__}.{name}"
    spec = _find(full) if "__path__" in vars(module) else None
    maker = vars(module).get("__getattr__")
    if spec is not None:
        _follow_spec(walk, full, spec, chain, path)
    elif maker is not None:
        walk.slot(maker, path, "global")
        walk.note(f"uses {full}, which its module makes when asked")
        # It may import any of its submodules, by a name that the code does not say.
        for folder in vars(module).get("__path__", ()):
            _Files(walk).visit_folder(module.__name__, folder, path.below("<package>"))
    else:
        walk.emit(path, "global", pack("unresolved", []))
        walk.note(f"uses {full}, which is not defined")


def _follow_installed(
    walk: Encoder, origin: Origin, module: ModuleType, chain: tuple[str, ...], path: Path
) -> None:
    for name in chain:
        path = path.below(name)
    value: object = module
    for index, name in enumerate(chain):
        if not isinstance(value, ModuleType):
            break
        value = vars(value).get(name, sys.modules.get(f"{value.__name__}.{name}"))
        inner = walk.origin_of_module(value) if isinstance(value, ModuleType) else origin
        if isinstance(value, ModuleType) and inner.kind == "first":
            # A namespace package may hold installed and own modules.
            follow_module(walk, value, chain[index + 1 :], path)
            return
    if type(value) is FunctionType and walk.origin_of_function(value).kind == "first":
        # The user has put a function of his own in its place.
        walk.slot(value, path, "global")
        return
    name = ".".join((module.__name__, *chain))
    walk.emit(path, "package", walk.external(origin, name, path), name)
    if origin.kind == "third" and type(value) in (int, float, bool):
        walk.slot(value, Path(path, "<value>"), "global")


def visit_module(walk: Encoder, module: ModuleType, path: Path) -> None:
    """Make the parts of a module that is used as a value: all of its source file."""
    origin = walk.origin_of_module(module)
    if origin.kind != "first":
        walk.emit(path, "package", walk.external(origin, module.__name__, path), module.__name__)
        return
    walk.note(f"uses the module {module.__name__} as a whole: its source file is hashed")
    filename = vars(module).get("__file__")
    if isinstance(filename, str):
        _Files(walk).visit(module.__name__, filename, path)
    else:
        walk.problem(path, f"is the module {module.__name__}, which has no file to hash")


def follow_import(
    walk: Encoder, target: Imported, chain: tuple[str, ...], scope: Mapping[str, Any], path: Path
) -> None:
    """Make the parts of what an import inside a function gives, without importing anything."""
    name = _absolute(target, scope)
    module = sys.modules.get(name)
    if module is not None:
        follow_module(walk, module, chain, path)
        return
    spec = _find(name)
    if spec is None:
        walk.emit(path, "global", pack("unresolved", []))
        walk.note(f"imports {name}, which is not there")
        return
    _follow_spec(walk, name, spec, chain, path)


def _follow_spec(walk: Encoder, name: str, spec: ModuleSpec, chain: tuple[str, ...], path: Path) -> None:
    """Make the parts of a module that is there but not imported: its file."""
    for label in chain:
        path = path.below(label)
    files = _Files(walk)
    origin = files.origin(spec)
    if origin.kind != "first":
        full = ".".join((name, *chain))
        walk.emit(path, "package", walk.external(origin, full, path), full)
        return
    walk.note(f"imports {name} inside a function: its source file is hashed until it is imported")
    files.visit_spec(name, spec, path)
    for label in chain:
        name = f"{name}.{label}"
        below = _find(name)
        if below is None:
            break
        files.visit_spec(name, below, path.below("<module>"))


def _absolute(target: Imported, scope: Mapping[str, Any]) -> str:
    if not target.level:
        return target.module
    package = scope.get("__package__") or str(scope.get("__name__", "")).rpartition(".")[0]
    try:
        return importlib.util.resolve_name("." * target.level + target.module, package)
    except ImportError:
        return target.module


def _find(name: str) -> ModuleSpec | None:
    """Find a module without importing its parents, which `importlib.util.find_spec` does."""
    path: Any = None
    spec: ModuleSpec | None = None
    parts = name.split(".")
    for count in range(1, len(parts) + 1):
        full = ".".join(parts[:count])
        for finder in sys.meta_path:
            try:
                spec = finder.find_spec(full, path) if hasattr(finder, "find_spec") else None
            except KeyError:
                spec = ModuleSpec(
                    full, None, is_package=True
                )  # a namespace package below one that is not loaded
            if spec is not None:
                break
        if spec is None:
            return None
        if not spec.has_location and spec.submodule_search_locations is not None:
            # A namespace package's own list asks for its parent as well.
            folders = [os.path.join(folder, parts[count - 1]) for folder in path or sys.path]
            spec.submodule_search_locations = [folder for folder in folders if os.path.isdir(folder)]
        path = spec.submodule_search_locations
        if path is None and count < len(parts):
            return None
    return spec


class _Files:
    """Source files as they stand: their code, and that of the own modules they import."""

    def __init__(self, walk: Encoder) -> None:
        self._walk = walk
        self._seen: set[str] = set()

    def origin(self, spec: ModuleSpec) -> Origin:
        if spec.origin in ("built-in", "frozen"):
            return Origin("python", "python")
        if spec.origin is not None:
            return self._walk.origin_of_file(spec.origin)
        for location in spec.submodule_search_locations or ():
            return self._walk.origin_of_file(os.path.join(location, "__init__.py"))
        return Origin("first")

    def visit_spec(self, name: str, spec: ModuleSpec, path: Path) -> None:
        # A namespace package has no file of its own.
        if spec.has_location and spec.origin is not None:
            self.visit(name, spec.origin, path)

    def visit_folder(self, name: str, folder: str, path: Path) -> None:
        for place, folders, files in os.walk(folder):
            folders.sort()
            inner = os.path.relpath(place, folder).replace(os.sep, ".").strip(".")
            for file in sorted(files):
                if file.endswith(".py"):
                    label = ".".join(part for part in (name, inner, file[:-3]) if part)
                    self.visit(label, os.path.join(place, file), path.below(label))

    def visit(self, name: str, filename: str, path: Path) -> None:
        real = os.path.realpath(filename)
        if real in self._seen:
            return
        self._seen.add(real)
        try:
            with open(real, "rb") as file:
                raw = file.read()
        except OSError as error:
            self._walk.problem(path, f"is the module {name}, whose file cannot be read ({error.strerror})")
            return
        imports: list[Imported] = []
        try:
            token = self._code(compile(raw, real, "exec", dont_inherit=True), imports, path)
        except (SyntaxError, ValueError):
            token = pack("file", [raw])  # a compiled extension
        self._walk.emit(path, "code", token, name)
        is_package = os.path.basename(real).startswith("__init__.")
        scope = {"__package__": name if is_package else name.rpartition(".")[0]}
        for target in imports:
            self._follow(_absolute(target, scope), target.chain, path)

    def _follow(self, name: str, chain: tuple[str, ...], path: Path) -> None:
        for full in (name, *(f"{name}.{label}" for label in chain)):
            spec = _find(full)
            if spec is None:
                continue
            origin = self.origin(spec)
            place = path.below(full)
            if origin.kind == "third" and full == name:
                self._walk.emit(place, "package", self._walk.external(origin, full, place), full)
            elif origin.kind == "first":
                self.visit_spec(full, spec, place)

    def _code(self, code: CodeType, imports: list[Imported], path: Path) -> bytes:
        body = decode(code)
        stream = normalise(code, body)
        imports.extend(imports_of(body)[1])
        parts = [stream.digest]
        for constant in stream.constants:
            parts.append(self._walk.value(constant.value, path))
        for nested in stream.nested:
            parts.append(self._code(nested, imports, path))
        return pack("file code", parts)
