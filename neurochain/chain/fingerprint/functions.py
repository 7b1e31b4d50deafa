"""Functions: their code, and the values behind every name that it loads."""

from collections.abc import Mapping
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

from neurochain.chain.fingerprint.bytecode import decode, normalise
from neurochain.chain.fingerprint.encoding import Encoder, Path, pack
from neurochain.chain.fingerprint.modules import follow_import, follow_module, loaded_global
from neurochain.chain.fingerprint.names import Imported, imports_of, references
from neurochain.chain.fingerprint.notes import note_for
from neurochain.chain.fingerprint.origin import Origin
from neurochain.chain.fingerprint.source import code_source, line_of

__all__ = ["visit_function", "visit_wrapper", "wrapper_of"]

# Attributes that tell about a function instead of what it does: where code reads them, they count.
TELLING = {
    "__name__": "name",
    "__qualname__": "name",
    "__code__": "name",
    "__doc__": "doc",
    "getdoc": "doc",
    "__annotations__": "annotations",
    "get_annotations": "annotations",
    "get_type_hints": "annotations",
    "signature": "annotations",
    "fields": "annotations",
}
_READS_LOCALS = {"locals", "vars", "dir", "eval", "exec"}
_EMPTY_CELL = pack("empty cell", [])


class _Names(NamedTuple):
    """Where the names of a code object are looked up."""

    globals: dict[str, Any]
    builtins: Mapping[str, Any]
    cells: Mapping[str, CellType]
    imports: Mapping[str, Imported]
    locals_read: bool = False


def visit_function(walk: Encoder, function: FunctionType, path: Path) -> None:
    """Make the parts of a first-party function."""
    walk.functions.append((function, path))
    code = function.__code__
    cells = dict(zip(code.co_freevars, function.__closure__ or (), strict=True))
    builtins = getattr(function, "__builtins__", {})
    source, changed = code_source(code)
    if changed:
        walk.note(f"{line_of(code.co_filename, code.co_firstlineno)} was edited after it was imported")
    _visit_code(walk, code, path, _Names(function.__globals__, builtins, cells, {}), source)
    _visit_bindings(walk, function, cells, path)


def wrapper_of(walk: Encoder, function: FunctionType) -> str | None:
    """Qualified name of an installed function; None where it is not the function that this name gives.

    Such a one was made by a decorator, and holds the function that it was made for.
    """
    module = function.__globals__.get("__name__")
    found: object = loaded_global(str(module), function.__code__.co_qualname)
    return f"{module}.{function.__code__.co_qualname}" if found is function else None


def visit_wrapper(walk: Encoder, function: FunctionType, origin: Origin, path: Path) -> None:
    """Make the parts of an installed function that holds functions of the user."""
    code = function.__code__
    name = f"{function.__globals__.get('__name__')}.{code.co_qualname}"
    walk.emit(path, "package", walk.external(origin, name, path), name)
    dispatch = getattr(function, "registry", None)
    if name == "functools.singledispatch.<locals>.wrapper" and dispatch is not None:
        for kind in sorted(dispatch, key=lambda k: (k.__module__, k.__qualname__)):
            place = path.below(f"<dispatch:{kind.__qualname__}>")
            walk.slot(kind, Path(place, "<type>"), "class")
            walk.slot(dispatch[kind], place, "global")
        return
    cells = dict(zip(code.co_freevars, function.__closure__ or (), strict=True))
    _visit_bindings(walk, function, cells, path)
    # It may read the annotations of what it wraps, as pydantic and beartype do.
    for inner in (*map(_content, cells.values()), vars(function).get("__wrapped__")):
        if type(inner) is FunctionType and walk.origin_of_function(inner).kind == "first":
            walk.slot(dict(inner.__annotations__), path.below("<annotations>"), "attribute")


def _visit_bindings(walk: Encoder, function: FunctionType, cells: Mapping[str, CellType], path: Path) -> None:
    """Cells, defaults and attributes."""
    code = function.__code__
    for name, cell in cells.items():
        place = path.below(f"<cell:{name}>")
        try:
            content = cell.cell_contents
        except ValueError:
            walk.emit(place, "cell", _EMPTY_CELL)
            continue
        # Of a module only the attributes count that the code takes from it.
        if not isinstance(content, ModuleType):
            walk.slot(content, place, "cell")
    defaults = function.__defaults__ or ()
    positional = code.co_varnames[: code.co_argcount]
    for name, default in zip(positional[len(positional) - len(defaults) :], defaults, strict=True):
        walk.slot(default, path.below(f"<default:{name}>"), "default")
    for name, default in sorted((function.__kwdefaults__ or {}).items()):
        walk.slot(default, path.below(f"<default:{name}>"), "default")
    for name, value in sorted(vars(function).items()):
        if name == "__wrapped__" or not name.startswith("__"):
            walk.slot(value, path.below(name), "attribute")


def _visit_code(walk: Encoder, code: CodeType, path: Path, names: _Names, source: str | None = None) -> None:
    body = decode(code)
    reads_locals = names.locals_read or not _READS_LOCALS.isdisjoint(code.co_names)
    stream = normalise(code, body, reads_locals)
    where = line_of(code.co_filename, code.co_firstlineno)
    walk.emit(path, "code", stream.digest, None, source=source, where=where)
    for telling in TELLING.keys() & {*code.co_names, *(c for c in code.co_consts if type(c) is str)}:
        walk.reads.add(TELLING[telling])
    for number, (constant, line) in enumerate(stream.constants):
        place = path.below(f"<const:{number}>")
        walk.emit(
            place, "constant", walk.value(constant, place), constant, where=line_of(code.co_filename, line)
        )
    bound, _ = imports_of(body)
    imports = {**names.imports, **bound}
    done: set[str] = set()
    for reference in references(code, body, imports):
        place = path.below(reference.name)
        if reference.kind == "getattr":
            walk.note("uses getattr with a computed name: what it gives is not part of the fingerprint")
        elif reference.imported is not None:
            follow_import(walk, reference.imported, reference.chain, names.globals, place)
        elif reference.kind == "free":
            content = _content(names.cells.get(reference.name))
            if isinstance(content, ModuleType):
                follow_module(walk, content, reference.chain, place)
        elif reference.name in names.globals:
            value = names.globals[reference.name]
            if isinstance(value, ModuleType):
                follow_module(walk, value, reference.chain, place)
                continue
            if reference.chain and isinstance(value, type) and walk.origin_of_class(value).kind != "first":
                walk.note(note_for(f"{value.__module__}.{value.__qualname__}.{reference.chain[0]}"))
            if reference.name not in done:
                done.add(reference.name)
                walk.slot(value, place, "global")
            if reference.name == "__file__":
                walk.note("uses __file__: a file read outside File is not part of the fingerprint")
        elif reference.name in names.builtins:
            walk.note(note_for(f"builtins.{reference.name}"))
        elif reference.name in imports:
            # ``global x; import x``: the import has not run yet.
            follow_import(walk, imports[reference.name], reference.chain, names.globals, place)
        elif reference.kind == "global":
            walk.emit(place, "global", pack("unresolved", []))
            walk.note(f"uses {reference.name}, which is not defined")
    # A variable of this function hides a cell of the same name from the functions inside.
    cells = {name: cell for name, cell in names.cells.items() if name not in code.co_cellvars}
    inner = names._replace(cells=cells, imports=imports, locals_read=reads_locals)
    counts: dict[str, int] = {}
    for nested in stream.nested:
        count = counts[nested.co_name] = counts.get(nested.co_name, 0) + 1
        label = nested.co_name if count == 1 else f"{nested.co_name}#{count}"
        _visit_code(walk, nested, path.below(label), inner)


def _content(cell: CellType | None) -> object:
    """What a cell holds; None where it is empty."""
    try:
        return cell.cell_contents if cell is not None else None
    except ValueError:
        return None
