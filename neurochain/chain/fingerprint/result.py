"""Fingerprint: the hash of a function's meaning, and what it was made of."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self, get_args

__all__ = ["SCHEME", "Fingerprint", "Kind", "Part"]

# Raise it whenever the same function may get another digest: old results are then not reused.
SCHEME = 1

Kind = Literal[
    "code", "constant", "global", "cell", "default", "attribute", "class", "package", "value", "param"
]


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that the digest of a function was made of.

    Attributes
    ----------
    path : str
        Where it was found: ``"extract"``, ``"extract.THRESH"``, ``"extract.<default:scale>"``,
        ``"extract.<cell:k>"``, ``"extract.<const:0>"``.
    kind : {"code", "constant", "global", "cell", "default", "attribute", "class", "package", "value", "param"}
        What it is; ``param`` is an argument bound by ``functools.partial``.
    digest : str, hexadecimal
        Hash of this part alone.
    value : Any
        The value, where JSON can hold it exactly in less than 64 kB; else None.
    repr : str
        The value in at most 120 characters.
    source : str or None
        Source text of a function or a class.
    where : str or None
        ``"file:line"``; the file is relative to the working directory where it lies below it.
    """

    path: str
    kind: Kind
    digest: str
    value: Any = None
    repr: str = ""
    source: str | None = None
    where: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As a dict of plain JSON types, without the fields that are empty."""
        return {key: value for key, value in asdict(self).items() if value is not None and value != ""}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        if data["kind"] not in get_args(Kind):
            raise ValueError(
                f"{data['kind']!r} is not a kind of fingerprint part: {', '.join(get_args(Kind))}."
            )
        return cls(**data)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The hash that decides whether a stored result of a function may be reused.

    Attributes
    ----------
    digest : str, 32 hexadecimal characters
        BLAKE2b-128 over the parts, the Python minor version and the scheme.
    problems : tuple of str
        Why a result can never be reused; empty when it can.
    notes : tuple of str
        What the function reads that the digest cannot see. Results are reused, and this is shown.
    packages : dict of str to str
        Third-party distributions that the function uses, with their versions.
    parts : tuple of Part
        What the digest was made of, in visiting order. Two functions with different digests differ in a part.
    name : str
        Name of the function.
    source : str or None
        The function's own source text; of a lambda the lambda alone.
    """

    digest: str
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    packages: dict[str, str] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    name: str = ""
    source: str | None = None

    @property
    def reusable(self) -> bool:
        """Whether a stored result with this digest may be given again."""
        return not self.problems

    def to_json(self) -> dict[str, Any]:
        """As a dict of plain JSON types."""
        return {
            "scheme": SCHEME,
            "digest": self.digest,
            "name": self.name,
            "problems": list(self.problems),
            "notes": list(self.notes),
            "packages": dict(self.packages),
            "source": self.source,
            "parts": [part.to_json() for part in self.parts],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(
            digest=data["digest"],
            problems=tuple(data["problems"]),
            notes=tuple(data["notes"]),
            packages=dict(data["packages"]),
            parts=tuple(Part.from_json(part) for part in data["parts"]),
            name=data["name"],
            source=data["source"],
        )
