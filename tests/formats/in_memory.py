"""Files whose bytes lie in memory: for the laws of many small made ones."""

from collections.abc import Sequence

from neurochain.storage import File


def memory_file(name: str, data: bytes, etag: str = "", fills: bool = True) -> File:
    """A file of some bytes; without `fills` it is read as one that lies elsewhere."""

    class InMemory(File):
        def _pull_each(self, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
            return [data[start:end] for start, end in ranges]

        def fill(self, starts: Sequence[int], length: int, into: memoryview) -> bool:
            if fills and self._log is None:
                into[:] = b"".join(data[start : start + length] for start in starts)
            return fills and self._log is None

    return InMemory(name, len(data), etag)
