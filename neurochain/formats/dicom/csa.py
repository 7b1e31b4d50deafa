"""Siemens' private header (CSA), of which a few values are needed to take a mosaic apart.

No specification is published; nibabel describes both forms:
https://nipy.org/nibabel/dicom/siemens_csa.html
"""

import struct
from collections.abc import Collection

__all__ = ["csa_numbers"]

MOST_TAGS = 1000  # real headers have around 100
MOST_ITEMS = 1000  # of one tag; real ones have 6, times of slices up to 150
_TAG = struct.Struct("<64si4s3i")
_ITEM = struct.Struct("<4i")


def csa_numbers(data: bytes, names: Collection[str]) -> dict[str, list[float]]:
    """Numbers of tags; a header that is damaged or of another form gives those before the damage.

    Parameters
    ----------
    data : bytes
        Value of (0029,xx10), CSA1 or CSA2.
    names : collection of str
        Tags that are wanted.

    Examples
    --------
    >>> csa_numbers(b"not such a header", ["NumberOfImagesInMosaic"])
    {}
    """
    second = data[:4] == b"SV10"
    at = 8 if second else 0
    found: dict[str, list[float]] = {}
    try:
        count = struct.unpack_from("<I", data, at)[0]
        if not 0 < count <= MOST_TAGS:
            return {}
        at += 8
        base = None
        for _ in range(count):
            name, _, _, _, items, _ = _TAG.unpack_from(data, at)
            at += _TAG.size
            if not 0 <= items <= MOST_ITEMS:
                return found
            # Lengths of the first form count from the first tag's number of items.
            base = items if base is None else base
            texts, at = _items(data, at, items, None if second else base)
            known = name.partition(b"\0")[0].decode("latin-1")
            if known in names:
                found[known] = [float(t) for t in texts if t]
    except (struct.error, ValueError):
        return found
    return found


def _items(data: bytes, at: int, count: int, base: int | None) -> tuple[list[bytes], int]:
    """Texts of one tag, and where the next begins.

    Raises
    ------
    struct.error
        They do not fit into the header.
    """
    texts = []
    for _ in range(count):
        first, second, _, _ = _ITEM.unpack_from(data, at)
        at += _ITEM.size
        length = second if base is None else first - base
        if base is not None and (length < 0 or at + length > len(data)):
            break  # what follows in the first form is no item
        if length < 0 or at + length > len(data):
            raise struct.error
        texts.append(data[at : at + length].partition(b"\0")[0].strip())
        at += (length + 3) // 4 * 4
    return texts, at
