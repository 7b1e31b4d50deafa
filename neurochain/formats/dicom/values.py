"""Values of DICOM elements: from bytes to what the columns of `DicomRecord` hold.

PS3.5 section 6.2 (value representations) and 6.1 (character sets).
"""

import json
import math
import struct
from collections.abc import Callable
from types import NoneType
from typing import Any, get_args

from neurochain.formats.dicom.layout import OFFSET_TABLES, Refused, Wanted
from neurochain.formats.dicom.likes import Like
from neurochain.formats.dicom.rare import rare_keywords
from neurochain.formats.dicom.record import DicomRecord

__all__ = ["WANTED", "content", "decode", "decode_like"]

CHARACTER_SET = 0x00080005
RARE_BYTES = 256  # of one value; look-up tables and the like stay out

_NUMBERS = {
    b"FD": ("d", 8), b"FL": ("f", 4), b"SL": ("i", 4), b"SS": ("h", 2), b"UL": ("I", 4), b"US": ("H", 2)
}  # fmt: skip
_WORDS = frozenset(b"AE AS CS DA DT LO LT PN SH ST TM UC UI UR UT".split())
_CODECS = {
    "": "ascii", "ISO_IR 6": "ascii", "ISO_IR 100": "latin-1", "ISO_IR 101": "iso8859-2", "ISO_IR 109": "iso8859-3",
    "ISO_IR 110": "iso8859-4", "ISO_IR 126": "iso8859-7", "ISO_IR 127": "iso8859-6", "ISO_IR 138": "iso8859-8",
    "ISO_IR 144": "iso8859-5", "ISO_IR 148": "iso8859-9", "ISO_IR 166": "iso8859-11", "ISO_IR 192": "utf-8",
    "ISO_IR 203": "iso8859-15", "GB18030": "gb18030", "GBK": "gbk",
}  # fmt: skip
Decoder = Callable[[bytes, bytes, bool, str], Any]


class Misfit(Exception):
    """The value does not fit its column."""


def _text(vr: bytes, value: bytes, big: bool, codec: str) -> str | None:
    if vr not in _WORDS and vr not in (b"IS", b"DS"):
        raise Misfit
    try:
        return value.decode("ascii").strip("\0 ") or None
    except UnicodeDecodeError:
        return value.decode(codec, "replace").strip("\0 ") or None


def _texts(vr: bytes, value: bytes, big: bool, codec: str) -> list[str] | None:
    text = _text(vr, value, big, codec)
    return None if text is None else [part.strip(" \0") for part in text.split("\\")]


def _floats(vr: bytes, value: bytes, big: bool, codec: str) -> list[float] | None:
    numbers = _numbers(vr, value, big)
    return None if numbers is None else [float(n) for n in numbers]


def _ints(vr: bytes, value: bytes, big: bool, codec: str) -> list[int] | None:
    numbers = _numbers(vr, value, big)
    if numbers is None:
        return None
    whole = [int(n) for n in numbers if math.isfinite(n)]
    # 2**63 and above would not fit the column's 64 bits.
    if whole != numbers or any(abs(n) >= 2**63 for n in whole):
        raise Misfit
    return whole


def _float(vr: bytes, value: bytes, big: bool, codec: str) -> float | None:
    if vr == b"DS":
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if math.isfinite(number):
            return number
        # Several, none, or none that is a number: the long way tells.
    floats = _floats(vr, value, big, codec)
    if floats is not None and len(floats) != 1:
        raise Misfit
    return None if floats is None else floats[0]


def _int(vr: bytes, value: bytes, big: bool, codec: str) -> int | None:
    if vr == b"US" and len(value) == 2:
        return int.from_bytes(value, "big" if big else "little")
    ints = _ints(vr, value, big, codec)
    if ints is not None and len(ints) != 1:
        raise Misfit
    return None if ints is None else ints[0]


def _numbers(vr: bytes, value: bytes, big: bool) -> list[float] | list[int] | None:
    """Numbers of a binary or text element; None where there is no value."""
    form = _NUMBERS.get(vr)
    try:
        if form is not None:
            code, width = form
            return list(struct.unpack(f"{'>' if big else '<'}{len(value) // width}{code}", value)) or None
        if vr not in (b"DS", b"IS"):
            raise Misfit
        text = value.strip(b"\0 ")
        if not text:
            return None
        return [_decimal(part) if vr == b"DS" else _integer(part) for part in text.split(b"\\")]
    except (ValueError, struct.error):
        raise Misfit from None


def _decimal(text: bytes) -> float:
    """Number of a DS value, which cannot be infinite or "nan"."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _integer(text: bytes) -> int | float:
    """Integer of an IS value; "3.0", seen in the wild, is 3."""
    try:
        return int(text)
    except ValueError:
        return _decimal(text)


_DECODERS: dict[Any, Decoder] = {
    str: _text, list[str]: _texts, int: _int, list[int]: _ints, float: _float, list[float]: _floats
}  # fmt: skip


def _table() -> dict[int, tuple[str, bytes, Decoder]]:
    """Keyword, value representation and decoder of each indexed tag."""
    table = {}
    for name, info in DicomRecord.model_fields.items():
        extra = info.json_schema_extra
        if isinstance(extra, dict) and "tag" in extra:
            kind = next(a for a in get_args(info.annotation) if a is not NoneType)
            table[int(str(extra["tag"]), 16)] = (name, str(extra["vr"]).encode(), _DECODERS[kind])
    return table


_INDEXED = _table()
_RARE = {tag: (name, vr.encode()) for tag, (vr, name) in rare_keywords().items()}
WANTED = Wanted([*_INDEXED, *_RARE, *OFFSET_TABLES])
"""Tags that the scanner keeps."""


def decode(values: dict[int, tuple[bytes, bytes]], big: bool, strict: bool = True) -> dict[str, Any]:
    """Columns of `DicomRecord` that elements fill, and `rare` as JSON text.

    Parameters
    ----------
    values : dict
        Tag to value representation (``b""`` where unknown) and bytes.
    big : bool
        Whether numbers are big endian.
    strict : bool
        Whether to refuse text that needs pydicom; otherwise its foreign letters are lost.

    Raises
    ------
    Refused
        Text in a character set that needs pydicom (code extensions with escape sequences).
    """
    return as_record(*decoded(values, big, strict))


def as_record(record: dict[str, Any], rare: dict[str, Any]) -> dict[str, Any]:
    """Columns with those of `rare` as JSON text."""
    if rare:
        record["rare"] = json.dumps(rare, sort_keys=True)
    return record


def decode_like(like: Like, fresh: dict[int, tuple[bytes, bytes]], strict: bool = True) -> dict[str, Any]:
    """As `decode`, of a header that is like others but for `fresh`.

    Raises
    ------
    Refused
        As `decode`.
    """
    if CHARACTER_SET in fresh or not fresh.keys().isdisjoint(like.values):
        return decode(like.values | fresh, like.big, strict)
    if CHARACTER_SET in like.values:  # decodes the texts of both
        fresh = fresh | {CHARACTER_SET: like.values[CHARACTER_SET]}
    own, rare = decoded(fresh, like.big, strict)
    known, lists, members = like.content
    record: dict[str, Any] = known | own
    record |= {name: known[name][:] for name in lists}  # each record has its own
    if members or rare:
        # Keywords are letters and digits, which come after the quote: members sort as their keys do.
        record["rare"] = "{" + ", ".join(sorted((members | _members(rare)).values())) + "}"
    return record


def content(
    values: dict[int, tuple[bytes, bytes]], big: bool
) -> tuple[dict[str, Any], list[str], dict[str, str]]:
    """What `decode_like` needs of values that many headers have.

    Columns, those of them that are lists, and the members of `rare` as JSON texts.
    """
    record, rare = decoded(values, big)
    lists = [name for name, value in record.items() if type(value) is list]
    return record, lists, dict(sorted(_members(rare).items()))


def _members(rare: dict[str, Any]) -> dict[str, str]:
    return {name: f'"{name}": {json.dumps(value)}' for name, value in rare.items()}


def decoded(
    values: dict[int, tuple[bytes, bytes]], big: bool, strict: bool = True
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Columns of `DicomRecord` that elements fill, and those of `rare`."""
    codec = _codec(values, strict)
    record: dict[str, Any] = {}
    rare: dict[str, Any] = {}
    for tag, (vr, value) in values.items():
        entry = _INDEXED.get(tag)
        if entry is not None:
            name, own, decoder = entry
            try:
                record[name] = decoder(own if vr in (b"", b"UN") else vr, value, big, codec)
            except Misfit:
                rare[name] = _raw(vr or own, value, big)
        elif tag in _RARE and 0 < len(value) <= RARE_BYTES:
            name, own = _RARE[tag]
            small = _small(own if vr in (b"", b"UN") else vr, value, big)
            if small is not None:
                rare[name] = small
    return record, rare


def _codec(values: dict[int, tuple[bytes, bytes]], strict: bool) -> str:
    """Python's name of the character set of text."""
    named = values.get(CHARACTER_SET, (b"CS", b""))[1].decode("latin-1").strip("\0 ")
    codec = _CODECS.get(named.replace("ISO 2022 IR", "ISO_IR"))
    if codec is None:
        if strict and any(
            not value.isascii() or b"\x1b" in value for vr, value in values.values() if vr in _WORDS
        ):
            raise Refused(f"its text is in the character set {named!r}")
        return "ascii"
    # Files without a character set often hold Latin-1 all the same.
    return "latin-1" if codec == "ascii" else codec


def _small(vr: bytes, value: bytes, big: bool) -> Any:
    """JSON value of a rare element; None where it is not what its representation promises."""
    if vr == b"CS":
        codes = value.decode("latin-1").strip("\0 ").split("\\")
        # A code string has at most 16 characters: longer ones are free text in the wrong place.
        if codes == [""] or not all(len(c) <= 16 and c.isascii() and c.isprintable() for c in codes):
            return None
        return codes[0] if len(codes) == 1 else codes
    try:
        numbers = _numbers(vr, value, big)
    except Misfit:
        return None
    if numbers is None or not all(math.isfinite(n) for n in numbers):
        return None
    return numbers[0] if len(numbers) == 1 else numbers


def _raw(vr: bytes, value: bytes, big: bool) -> Any:
    """What stands in the file where a column cannot hold it."""
    if vr in _NUMBERS:
        try:
            numbers = _numbers(vr, value[:RARE_BYTES], big)
        except Misfit:
            return value[:RARE_BYTES].hex()
        return None if numbers is None else [n if math.isfinite(n) else str(n) for n in numbers]
    return value[:RARE_BYTES].decode("latin-1").strip("\0 ")
