"""Source tree: what the package's files import, read from their syntax trees. Nothing is executed."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGE = REPOSITORY / "neurochain"


@dataclass(frozen=True)
class Import:
    """One module that a file imports.

    Attributes
    ----------
    file : Path
    line : int
    module : str
        The module that is meant: ``from neurochain.formats import edf`` imports ``neurochain.formats.edf.reader``.
    in_function : bool
        It runs when a function is called.
    for_types : bool
        It stands under ``if TYPE_CHECKING`` and never runs.
    comment : str
        What the comment on its line says.
    """

    file: Path
    line: int
    module: str
    in_function: bool
    for_types: bool
    comment: str

    @property
    def where(self) -> str:
        return f"{self.file.relative_to(REPOSITORY)}:{self.line}"


def module_name(file: Path) -> str:
    """Dotted name of a file of the repository."""
    parts = file.relative_to(REPOSITORY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def python_files(folder: Path = PACKAGE) -> tuple[Path, ...]:
    """All Python files below a folder."""
    return tuple(sorted(p for p in folder.rglob("*.py") if "__pycache__" not in p.parts))


@cache
def modules() -> dict[str, Path]:
    """The package's modules by name."""
    return {module_name(file): file for file in python_files()}


@cache
def comments(file: Path) -> dict[int, str]:
    """Comments by line."""
    tokens = tokenize.generate_tokens(io.StringIO(file.read_text("utf-8")).readline)
    return {t.start[0]: t.string.lstrip("# ") for t in tokens if t.type == tokenize.COMMENT}


@cache
def imports(file: Path) -> tuple[Import, ...]:
    """Everything a file imports, in the order of its lines."""
    tree = ast.parse(file.read_text("utf-8"), str(file))
    return tuple(_imports(file, tree, in_function=False, for_types=False))


def _imports(file: Path, node: ast.AST, *, in_function: bool, for_types: bool) -> Iterator[Import]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        said = comments(file)
        last = node.end_lineno or node.lineno
        comment = " ".join(said[n] for n in range(node.lineno, last + 1) if n in said)
        for module in _meant(file, node):
            yield Import(file, node.lineno, module, in_function, for_types, comment)
        return
    if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
        for child in node.body:
            yield from _imports(file, child, in_function=in_function, for_types=True)
        for child in node.orelse:
            yield from _imports(file, child, in_function=in_function, for_types=for_types)
        return
    inside = in_function or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    for below in ast.iter_child_nodes(node):
        yield from _imports(file, below, in_function=inside, for_types=for_types)


def _meant(file: Path, node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
        return
    base = node.module or ""
    if node.level:
        parents = module_name(file).split(".")
        drop = node.level - (file.name == "__init__.py")
        base = ".".join([*parents[: len(parents) - drop], *([base] if base else [])])
    found = {f"{base}.{alias.name}" for alias in node.names} & modules().keys()
    yield from sorted(found)
    if len(found) < len(node.names):
        yield base


def words(file: Path) -> Iterator[tuple[int, str]]:
    """Lower-case words of a file with their lines; names are split at ``_`` and at capitals.

    A file ending in quotes (``".parquet"``) is no word.
    """
    for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
        for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", re.sub(r"([\"'])\.\w+\1", "", line)):
            yield number, word.lower()


def circle(graph: dict[str, set[str]]) -> list[str] | None:
    """Shortest way from a module back to itself, or None."""
    best: list[str] | None = None
    for start in sorted(graph):
        came: dict[str, str] = {}
        frontier = [start]
        while frontier and start not in came:
            reached = []
            for module in frontier:
                for target in sorted(graph.get(module, ())):
                    if target not in came:
                        came[target] = module
                        reached.append(target)
            frontier = reached
        if start in came:
            path = [start]
            while came[path[0]] != start:
                path.insert(0, came[path[0]])
            if best is None or len(path) < len(best):
                best = path
    return best
