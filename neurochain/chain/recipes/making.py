"""Making: from a recipe to the function, by running its definitions alone.

What runs is the text of definitions: a function's ``def`` without its decorators, defaults and annotations (those come
from the recipe), a class as it was written. No module is run, nothing is unpickled. Only who has seen the texts should
ask for it.
"""

import ast
import functools
import importlib
import linecache
import operator
import textwrap
import types
import typing
from types import CodeType, FunctionType, ModuleType
from typing import Any

from neurochain.chain.recipes import plain, texts
from neurochain.errors import ReplayError

OWN = "neurochain"
Json = Any


class Made:
    """What a recipe gives.

    Parameters
    ----------
    recipe : dict
        From `recipe_of`.
    name : str
        Of the function, for messages and tracebacks.

    Attributes
    ----------
    missing : list of str
        What could not be made, as far as it was needed.
    """

    def __init__(self, recipe: Json, name: str) -> None:
        self.missing: list[str] = []
        self._items: list[Json] = recipe["items"]
        self._made: dict[int, Any] = {}
        self._name = name
        self._root = recipe["root"]

    def function(self) -> Any:
        """The function.

        Raises
        ------
        ReplayError
            It cannot be made; the message says what is missing.
        """
        try:
            return self._value(self._root)
        except ReplayError:
            raise
        except Exception as error:
            raise ReplayError(
                f"{self._name}() cannot be made from its recorded source: {type(error).__name__}: {error}"
            ) from error

    def _value(self, node: Json) -> Any:
        if not isinstance(node, dict) or len(node) != 1:
            return plain.decode(node, self._value)
        ((kind, content),) = node.items()
        match kind:
            case "item":
                return self._item(content)
            case "import":
                return self._imported(*content)
            case "stub":
                return self._stub(*content)
            case "partial":
                function, arguments, named = content
                values = [self._value(a) for a in arguments]
                return functools.partial(
                    self._value(function), *values, **{k: self._value(v) for k, v in named}
                )
            case "method":
                return getattr(self._value(content[0]), content[1])
            case "cached":
                return functools.lru_cache(content[1], content[2])(self._value(content[0]))
            case "member":
                return self._value(content[0])[content[1]]
            case "record":
                (module, name), fields = content
                if module.split(".")[0] != OWN:
                    raise ReplayError(f"{module}.{name} is none of {OWN}'s records")
                record: Any = object.__new__(self._imported(module, name))
                for field, node in fields:
                    object.__setattr__(record, field, self._value(node))
                return record
            case "annotated":
                return self._annotated(*content)
            case "unknown":
                raise ReplayError(f"it uses {content}, which is not recorded")
        return plain.decode(node, self._value)

    def _imported(self, module: str, name: str) -> Any:
        try:
            value: Any = importlib.import_module(module)
        except ImportError as error:
            raise ReplayError(f"the module {module} is not installed ({error})") from error
        for part in filter(None, name.split(".")):
            if not hasattr(value, part):
                raise ReplayError(f"{module} has no {name} here; it is of another version")
            value = getattr(value, part)
        return value

    def _stub(self, name: str, attributes: dict[str, Json]) -> ModuleType:
        module = ModuleType(name)
        vars(module).update(self._names(attributes, f"{name}."))
        return module

    def _names(self, nodes: dict[str, Json], prefix: str = "") -> dict[str, Any]:
        """Values by name; what cannot be made is left out, and noted."""
        out: dict[str, Any] = {}
        for name, node in nodes.items():
            try:
                out[name] = self._value(node)
            except ReplayError as error:
                self.missing.append(f"{prefix}{name}: {error}")
        return out

    def _item(self, number: int) -> Any:
        if number not in self._made:
            item = self._items[number]
            make = {"function": self._function, "class": self._class, "instance": self._instance}.get(
                item["kind"]
            )
            if make is None:
                raise ReplayError(f"{item['kind']!r} is no kind of thing that a recipe has")
            make(number, item)
        return self._made[number]

    def _function(self, number: int, item: Json) -> None:
        code = _code(item, self._name)
        scope: dict[str, Any] = {"__name__": item["module"], "__builtins__": __builtins__}
        cells = {name: types.CellType() for name in code.co_freevars}
        function = FunctionType(code, scope, item["name"], None, tuple(cells[n] for n in code.co_freevars))
        self._made[number] = function  # first: it may call itself
        function.__qualname__, function.__module__ = item["qualname"], item["module"]
        function.__defaults__ = tuple(self._value(v) for v in item["defaults"]) or None
        function.__kwdefaults__ = {n: self._value(v) for n, v in item["kwdefaults"].items()} or None
        scope |= self._names(item["globals"])
        for name, value in self._names(item["cells"]).items():
            if name in cells:
                cells[name].cell_contents = value
        vars(function).update(self._names(item["attributes"]))
        function.__annotations__ = {
            n: text if quoted else _evaluated(text, scope) for n, text, quoted in item["annotations"]
        }

    def _class(self, number: int, item: Json) -> None:
        if not item["source"]:
            raise ReplayError(f"the source of the class {item['name']} is not recorded")
        scope: dict[str, Any] = {"__name__": item["module"], **self._names(item["globals"])}
        tree = ast.parse(textwrap.dedent(item["source"]))
        tree.body.insert(0, _imports(item))
        code = compile(
            ast.fix_missing_locations(tree), _filename(item, self._name), "exec", dont_inherit=True
        )
        exec(code, scope)
        cls = scope[item["name"]]
        cls.__qualname__ = item["qualname"]
        self._made[number] = cls

    def _instance(self, number: int, item: Json) -> None:
        cls = self._value(item["class"])
        instance = self._made[number] = cls.__new__(cls)
        for name, node in item["attributes"].items():
            object.__setattr__(instance, name, self._value(node))

    def _annotated(self, kind: str, origin: Json, arguments: list[Json]) -> Any:
        values = tuple(self._value(a) for a in arguments)
        if kind == "Annotated":
            return typing.Annotated[values]
        if kind == "Union":
            return functools.reduce(operator.or_, values)
        return self._value(origin)[values if len(values) != 1 else values[0]]


def _evaluated(annotation: str, scope: dict[str, Any]) -> Any:
    """What an annotation means; its text, where that cannot be told."""
    try:
        return eval(compile(annotation, "<annotation>", "eval", dont_inherit=True), scope)
    except Exception:  # a name that nobody recorded
        return annotation


def _filename(item: Json, name: str) -> str:
    """Name under which a text is compiled, so that tracebacks show its lines."""
    filename = f"<{name} as recorded: {item['qualname']}>"
    text = textwrap.dedent(item["source"] or "")
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    return filename


def _code(item: Json, name: str) -> CodeType:
    """Code object of a function's text.

    Raises
    ------
    ReplayError
        There is no text, or the function cannot be found in it.
    """
    if not item["source"]:
        raise ReplayError(f"the source of {item['name']}() is not recorded")
    text = textwrap.dedent(item["source"])
    definition, filename = _definition(text, item), _filename(item, name)
    free = [n for n in item["free"] if n.isidentifier()]
    maker = ast.parse("def _make(): pass").body[0]
    assert isinstance(maker, ast.FunctionDef)
    inside = ast.Expr(definition) if isinstance(definition, ast.expr) else definition
    given = [ast.Assign([ast.Name(n, ast.Store())], ast.Constant(None)) for n in free]
    maker.body = [*given, inside]
    tree = ast.fix_missing_locations(ast.Module([_imports(item), maker], []))
    outer = next(
        c for c in compile(tree, filename, "exec", dont_inherit=True).co_consts if isinstance(c, CodeType)
    )
    found = [c for c in outer.co_consts if isinstance(c, CodeType) and c.co_name == item["code"]]
    if len(found) != 1:
        raise ReplayError(f"the recorded text of {item['name']}() does not define it")
    return found[0].replace(co_qualname=item["qualname"])


def _imports(item: Json) -> ast.stmt:
    """Imports that never run: the compiler looks at their names when it compiles calls."""
    names: list[ast.stmt] = [ast.Import([ast.alias(n)]) for n in item["imports"] if n.isidentifier()]
    return ast.If(ast.Constant(False), names or [ast.Pass()], [])


def _definition(text: str, item: Json) -> ast.stmt | ast.expr:
    """The function in a text, without decorators, defaults and annotations."""
    wanted = item["code"]
    tree = texts.parsed(text)
    for node in ast.walk(tree) if tree is not None else ():
        if wanted == "<lambda>" and isinstance(node, ast.Lambda):
            node.args.defaults = [ast.Constant(None) for _ in node.args.defaults]
            node.args.kw_defaults = [d and ast.Constant(None) for d in node.args.kw_defaults]
            return node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == wanted:
            node.decorator_list = []
            node.returns = None
            a = node.args
            a.defaults = [ast.Constant(None) for _ in a.defaults]
            a.kw_defaults = [d and ast.Constant(None) for d in a.kw_defaults]
            for argument in (*a.posonlyargs, *a.args, *a.kwonlyargs, *filter(None, (a.vararg, a.kwarg))):
                argument.annotation = None
            return node
    raise ReplayError(f"the recorded text of {item['name']}() does not define it")
