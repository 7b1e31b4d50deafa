"""FIF headers: what was measured, with which channels, and where the samples stand.

Kinds of tags and blocks as in https://github.com/mne-tools/fiff-constants. Of the subject, the experimenter and the
project nothing is looked at.
"""

import math
import re
import struct
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from neurochain.errors import FormatError
from neurochain.formats.fif.chain import Held
from neurochain.formats.fif.samples import FifSamples, find_samples
from neurochain.formats.fif.tags import Tags
from neurochain.formats.header import column

__all__ = ["NUMBERS", "FifChannel", "FifHeader", "FifRecord", "date_in", "names_in", "parse", "text_in"]

BLOCKS = {
    100: "measurement", 101: "measurement info", 102: "raw data", 103: "processed data", 104: "evoked", 105: "aspect",
    106: "subject", 107: "digitized points", 108: "head position", 109: "head position result", 110: "head position coil",
    111: "project", 112: "continuous data", 113: "channel info", 115: "events", 117: "acquisition parameters",
    118: "reference", 119: "raw data with active shielding", 120: "aspect with active shielding", 124: "device",
    200: "MRI", 201: "MRI set", 310: "BEM", 311: "BEM surface", 313: "projections", 314: "projection", 350: "MNE",
    351: "source space", 352: "forward solution", 355: "covariance", 356: "inverse solution", 357: "named matrix",
    358: "environment", 359: "bad channels", 361: "MNE events", 362: "morph map", 370: "compensation",
    371: "compensation data", 373: "epochs", 374: "ICA", 900: "processing history", 901: "processing record",
    3810: "annotations", 3811: "metadata",
}  # fmt: skip
KINDS = {
    1: "meg", 2: "eeg", 3: "stim", 102: "bio", 201: "mcg", 202: "eog", 301: "ref_meg", 302: "emg", 402: "ecg",
    502: "misc", 602: "resp", 707: "chpi", 708: "chpi", 709: "chpi", 802: "seeg", 803: "dbs", 900: "syst", 902: "ecog",
    910: "ias", 920: "exci", 1000: "dipole", 1001: "gof", 1100: "fnirs", 1200: "temperature", 1300: "gsr",
    1400: "eyetrack", **dict.fromkeys(range(700, 707), "chpi"),
}  # fmt: skip
UNITS = {
    1: "m", 2: "kg", 3: "s", 4: "A", 5: "K", 6: "mol", 7: "rad", 8: "sr", 9: "cd", 10: "mol/m^3", 101: "Hz", 102: "N",
    103: "Pa", 104: "J", 105: "W", 106: "C", 107: "V", 108: "F", 109: "Ohm", 110: "S", 111: "Wb", 112: "T", 113: "H",
    114: "°C", 115: "lm", 116: "lx", 117: "V/m^2", 118: "s^2", 201: "T/m", 202: "Am", 203: "Am/m^2", 204: "Am/m^3",
    210: "px",
}  # fmt: skip
PREFIXES = {18: "E", 15: "P", 12: "T", 9: "G", 6: "M", 3: "k", 2: "h", 1: "da", 0: "", -1: "d", -2: "c", -3: "m",
            -6: "µ", -9: "n", -12: "p", -15: "f", -18: "a"}  # fmt: skip
NUMBERS = {2: ">i2", 3: ">i4", 4: ">f4", 5: ">f8", 7: ">u2", 8: ">u4", 9: ">u8", 11: ">i8", 16: ">i2"}
MEASUREMENT_INFO, CHANNEL_INFO, BAD_CHANNELS, REFERENCE = 101, 113, 359, 118
N_CHANNELS, FREQUENCY, CHANNEL, DATE, LOWPASS, HIGHPASS, LINE, OFFSET = 200, 201, 203, 204, 219, 223, 235, 159
RANGE, CALIBRATION, LONG_NAME = 253, 254, 258  # of a channel, in the block that adds to its description
INFO = (N_CHANNELS, FREQUENCY, CHANNEL, DATE, LOWPASS, HIGHPASS, LINE, OFFSET)
NAMES, ROLE, NUMBER, FILE_NAME, NEXT_FILE = 3507, 115, 117, 118, 2
CHANNEL_FIELDS = struct.Struct(">3i2fi12f2i16s")
LONGEST_VALUE = 64 * 1024  # bytes of a tag that says something about the whole file
_OFFSET = re.compile(r"(?:UTC)?([+-])(\d\d):?(\d\d)")


class FifRecord(BaseModel):
    """Fields of a FIF file; lists have one entry per channel. Nothing of the subject or the experimenter is indexed."""

    model_config = ConfigDict(extra="forbid", strict=True)

    data: str | None = column(
        '"raw data", "continuous data" or "raw data with active shielding", which is to be processed before it is used; '
        "null where the file holds no raw data"
    )
    blocks: list[str] | None = column("What the file holds, each kind once, in its order")
    n_tags: int | None = column("Tags of the file")
    has_directory: bool | None = column("Whether the file says where its tags are")
    n_buffers: int | None = column("Pieces in which the samples are stored")
    n_skips: int | None = column("Gaps between them")
    first_sample: int | None = column("Number of the first sample, counted from meas_date on")
    next_file: str | None = column("Name of the file in which the recording goes on; null where it ends here")
    meas_date: datetime | None = column("Start of the acquisition, UTC")
    utc_offset: str | None = column('Of local time: "+01:00"; null where the file does not say')
    highpass: float | None = column("Of the acquisition", "Hz")
    lowpass: float | None = column("Of the acquisition", "Hz")
    line_frequency: float | None = column("Of the mains", "Hz")
    labels: list[str] | None = column("Of the channels")
    kinds: list[str] | None = column(
        'Of the channels: "meg", "eeg", "eog", "stim" and others, in MNE\'s words'
    )
    coil_types: list[int] | None = column("Of the channels, as coded in FIF: 3012 planar gradiometer, 1 EEG")
    units: list[str] | None = column("Of the physical values")
    cals: list[float] | None = column("Factor of the stored values")
    ranges: list[float] | None = column("Another factor of the stored values")
    bads: list[str] | None = column("Labels of the channels marked as bad")


@dataclass(slots=True)
class FifChannel:
    """One channel; physical values are the stored ones times `calibration` times `range`."""

    label: str
    kind: int
    coil_type: int
    unit: int
    unit_multiplier: int
    calibration: float
    range: float

    @property
    def unit_name(self) -> str:
        """Unit with its prefix; empty text where there is none."""
        name = UNITS.get(self.unit, "")
        if not name or not self.unit_multiplier:
            return name
        return PREFIXES.get(self.unit_multiplier, f"1e{self.unit_multiplier} ") + name


@dataclass(frozen=True, slots=True)
class FifHeader:
    """What a file says.

    Attributes
    ----------
    channels : tuple of FifChannel
        None where the file describes no measurement.
    samples : FifSamples or None
        Where they stand; None where the file holds no raw data.
    values : dict
        Numbers about the measurement, by kind of their tag.
    """

    tags: Tags
    channels: tuple[FifChannel, ...]
    samples: FifSamples | None
    values: dict[int, float]
    meas_date: datetime | None
    utc_offset: str | None
    bads: list[str]
    next_file: str | None

    @property
    def sampling_frequency(self) -> float:
        """Hz; 0 where it is not known."""
        return self.values.get(FREQUENCY, 0.0)

    @property
    def start_time(self) -> datetime | None:
        """Local time of the first sample; None where the file does not say how far local time is from UTC."""
        found = _OFFSET.fullmatch(self.utc_offset or "")
        if self.meas_date is None or found is None:
            return None
        minutes = int(found[2]) * 60 + int(found[3])
        first = (
            self.samples.first / self.sampling_frequency if self.samples and self.sampling_frequency else 0.0
        )
        try:
            return self.meas_date + timedelta(minutes=minutes if found[1] == "+" else -minutes, seconds=first)
        except OverflowError:
            return None

    def record(self) -> dict[str, Any]:
        """Fields of `FifRecord`."""
        tags, samples, channels = self.tags, self.samples, self.channels
        return {
            "data": BLOCKS[samples.block] if samples else None,
            "blocks": list(dict.fromkeys(BLOCKS.get(kind, f"block {kind}") for kind in tags.block_kinds)),
            "n_tags": len(tags.kinds),
            "has_directory": tags.has_directory,
            "n_buffers": len(samples.starts) if samples else None,
            "n_skips": samples.n_skips if samples else None,
            "first_sample": samples.first if samples else None,
            "next_file": self.next_file,
            "meas_date": self.meas_date,
            "utc_offset": self.utc_offset,
            "highpass": self.values.get(HIGHPASS),
            "lowpass": self.values.get(LOWPASS),
            "line_frequency": self.values.get(LINE),
            "labels": [c.label for c in channels],
            "kinds": [KINDS.get(c.kind, str(c.kind)) for c in channels],
            "coil_types": [c.coil_type for c in channels],
            "units": [c.unit_name for c in channels],
            "cals": [c.calibration for c in channels],
            "ranges": [c.range for c in channels],
            "bads": self.bads,
        }


def parse(file: Held, tags: Tags) -> FifHeader:
    """Header of a file whose tags are known.

    Raises
    ------
    FormatError
        What it says cannot be.
    StorageError
        The bytes cannot be had.
    """
    infos = tags.found(MEASUREMENT_INFO)
    values: dict[int, float] = {}
    channels: list[FifChannel] = []
    date, offset, bads = None, None, []
    if infos:
        for i, data in _values(file, tags, tags.inside(infos[0], *INFO)):
            kind = int(tags.kinds[i])
            if kind == CHANNEL:
                channels.append(_channel(data, len(channels)))
            elif kind == DATE:
                date = date_in(data)
            elif kind == OFFSET:
                offset = text_in(data)
            elif (number := _number(data, int(tags.types[i]))) is not None:
                values[kind] = number
        renamed = _extend(file, tags, channels)
        bads = [renamed.get(name, name) for name in _bads(file, tags)]
        if int(values.get(N_CHANNELS, -1)) != len(channels):
            raise FormatError(
                f"it says {values.get(N_CHANNELS, 0):g} channels, and describes {len(channels):,}"
            )
    samples = find_samples(file, tags, len(channels))
    if samples is not None and not values.get(FREQUENCY, 0.0) > 0:
        raise FormatError("it holds raw data, and says no sampling frequency")
    return FifHeader(tags, tuple(channels), samples, values, date, offset, bads, _next_file(file, tags))


def _values(file: Held, tags: Tags, wanted: list[int]) -> list[tuple[int, bytes]]:
    """Bytes of some small tags; large ones are none that would be looked for."""
    small = [i for i in wanted if tags.sizes[i] <= LONGEST_VALUE]
    return list(zip(small, tags.contents(file, small), strict=True))


def _number(data: bytes, kind: int) -> float | None:
    """First number of a tag, where it is one and finite."""
    dtype = np.dtype(NUMBERS[kind]) if kind in NUMBERS else None
    if dtype is None or len(data) < dtype.itemsize:
        return None
    value = float(np.frombuffer(data, dtype, 1)[0])
    return value if math.isfinite(value) else None


def text_in(data: bytes) -> str:
    """Text of a tag."""
    return data.decode("latin-1").partition("\0")[0].strip()


def date_in(data: bytes) -> datetime | None:
    """UTC, from seconds and microseconds; None where it was taken out."""
    if len(data) < 4:
        return None
    seconds, micro = struct.unpack_from(">2i", data.ljust(8, b"\0"))
    if micro < 0 or not (seconds or micro):
        return None
    return datetime(1970, 1, 1) + timedelta(seconds=seconds, microseconds=micro)


def _channel(data: bytes, number: int) -> FifChannel:
    if len(data) != CHANNEL_FIELDS.size:
        raise FormatError(
            f"its description of channel {number} has {len(data)} bytes; {CHANNEL_FIELDS.size} are needed"
        )
    fields = CHANNEL_FIELDS.unpack(data)
    return FifChannel(text_in(fields[20]), fields[2], fields[5], fields[18], fields[19], fields[4], fields[3])


def _extend(file: Held, tags: Tags, channels: list[FifChannel]) -> dict[str, str]:
    """Read what newer files add to the channels, above all names of more than 15 letters; gives them by the short ones."""
    order = {block: i for i, block in enumerate(tags.found(CHANNEL_INFO))}
    if not order:
        return {}
    if len(order) != len(channels):
        raise FormatError(f"it describes {len(channels):,} channels, and adds to {len(order):,}")
    kinds = np.isin(tags.kinds, (RANGE, CALIBRATION, LONG_NAME)) & np.isin(tags.blocks, list(order))
    renamed = {}
    for i, data in _values(file, tags, np.flatnonzero(kinds).tolist()):
        channel = channels[order[int(tags.blocks[i])]]
        if tags.kinds[i] == LONG_NAME:
            renamed[channel.label] = channel.label = text_in(data)
        elif (value := _number(data, int(tags.types[i]))) is not None and tags.kinds[i] == RANGE:
            channel.range = value
        elif value is not None:
            channel.calibration = value
    return renamed


def _bads(file: Held, tags: Tags) -> list[str]:
    wanted = [i for block in tags.found(BAD_CHANNELS)[:1] for i in tags.inside(block, NAMES)]
    return [name for _, data in _values(file, tags, wanted) for name in names_in(data) if name]


def names_in(data: bytes) -> list[str]:
    """Texts of a list, whose own colons are written as a word."""
    return [name.replace("{COLON}", ":") for name in text_in(data).split(":")]


def _next_file(file: Held, tags: Tags) -> str | None:
    """Name of the file in which a recording goes on, or how it is numbered."""
    for block in tags.found(REFERENCE)[:100]:
        inside = _values(file, tags, tags.inside(block, ROLE, NUMBER, FILE_NAME))
        said = {int(tags.kinds[i]): (data, int(tags.types[i])) for i, data in inside}
        if ROLE not in said or _number(*said[ROLE]) != NEXT_FILE:
            continue
        if FILE_NAME in said:
            return text_in(said[FILE_NAME][0]) or None
        if NUMBER in said and (number := _number(*said[NUMBER])) is not None:
            return f"{file.file.name.removesuffix('.fif')}-{int(number)}.fif"
    return None
