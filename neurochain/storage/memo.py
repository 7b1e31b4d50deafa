"""Memo: what a reader may remember between calls, without knowing where."""

from typing import Protocol


class Memo(Protocol):
    """Small bytes by key, kept with the project (a seek index, a chunk table, a list of keyframes).

    A key names the reader, what is remembered, and the file's uri and etag, so that a changed file
    has other keys. What is remembered may be forgotten at any time.
    """

    def get(self, key: str) -> bytes | None:
        """Bytes put under the key, or None."""
        ...

    def put(self, key: str, value: bytes) -> None:
        """Remember bytes under the key."""
        ...
