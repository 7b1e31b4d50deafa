"""UDF: a plain function of the user's, and what the engine must know of it."""

import copy
import dataclasses
import functools
import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from neurochain.chain.fingerprint import Fingerprint, fingerprint
from neurochain.datasets.secrets import masked
from neurochain.errors import UDFError

SHOWN = (str, int, float, bool, type(None))  # values that a plan writes out
LONGEST = 80  # characters of one


@dataclass(frozen=True)
class UDF:
    """A function with what its signature cannot say.

    Attributes
    ----------
    function : callable
    version : str or None
        The user's word for what it computes, instead of a fingerprint of its code: results are reused as
        long as it stays the same.
    params : mapping of str to str
        Column of a parameter, where it is not the one of the same name.
    """

    function: Callable[..., Any]
    version: str | None = None
    params: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def name(self) -> str:
        """Name for columns and messages; ``result`` for a lambda."""
        inner = innermost(self.function)
        name = getattr(inner, "__name__", None) or type(inner).__name__
        return "result" if name == "<lambda>" else str(name)

    @property
    def text(self) -> str:
        """How it reads in a plan: ``snr()``, ``band(low=8)``, ``Windows(seconds=2.0, …)``."""
        inner = innermost(self.function)
        if dataclasses.is_dataclass(inner) and not isinstance(inner, type):
            fields = dataclasses.fields(inner)
            given = {f.name: getattr(inner, f.name) for f in fields if f.repr}
            return f"{self.name}({_listed(given)})"
        return f"{self.name}({_listed(self._given())})"

    def _given(self) -> dict[str, Any]:
        """What partials have given by name."""
        given: dict[str, Any] = {}
        function = self.function
        while isinstance(function, functools.partial):
            given = {**function.keywords, **given}
            function = function.func
        return given

    def signature(self) -> inspect.Signature:
        """Parameters of the function.

        Raises
        ------
        UDFError
            They cannot be known (some functions written in C), or are variadic.
        """
        try:
            signature = inspect.signature(self.function)
        except (TypeError, ValueError) as error:
            raise UDFError(
                f"The parameters of {self.function!r} cannot be read. Wrap it: lambda column: {self.name}(column)."
            ) from error
        for p in signature.parameters.values():
            if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
                raise UDFError(
                    f"{self.name}{signature} takes any arguments, but its parameters' names choose the columns. "
                    f"Wrap it: lambda column: {self.name}(column)."
                )
        return signature

    def hints(self) -> dict[str, Any]:
        """Annotations of parameters and of the result (``"return"``), as far as they can be resolved."""
        inner = innermost(self.function)
        if not inspect.isroutine(inner):
            inner = type(inner).__call__
        try:
            return typing.get_type_hints(inner, include_extras=True)
        except Exception:
            return {k: v for k, v in getattr(inner, "__annotations__", {}).items() if not isinstance(v, str)}

    def bound(self) -> frozenset[str]:
        """Parameters that a partial has already given a value."""
        return frozenset(self._given())

    def prepared(self) -> Callable[..., Any]:
        """The function, ready to be called: of an object with ``setup()``, a copy that was set up."""
        setup = getattr(self.function, "setup", None)
        if setup is None or inspect.isroutine(self.function) or not callable(setup):
            return self.function
        ready = copy.copy(self.function)  # the original stays what was fingerprinted
        ready.setup()  # type: ignore[attr-defined]
        return ready

    def fingerprint(self, seeds: tuple[object, ...] = ()) -> Fingerprint:
        """What decides whether a result may be reused."""
        return fingerprint(self.function, seeds=seeds, version=self.version)


def _listed(given: Mapping[str, Any]) -> str:
    return ", ".join(masked(f"{name}={_short(value)}") for name, value in given.items())


def _short(value: Any) -> str:
    """A value in a few characters; what is no plain value, or a long one, is left out."""
    plain = isinstance(value, SHOWN) or (
        isinstance(value, tuple) and all(isinstance(v, SHOWN) for v in value)
    )
    text = repr(value) if plain else "…"
    return text if len(text) <= LONGEST else "…"


def innermost(function: Any) -> Any:
    """Function behind partials and ``functools.wraps``."""
    while True:
        if isinstance(function, functools.partial):
            function = function.func
        elif hasattr(function, "__wrapped__"):
            function = function.__wrapped__
        elif inspect.ismethod(function):
            function = function.__func__
        else:
            return function


def udf(
    function: Callable[..., Any] | None = None,
    *,
    version: str | None = None,
    params: Mapping[str, str] | None = None,
) -> Any:
    """Say more about a function than its signature can; works as a decorator too.

    Parameters
    ----------
    function : callable
        The function.
    version : str, optional
        Name its behaviour yourself, for a function that cannot be fingerprinted (a model behind a handle).
        Change it whenever the function's results change.
    params : mapping of str to str, optional
        Column for a parameter: ``{"image": "file"}``.

    Examples
    --------
    >>> chain.map(udf(len, params={"obj": "label"}))              # doctest: +SKIP
    """
    if function is None:
        return lambda f: udf(f, version=version, params=params)
    if not callable(function):
        raise UDFError(f"{function!r} is not a function.")
    if version is not None and getattr(innermost(function), "__name__", "") == "<lambda>":
        raise UDFError(
            f"udf(version={version!r}) stands for what a function of this name computes, and a lambda has no name. "
            "Write it with def."
        )
    return UDF(function, version, MappingProxyType(dict(params or {})))


def as_udf(function: Any) -> UDF:
    """UDF of a function, or the UDF that it is already."""
    if isinstance(function, UDF):
        return function
    if not callable(function):
        raise UDFError(f"map() takes functions, and {function!r} is none. For an expression use mutate().")
    if isinstance(function, type) and callable(getattr(function, "setup", None)):
        raise UDFError(f"{function.__name__} is a class. Give an object of it: {function.__name__}(…).")
    return UDF(function)
