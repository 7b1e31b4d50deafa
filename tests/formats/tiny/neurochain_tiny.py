"""A format of another package: ``.tiny``, which is a mark, three lengths, a voxel size, and voxels."""

import struct
from math import prod

import numpy as np
from pydantic import BaseModel

from neurochain.errors import FormatError
from neurochain.formats.arrays.stored import ByteArray
from neurochain.formats.header import column
from neurochain.formats.reader import FileHeader
from neurochain.formats.volumes.volume import Volume

HEAD = struct.Struct("<4s3Hf")


class TinyRecord(BaseModel):
    """Fields of a tiny header."""

    flavour: str | None = column("Of the mark")
    spacing: float | None = column("Of voxels", "mm")
    lengths: list[int] | None = column("Along x, y, z")


class TinyReader:
    """Reader of tiny files."""

    name = "tiny"
    formats = ("tiny",)
    array = "volume"
    record = TinyRecord
    suffixes = (".tiny",)
    head_size = HEAD.size
    companions = {}  # noqa: RUF012, as a package may write it

    def matches(self, head, name):
        """Whether the mark is there."""
        return head[:3] == b"TNY"

    def read_header(self, file, head):
        """Header, and whether the file is long enough."""
        if len(head) < HEAD.size:
            raise FormatError(f"the file is cut short: its header needs {HEAD.size} bytes")
        mark, *lengths, spacing = HEAD.unpack_from(head)
        header = {
            "format": "tiny",
            "shape": lengths,
            "dtype": "int16",
            "voxel_sizes": [spacing] * 3,
            "affine": [*np.diag([spacing] * 3 + [1.0]).ravel().tolist()],
        }
        if file.size < HEAD.size + 2 * prod(lengths):
            header["error"] = f"it promises {lengths} voxels, and ends at byte {file.size}"
        record = {"flavour": mark[3:].decode("latin-1"), "spacing": spacing, "lengths": lengths}
        return FileHeader(header, "tiny", record)

    def identifiers(self, file):
        return {}

    def volume(self, file, memo=None):
        """Voxels by range."""
        found = self.read_header(file, file.read_range(0, HEAD.size))
        if found.error:
            raise FormatError(f"{file.uri}: {found.error}.")
        array = ByteArray(file, HEAD.size, tuple(found.header["shape"]), np.dtype("<i2"), "F")
        affine = np.reshape(found.header["affine"], (4, 4))
        return Volume(
            file, "tiny", self.volume, array, ("x", "y", "z"), affine, tuple(found.header["voxel_sizes"])
        )

    def recording(self, file, memo=None):
        """There is none."""
        raise FormatError(f"{file.uri} is a tiny file: open it as a volume.")


def write_tiny(path, array, spacing=2.0):
    """A tiny file."""
    path.write_bytes(HEAD.pack(b"TNY1", *array.shape, spacing) + array.astype("<i2").tobytes("F"))
    return path
