"""Encoding: the bytes a value becomes, the place where it was found, and the walk that finds it."""

import hashlib
from collections.abc import Iterable
from types import FunctionType, ModuleType
from typing import NamedTuple, Protocol

from neurochain.chain.fingerprint.origin import Origin
from neurochain.chain.fingerprint.result import Kind

__all__ = ["Encoder", "Path", "pack"]


class Path(NamedTuple):
    """Place of a value below the function; rendered only when it is shown, since most never are."""

    parent: "Path | None"
    label: str

    def __str__(self) -> str:
        labels: list[str] = []
        node: Path | None = self
        while node is not None:
            labels.append(node.label)
            node = node.parent
        return "".join(reversed(labels))

    def below(self, label: str) -> "Path":
        """Place of an attribute or a name."""
        return Path(self, f".{label}")

    def at(self, key: str) -> "Path":
        """Place of an item."""
        return Path(self, f"[{key}]")


class Encoder(Protocol):
    """The walk, as those see it that encode one sort of thing each."""

    # What was entered, with its place; and which of the attributes that tell about it are read somewhere.
    functions: list[tuple[FunctionType, Path]]
    classes: list[tuple[type, Path]]
    reads: set[str]
    # A package that is entered by name guards its work with locks, and computes nothing from them.
    trusts_locks: bool

    def value(self, value: object, path: Path) -> bytes:
        """Encode a value: equal bytes for equal values and for no others."""

    def slot(self, value: object, path: Path, kind: Kind) -> None:
        """Make the parts of a value that has a name: a global, a default, an attribute."""

    def emit(
        self,
        path: Path,
        kind: Kind,
        token: bytes,
        value: object = ...,
        *,
        source: str | None = None,
        where: str | None = None,
    ) -> None:
        """Add a part; `value` is shown, `token` is what counts."""

    def sort_key(self, value: object) -> bytes:
        """Encode a value for an order of sets that is the same in every process."""

    def external(self, origin: Origin, name: str, path: Path) -> bytes:
        """Encode a thing of an installed package or of Python, by its qualified name and version."""

    def by_name(self, module: str, name: str, path: Path) -> bytes:
        """Encode a global of a module that cannot be looked into."""

    def origin_of_function(self, function: FunctionType) -> Origin:
        """Who wrote a function."""

    def origin_of_module(self, module: ModuleType) -> Origin:
        """Who wrote a module."""

    def origin_of_class(self, cls: type) -> Origin:
        """Who wrote a class."""

    def origin_of_file(self, filename: str) -> Origin:
        """Who wrote a file."""

    def note(self, text: str | None) -> None:
        """Remember what the digest cannot see."""

    def problem(self, path: Path, text: str) -> bytes:
        """Remember why a result can never be reused; gives the bytes that stand for the value."""


def pack(tag: str, parts: Iterable[bytes | memoryview]) -> bytes:
    """Hash a tag and parts, each with its length, so that no two lists of parts look the same."""
    digest = hashlib.blake2b(tag.encode(), digest_size=16)
    for part in parts:
        digest.update(b"|%d:" % len(part))
        digest.update(part)
    return b"#" + digest.digest()
