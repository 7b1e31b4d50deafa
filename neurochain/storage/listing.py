"""Listing: from what the user wrote (URIs, folders, globs) to the objects that lie there."""

import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from neurochain.errors import NothingMatchedError, PatternError
from neurochain.storage.folders import is_whole
from neurochain.storage.local import local_absolute
from neurochain.storage.pattern import Globs, expand_braces, is_wild
from neurochain.storage.scheme import split_uri, store_for
from neurochain.storage.store import Entry, Store


@dataclass(frozen=True)
class Root:
    """Folder that a listing's paths are relative to; the nearest one above all its patterns.

    Attributes
    ----------
    uri : str
        Without a slash at its end.
    name : str
        Its last part, ``"data"``; the name under which the data may later lie elsewhere.
    patterns : tuple of str
        What the user wrote, for messages.
    globs : tuple of str
        Brace-free, relative to the root.
    only : frozenset of str or None
        Paths, relative to the root, of the files and folders that are looked at where it is not all that lies there.
    """

    uri: str
    name: str
    patterns: tuple[str, ...]
    globs: tuple[str, ...]
    only: frozenset[str] | None = field(default=None, repr=False)

    @property
    def store(self) -> Store:
        return store_for(split_uri(self.uri)[0])

    @property
    def folder(self) -> str:
        """Path of the root within its store."""
        return split_uri(self.uri)[1]

    def relative(self, path: str) -> str:
        """Path of an entry, relative to the root."""
        return path.strip("/")[len(self.folder.strip("/")) :].lstrip("/")

    def holds(self, path: str) -> bool:
        """Whether the file at a relative path is looked at: it is named in `only`, or lies in a folder that is."""
        if self.only is None or path in self.only:
            return True
        names = path.split("/")
        return any("/".join(names[:i]) in self.only for i in range(len(names) - 1, 0, -1))


def find_roots(uris: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> list[Root]:
    """Read what the user wrote and find the folders to list. Looks at storage only to tell files from folders.

    Raises
    ------
    PatternError
        A pattern cannot be read, or there is none.
    """
    texts = [os.fspath(u) for u in ([uris] if isinstance(uris, str | os.PathLike) else uris)]
    if not texts:
        raise PatternError("read_storage() got an empty list. Give a path, a folder, a glob or a URI.")
    # One root per pattern; files that are named one by one share theirs.
    groups: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
    for text in texts:
        for scheme, path in _paths(text):
            authority = "" if scheme == "file" else path.strip("/").split("/")[0]
            named = not any(is_wild(s) and _unescape(s) is None for s in path.split("/"))
            groups.setdefault((scheme, authority, "" if named else text), []).append((text, path))
    folders: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for (scheme, _, _), members in groups.items():
        for folder, chosen in _common_folders(members).items():
            folders.setdefault((scheme, folder), []).extend(chosen)
    roots: list[Root] = []
    for (scheme, folder), members in _outermost(folders).items():
        uri = store_for(scheme).uri(folder)
        name = _unused(folder.rstrip("/").rpartition("/")[2] or "root", {r.name for r in roots})
        skip = 0 if folder == "/" else len(folder)
        globs = tuple(dict.fromkeys(path[skip:].strip("/") for _, path in members))
        roots.append(Root(uri, name, tuple(dict.fromkeys(text for text, _ in members)), globs))
    return roots


def folder_root(uri: str | os.PathLike[str], globs: Iterable[str]) -> Root:
    """Root at one folder, whatever characters its name has.

    Parameters
    ----------
    uri : str or path
        Of the folder.
    globs : iterable of str
        Brace-free, relative to it.

    Raises
    ------
    NothingMatchedError
        There is no such folder.
    """
    text = os.fspath(uri)
    scheme, rest = split_uri(text)
    store = store_for(scheme)
    path = local_absolute(rest) if scheme == "file" else rest.strip("/")
    if not path or not store.is_folder(path):
        raise NothingMatchedError(
            f"There is no folder {store.uri(path) if path else text!r}. Check the address."
        )
    return Root(store.uri(path), path.rstrip("/").rpartition("/")[2] or "root", (text,), tuple(globs))


def address(text: str) -> str | None:
    """The part of a pattern before its first wildcard, for what lies elsewhere: what options are said of.

    Examples
    --------
    >>> address("s3://bucket/study/sub-*/anat/*.nii.gz")
    's3://bucket/study'
    """
    scheme, rest = split_uri(text)
    if scheme == "file":
        return None
    names = list(
        itertools.takewhile(lambda s: not is_wild(s) and not set(s) & {"{", "}"}, rest.strip("/").split("/"))
    )
    return f"{scheme}://{'/'.join(names)}"


def _outermost(
    folders: dict[tuple[str, str], list[tuple[str, str]]],
) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """Fold roots that lie inside another into it, so that no file comes twice."""
    kept: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for (scheme, folder), members in sorted(folders.items(), key=lambda item: len(item[0][1])):
        above = next(
            (k for k in kept if k[0] == scheme and f"{folder}/".startswith(k[1].rstrip("/") + "/")), None
        )
        kept.setdefault(above or (scheme, folder), []).extend(members)
    return {k: kept[k] for k in folders if k in kept}


def _paths(text: str) -> Iterator[tuple[str, str]]:
    """Brace-free paths of a pattern, a folder with ``**/*`` behind it, unless it counts as one object."""
    if not text.strip():
        raise PatternError("read_storage() got an empty path. Use '.' for the current folder.")
    scheme, rest = split_uri(text)
    store = store_for(scheme)
    if scheme == "file" and os.path.exists(local_absolute(rest)):
        path = local_absolute(rest)
        below = store.is_folder(path) and not is_whole(path)
        yield scheme, f"{_escape(path)}/**/*" if below else _escape(path)
        return
    for expanded in expand_braces(rest):
        path = local_absolute(expanded) if scheme == "file" else expanded.strip("/")
        literal = not any(is_wild(s) for s in path.split("/"))
        below = literal and not is_whole(path) and store.is_folder(path)
        yield scheme, f"{path}/**/*" if below else path


def _escape(path: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in path)


def _unescape(segment: str) -> str | None:
    """Name that a segment stands for, or None where it is a real wildcard."""
    plain = segment.replace("[*]", "\0").replace("[?]", "\1").replace("[[]", "\2")
    if is_wild(plain):
        return None
    return plain.replace("\0", "*").replace("\1", "?").replace("\2", "[")


def _literal_folder(path: str) -> list[str]:
    names: list[str] = []
    for segment in path.split("/")[:-1]:
        if _unescape(segment) != segment:  # escaped names stay in the glob, which is correct if slower
            break
        names.append(segment)
    return names


def _common_folders(members: Sequence[tuple[str, str]]) -> dict[str, list[tuple[str, str]]]:
    """Group patterns under their nearest common folder, but not all of a disk under ``/``."""
    folders = [_literal_folder(path) for _, path in members]
    common = folders[0]
    for folder in folders[1:]:
        agree = (a == b for a, b in zip(common, folder, strict=False))
        common = common[: sum(itertools.takewhile(bool, agree))]
    if common in ([], [""]) and len(members) > 1:
        tops: dict[str, list[tuple[str, str]]] = {}
        for member, folder in zip(members, folders, strict=True):
            tops.setdefault("/".join(folder[:2]), []).append(member)
        if len(tops) > 1:
            return {f: m for group in tops.values() for f, m in _common_folders(group).items()}
    return {"/".join(common) or ("/" if common == [""] else ""): list(members)}


def _unused(name: str, taken: set[str]) -> str:
    number, candidate = 2, name
    while candidate in taken:
        candidate, number = f"{name}-{number}", number + 1
    return candidate


def list_root(root: Root, companions: tuple[str, ...] = ()) -> Iterator[tuple[Entry, bool]]:
    """List the files under a root as they come, in no promised order; one may come twice.

    Parameters
    ----------
    root : Root
        From `find_roots`.
    companions : tuple of str
        Suffixes of files that come along where they lie in the same folders (``".json"``).

    Yields
    ------
    tuple of Entry and bool
        The bool says whether the file was meant, or only comes along.
    """
    found = root.store.list(root.folder, Globs(root.globs), companions)
    if root.only is None:
        return found
    return ((entry, meant) for entry, meant in found if root.holds(root.relative(entry.path)))


def any_match(root: Root) -> bool:
    """Whether at least one file lies there; stops at the first."""
    return any(matched for _, matched in list_root(root))


def nothing_matched(roots: Sequence[Root]) -> NothingMatchedError:
    """Error that names the nearest folder that exists, and what is in it."""
    pattern = ", ".join(repr(p) for root in roots for p in root.patterns)
    root = roots[0]
    scheme = split_uri(root.uri)[0]
    path = f"{root.folder.rstrip('/')}/{root.globs[0]}"
    names = _literal_folder(path)
    while names and not root.store.is_folder("/".join(names) or "/"):
        names.pop()
    folder = "/".join(names) or ("/" if scheme == "file" else "")
    if not folder:
        return NothingMatchedError(
            f"No file matches {pattern}, and {root.uri} does not exist. Check the address."
        )
    below = tuple(f"{glob}/**/*" for glob in root.globs)
    hint = ""
    if any_match(replace(root, globs=below)):
        hint = f" The pattern matches folders: write {root.patterns[0] + '/**'!r} for the files in them."
    return NothingMatchedError(
        f"No file matches {pattern}. The nearest folder that exists is {root.store.uri(folder)}; "
        f"{_contents(root.store, folder)}{hint}"
    )


def _contents(store: Store, folder: str) -> str:
    endings: dict[str, int] = {}
    for entry, _ in store.list(folder, Globs(["*"])):
        ending = os.path.splitext(entry.path)[1] or "no ending"
        endings[ending] = endings.get(ending, 0) + 1
    subfolders = 0
    if store.local_path(folder) is not None:
        with os.scandir(folder) as found:
            subfolders = sum(e.is_dir() and not e.name.startswith(".") for e in found)
    counted = ", ".join(f"{n} {ending}" for ending, n in sorted(endings.items(), key=lambda i: -i[1])[:6])
    if not endings and not subfolders:
        return "it is empty."
    return f"it holds {counted or 'no files'}" + (f" and {subfolders} folders." if subfolders else ".")
