"""Contents: whether the files that are there hold the bytes that were read of them.

A file that lies elsewhere, or was touched, has another etag. It is the same as far as a version goes where the bytes
that were read of it, by headers and by functions, have the hash that was noted then.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import polars as pl

from neurochain.chain.sources.index import SIDECAR
from neurochain.chain.sources.listing import Listing
from neurochain.datasets.lineage import Lineage
from neurochain.errors import NeurochainError
from neurochain.formats import companions
from neurochain.storage import File, Root
from neurochain.storage.folders import outermost

AT_ONCE = 16  # files that are looked at
PIECE = 16 * 2**20  # bytes that are hashed together
ABSENT = (
    (),
    hashlib.sha256().digest(),
)  # what is noted of a file in a folder that was looked for, and not there
Ranges = tuple[tuple[int, int], ...]
Place = tuple[str | None, str]
"""Name of a root (None: the second is a whole uri), and path below it."""


class Contents:
    """What was read of each file, by the lineage of a version.

    Parameters
    ----------
    lineage : Lineage
        Of the version.
    places : dict of str to str
        Where each root lies now.

    Attributes
    ----------
    same : int
        Files with another etag and the same bytes.
    """

    def __init__(self, lineage: Lineage, places: dict[str, str]) -> None:
        self.places = places
        self.same = 0
        self.checked: set[str] = set()  # roots of which all is said
        self._reads: dict[Place, dict[tuple[Ranges, bytes], str]] = {}
        self._inside: dict[
            Place, set[Place]
        ] = {}  # of folders that count as one object, what was read in them
        for root, path, etag, ranges, sha256 in (
            lineage.reads().select("root", "path", "etag", "ranges", "sha256").iter_rows()
        ):
            self._note((root, path), etag, ranges, sha256)

    def _note(self, place: Place, etag: str, ranges: Sequence[Sequence[int]], sha256: bytes) -> None:
        key = tuple((a, b) for a, b in ranges), sha256
        self._reads.setdefault(place, {})[key] = etag
        if (folder := outermost(place[1])) is not None:
            self._inside.setdefault((place[0], folder), set()).add(place)

    def check(self, name: str, root: Root, listed: pl.DataFrame) -> list[str]:
        """What is wrong with the files of a root.

        Parameters
        ----------
        name : str
            Of the root.
        root : Root
            Where it lies now.
        listed : DataFrame
            Its files as lineage lists them.
        """
        wanted = dict(_listed(listed))
        for path, reads in self._headers(listed):
            for read in reads:
                self._note(
                    (name, f"{_folder(path)}{read['name']}"), read["etag"], read["ranges"], read["sha256"]
                )
        endings = {SIDECAR, *(e for others in companions().values() for e in others)}
        there = Listing.of(root, tuple(sorted(endings)))
        now = {
            path: (size, etag)
            for frame in (there.companions, there.files)
            for path, size, etag in frame.select("path", "size", "etag").iter_rows()
        }

        def look(path: str) -> str | None:
            size, etag = wanted[path]
            found = now.get(path)
            if found is not None and found[1] == etag:
                return None
            return self._wrong((name, path), size, f"{name}/{path}")

        return self._each(look, wanted)

    def check_elsewhere(self) -> list[str]:
        """What is wrong with files that functions read, and that lie under no root that was checked."""
        rest = [place for place in self._reads if place[0] not in self.checked]
        return self._each(lambda place: self._wrong(place, None, "/".join(filter(None, place))), rest)

    def _each(self, look: Any, places: Any) -> list[str]:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return [problem for problem in pool.map(look, places) if problem]

    @staticmethod
    def _headers(listed: pl.DataFrame) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        if "header_reads" in listed.columns:
            for path, reads in listed.select("path", "header_reads").iter_rows():
                yield path, reads or []

    def _wrong(self, place: Place, size: int | None, shown: str, counts: bool = True) -> str | None:
        """Why a file is not the one that was read; None where it is, which is counted where it has another etag."""
        root, path = place
        uri = path if root is None else f"{self.places[root].rstrip('/')}/{path}"
        reads = self._reads.get(place, {})
        try:
            file = File.at(uri)
        except NeurochainError as error:
            if list(reads) == [ABSENT] and isinstance(error.__cause__, FileNotFoundError):
                return None
            return f"{shown} is missing: {error}"
        if ABSENT in reads:
            return f"{shown} was not there when it was looked for, and is now."
        if file.etag in reads.values() and len(set(reads.values())) == 1:
            return None
        if size is not None and file.size != size:
            return f"{shown} has changed: it has {file.size:,} bytes, and had {size:,}."
        for ranges, sha256 in reads:
            if _hash(file, ranges) != sha256:
                return f"{shown} has changed: {_said(ranges)} {'is' if len(ranges) == 1 else 'are'} not what was read."
        for member in sorted(self._inside.get(place, ())):
            if (wrong := self._wrong(member, None, "/".join(filter(None, member)), False)) is not None:
                return wrong
        self.same += counts
        return None


def _listed(files: pl.DataFrame) -> Iterator[tuple[str, tuple[int | None, str]]]:
    """Files with size and etag, and those that belong to them."""
    for path, beside in files.select("path", "companions").iter_rows():
        for name, etag in json.loads(beside or "{}").items():
            if not name.startswith("../"):
                yield f"{_folder(path)}{name}", (None, etag)
    for path, size, etag in files.select("path", "size", "etag").iter_rows():
        yield path, (size, etag)


def _folder(path: str) -> str:
    return path[: path.rfind("/") + 1]


def _hash(file: File, ranges: Ranges) -> bytes | None:
    """SHA-256 over some ranges of a file; None where it is too short."""
    digest = hashlib.sha256()
    for start, end in ranges:
        for at in range(start, end, PIECE):
            piece = file.read_range(at, min(at + PIECE, end))
            if len(piece) < min(at + PIECE, end) - at:
                return None
            digest.update(piece)
    return digest.digest()


def _said(ranges: Ranges) -> str:
    """Ranges in words."""
    shown = ", ".join(f"[{start:,}, {end:,})" for start, end in ranges[:3])
    more = f" and {len(ranges) - 3} more ranges" if len(ranges) > 3 else ""
    return f"bytes {shown}{more}"
