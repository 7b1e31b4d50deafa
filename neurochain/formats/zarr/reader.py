"""ZarrReader: arrays in Zarr folders, and the images of OME-Zarr with their levels."""

from collections.abc import Mapping, Sequence
from functools import partial
from math import prod
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from neurochain.errors import FormatError
from neurochain.formats.chunks.array import ChunkedArray
from neurochain.formats.header import column
from neurochain.formats.reader import FileHeader
from neurochain.formats.recordings.recording import Recording
from neurochain.formats.volumes.volume import Volume
from neurochain.formats.zarr.chunks import chunks_of
from neurochain.formats.zarr.found import Found, find
from neurochain.formats.zarr.node import ArrayNode, plain_text
from neurochain.formats.zarr.tree import Tree
from neurochain.storage import File, Memo

__all__ = ["ZarrReader"]

SAME = 1e-6  # of a voxel: what rounding may add to its size


class ZarrRecord(BaseModel):
    """Fields of a Zarr folder; lists of arrays have one entry per array, those of levels one per level of the image."""

    model_config = ConfigDict(extra="forbid", strict=True)

    zarr_version: int | None = column("2 or 3")
    ome_version: str | None = column("Of OME-Zarr; null for any other folder")
    array_paths: list[str] | None = column(
        "Of an image its levels, the finest first; null where nobody says what there is"
    )
    array_shapes: list[str] | None = column('"30x2048x2048"; empty text for a single value')
    array_dtypes: list[str] | None = column('"uint16", or what else they hold: "object", "record"')
    chunk_shapes: list[str] | None = column("What is decoded at once")
    shard_shapes: list[str] | None = column("What lies in one object; empty text where that is one chunk")
    axis_names: list[str] | None = column("Of the image, or of the array where there is one")
    axis_units: list[str] | None = column("As written; empty text where there is none")
    level_voxel_sizes: list[list[float]] | None = column(
        "Of each level, along the spatial axes in their order", "mm"
    )
    channel_labels: list[str] | None = column("Of the image's channels")
    image_name: str | None = column("As the file calls it")


class ZarrReader:
    """Reader of Zarr folders, versions 2 and 3, and of OME-Zarr, 0.1 to 0.5.

    A folder whose name ends in ``.zarr`` is one file. Its array, or an image's finest level, is a Volume with the axes of the
    file in the file's order; `part` opens another array by its path, and `level` an image by resolution. The affine of an
    image leads to the file's own (x, y, z) in mm: OME-Zarr says no orientation, so that these are not RAS+.
    """

    name = "zarr"
    formats = ("zarr", "ome-zarr")
    array: Literal["volume", "recording"] = "volume"
    record = ZarrRecord
    suffixes = (".zarr",)
    head_size = 4096
    companions: Mapping[str, tuple[str, ...]] = {}

    def matches(self, head: bytes, name: str) -> bool:
        """Whether it has the name of such folders: a folder has no first bytes."""
        return not head and name.lower().endswith(self.suffixes)

    def read_header(self, file: File, head: bytes) -> FileHeader:
        """Its arrays, and what its image is, from its metadata alone."""
        found = find(Tree.of(file))
        header: dict[str, Any] = {
            "format": "zarr" if found.said is None else "ome-zarr",
            "error": found.problem,
        }
        record: dict[str, Any] = {"zarr_version": int(found.version)}
        if found.arrays is not None:
            record |= {
                "array_paths": [path for path, _ in found.arrays],
                "array_shapes": [_by(node.shape) for _, node in found.arrays],
                "array_dtypes": [node.type_name for _, node in found.arrays],
                "chunk_shapes": [_by(node.inner) for _, node in found.arrays],
                "shard_shapes": [
                    _by(node.chunks) if node.inner != node.chunks else "" for _, node in found.arrays
                ],
            }
        one = found.one
        if one is not None:
            header |= {"shape": list(one.shape), "dtype": one.type_name}
            names, units = found.axes(one)
            record |= {"axis_names": list(names), "axis_units": list(units)}
        record |= _of_image(found, header)
        return FileHeader(header, "zarr", record)

    def identifiers(self, file: File) -> dict[str, str]:
        """None."""
        return {}

    def volume(self, file: File, memo: Memo | None = None) -> Volume:
        """The array, where there is one; of an image its finest level."""
        return self.part(None, file, memo)

    def recording(self, file: File, memo: Memo | None = None) -> Recording:
        """Nothing says what its axes are."""
        raise FormatError(
            f"{file.uri} is a Zarr folder, which does not say what is a channel and what a sample: open it as a volume, or "
            "an array of it as a recording by nc.open(path, part=…, sampling_frequency=…, channels=…)."
        )

    def part(self, name: str | None, file: File, memo: Memo | None = None) -> Volume:
        """One of its arrays by path, or the finest level of the image at a path.

        Raises
        ------
        FormatError
            There is none at this path, there are several and no path is given, or it cannot be read.
        """
        try:
            tree = Tree.of(file)
            found = find(tree, name)
            path, node = found.first()
            return _volume(self, file, found, tree, path, node, name)
        except FormatError as error:
            raise FormatError(f"{file.uri}: {str(error).rstrip('.')}.") from None

    def level(
        self, resolution: float, file: File, memo: Memo | None = None, part: str | None = None
    ) -> Volume:
        """Coarsest level of an image whose voxels are no larger than that, along each spatial axis.

        Parameters
        ----------
        resolution : float, mm
            Of the voxels.
        file : File
            OME-Zarr.
        memo : Memo, optional
            As of `volume`.
        part : str, optional
            Path of the image, where there are several.

        Raises
        ------
        FormatError
            No level is so fine, or it has none, or does not say how large voxels are; the message lists those that there
            are.
        """
        try:
            tree = Tree.of(file)
            found = find(tree, part)
            path, node = _coarsest(found, resolution)
            return _volume(self, file, found, tree, path, node, path)
        except FormatError as error:
            raise FormatError(f"{file.uri}: {str(error).rstrip('.')}.") from None


def _volume(
    reader: ZarrReader, file: File, found: Found, tree: Tree, path: str, node: ArrayNode, name: str | None
) -> Volume:
    if node.dtype is None:
        raise FormatError(f"{path or 'its array'} holds no numbers, but {node.type_name}")
    names, _ = found.axes(node)
    array = ChunkedArray(chunks_of(tree.members, path, node))
    level = found.levels.get(path)
    if found.image is None or level is None:
        return Volume(
            file, "zarr" if found.said is None else "ome-zarr", partial(reader.part, name), array, names
        )
    labels = {
        axis.name: found.image.channels
        for axis, n in zip(found.image.axes, node.shape, strict=True)
        if axis.kind == "channel" and n == len(found.image.channels)
    }
    return Volume(
        file,
        "ome-zarr",
        partial(reader.part, name),
        array,
        names,
        affine=found.image.affine(level),
        voxel_sizes=found.image.voxel_sizes(level) or (),
        coordinates=labels,
    )


def _of_image(found: Found, header: dict[str, Any]) -> dict[str, Any]:
    """Fields of the record that an image has; the header gets its place."""
    if found.said is None:
        return {}
    image = found.image
    version = plain_text(found.said.get("version")) if image is None else image.version
    record: dict[str, Any] = {"ome_version": version}
    if image is None:
        return record
    sizes = [image.voxel_sizes(level) for level in image.levels]
    affine = image.affine(image.levels[0])
    header["voxel_sizes"] = None if sizes[0] is None else list(sizes[0])
    header["affine"] = None if affine is None else [float(v) for v in affine.ravel()]
    known = [list(size) for size in sizes if size is not None]
    return record | {
        "level_voxel_sizes": known if len(known) == len(sizes) else None,
        "channel_labels": list(image.channels) or None,
        "image_name": image.name,
    }


def _coarsest(found: Found, resolution: float) -> tuple[str, ArrayNode]:
    """Level of an image by the size of its voxels."""
    image = found.image
    if image is None or found.arrays is None:
        raise FormatError(f"it has no levels to choose from by resolution={resolution:g}")
    sizes = [image.voxel_sizes(level) for level in image.levels]
    shown = "; ".join(
        f"{path} {_by(node.shape)}" + ("" if size is None else f" ({_by(size)} mm)")
        for (path, node), size in zip(found.arrays, sizes, strict=True)
    )
    if not all(sizes):
        raise FormatError(f"it does not say how large its voxels are. Choose a level by part=…: {shown}")
    fine = [
        (prod(size), i)
        for i, size in enumerate(sizes)
        if size is not None and max(size) <= resolution * (1 + SAME)
    ]
    if not fine:
        raise FormatError(f"none of its levels has voxels of {resolution:g} mm or less: {shown}")
    largest = max(volume for volume, _ in fine)
    return found.arrays[next(i for volume, i in fine if volume == largest)]


def _by(shape: Sequence[float]) -> str:
    return "x".join(f"{n:g}" if isinstance(n, float) else str(n) for n in shape)
