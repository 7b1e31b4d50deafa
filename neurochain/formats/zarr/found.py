"""Found: what a Zarr tree holds at a path: one array, the levels of an image, or several arrays."""

from dataclasses import dataclass, field

from neurochain.errors import FormatError
from neurochain.formats.zarr.node import ArrayNode, Group, Json
from neurochain.formats.zarr.ome import Image, Level, image_of, said_of
from neurochain.formats.zarr.tree import Tree, check_path

__all__ = ["Found", "find"]

SHOWN = 20  # names in a message


@dataclass
class Found:
    """What lies at a path.

    Attributes
    ----------
    version : {2, 3}
        Of Zarr.
    arrays : list of (str, ArrayNode), or None
        With their paths: of an image its levels, the finest first. None where only a walk through all would tell.
    said : dict or None
        What OME says of it.
    image : Image or None
    levels : dict of str to Level
        Of the image, by the paths of their arrays.
    problem : str or None
        What it says that is not so.
    hint : str
        How to go on where there is no one array.
    """

    version: int
    arrays: list[tuple[str, ArrayNode]] | None
    said: Json | None = None
    image: Image | None = None
    levels: dict[str, Level] = field(default_factory=dict)
    problem: str | None = None
    hint: str = ""

    @property
    def one(self) -> ArrayNode | None:
        """The array, where there is one; of an image its finest level."""
        if self.arrays and (self.image is not None or len(self.arrays) == 1):
            return self.arrays[0][1]
        return None

    def first(self) -> tuple[str, ArrayNode]:
        """The array, and its path.

        Raises
        ------
        FormatError
            There is no one array, or the image's metadata is wrong.
        """
        if self.problem is not None:
            raise FormatError(self.problem)
        if self.arrays and self.one is not None:
            return self.arrays[0]
        names = [path for path, _ in self.arrays or []]
        shown = ", ".join(names[:SHOWN]) or "none"
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        said = self.hint or f"it has {len(names)} arrays: {shown}{more}"
        raise FormatError(f"{said}. Say which: nc.open(path, part=…)")

    def axes(self, node: ArrayNode) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Names and units of the axes of an array."""
        if self.image is not None and len(self.image.axes) == len(node.shape):
            return tuple(a.name for a in self.image.axes), tuple(a.unit for a in self.image.axes)
        names = node.names or tuple(f"dim{i + 1}" for i in range(len(node.shape)))
        return names, ("",) * len(names)


def find(tree: Tree, path: str | None = None) -> Found:
    """Look at a path of a tree, the root by default.

    Raises
    ------
    FormatError
        There is nothing, or it is damaged.
    """
    path = (path or "").strip("/")
    check_path(path)
    node = tree.nodes([path])[0]
    if node is None:
        raise FormatError(f"it has nothing at {path!r}")
    if isinstance(node, ArrayNode):
        return _array(tree, path, node)
    said = said_of(node.attributes)
    if said is None:
        inside = f"{path}/" if path else ""
        arrays = [(name, one) for name, one in tree.arrays() if name.startswith(inside)]
        return Found(tree.version, arrays)
    try:
        image = image_of(said)
        if image is not None:
            return _image(tree, path, said, image)
    except FormatError as error:
        return Found(tree.version, None, said, problem=str(error))
    return Found(tree.version, None, said, hint=_hint(said))


def _array(tree: Tree, path: str, node: ArrayNode) -> Found:
    """An array; one that is a level of the image above it has that one's axes."""
    above, _, name = path.rpartition("/")
    group = tree.nodes([above])[0] if path else None
    said = said_of(group.attributes) if isinstance(group, Group) else None
    try:
        image = None if said is None else image_of(said)
    except FormatError:  # the array is sound, whatever its group says
        image = None
    level = None if image is None else next((one for one in image.levels if one.path == name), None)
    if image is None or level is None or len(image.axes) != len(node.shape):
        return Found(tree.version, [(path, node)])
    return Found(tree.version, [(path, node)], said, image, {path: level})


def _image(tree: Tree, path: str, said: Json, image: Image) -> Found:
    """An image: its levels, which are read together."""
    before = f"{path}/" if path else ""
    paths = [before + level.path for level in image.levels]
    nodes = tree.nodes(paths)
    arrays = []
    for name, node in zip(paths, nodes, strict=True):
        if not isinstance(node, ArrayNode):
            raise FormatError(f"it names {name!r} as a level, and there is no array")
        if len(node.shape) != len(image.axes):
            raise FormatError(
                f"its level {name!r} has {len(node.shape)} axes, and {len(image.axes)} are named"
            )
        arrays.append((name, node))
    return Found(tree.version, arrays, said, image, dict(zip(paths, image.levels, strict=True)))


def _hint(said: Json) -> str:
    """What else OME has: plates and wells of images, and files of several."""
    for kind, inner in (("plate", "wells"), ("well", "images")):
        one = said.get(kind)
        listed = one.get(inner) if isinstance(one, dict) else None
        if isinstance(listed, list):
            paths = [str(o.get("path"))[:100] for o in listed[:SHOWN] if isinstance(o, dict)]
            more = f" and {len(listed) - SHOWN} more" if len(listed) > SHOWN else ""
            return f"it is a {kind} with {len(listed)} {inner}: {', '.join(paths)}{more}"
    return "it holds several images, the first of them at '0'"
