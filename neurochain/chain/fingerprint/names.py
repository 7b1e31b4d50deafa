"""Names: which globals, free variables and imports a code object loads, each with its attribute chain."""

from collections.abc import Iterator, Mapping
from types import CodeType
from typing import Literal, NamedTuple

from neurochain.chain.fingerprint.bytecode import Instruction

__all__ = ["Imported", "Reference", "imports_of", "references"]

_ATTRIBUTES = {"LOAD_ATTR", "LOAD_METHOD"}
_GLOBALS = {"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"}
_FREE = {"LOAD_DEREF", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_DEREF"}
_STORES = {"STORE_FAST", "STORE_DEREF", "STORE_NAME", "STORE_GLOBAL"}
_SHUFFLES = {"SWAP", "POP_TOP", "ROT_TWO", "COPY"}


class Imported(NamedTuple):
    """What a local variable was bound to by an import: a module, and attributes below it."""

    module: str
    chain: tuple[str, ...]
    level: int


class Reference(NamedTuple):
    """A name that code loads, and the attributes taken from it: ``np.linalg.norm``.

    `kind` is ``getattr`` for a call of ``getattr`` whose attribute is not written in the code.
    """

    kind: Literal["global", "name", "free", "import", "getattr"]
    name: str
    chain: tuple[str, ...]
    imported: Imported | None = None


def imports_of(body: list[Instruction]) -> tuple[dict[str, Imported], list[Imported]]:
    """Imports in a code object.

    Returns
    -------
    bound : dict of str to Imported
        What local variables hold.
    every : list of Imported
        All that is imported, also what is bound to a global.
    """
    bound: dict[str, Imported] = {}
    every: list[Imported] = []
    for index, instruction in enumerate(body):
        if instruction.op != "IMPORT_NAME":
            continue
        module, level = str(instruction.value), body[index - 2].value
        fromlist = body[index - 1].value
        level = level if isinstance(level, int) else 0
        rest = iter(body[index + 1 :])
        if fromlist:
            names = list(_from_imports(rest))
        elif (following := next(rest, None)) is None:
            names = []
        elif following.op in _STORES:
            # ``import a.b`` binds a; its submodule is then reached by attributes.
            names = [(str(following.value), ())]
            module = module if level else module.split(".")[0]
        else:
            names = [(_stored(rest), ())]
        for variable, chain in names:
            target = Imported(module, chain, level)
            every.append(target)
            if variable:
                bound[variable] = target
        if not names:
            every.append(Imported(module, (), level))
    return bound, every


def _from_imports(rest: Iterator[Instruction]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for instruction in rest:
        if instruction.op != "IMPORT_FROM":
            return
        following = next(rest, None)
        variable = str(following.value) if following is not None and following.op in _STORES else ""
        yield variable, (str(instruction.value),)


def _stored(rest: Iterator[Instruction]) -> str:
    """Variable of ``import a.b as c``, which goes through IMPORT_FROM and a swap."""
    for instruction in rest:
        if instruction.op in _STORES:
            return str(instruction.value)
        if instruction.op not in _SHUFFLES and instruction.op != "IMPORT_FROM":
            break
    return ""


def references(
    code: CodeType, body: list[Instruction], imports: Mapping[str, Imported]
) -> Iterator[Reference]:
    """Names that a code object loads, in the order of its text, repeats left out.

    Parameters
    ----------
    code : CodeType
        The code object.
    body : list of Instruction
        What `decode` gave for it.
    imports : mapping of str to Imported
        Variables bound by imports, here or in the enclosing functions.
    """
    seen: set[Reference] = set()
    free = code.co_freevars
    stored = {i.value for i in body if i.op == "STORE_NAME"} if "LOAD_NAME" in {i.op for i in body} else set()
    for index, (_, op, _, value, _) in enumerate(body):
        name = str(value)
        found: Reference
        if op in _GLOBALS and not (op == "LOAD_NAME" and name in imports):
            kind: Literal["global", "name"] = "name" if op == "LOAD_NAME" and name in stored else "global"
            found = Reference(kind, name, _chain(body, index))
            if name == "getattr" and not _literal_attribute(body, index):
                found = Reference("getattr", name, ())
        elif op in _FREE and name in free and name not in imports:
            found = Reference("free", name, _chain(body, index))
        elif name in imports and op.startswith("LOAD_") and value is not None and op not in _ATTRIBUTES:
            target = imports[name]
            if op == "LOAD_CONST" or op == "LOAD_CLOSURE":
                continue
            found = Reference("import", name, (*target.chain, *_chain(body, index)), target)
        else:
            continue
        if found not in seen:
            seen.add(found)
            yield found


def _chain(body: list[Instruction], index: int) -> tuple[str, ...]:
    names: list[str] = []
    while index + 1 < len(body) and body[index + 1].op in _ATTRIBUTES:
        index += 1
        names.append(str(body[index].value))
    return tuple(names)


def _literal_attribute(body: list[Instruction], index: int) -> bool:
    """Whether ``getattr(x, "name")`` says the name itself, so that the code's hash covers it."""
    values: list[Instruction] = []
    for instruction in body[index + 1 : index + 12]:
        if instruction.op.startswith(("CALL", "PRECALL")):
            break
        if instruction.op.startswith("LOAD_") and instruction.op not in _ATTRIBUTES:
            values.append(instruction)
        elif instruction.op not in _ATTRIBUTES and instruction.op != "PUSH_NULL":
            return False
    return len(values) in (2, 3) and values[1].op == "LOAD_CONST" and isinstance(values[1].value, str)
