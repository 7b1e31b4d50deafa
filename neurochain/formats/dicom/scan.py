"""Scan of a DICOM data set: where the elements lie, and the bytes of those that are wanted.

Only top-level elements are looked at; sequences are stepped over. Nothing is decoded here, nothing is
allocated from a length that the file states. PS3.5 chapter 7 (data elements), 7.5 (sequences), A.4 (compressed
pixel data); PS3.10 chapter 7 (preamble and meta information):
https://dicom.nema.org/medical/dicom/current/output/html/part05.html
"""

import re
import struct
import zlib

from neurochain.errors import FormatError
from neurochain.formats.dicom.layout import LONG, SHORT, CutShort, More, Refused, Scan, Wanted
from neurochain.formats.dicom.likes import Likes
from neurochain.formats.dicom.walk import Walk

__all__ = ["is_bare", "scan"]

INFLATE_LIMIT = 16 * 2**20  # of a deflated header; real ones are below 1 MB

EXPLICIT_BIG = "1.2.840.10008.1.2.2"
IMPLICIT = "1.2.840.10008.1.2"
DEFLATED = frozenset({"1.2.840.10008.1.2.1.99"})

_BARE = re.compile(
    rb"\x08\x00\x16\x00(?:UI..|..\x00\x00)1\.2\.840\.10008\.|\x00\x08\x00\x16UI..1\.2\.840\.10008\.",
    re.DOTALL,
)


def is_bare(head: bytes) -> bool:
    """Whether a data set begins at the first byte, without preamble.

    Its first element must be of group 0002 or 0008 with a plausible length, and a SOP Class UID must follow.
    """
    if len(head) < 8:
        return False
    group, element, vr, length = struct.unpack_from("<HH2sH", head)
    if group in (0x0002, 0x0008) and element <= 0x0102:
        plausible = vr in SHORT or vr in LONG or (length == 0 and int.from_bytes(vr, "little") <= 1024)
    else:
        plausible = head[:2] == b"\x00\x08" and vr in SHORT
    return plausible and _BARE.search(head, 0, 2048) is not None


def scan(
    head: bytes, size: int, wanted: Wanted, more: More | None = None, likes: Likes | None = None
) -> Scan:
    """Scan the first bytes of a file.

    Parameters
    ----------
    head : bytes
        From the file's start.
    size : int
        Of the whole file, bytes. An element that goes beyond it is cut.
    wanted : Wanted
        Tags whose values to keep.
    more : More, optional
        Gives bytes behind `head`.
    likes : Likes, optional
        Headers that were met before, to be quick where this one is like them.

    Raises
    ------
    CutShort
        `head` ends inside the header and the file goes on.
    Refused
        The bytes are no data set that this scanner understands.
    FormatError
        The data set is deflated, and damaged or not plausible.
    """
    found = Scan()
    at = 132 if head[128:132] == b"DICM" else 0
    walk = Walk(head, size, wanted, found, more, likes)
    at = walk.meta(at)
    syntax = found.transfer_syntax
    if syntax in DEFLATED:
        _scan_deflated(head, at, size, wanted, found)
        return found
    if at + 8 > len(head) and len(head) < size:
        raise CutShort(at + 8)
    guess = head[at + 4 : at + 6]
    explicit = guess in SHORT or guess in LONG
    if not explicit and guess.isalpha() and guess.isupper():
        raise Refused(f"the first element has the value representation {guess!r}")
    if syntax is None:
        found.big_endian = explicit and head[at : at + 1] == b"\0" and head[at + 1 : at + 2] != b"\0"
    else:
        found.big_endian = syntax == EXPLICIT_BIG
    walk.data_set(at, implicit=not explicit, big=found.big_endian)
    return found


def _scan_deflated(head: bytes, at: int, size: int, wanted: Wanted, found: Scan) -> None:
    """Scan a data set that is deflated from byte `at` on.

    Nothing of it is left to pydicom, which inflates without bounds.
    """
    found.deflated_at = at
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        data = inflater.decompress(head[at:], INFLATE_LIMIT)
    except zlib.error as error:
        raise FormatError(
            f"its deflated data set, from byte {at:,} on, cannot be inflated ({error})"
        ) from error
    over = inflater.eof or len(head) >= size
    full = len(data) >= INFLATE_LIMIT
    try:
        Walk(data, len(data) if over and not full else 2**63, wanted, found).data_set(0, implicit=False)
    except Refused as refused:
        raise FormatError(f"its deflated data set cannot be read: {refused}") from None
    except CutShort:
        if full:
            raise FormatError(f"its deflated header is larger than {INFLATE_LIMIT:,} bytes") from None
        raise CutShort(len(head) + 1) from None
