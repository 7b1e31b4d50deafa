"""Disclosure: what an export may say of people and of the machines on which they worked."""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from neurochain.storage.scheme import split_uri

_HOMES = re.compile(r"(?:file://)?(?:[A-Za-z]:)?[/\\](?:home|Users)[/\\][^/\\\s'\",;:)\]]+")
_WEB = ("http", "https")
_PATH = "/:@!$&'()*+,;=~"  # what stands in paths of URIs as it is
_LOCAL = ("/", "~", "file://")


@dataclass
class Disclosure:
    """What is said of people and machines: all that was recorded, or pseudonyms.

    A pseudonym is a number in the order of the document: the same person has the same one in all of it, and
    nothing leads back. A hash of a name would: names are few, and easily tried.

    Attributes
    ----------
    who : bool
        Whether users, hosts, command lines and places on local disks are written as they were recorded.
    """

    who: bool = False
    _people: list[tuple[str, str]] = field(default_factory=list, repr=False)

    def person(self, activity: dict[str, Any]) -> str:
        """Who ran an activity: ``"alice"``, or ``"person-1"``."""
        if self.who:
            return str(activity["user"])
        known = (activity["user"], activity["host"])
        if known not in self._people:
            self._people.append(known)
        return f"person-{self._people.index(known) + 1}"

    def place(self, uri: str) -> str | None:
        """Where something lies, as a URI without credentials; of a local disk only with `who`."""
        scheme, rest = split_uri(uri)
        if scheme == "file":
            return f"file://{quote(rest, safe=_PATH)}" if self.who else None
        if scheme in _WEB:  # quoted already, mostly, and a signature stands behind the path
            return quote(_without_user(uri).partition("#")[0].partition("?")[0], safe=f"{_PATH}%")
        return f"{scheme}://{quote(_without_user(uri).partition('://')[2], safe=_PATH)}"

    def root(self, name: str, activity: dict[str, Any]) -> str:
        """Name of a root, which is that of its folder: a home folder is named after a person."""
        return name if self.who or name not in (activity["user"], activity["host"]) else "root"

    def text(self, text: str) -> str:
        """Text whose paths do not lead into a person's folder."""
        return text if self.who else _HOMES.sub("~", text)

    def value(self, value: Any) -> Any:
        """A value that a script was given; of a place on a local disk, its last part alone."""
        if self.who or not isinstance(value, str):
            return value
        text = self.text(value)
        return _last(text) if text.startswith(_LOCAL) else text

    def plan(self, plan: Any, activity: dict[str, Any]) -> Any:
        """A plan without places on local disks; of a file, its name stays."""
        if self.who:
            return plan
        match plan:
            case dict():
                return {key: self._said(key, value, activity) for key, value in plan.items()}
            case list():
                return [self.plan(value, activity) for value in plan]
            case _:
                return plan

    def _said(self, key: str, value: Any, activity: dict[str, Any]) -> Any:
        match key, value:
            case "text", str():
                return self.text(value)
            case "uri" | "at", str():
                return self._pattern(value)
            case "url" | "database", str():
                return value.partition("://")[0] if value.startswith("sqlite") else _without_user(value)
            case "query", str():
                return self.text(value)
            case "patterns", list():
                return [self._pattern(one) for one in value]
            case "globs", list():
                return [[self.root(root, activity), *within] for root, *within in value]
            case _:
                return self.plan(value, activity)

    def _pattern(self, uri: str) -> str:
        """A place, or a pattern of places; of an absolute one on a local disk its last part alone."""
        return _last(uri) if uri.startswith(_LOCAL) else _without_user(uri)


def _last(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2] or "/"


def _without_user(uri: str) -> str:
    """URI without the name and the password that may stand before its host."""
    scheme, separator, rest = uri.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}{separator}{authority.rpartition('@')[2]}{slash}{path}"
