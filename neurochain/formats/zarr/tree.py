"""Tree: the metadata of a Zarr folder, by few small reads.

Version 3 takes one read of ``zarr.json``, version 2 one more of what it has in its place, all at once; consolidated
metadata says the rest. Without it, arrays that the attributes name are asked for together, and only a group of which
nobody says what it holds is listed.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from neurochain.errors import FormatError, StorageError
from neurochain.formats.zarr.node import ArrayNode, Group, Json, Node, parsed, v2_array, v2_group, v3_node
from neurochain.storage import File, Members

__all__ = ["Tree", "check_path"]

LARGEST_TEXT = 64 * 2**20  # bytes of one file of metadata
MOST = 10_000  # nodes that are looked for
DEEPEST = 16  # groups within one another
V3, V2 = "zarr.json", (".zmetadata", ".zarray", ".zgroup", ".zattrs")
LONGEST_PATH = 1000  # characters


@dataclass
class Tree:
    """Nodes of a tree, as far as they are known.

    Attributes
    ----------
    file : File
        The folder.
    members : Members
        Files in it.
    root : Node
    """

    file: File
    members: Members
    root: Node
    _known: dict[str, Node | FormatError] = field(default_factory=dict)
    _is_whole: bool = False

    @classmethod
    def of(cls, file: File) -> "Tree":
        """Read the root's metadata.

        Raises
        ------
        FormatError
            There is none, or it is damaged.
        StorageError
            It cannot be had.
        """
        members = Members(file)
        (said,) = _texts(members, [V3])
        if said is not None:
            found = parsed(said, V3)
            tree = cls(file, members, v3_node(found))
            within = found.get("consolidated_metadata")
            if isinstance(within, dict) and isinstance(within.get("metadata"), dict):
                tree._take(within["metadata"].items())
            return tree
        consolidated, array, group, attributes = _texts(members, V2)
        if array is None and group is None:
            raise FormatError(
                "it holds no zarr.json, and no .zarray or .zgroup: it is no Zarr, or is not there"
            )
        tree = cls(file, members, _v2(array, group, attributes, ""))
        if consolidated is not None:
            within = parsed(consolidated, ".zmetadata").get("metadata")
            if isinstance(within, dict):
                tree._take(_v2_documents(within))
        return tree

    @property
    def version(self) -> int:
        """Of the format: 2 or 3."""
        return self.root.version

    def nodes(self, paths: Sequence[str]) -> list[Node | None]:
        """Nodes at some paths; None where there is none.

        Raises
        ------
        FormatError
            One is damaged, or its path is none.
        """
        for path in paths:
            check_path(path)
        wanted = [path for path in dict.fromkeys(paths) if path and path not in self._known]
        if wanted:
            self._read(wanted)
        return [self._node(path) for path in paths]

    def arrays(self) -> Iterator[tuple[str, ArrayNode]]:
        """All arrays with their paths, in order.

        Raises
        ------
        FormatError
            One is damaged, or there are too many.
        """
        if isinstance(self.root, ArrayNode):
            yield "", self.root
            return
        if not self._is_whole:
            self._walk()
        for path in sorted(self._known):
            node = self._node(path)
            if isinstance(node, ArrayNode):
                yield path, node

    def _node(self, path: str) -> Node | None:
        found = self._known.get(path) if path else self.root
        if isinstance(found, FormatError):
            raise FormatError(f"{path}: {found}")
        return found

    def _take(self, documents: Iterable[tuple[Any, Any]]) -> None:
        """Nodes of consolidated metadata, which is then all that there is."""
        self._is_whole = True
        for path, said in documents:
            if len(self._known) > MOST:
                raise FormatError(f"it has more than {MOST:,} groups and arrays")
            if not isinstance(said, dict) or not isinstance(path, str):
                raise FormatError("its consolidated metadata is damaged")
            check_path(path)
            try:
                self._known[path] = v3_node(said) if self.version == 3 else _v2_consolidated(said)
            except FormatError as error:
                self._known[path] = error

    def _read(self, paths: Sequence[str]) -> None:
        """Read the metadata of nodes, in one round trip."""
        names = (V3,) if self.version == 3 else V2[1:]
        texts = iter(_texts(self.members, [f"{path}/{name}" for path in paths for name in names]))
        for path in paths:
            said = [next(texts) for _ in names]
            try:
                first, *others = said
                if self.version == 3:
                    if first is not None:
                        self._known[path] = v3_node(parsed(first, f"{path}/{V3}"))
                elif first is not None or others[0] is not None:
                    self._known[path] = _v2(first, others[0], others[1], f"{path}/")
            except FormatError as error:
                self._known[path] = error

    def _walk(self) -> None:
        """Look into all groups, by listing them."""
        pending = [""]
        for _ in range(DEEPEST):
            below = []
            for path in pending:
                try:
                    names = self.members.folders(path)
                except StorageError as error:
                    if self._known or not str(error).endswith("which lists nothing."):
                        raise
                    raise FormatError(
                        f"{error} It has no consolidated metadata, so its arrays are not known: name one with part=…"
                    ) from None
                below += [one for name in names if _is_path(one := f"{path}/{name}".lstrip("/"))]
            if len(below) + len(self._known) > MOST:
                raise FormatError(
                    f"it has more than {MOST:,} groups and arrays, and no consolidated metadata"
                )
            found = self.nodes(below) if below else []
            pending = [path for path, node in zip(below, found, strict=True) if isinstance(node, Group)]
            if not pending:
                return
        raise FormatError(f"its groups lie more than {DEEPEST} deep")


def check_path(path: str) -> None:
    """Refuse what is no path of a node.

    Raises
    ------
    FormatError
        It leads out of the tree, or no file can have it.
    """
    if path and not _is_path(path):
        raise FormatError(f"it names {path[:60]!r}, which is no path in it")


def _is_path(path: str) -> bool:
    names = path.split("/")
    plain = "\\" not in path and path.isprintable() and len(path) <= LONGEST_PATH
    return plain and all(names) and not {".", ".."} & set(names)


def _texts(members: Members, paths: Sequence[str]) -> list[bytes | None]:
    found = []
    for path, member in zip(paths, members.read(paths, most=LARGEST_TEXT), strict=True):
        if member is not None and len(member.data) != member.file.size:
            raise FormatError(f"its {path} has {member.file.size:,} bytes; metadata has some thousands")
        found.append(None if member is None else member.data)
    return found


def _v2(array: bytes | None, group: bytes | None, attributes: bytes | None, before: str) -> Node:
    said = None if attributes is None else parsed(attributes, f"{before}.zattrs")
    if array is not None:
        return v2_array(parsed(array, f"{before}.zarray"), said)
    return v2_group({} if group is None else parsed(group, f"{before}.zgroup"), said)


def _v2_documents(within: Json) -> Iterator[tuple[str, Json]]:
    """Documents of ``.zmetadata``, those of a node together: ``.zarray`` and ``.zattrs``."""
    nodes: dict[str, Json] = {}
    for key, said in within.items():
        path, _, name = key.rpartition("/")
        if name in V2[1:] and path:
            nodes.setdefault(path, {})[name] = said
    for path, documents in nodes.items():
        if ".zarray" in documents or ".zgroup" in documents:
            yield path, documents


def _v2_consolidated(said: Json) -> Node:
    array, attributes = said.get(".zarray"), said.get(".zattrs")
    attributes = attributes if isinstance(attributes, dict) else None
    if array is None:
        return v2_group(said.get(".zgroup"), attributes)
    if not isinstance(array, dict):
        raise FormatError("its .zarray holds no JSON object")
    return v2_array(array, attributes)
