"""Beside: a local file or folder that is written beside its place and moved there when it is whole."""

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from neurochain.errors import NeurochainError, StorageError
from neurochain.storage.scheme import split_uri

__all__ = ["folder_beside", "written_beside"]


@contextmanager
def written_beside(path: str | os.PathLike[str], verb: str) -> Iterator[tuple[Path, Path]]:
    """Where to write, and where that will lie: what stops halfway leaves the old file, or none.

    Parameters
    ----------
    path : str or path
        A local file.
    verb : str
        For messages: ``"to_csv"``.

    Raises
    ------
    StorageError
        The path is not local, its folder does not exist, or the file cannot be written.
    """
    target = _local(path, verb)
    if target.is_dir():
        raise StorageError(f"{verb}({os.fspath(path)!r}): that is a folder. Name a file in it.")
    place, beside = _beside(target)
    try:
        yield beside, target
        _to_disk(beside)
        beside.replace(place)
    except NeurochainError:
        raise
    except OSError as error:
        raise StorageError(f"{verb}({os.fspath(path)!r}): the file cannot be written: {error}.") from error
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def folder_beside(
    path: str | os.PathLike[str], verb: str, written_by: Callable[[Path], str | None], *patterns: str
) -> Iterator[tuple[Path, Path]]:
    """Which empty folder to write into, and where that will lie: what stops halfway leaves the old folder, or none.

    Parameters
    ----------
    path : str or path
        A local folder: none yet, an empty one, or an earlier export, which is replaced.
    verb : str
        For messages: ``"to_zarr"``.
    written_by : callable
        Gives the verb that wrote a folder, from the file in it that says so; None where it does not.
    *patterns : str
        Globs of what an export holds; a folder that holds anything else is not replaced. The first is the file that
        says that it is one.

    Raises
    ------
    StorageError
        The path is not local, the folder that it lies in does not exist, it is a file or a folder of something
        else, or the folder cannot be written.
    """
    target = _local(path, verb)
    _check_replaceable(target, verb, f"{verb}({os.fspath(path)!r})", written_by, patterns)
    place, beside = _beside(target)
    old = beside.with_suffix(".old.partial")
    try:
        beside.mkdir()
        yield beside, target
        for folder, _, names in os.walk(beside):
            for name in names:
                _to_disk(Path(folder, name))
        if place.is_dir() and any(place.iterdir()):
            place.rename(old)  # no system call of Python's changes two folders that hold something at once
        beside.rename(place)
    except NeurochainError:
        raise
    except OSError as error:
        raise StorageError(f"{verb}({os.fspath(path)!r}): the folder cannot be written: {error}.") from error
    finally:
        if old.exists() and not place.exists():
            old.rename(place)
        for left in (beside, old):
            shutil.rmtree(left, ignore_errors=True)


def _check_replaceable(
    target: Path, verb: str, call: str, written_by: Callable[[Path], str | None], patterns: tuple[str, ...]
) -> None:
    if target.is_file():
        raise StorageError(f"{call}: that is a file. Name a folder.")
    if not target.is_dir():
        return
    names = {p.name for p in target.iterdir()}
    ours = {p.relative_to(target).parts[0] for pattern in patterns for p in target.glob(pattern)}
    if names and (names - ours or written_by(target / patterns[0]) != verb):
        shown = ", ".join(sorted(names - ours or names)[:3])
        raise StorageError(
            f"{call}: there is a folder that is no earlier export of this kind: it holds {shown}. Name another one, "
            "or remove it first."
        )


def _local(path: str | os.PathLike[str], verb: str) -> Path:
    scheme, rest = split_uri(os.fspath(path))
    if scheme != "file":
        raise StorageError(f"{verb}() writes local files, not {scheme}://. Write it here, and copy it there.")
    target = Path(os.path.abspath(os.path.expanduser(rest)))
    if not target.parent.is_dir():
        raise StorageError(f"{verb}({rest!r}): there is no folder {target.parent}. Make it first.")
    return target


def _beside(target: Path) -> tuple[Path, Path]:
    """Where a target really lies (what is behind a link is replaced, not the link), and what it is written as."""
    place = Path(os.path.realpath(target))
    return place, place.with_name(f".{place.name}.{uuid.uuid4().hex[:8]}.partial")


def _to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
