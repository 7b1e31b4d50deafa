"""FunctionTable: a table that a Python function gives, called with what its filters say."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import polars as pl

from neurochain.errors import TableError, suggestion
from neurochain.tables.dtypes import dtype_of
from neurochain.tables.filters.condition import Condition
from neurochain.tables.filters.filter import Filter
from neurochain.tables.given import GivenTable
from neurochain.tables.table import Table

__all__ = ["FunctionTable", "table"]


@dataclass(kw_only=True, eq=False, repr=False)
class FunctionTable(Table):
    """A function that gives a frame. Made by `table`.

    Its parameters are given by name, or by filters that say what they are equal to.

    Attributes
    ----------
    function : callable
        Gives a LazyFrame, or a DataFrame, or what Polars makes one of.
    docs_args : mapping of str to object
        Parameters of the example; by default those that `docs_filters` say.
    name, description, owner, docs_filters, docs_columns, deprecated, latency, notebook, links, checks
        As of `Table`.
    """

    kind: ClassVar[str] = "function"

    function: Callable[..., Any]
    docs_args: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.parameters = {
            name: p
            for name, p in inspect.signature(self.function).parameters.items()
            if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        }
        if unnamed := [name for name, p in self.parameters.items() if p.kind is p.POSITIONAL_ONLY]:
            raise TableError(
                f"Table {self.name!r}: {self.function.__qualname__}() takes {unnamed[0]!r} only by its place. A table's parameters have names."
            )
        for name in ("filters", "columns", "key"):
            if name in self.parameters:
                raise TableError(
                    f"Table {self.name!r}: {self.function.__qualname__}() has a parameter {name!r}, as the call of a table has. Rename it."
                )
        for name in self.docs_args:
            if name not in self.parameters:
                raise TableError(
                    f"Table {self.name!r}: docs_args has {name!r}, which is no parameter. {suggestion(name, self.parameters)}"
                )
        self.docs_args = dict(self.docs_args) or {
            f.column: f.value for f in self.docs_filters if f.column in self.parameters
        }

    @property
    def required(self) -> tuple[str, ...]:
        """Parameters that must be given."""
        return tuple(name for name, p in self.parameters.items() if p.default is p.empty)

    def scan(
        self, condition: Condition, columns: Sequence[str] | None = None, **options: Any
    ) -> pl.LazyFrame:
        """As of `Table`; of what the function gives for the parameters."""
        for name in options:
            if name not in self.parameters:
                raise TableError(
                    f"Table {self.name!r} has no parameter {name!r}. {suggestion(name, self.parameters)}"
                )
        given = {**self._from(condition), **options}
        missing = [name for name in self.required if name not in given]
        if missing:
            raise TableError(
                f"Table {self.name!r} needs {', '.join(missing)}. Write {self.name}({missing[0]}=…), or "
                f"nc.Filter({missing[0]!r}, '==', …)."
            )
        found = self._call(given)
        schema = found.collect_schema()
        left = self._without(condition, set(self.parameters) - set(schema.names()), given)
        return GivenTable(name=self.name, frame=found, columns=schema).scan(left, columns)

    def read_schema(self, **options: Any) -> pl.Schema:
        """As of `Table`: of what the function gives for `docs_args`, unless others are given."""
        given = {**self.docs_args, **options}
        missing = [name for name in self.required if name not in given]
        if missing:
            raise TableError(
                f"Table {self.name!r}: its columns are those of what the function gives. Say docs_args={{{missing[0]!r}: …}}."
            )
        return self._call(given).collect_schema()

    def _scan(self, condition: Condition, columns: Sequence[str] | None, **options: Any) -> pl.LazyFrame:
        return self._call({**self.docs_args, **options})

    def reference(self, **options: Any) -> dict[str, Any]:
        """As of `Table`: the function and its parameters."""
        return self._reference(Condition(), **{**self.docs_args, **options})

    def _reference(self, condition: Condition, **options: Any) -> dict[str, Any]:
        return {
            **super().reference(),
            "function": f"{self.function.__module__}.{self.function.__qualname__}",
            "parameters": {name: str(value) for name, value in {**self._from(condition), **options}.items()},
        }

    def declared(self) -> dict[str, Any]:
        """As of `Table`: nothing, since a function is not made again from a record."""
        return {}

    def _from(self, condition: Condition) -> dict[str, Any]:
        """Parameters that a condition says."""
        found = {}
        for name, parameter in self.parameters.items():
            values = condition.equal_to(name)
            if values is not None and len(values) == 1:
                found[name] = _typed(values[0], parameter, self.name)
        return found

    def _without(self, condition: Condition, names: set[str], given: Mapping[str, Any]) -> Condition:
        """What is left to ask when parameters that are no columns have their values.

        Raises
        ------
        TableError
            It asks something else of a parameter than that it equals what it was given.
        """
        for case in condition.cases:
            for term in case:
                for name in {term.column} & names if isinstance(term, Filter) else set(term.names()) & names:
                    if not isinstance(term, Filter) or not self._says(term, given.get(name)):
                        raise TableError(
                            f"Table {self.name!r}: {name!r} is a parameter and no column, so one thing can be said of it: what it equals, "
                            f"by nc.Filter({name!r}, '=', …), in all of several cases the same. It was given {given.get(name)!r}."
                        )
        cases = tuple(
            tuple(t for t in case if not (isinstance(t, Filter) and t.column in names))
            for case in condition.cases
        )
        return Condition() if any(not case for case in cases) else Condition(cases)

    def _says(self, term: Filter, value: Any) -> bool:
        """Whether a filter says no more than that a parameter has a value."""
        values = list(term.value) if term.operator == "in" else [term.value]
        if term.operator not in ("=", "==", "in") or len(values) != 1:
            return False
        said = _typed(values[0], self.parameters[term.column], self.name)
        return bool(said == value)

    def _call(self, given: Mapping[str, Any]) -> pl.LazyFrame:
        found = self.function(**given)
        if isinstance(found, pl.LazyFrame):
            return found
        if isinstance(found, pl.DataFrame):
            return found.lazy()
        try:
            frame = pl.DataFrame(found)
        except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
            raise TableError(
                f"Table {self.name!r}: {self.function.__qualname__}() gave a {type(found).__name__}, of which no frame can be made."
            ) from error
        return frame.lazy()


def table(function: Callable[..., Any] | None = None, /, **declared: Any) -> Any:
    """Declare the function below as a table.

    Parameters
    ----------
    function : callable, optional
        Gives a LazyFrame.
    **declared
        As of `FunctionTable`. By default the name is the function's, and the description its docstring.

    Examples
    --------
    >>> @table(owner="bci")
    ... def implant_diagnostics(implant_id: int, date: str):
    ...     "Online diagnostics."
    ...     return pl.LazyFrame({"implant_id": [implant_id], "date": [date], "impedance": [210.0]})
    >>> implant_diagnostics((Filter("implant_id", "==", 4595), Filter("date", "==", "2024-04-28")), ["impedance"]).collect().item()
    210.0
    >>> implant_diagnostics.description
    'Online diagnostics.'
    """
    if function is None:
        return lambda below: table(below, **declared)
    about = {
        "name": function.__name__,
        "description": inspect.cleandoc(function.__doc__ or ""),
        **declared,
    }
    return FunctionTable(function=function, **about)


def _typed(value: Any, parameter: inspect.Parameter, name: str) -> Any:
    """A value as one of the type that a parameter is annotated with, where that is one of a column."""
    hint = parameter.annotation
    if hint not in (int, float, str, bool):
        return value
    asked = Condition(((Filter(parameter.name, "=", value),),)).bound(
        {parameter.name: dtype_of(hint, parameter.name)}, f"Table {name!r}"
    )
    first = asked.cases[0][0]
    bound = first.value if isinstance(first, Filter) else value
    if not isinstance(bound, hint) and not (hint is float and isinstance(bound, int)):
        raise TableError(
            f"Table {name!r}: the parameter {parameter.name!r} is {hint.__name__}; {value!r} is none."
        )
    return bound
