"""Mosaic: slices that Siemens scanners write side by side into one picture.

The tiles, the missing slices at the end and the position that must be corrected are as nibabel describes them:
https://nipy.org/nibabel/dicom/dicom_mosaic.html
"""

import math
from dataclasses import dataclass
from typing import Any

from neurochain.formats.dicom.csa import csa_numbers
from neurochain.formats.dicom.elements import Tree, number, private
from neurochain.formats.dicom.planes import Triple, is_placed, normal_of

__all__ = ["MOSAIC_TAGS", "Mosaic", "is_mosaic", "mosaic_of"]

_CREATORS = [(group << 16) | block for group in (0x0019, 0x0029) for block in range(0x10, 0x18)]
MOSAIC_TAGS: dict[int, None] = dict.fromkeys(
    [
        *_CREATORS,
        *(0x00190000 | block << 8 | 0x0A for block in range(0x10, 0x18)),
        *(0x00290000 | block << 8 | 0x10 for block in range(0x10, 0x18)),
    ]
)
"""Elements that tell how a mosaic is laid out."""
MOST_SLICES = 4096


@dataclass(frozen=True, slots=True)
class Mosaic:
    """How slices lie in a picture: tile after tile, row of tiles after row.

    Attributes
    ----------
    n_slices : int
        Tiles that are images; those after them are empty.
    per_side : int
        Tiles in a row, and rows of tiles.
    rows, columns : int
        Of one tile.
    normal : 3 float, LPS
        Unit vector from a slice to the next.
    """

    n_slices: int
    per_side: int
    rows: int
    columns: int
    normal: Triple

    def corner(self, slice: int) -> tuple[int, int]:
        """First row and column of a slice in the picture."""
        return slice // self.per_side * self.rows, slice % self.per_side * self.columns

    def position(self, record: dict[str, Any], slice: int, between: float) -> Triple:
        """Centre of a slice's first pixel, mm, LPS.

        The file states where the first pixel would lie if the whole picture were one slice with the centre of
        the first: it moves inwards by half of what the picture is larger than a tile.
        """
        down, across = record["PixelSpacing"]
        x, y = record["ImageOrientationPatient"][:3], record["ImageOrientationPatient"][3:]
        inward = (self.per_side - 1) / 2
        a, b, c = (
            p
            + x[i] * across * self.columns * inward
            + y[i] * down * self.rows * inward
            + self.normal[i] * between * slice
            for i, p in enumerate(record["ImagePositionPatient"])
        )
        return a, b, c


def is_mosaic(record: dict[str, Any]) -> bool:
    """Whether a file says that its picture is a mosaic."""
    return "MOSAIC" in (record.get("ImageType") or ()) and (record.get("NumberOfFrames") or 1) == 1


def mosaic_of(record: dict[str, Any], extra: Tree, big: bool) -> Mosaic | None:
    """Layout of a mosaic; None where the file does not tell it, or the tiles do not fit the picture.

    Scripts that anonymise take the private elements away, others change the picture's size: what is left is a
    picture without a place in space.
    """
    rows, columns = record.get("Rows") or 0, record.get("Columns") or 0
    placed = (record.get(k) for k in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"))
    if not is_mosaic(record) or not is_placed(*placed) or record.get("SamplesPerPixel", 1) != 1:
        return None
    header = private(extra, 0x0029, "SIEMENS CSA HEADER", 0x10)
    csa = csa_numbers(header[1], ("NumberOfImagesInMosaic", "SliceNormalVector")) if header else {}
    counted = csa.get("NumberOfImagesInMosaic") or []
    stated = private(extra, 0x0019, "SIEMENS MR HEADER", 0x0A)
    n = counted[0] if len(counted) == 1 else number({0: stated}, 0, big, b"US")
    if n is None or not 0 < n <= MOST_SLICES or n != int(n):
        return None
    per_side = math.ceil(math.sqrt(n))
    if rows % per_side or columns % per_side or not rows or not columns:
        return None
    normal = normal_of(tuple(record["ImageOrientationPatient"]))
    towards = csa.get("SliceNormalVector") or []
    along = sum(a * b for a, b in zip(normal, towards, strict=False)) if len(towards) == 3 else 1.0
    if along < 0:  # the order of the slices goes against the normal
        normal = (-normal[0], -normal[1], -normal[2])
    return Mosaic(int(n), per_side, rows // per_side, columns // per_side, normal)
