"""Opening: a version of a Delta table through deltalake, whose errors are said in our words."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from neurochain.errors import NeurochainError, StorageError, VersionError, require
from neurochain.tables.delta.log import Log
from neurochain.tables.reach import local_or_uri, object_store_options

__all__ = ["opened", "ranges", "said_plainly"]

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
DENIED = ("403", "forbidden", "access denied", "accessdenied", "permission denied", "unauthorized", "401")


def opened(uri: str, version: int | None, where: str) -> Any:
    """Give the `deltalake.DeltaTable` of an address.

    Parameters
    ----------
    uri : str
        Of its folder.
    version : int or None
        None is the latest one.
    where : str
        Which table, for messages.

    Raises
    ------
    StorageError
        There is no table, or it cannot be reached.
    VersionError
        There is no such version; shows what there is.
    MissingExtraError
        deltalake is not installed.
    """
    deltalake = require("deltalake", "delta", "A Delta table")
    options = object_store_options(uri)
    try:
        with said_plainly(where, uri):
            return deltalake.DeltaTable(local_or_uri(uri), version=version, storage_options=options or None)
    except StorageError:
        if version is None:
            raise
        existing = Log(uri).times()
        if not existing or version in existing:
            raise
    raise VersionError(f"{where} has no version {version}. Existing: {ranges(list(existing))}.")


@contextmanager
def said_plainly(where: str, uri: str) -> Iterator[None]:
    """Say what goes wrong in deltalake as errors of ours.

    Raises
    ------
    StorageError
        Something went wrong.
    """
    deltalake = require("deltalake", "delta", "A Delta table")
    try:
        yield
    except NeurochainError:
        raise
    except deltalake.exceptions.TableNotFoundError as error:
        raise StorageError(f"{where}: there is no Delta table at {uri}: no _delta_log lies there.") from error
    except (deltalake.exceptions.DeltaError, OSError, ValueError) as error:
        raise StorageError(_plainly(where, uri, error)) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # which is no Exception, and has no importable name
            raise
        raise StorageError(_plainly(where, uri, error)) from error


def _plainly(where: str, uri: str, error: BaseException) -> str:
    lines = [line.strip(" \t↳") for line in COLOURS.sub("", str(error)).splitlines()]
    text = ": ".join(line for line in lines if line)
    if any(word in text.lower() for word in DENIED):
        return (
            f"{where}: {uri} may not be read with these credentials. Say storage_options={{'key': …, 'secret': …}}, "
            f"a profile, or anon=True. ({text})"
        )
    return f"{where}: {uri} cannot be read: {text}"


def ranges(numbers: list[int]) -> str:
    """Ascending numbers in few words.

    Examples
    --------
    >>> ranges([0, 3, 4, 5])
    '0, 3 to 5'
    """
    said: list[list[int]] = []
    for number in numbers:
        if said and said[-1][-1] == number - 1:
            said[-1][1:] = [number]
        else:
            said.append([number])
    return ", ".join(" to ".join(map(str, ends)) for ends in said)
