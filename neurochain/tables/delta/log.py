"""Log: the commits of a Delta table, as the folder ``_delta_log`` holds them.

https://github.com/delta-io/delta/blob/master/PROTOCOL.md, sections "Delta Log Entries" and "Checkpoints".
"""

import datetime as dt
import json
import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple
from urllib.parse import unquote

from neurochain.errors import FormatError
from neurochain.storage import Entry, Globs, Store, split_uri, store_for

__all__ = ["Commit", "Log"]

COMMIT = re.compile(r"(\d{20})\.json")
CHECKPOINT = re.compile(r"(\d{20})\.checkpoint\..*")
AT_ONCE = 64  # requests, which wait for the server and not for the processor
Partition = tuple[tuple[str, str | None], ...]


class Commit(NamedTuple):
    """What one commit did to files.

    Attributes
    ----------
    version : int
    operation : str
        ``"WRITE"``, ``"DELETE"``, ``"OPTIMIZE"`` …; ``"WRITE WHERE"`` where it overwrote what a predicate says; empty where the
        writer does not say.
    time : datetime or None
        What holds, where the table is made so (``inCommitTimestamp``), UTC.
    written : datetime or None
        When it was written, as the writer says, UTC.
    added : list of tuple of str and Partition
        Paths, in the order of the commit, and the values of the partition columns as texts.
    removed : list of str
        Paths.
    """

    version: int
    operation: str
    time: dt.datetime | None
    written: dt.datetime | None
    added: list[tuple[str, Partition]]
    removed: list[str]


class Log:
    """The log of a table.

    Parameters
    ----------
    uri : str
        Of the table.
    """

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self._known: dict[tuple[int, str], Commit] = {}

    def times(self) -> Mapping[int, dt.datetime]:
        """Versions that can be read, ascending, and when each was committed: no earlier than the one before.

        A version can be read if all commits from the first, or from a checkpoint, are there.

        Raises
        ------
        StorageError
            The folder cannot be listed.
        """
        commits, checkpoints = self._listed()
        found: dict[int, dt.datetime] = {}
        said = {c.version: c.time for c in self._read(commits.values())} if self._says_times(commits) else {}
        latest = dt.datetime.fromtimestamp(0, dt.UTC)
        for version in sorted(commits.keys() | checkpoints.keys()):
            if version and version not in checkpoints and version - 1 not in found:
                continue
            entry = commits.get(version) or checkpoints[version]
            latest = max(latest, said.get(version) or entry.mtime or latest)
            found[version] = latest
        return found

    def modified(self, version: int) -> dt.datetime | None:
        """When a version was committed, as the writer says; None where it does not.

        Raises
        ------
        StorageError
            It cannot be read.
        FormatError
            It is no commit.
        """
        entry = self._listed()[0].get(version)
        return None if entry is None else self._read([entry])[0].written

    def commits(self, until: int) -> list[Commit]:
        """Those that are there, up to a version, ascending.

        Raises
        ------
        StorageError
            They cannot be read.
        FormatError
            One is no commit.
        """
        return self._read(e for version, e in self._listed()[0].items() if version <= until)

    @property
    def _store(self) -> Store:
        return store_for(split_uri(self.uri)[0])

    def _listed(self) -> tuple[dict[int, Entry], dict[int, Entry]]:
        scheme, path = split_uri(self.uri)
        folder = f"{path if scheme == 'file' else path.strip('/')}".rstrip("/") + "/_delta_log"
        commits, checkpoints = {}, {}
        for entry, _ in self._store.list(folder, Globs(["*"])):
            name = entry.path.rpartition("/")[2]
            if found := COMMIT.fullmatch(name):
                commits[int(found[1])] = entry
            elif found := CHECKPOINT.fullmatch(name):
                checkpoints[int(found[1])] = entry
        return dict(sorted(commits.items())), checkpoints

    def _says_times(self, commits: Mapping[int, Entry]) -> bool:
        newest = list(commits.values())[-1:]
        return any(commit.time is not None for commit in self._read(newest))

    def _read(self, entries: Iterable[Entry]) -> list[Commit]:
        wanted = list(entries)
        new = [e for e in wanted if _key(e) not in self._known]
        if len(new) > 1 and self._store.is_remote:
            with ThreadPoolExecutor(min(len(new), AT_ONCE)) as pool:
                read = list(pool.map(self._commit, new))
        else:
            read = [self._commit(e) for e in new]
        self._known |= {_key(e): commit for e, commit in zip(new, read, strict=True)}
        return [self._known[_key(e)] for e in wanted]

    def _commit(self, entry: Entry) -> Commit:
        data = self._store.read_range(entry.path, 0, entry.size)
        try:
            return _parsed(_key(entry)[0], data)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise FormatError(
                f"{self._store.uri(entry.path)} is no commit of a Delta table: {error}"
            ) from error


def _key(entry: Entry) -> tuple[int, str]:
    return int(entry.path.rpartition("/")[2][:20]), entry.etag


def _parsed(version: int, data: bytes) -> Commit:
    operation, time, written = "", None, None
    added: list[tuple[str, Partition]] = []
    removed: list[str] = []
    for line in data.split(b"\n"):
        if not line.strip():
            continue
        action = json.loads(line)
        if "add" in action:
            values = action["add"].get("partitionValues") or {}
            added.append((unquote(action["add"]["path"]), tuple(sorted(values.items()))))
        elif "remove" in action:
            removed.append(unquote(action["remove"]["path"]))
        elif "commitInfo" in action:
            operation = str(action["commitInfo"].get("operation") or "")
            if (action["commitInfo"].get("operationParameters") or {}).get(
                "predicate"
            ) and operation == "WRITE":
                operation = "WRITE WHERE"
            time = _instant(action["commitInfo"].get("inCommitTimestamp"))
            written = time or _instant(action["commitInfo"].get("timestamp"))
    return Commit(version, operation, time, written, added, removed)


def _instant(milliseconds: int | None) -> dt.datetime | None:
    return None if milliseconds is None else dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)
