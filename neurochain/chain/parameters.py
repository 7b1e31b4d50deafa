"""Parameters: values that a script takes from its caller, typed like their defaults, and recorded with what it saves."""

import json
import os
import sys
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, overload

from neurochain.datasets.secrets import looks_secret
from neurochain.errors import ParameterError, suggestion

OPTION = "--param"
PREFIX = "NEUROCHAIN_PARAM_"
HIDDEN = "<not shown>"
_TRUE, _FALSE = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off"})
_NO_DEFAULT: Any = object()
T = TypeVar("T")
Origin = Literal["default", "command line", "environment"]


@dataclass(frozen=True)
class Parameter:
    """A value that was asked for.

    Attributes
    ----------
    name : str
    value : Any
    origin : {"default", "command line", "environment"}
    """

    name: str
    value: Any
    origin: Origin

    def to_json(self) -> dict[str, Any]:
        """As it is recorded; what looks like a secret is not."""
        shown = HIDDEN if looks_secret(self.value, self.name, frozenset()) else self.value
        return {"value": shown, "from": self.origin}


_asked: dict[str, Parameter] = {}


@overload
def param(name: str, default: T) -> T: ...
@overload
def param(name: str) -> str: ...
def param(name: str, default: Any = _NO_DEFAULT) -> Any:
    """Value that the caller of a script may set: ``--param threshold=0.9``, or ``NEUROCHAIN_PARAM_THRESHOLD=0.9``.

    Parameters
    ----------
    name : str
        A plain name: ``"threshold"``.
    default : bool, int, float, str, list or dict, optional
        Says the type too; lists and dicts are written as JSON. Without it the value must be given, as text.

    Returns
    -------
    bool, int, float, str, list or dict

    Notes
    -----
    The command line goes before the environment. What was taken stands in the lineage of all that the script saves, and
    counts in the fingerprint of the functions that use it. Ask at the top of the script, not inside a function.

    Raises
    ------
    ParameterError
        It is not given and has no default, or is not of the default's type.

    Examples
    --------
    >>> threshold = param("threshold", 0.8)
    >>> threshold
    0.8
    """
    if not name.isidentifier():
        raise ParameterError(f"param({name!r}): a parameter is a plain name, such as 'threshold'.")
    found = _given(name)
    if found is None and default is _NO_DEFAULT:
        raise ParameterError(
            f"The parameter {name!r} has no default. Give it: {OPTION} {name}=…, or {PREFIX}{name.upper()}=… in the "
            "environment."
        )
    if found is None:
        asked = Parameter(name, default, "default")
    else:
        text, origin = found
        asked = Parameter(name, text if default is _NO_DEFAULT else _typed(name, text, default), origin)
    _asked[name] = asked
    return asked.value


def asked_parameters() -> dict[str, Any]:
    """Parameters that this process has asked for, as they are recorded."""
    return {name: asked.to_json() for name, asked in sorted(_asked.items())}


def unasked() -> list[str]:
    """What is wrong with parameters on the command line that nobody has asked for, in words."""
    return [
        f"{OPTION} {name}=… was not asked for. {suggestion(name, _asked)}"
        for name in _on_command_line()
        if name not in _asked
    ]


def _given(name: str) -> tuple[str, Origin] | None:
    texts = _on_command_line()
    if name in texts:
        return texts[name], "command line"
    text = os.environ.get(f"{PREFIX}{name.upper()}")
    return None if text is None else (text, "environment")


def _on_command_line() -> dict[str, str]:
    """``--param a=1`` and ``--param=a=1``, the last of a name."""
    found: dict[str, str] = {}
    words = iter(sys.argv[1:])
    for word in words:
        text = next(words, "") if word == OPTION else word.removeprefix(f"{OPTION}=")
        if word != OPTION and text == word:
            continue
        name, equals, value = text.partition("=")
        if not equals:
            raise ParameterError(f"{OPTION} {text}: write {OPTION} name=value.")
        found[name] = value
    return found


def _typed(name: str, text: str, default: Any) -> Any:
    """The value of a text, of the default's type."""
    kind = type(default)
    try:
        if kind is bool:
            word = text.strip().lower()
            if word not in _TRUE | _FALSE:
                raise ValueError
            return word in _TRUE
        if kind in (int, float):
            return kind(text)
        if kind in (list, dict):
            value = json.loads(text)
            if type(value) is not kind:
                raise ValueError
            return value
    except ValueError:
        raise ParameterError(
            f"{OPTION} {name}={text}: {name} is of the type {kind.__name__}, such as {default!r}."
        ) from None
    if kind is str:
        return text
    raise ParameterError(
        f"param({name!r}, {default!r}): a default is a number, a text, a truth value, a list or a dict."
    )
