"""Parameters: what stands in the query of a request: declared once, read and described from that."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from neurochain.errors import ParameterError

__all__ = ["Choice", "Flag", "Parameter", "Real", "Text", "Whole"]

SHOWN = 80  # characters of what is wrong
DIGITS = 15  # of a whole number: a page holds so many exactly
YES, NO = ("1", "true"), ("", "0", "false")
Schema = dict[str, Any]


@dataclass(frozen=True)
class Parameter:
    """A parameter.

    Attributes
    ----------
    name : str
        In the query.
    about : str
        For people.
    required : bool
    """

    name: str
    about: str
    required: bool = False

    @property
    def schema(self) -> Schema:
        """Its values, as JSON Schema."""
        return {"type": "string"}

    def given(self, query: Mapping[str, str]) -> str:
        """What stands there; an empty text where nothing does.

        Raises
        ------
        ParameterError
            It must be there.
        """
        found = query.get(self.name, "")
        if self.required and not found:
            raise ParameterError(f"The address lacks {self.name}=…: {self.about}")
        return found

    def wrong(self, given: str, needed: str) -> ParameterError:
        """Error of a value that it cannot have."""
        shown = given if len(given) <= SHOWN else f"{given[:SHOWN]}…"
        return ParameterError(f"{self.name}={shown!r}: {needed} is needed.")

    def described(self) -> Schema:
        """As OpenAPI has it."""
        said: Schema = {"name": self.name, "in": "query", "description": self.about}
        if self.required:
            said["required"] = True
        return {**said, "schema": self.schema}


@dataclass(frozen=True)
class Text(Parameter):
    """Any text.

    Attributes
    ----------
    default : str
        Where it is not given.
    example : str
        One of its values.
    """

    default: str = ""
    example: str = ""

    @property
    def schema(self) -> Schema:
        """As in `Parameter`."""
        said: Schema = {"type": "string"}
        if self.required:
            said["minLength"] = 1
        if self.default:
            said["default"] = self.default
        return said | ({"examples": [self.example]} if self.example else {})

    def of(self, query: Mapping[str, str]) -> str:
        """Its value in a query.

        Raises
        ------
        ParameterError
            It must be there, and is not.
        """
        return self.given(query) or self.default


@dataclass(frozen=True)
class Whole(Parameter):
    """A whole number from 0 on.

    Attributes
    ----------
    default : int or None
        None where it depends on what is asked for.
    most : int or None
        More is taken for it.
    """

    default: int | None = 0
    most: int | None = None

    @property
    def schema(self) -> Schema:
        """As in `Parameter`."""
        said: Schema = {"type": "integer", "minimum": 0, "maximum": 10**DIGITS - 1}
        return said if self.default is None else {**said, "default": self.default}

    def of(self, query: Mapping[str, str]) -> int:
        """Its value in a query.

        Raises
        ------
        ParameterError
            It is no whole number.
        """
        given = self.given(query)
        if not given:
            return self.default or 0
        if not given.isascii() or not given.isdecimal() or len(given) > DIGITS:
            raise self.wrong(given, "a whole number from 0 on")
        return int(given) if self.most is None else min(int(given), self.most)


@dataclass(frozen=True)
class Real(Parameter):
    """A number; what it means where it is not given depends on what is asked for."""

    @property
    def schema(self) -> Schema:
        """As in `Parameter`."""
        return {"type": "number"}


@dataclass(frozen=True)
class Flag(Parameter):
    """Yes or no."""

    @property
    def schema(self) -> Schema:
        """As in `Parameter`."""
        return {"type": "string", "enum": [*YES, *NO], "default": "0"}

    def of(self, query: Mapping[str, str]) -> bool:
        """Its value in a query.

        Raises
        ------
        ParameterError
            It is neither.
        """
        given = self.given(query)
        if given not in (*YES, *NO):
            raise self.wrong(given, "1 or 0")
        return given in YES


@dataclass(frozen=True)
class Choice(Parameter):
    """One of some words; by default the first.

    Attributes
    ----------
    words : tuple of str
    """

    words: tuple[str, ...] = ()

    @property
    def schema(self) -> Schema:
        """As in `Parameter`."""
        return {"type": "string", "enum": list(self.words), "default": self.words[0]}

    def of(self, query: Mapping[str, str]) -> str:
        """Its value in a query.

        Raises
        ------
        ParameterError
            It is none of them.
        """
        given = self.given(query) or self.words[0]
        if given not in self.words:
            raise self.wrong(given, f"one of {', '.join(filter(None, self.words))}")
        return given
