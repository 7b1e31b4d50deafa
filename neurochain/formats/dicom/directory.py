"""DICOMDIR: the list of files on a medium.

PS3.3 annex F (Basic Directory IOD), PS3.10 section 8 (file IDs):
https://dicom.nema.org/medical/dicom/current/output/html/part03.html#chapter_F
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from neurochain.errors import FormatError
from neurochain.formats.dicom.elements import ITEM_AT, Tree, number, text
from neurochain.formats.dicom.image import scanned
from neurochain.formats.dicom.scan import is_bare
from neurochain.storage import File

__all__ = ["DIRECTORY", "DirectoryEntry", "dicom_directory"]

DIRECTORY = "1.2.840.10008.1.3.10"
HEAD = 64 * 1024  # bytes
IN_USE = 0xFFFF

_FIRST, _RECORDS = 0x00041200, 0x00041220
_NEXT, _FLAG, _LOWER, _TYPE, _FILE = 0x00041400, 0x00041410, 0x00041420, 0x00041430, 0x00041500
_CLASS, _INSTANCE, _SYNTAX = 0x00041510, 0x00041511, 0x00041512
_MODALITY, _STUDY, _SERIES = 0x00080060, 0x0020000D, 0x0020000E
_SERIES_NUMBER, _INSTANCE_NUMBER = 0x00200011, 0x00200013
_WANTED = {
    _FIRST: None,
    _RECORDS: dict.fromkeys(
        [_NEXT, _FLAG, _LOWER, _TYPE, _FILE, _CLASS, _INSTANCE, _SYNTAX, _MODALITY, _STUDY, _SERIES, _SERIES_NUMBER,
         _INSTANCE_NUMBER]
    ),
}  # fmt: skip
_PART = re.compile(r"[^/\\:\0]+")  # of a file ID; the standard allows capitals, digits and underscores


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """One record of a DICOMDIR. Names and identifiers of patients are left out.

    Attributes
    ----------
    type : str
        ``"PATIENT"``, ``"STUDY"``, ``"SERIES"``, ``"IMAGE"`` …
    path : str or None
        Of the file that it is about, below the directory's own folder; None where it is about none.
    uri : str or None
        Of that file.
    sop_class, sop_instance, transfer_syntax : str or None
        Of that file, as the directory states them.
    study, series : str or None
        UIDs, from the records above.
    modality : str or None
        From the record of its series.
    series_number, instance_number : int or None
    """

    type: str
    path: str | None = None
    uri: str | None = None
    sop_class: str | None = None
    sop_instance: str | None = None
    transfer_syntax: str | None = None
    study: str | None = None
    series: str | None = None
    modality: str | None = None
    series_number: int | None = None
    instance_number: int | None = None


def dicom_directory(file: File) -> list[DirectoryEntry]:
    """List the records of a DICOMDIR.

    Records follow each other as the directory links them: a patient, its studies, their series, their images. What
    no link leads to comes last, in the file's order. Records that are marked as out of use are left out.

    Parameters
    ----------
    file : File
        Called DICOMDIR, mostly.

    Raises
    ------
    FormatError
        It is no DICOMDIR, it is cut short, or it names a file outside its folder.
    StorageError
        The bytes cannot be had.

    Examples
    --------
    >>> entries = dicom_directory(File.at("cd/DICOMDIR"))                             # doctest: +SKIP
    >>> [File.at(e.uri) for e in entries if e.series == "1.2.3"]                      # doctest: +SKIP
    """
    head = file.read_range(0, HEAD)
    if head[128:132] != b"DICM" and not is_bare(head):
        raise FormatError(f"{file.uri} is no DICOMDIR: it begins with {head[:8]!r}.")
    try:
        image = scanned(file, head, wanted=_WANTED)
    except FormatError as error:
        raise FormatError(f"{file.uri}: {error}.") from None
    if image.found.media_class != DIRECTORY:
        raise FormatError(
            f"{file.uri} is no DICOMDIR, but of the SOP class {image.found.media_class}. Open it with open_volume."
        )
    if image.problem is not None:
        raise FormatError(f"{file.uri}: {image.problem}.")
    big = image.found.big_endian
    records = [r for r in image.extra.get(_RECORDS) or [] if number(r, _FLAG, big, b"US") in (None, IN_USE)]
    found: list[DirectoryEntry] = []
    above: dict[int, DirectoryEntry] = {}
    for record, parent in _linked(records, number(image.extra, _FIRST, big, b"UL"), big):
        entry = _entry(file, record, above.get(parent), big)
        above[record[ITEM_AT]] = entry
        found.append(entry)
    return found


def _linked(records: list[Tree], first: float | None, big: bool) -> Iterator[tuple[Tree, int]]:
    """Records in the order of their links, each once, and the offset of the record above (-1 for none)."""
    left = {record[ITEM_AT]: record for record in records}

    def links(record: Tree) -> tuple[int, int]:
        return int(number(record, _NEXT, big, b"UL") or 0), int(number(record, _LOWER, big, b"UL") or 0)

    def walk(start: int) -> Iterator[tuple[Tree, int]]:
        waiting = [(start, -1)]
        while waiting:
            at, parent = waiting.pop()
            record = left.pop(at, None)  # a circle of links ends where it began
            if record is not None:
                yield record, parent
                following, lower = links(record)
                waiting += [(following, parent), (lower, at)]

    # The first record is one to which no other leads; so are those behind a broken link.
    led_to = {at for record in records for at in links(record)}
    for at in [int(first or 0), *(at for at in list(left) if at not in led_to)]:
        if at not in led_to:
            yield from walk(at)
    for at in list(left):
        yield from walk(at)


def _entry(file: File, record: Tree, above: DirectoryEntry | None, big: bool) -> DirectoryEntry:
    upper = above or DirectoryEntry("")
    path = _path(file, text(record, _FILE))
    return replace(
        upper,
        type=text(record, _TYPE) or "",
        path=path,
        uri=None if path is None else f"{file.uri.rpartition('/')[0]}/{path}",
        sop_class=text(record, _CLASS),
        sop_instance=text(record, _INSTANCE),
        transfer_syntax=text(record, _SYNTAX),
        study=text(record, _STUDY) or upper.study,
        series=text(record, _SERIES) or upper.series,
        modality=text(record, _MODALITY) or upper.modality,
        series_number=_whole(record, _SERIES_NUMBER, big) or upper.series_number,
        instance_number=_whole(record, _INSTANCE_NUMBER, big),
    )


def _path(file: File, named: str | None) -> str | None:
    """Relative path of a file ID.

    Raises
    ------
    FormatError
        It leads out of the folder.
    """
    if named is None:
        return None
    parts = [part.strip(" ") for part in named.split("\\")]
    if not all(_PART.fullmatch(part) and part not in (".", "..") for part in parts):
        raise FormatError(
            f"{file.uri} names the file {named!r}, which does not lie in a folder of its own. It was tampered with, or is "
            "damaged."
        )
    return "/".join(parts)


def _whole(record: Tree, tag: int, big: bool) -> int | None:
    value = number(record, tag, big, b"IS")
    return None if value is None else int(value)
