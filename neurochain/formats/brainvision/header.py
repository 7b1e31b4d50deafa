r"""BrainVision headers: ``.vhdr``, sections of ``key=value`` lines as in Windows' INI files.

BrainVision Core Data Format 1.0 (https://www.brainproducts.com/support-resources/brainvision-core-data-format-1-0/),
and the Data Exchange Header Files 1.0 and 2.0 that BrainVision's programs write.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from neurochain.errors import FormatError
from neurochain.formats.header import column

__all__ = [
    "FREE_TEXT",
    "BrainVisionChannel",
    "BrainVisionHeader",
    "BrainVisionRecord",
    "is_header",
    "parse",
    "text_of",
]

MICROVOLT = "µV"  # what is meant where no unit stands
DTYPES = {"INT_16": "int16", "INT_32": "int32", "IEEE_FLOAT_32": "float32"}
ORIENTATIONS = ("MULTIPLEXED", "VECTORIZED")
VERSIONS = ("1.0", "2.0")
# Places in the data file that other programs may leave out; nothing here reads around them.
OFFSETS = ("dataoffset", "channeloffset", "segmentheadersize", "trailersize")
FREE_TEXT = re.compile(rb"^[ \t]*\[comment\]", re.IGNORECASE | re.MULTILINE)

_FIRST = re.compile(rb"(?:\xef\xbb\xbf)?\s*Brain ?Vision( Core| V-Amp)? Data( Exchange)? Header File", re.I)
_VERSION = re.compile(r"Version (\d{1,3}\.\d{1,3})", re.IGNORECASE)
_CODEPAGE = re.compile(rb"^codepage[ \t]*=[ \t]*([\w-]{1,20})", re.IGNORECASE | re.MULTILINE)
_LINE = re.compile(r"\r\n|\r|\n")
_CHANNEL = re.compile(r"ch([0-9]{1,9})")
_COUNT = re.compile(r"[0-9]{1,15}")


class BrainVisionRecord(BaseModel):
    """Fields of a BrainVision header; lists have one entry per channel.

    Free text (comments, impedances) may hold anything and is not indexed.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    version: str | None = column('"1.0" or "2.0"')
    codepage: str | None = column("As the header says; null where it does not")
    data_file: str | None = column("Name of the file that holds the samples")
    marker_file: str | None = column("Name of the file that holds the markers; null where there is none")
    data_orientation: str | None = column('"MULTIPLEXED" or "VECTORIZED"')
    binary_format: str | None = column('"INT_16", "INT_32" or "IEEE_FLOAT_32"')
    sampling_interval: float | None = column("Between two samples of a channel", "us")
    data_points: int | None = column("Samples of each channel as the header says; null where it does not")
    segmentation: str | None = column('"NOTSEGMENTED", "MARKERBASED", "FIXTIME"; null where it does not say')
    segment_data_points: int | None = column("Samples of each segment")
    averaged: bool | None = column("Whether segments were averaged")
    labels: list[str] | None = column("Of the channels")
    references: list[str] | None = column("Of the channels; empty text is the common reference")
    units: list[str] | None = column("Of the physical values")
    resolutions: list[float] | None = column("Physical value of one stored step, in the channel's unit")


@dataclass(frozen=True, slots=True)
class BrainVisionChannel:
    """One channel."""

    label: str
    reference: str
    resolution: float
    unit: str


@dataclass(frozen=True, slots=True)
class BrainVisionHeader:
    """A whole header.

    Attributes
    ----------
    data_file, marker_file : str or None
        As written; ``$b`` stands for the header's own name without its ending.
    dtype : str or None
        As stored, byte order included; None where it cannot be read.
    sampling_interval : float, microseconds
        0 where it is not known.
    problem : str or None
        First thing that cannot be, with its place.
    """

    version: str | None
    codepage: str | None
    data_file: str | None
    marker_file: str | None
    orientation: str | None
    binary_format: str | None
    dtype: str | None
    sampling_interval: float
    data_points: int | None
    segmentation: str | None
    segment_data_points: int | None
    averaged: bool | None
    channels: tuple[BrainVisionChannel, ...]
    problem: str | None

    @property
    def sampling_frequency(self) -> float:
        """Hz; 0 where it is not known."""
        return 1e6 / self.sampling_interval if self.sampling_interval else 0.0

    @property
    def segmented(self) -> bool:
        """Whether the samples are pieces of a recording, put one after the other."""
        return self.segmentation not in (None, "NOTSEGMENTED")


def is_header(head: bytes, name: str) -> bool:
    """Whether first bytes are those of a BrainVision header; some programs leave its first line out."""
    if _FIRST.match(head):
        return True
    return name.lower().endswith(".vhdr") and b"[common infos]" in head.lower()


def text_of(data: bytes) -> str:
    """Text of a header or marker file: UTF-8 where it is that, else the code page of Windows.

    Examples
    --------
    >>> text_of("Ch1=Fz,,0.5,µV".encode("latin-1"))
    'Ch1=Fz,,0.5,µV'
    """
    found = _CODEPAGE.search(data)
    # What calls itself ANSI may still be UTF-8 by chance of its letters; trust the word.
    named = ["cp1252"] if found is not None and found[1].upper() == b"ANSI" else ["utf-8-sig", "cp1252"]
    for encoding in named:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def parse(data: bytes) -> BrainVisionHeader:
    r"""Header from its bytes; what stands behind ``[Comment]`` is not looked at.

    Raises
    ------
    FormatError
        There are no channels to speak of.

    Examples
    --------
    >>> found = parse(
    ...     b"Brain Vision Data Exchange Header File Version 1.0\n[Common Infos]\nDataFile=a.eeg\nNumberOfChannels=1\n"
    ...     b"DataOrientation=MULTIPLEXED\nSamplingInterval=2000\n[Binary Infos]\nBinaryFormat=INT_16\n"
    ...     b"[Channel Infos]\nCh1=Fz,,0.1,uV\n")
    >>> found.sampling_frequency, found.channels[0].label, found.problem
    (500.0, 'Fz', None)
    """
    problems: list[str] = []
    text = text_of(FREE_TEXT.split(data, maxsplit=1)[0])
    sections = _sections(text, problems)
    common = sections.get("common infos")
    if common is None:
        raise FormatError(
            "its header has no section [Common Infos]: it is cut short, or no BrainVision header"
        )
    version = _version(text, problems)
    n_channels = _count(common, "numberofchannels", problems)
    if not n_channels:
        problems.append("its header says no NumberOfChannels in [Common Infos]")
    channels = _channels(sections.get("channel infos"), n_channels or 0, problems)
    binary = sections.get("binary infos", {})
    dtype = _dtype(common, binary, problems)
    interval = _number(common.get("samplinginterval", ""))
    if interval is None or not 0 < interval < math.inf or not math.isfinite(1e6 / interval):
        problems.append(
            f"its header says SamplingInterval={common.get('samplinginterval', '')}, which is no time in microseconds"
        )
        interval = 0.0
    segmentation = common.get("segmentationtype", "").upper() or None
    return BrainVisionHeader(
        version=version,
        codepage=common.get("codepage") or None,
        data_file=common.get("datafile") or None,
        marker_file=common.get("markerfile") or None,
        orientation=common.get("dataorientation", "").upper() or None,
        binary_format=binary.get("binaryformat", "").upper() or None,
        dtype=dtype,
        sampling_interval=interval,
        data_points=_count(common, "datapoints", problems),
        segmentation=segmentation,
        segment_data_points=_count(common, "segmentdatapoints", problems),
        averaged={"YES": True, "NO": False}.get(common.get("averaged", "").upper()),
        channels=channels,
        problem=problems[0] if problems else None,
    )


def _sections(text: str, problems: list[str]) -> dict[str, dict[str, str]]:
    """Values by lower-case section and key."""
    found: dict[str, dict[str, str]] = {}
    here: dict[str, str] = {}
    name = ""
    for line in _LINE.split(text):
        stripped = line.strip()
        if not stripped or stripped.startswith(";"):
            continue
        if stripped.startswith("[") and stripped.endswith("]"):
            name = stripped[1:-1].strip()
            here = found.setdefault(name.lower(), {})
            continue
        key, equals, value = stripped.partition("=")
        if equals:
            known = here.setdefault(key.strip().lower(), value.strip())
            if known != value.strip():
                problems.append(
                    f"its header says {key.strip()} twice in [{name}]: {known!r} and {value.strip()!r}"
                )
    return found


def _version(text: str, problems: list[str]) -> str | None:
    """Version of the first line; None where there is no such line."""
    first = _LINE.split(text.lstrip("\ufeff \r\n\t"), maxsplit=1)[0]
    if not first.lower().startswith("brain"):
        return None
    found = _VERSION.search(first)
    version = found[1] if found else None
    if version not in VERSIONS:
        problems.append(f"its first line is {first[:80]!r}; known are the versions {' and '.join(VERSIONS)}")
    return version


def _dtype(common: Mapping[str, str], binary: Mapping[str, str], problems: list[str]) -> str | None:
    """Stored type, byte order included."""
    if (stated := common.get("dataformat", "BINARY").upper()) != "BINARY":
        problems.append(f"its samples are written as DataFormat={stated}; export them as BINARY")
        return None
    if (kind := common.get("datatype", "TIMEDOMAIN").upper()) != "TIMEDOMAIN":
        problems.append(f"it holds DataType={kind}; a recording is in the TIMEDOMAIN")
        return None
    for key in OFFSETS:
        if binary.get(key, "0") not in ("0", ""):
            problems.append(
                f"its header says {key}={binary[key]} in [Binary Infos]; only data files without such extras are read. "
                "Export it without them"
            )
            return None
    orientation = common.get("dataorientation", "").upper()
    if orientation not in ORIENTATIONS:
        problems.append(
            f"its header says DataOrientation={orientation}; known are {' and '.join(ORIENTATIONS)}"
        )
        return None
    name = binary.get("binaryformat", "").upper()
    if name not in DTYPES:
        problems.append(
            f"its header says BinaryFormat={name} in [Binary Infos]; known are {', '.join(DTYPES)}"
        )
        return None
    return (">" if binary.get("usebigendianorder", "").upper() == "YES" else "<") + {
        "int16": "i2",
        "int32": "i4",
        "float32": "f4",
    }[DTYPES[name]]


def _channels(
    section: Mapping[str, str] | None, n_channels: int, problems: list[str]
) -> tuple[BrainVisionChannel, ...]:
    """Channels 1 to n_channels; fewer where one is missing."""
    entries = {}
    for key, value in (section or {}).items():
        if found := _CHANNEL.fullmatch(key):
            entries[int(found[1])] = value
    wrong = sorted(n for n in entries if not 1 <= n <= n_channels)
    if wrong and n_channels:
        problems.append(
            f"its header says {n_channels:,} channels, and describes Ch{wrong[0]} in [Channel Infos]"
        )
    channels: list[BrainVisionChannel] = []
    while len(channels) < n_channels:
        number = len(channels) + 1
        if number not in entries:
            problems.append(
                f"its header says {n_channels:,} channels, and does not describe Ch{number} in [Channel Infos]"
            )
            break
        channels.append(_channel(number, entries[number], problems))
    return tuple(channels)


def _channel(number: int, entry: str, problems: list[str]) -> BrainVisionChannel:
    label, reference, resolution, unit = [part.strip() for part in (entry.split(",") + [""] * 4)[:4]]
    step = _number(resolution) if resolution else 1.0
    if not step:
        problems.append(
            f"its header says {resolution!r} for the resolution of Ch{number} ({label!r}), which scales nothing"
        )
        step = 1.0
    # A file in two encodings shows the first byte of the UTF-8 sign; the Greek letter looks the same.
    unit = unit.replace("Âµ", "µ").replace("\u03bc", "µ") or MICROVOLT
    return BrainVisionChannel(_comma(label), _comma(reference), step, unit)


def _comma(text: str) -> str:
    return text.replace(r"\1", ",")


def _number(text: str) -> float | None:
    """Finite number, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _count(section: Mapping[str, str], key: str, problems: list[str]) -> int | None:
    """Whole number under a key; None where there is none."""
    text = section.get(key, "")
    if not text:
        return None
    if not _COUNT.fullmatch(text):
        problems.append(f"its header says {key}={text[:40]!r} in [Common Infos], which is no count")
        return None
    return int(text)
