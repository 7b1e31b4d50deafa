"""The way through pydicom: headers that the scanner refuses, and how its words are kept short."""

import logging
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from neurochain.errors import FormatError, StorageError
from neurochain.formats.dicom.layout import PIXEL_TAGS, Scan
from neurochain.formats.dicom.values import CHARACTER_SET, WANTED
from neurochain.storage import File

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["quiet", "read_texts", "scan_with_pydicom", "shortened"]

DEFER = 1024 * 1024  # larger values are stepped over, not read
_LOCK = threading.RLock()
# Without a handler of its own, Python prints pydicom's log to the terminal.
logging.getLogger("pydicom").addHandler(logging.NullHandler())
_TEXT = frozenset(
    ["AE", "AS", "CS", "DA", "DT", "LO", "LT", "SH", "ST", "TM", "UC", "UI", "UR", "UT", "DS", "IS"]
)


def scan_with_pydicom(file: File, reason: str) -> Scan:
    """Scan a header that the scanner refused, by ranges from a buffered file object.

    Parameters
    ----------
    file : File
        The DICOM file.
    reason : str
        Why the scanner refused, for the message.

    Raises
    ------
    FormatError
        pydicom cannot read it either.
    """
    stream = file.open()
    found = Scan()
    try:
        dataset = _read(stream, stop_before_pixels=True, defer_size=DEFER)
        found.end = stream.tell()
        with quiet():
            _copy(dataset, found)
    except StorageError:
        raise
    except Exception as error:  # any kind: pydicom has no root error, and the file is what is at fault
        raise FormatError(f"its header cannot be read: {reason}; pydicom: {shortened(error)}") from error
    head = file.read_range(found.end, found.end + 12)
    order: Literal["big", "little"] = "big" if found.big_endian else "little"
    group, element = (int.from_bytes(head[i : i + 2], order) for i in (0, 2))
    tag = group << 16 | element
    if len(head) == 12 and tag in PIXEL_TAGS:
        at, vr = (8, b"") if dataset.original_encoding[0] else (12, head[4:6])
        length = int.from_bytes(head[at - 4 : at], order)
        found.pixel = (tag, vr, found.end + at, None if length == 0xFFFFFFFF else length)
    elif found.end < file.size and any(file.read_range(found.end, found.end + 4096)):
        found.cut = f"its header cannot be read past byte {found.end:,}: {reason}"
    return found


@contextmanager
def quiet() -> Iterator[None]:
    """Silence pydicom: what matters is checked by neurochain and stands in header.error.

    The filters of warnings belong to the process, so one thread at a time changes them.
    """
    with _LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _read(stream: Any, **how: Any) -> "Dataset":
    from pydicom import dcmread  # import costs 0.3 s; most files never come here

    with quiet():
        return dcmread(stream, force=True, **how)


def _copy(dataset: "Dataset", found: Scan) -> None:
    """Take over what pydicom read; values that it cannot decode are left out."""
    meta = getattr(dataset, "file_meta", None)
    if meta is not None:
        found.transfer_syntax = str(meta.get("TransferSyntaxUID", "")) or None
        found.media_class = str(meta.get("MediaStorageSOPClassUID", "")) or None
    found.big_endian = dataset.original_encoding[1] is False
    for tag in WANTED.big:
        if tag not in PIXEL_TAGS and tag in dataset:
            try:
                found.values[tag] = _element(dataset, tag)
            except Exception:
                continue
    found.values[CHARACTER_SET] = (b"CS", b"ISO_IR 192")  # texts are handed on as UTF-8


def _element(dataset: "Dataset", tag: int) -> tuple[bytes, bytes]:
    """Value representation and bytes of an element, texts as UTF-8."""
    raw = dataset.get_item(tag)
    vr = str(raw.VR or "") if raw is not None else ""
    if vr in _TEXT or vr in ("", "UN"):
        element = dataset[tag]
        if element.VR in _TEXT:
            value = element.value
            parts = value if isinstance(value, list) or hasattr(value, "append") else [value]
            return element.VR.encode(), "\\".join("" if p is None else str(p) for p in parts).encode()
        vr = str(element.VR)
    value = getattr(raw, "value", None)
    if not isinstance(value, bytes):
        raise ValueError(f"{tag:08X} has no bytes")
    return vr.encode(), value


def read_texts(file: File, keywords: Sequence[str], longest: int = 1024) -> dict[str, str]:
    """Values of some elements as texts, by keyword; what is empty or cannot be decoded is left out.

    Parameters
    ----------
    file : File
        The DICOM file.
    keywords : sequence of str
        Of top-level elements.
    longest : int
        Characters of a value that are kept.

    Raises
    ------
    StorageError
        The bytes cannot be had.
    """
    found: dict[str, str] = {}
    with quiet():
        try:
            dataset = _read(file.open(), stop_before_pixels=True, specific_tags=list(keywords))
        except StorageError:
            raise
        except Exception:  # any kind: see above; what the header says of itself is told elsewhere
            return found
        for keyword in keywords:
            try:
                value = dataset.get(keyword)
                parts = value if isinstance(value, list) or hasattr(value, "append") else [value]
                text = "\\".join("" if part is None else str(part) for part in parts).strip()
            except Exception:
                continue
            if text.strip("\\"):
                found[keyword] = text[:longest]
    return found


def shortened(error: Exception) -> str:
    """A message on one line, cut where it is long."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:300]}" if text else type(error).__name__
