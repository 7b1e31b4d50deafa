"""CountingFile: a File that counts what is pulled through it."""

import os
from dataclasses import dataclass, field
from typing import Self

from neurochain.storage import File, ReadLog

__all__ = ["CountingFile"]


@dataclass(frozen=True)
class CountingFile(File):
    """File that counts bytes and requests, for tests of budgets.

    Examples
    --------
    >>> file = CountingFile.at("scan.nii")                    # doctest: +SKIP
    >>> nc.formats.read_header(file); file.bytes_read         # doctest: +SKIP
    540
    """

    _log: ReadLog = field(default_factory=ReadLog, repr=False, compare=False)

    @classmethod
    def at(cls, uri: str | os.PathLike[str]) -> Self:
        """File at a URI or path, as it is now."""
        file = File.at(uri)
        return cls(file.uri, file.size, file.etag, file.mtime)

    @property
    def bytes_read(self) -> int:
        """Pulled so far; bytes read twice count twice."""
        return self._log.bytes

    @property
    def requests(self) -> int:
        """Reads so far."""
        return self._log.requests
