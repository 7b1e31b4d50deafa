"""SpikeglxMeta: the text file beside a SpikeGLX recording, ``key=value`` lines.

SpikeGLX's "Metadata" pages for the phases 3A, 3B and 20 (https://billkarsh.github.io/SpikeGLX/#metadata-guides).
"""

import math
import re
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from neurochain.errors import FormatError
from neurochain.formats.header import column

__all__ = ["STREAMS", "SpikeglxMeta", "SpikeglxRecord", "Stream", "parse"]

MOST_CHANNELS = 65_536
_LINE = re.compile(r"\r\n|\r|\n")
_WHOLE = re.compile(r"[0-9]{1,15}")
_MAPPED = re.compile(r"\(([^();]{1,40});([0-9]{1,6}):[0-9]{1,6}\)")


@dataclass(frozen=True)
class Stream:
    """How the keys of one kind of stream are called.

    Attributes
    ----------
    rate, range, steps : str
        Keys of the sampling frequency (Hz), of the largest voltage (V), and of the number that stands for it.
    saved, acquired : str
        Keys of how many channels of each kind were saved, and acquired.
    kinds : tuple of str
        Of channels, in the order of those counts; SpikeGLX's names.
    """

    rate: str
    range: str
    steps: str
    saved: str
    acquired: str
    kinds: tuple[str, ...]


STREAMS = {
    "imec": Stream("imSampRate", "imAiRangeMax", "imMaxInt", "snsApLfSy", "acqApLfSy", ("AP", "LF", "SY")),
    "nidq": Stream(
        "niSampRate", "niAiRangeMax", "niMaxInt", "snsMnMaXaDw", "acqMnMaXaDw", ("MN", "MA", "XA", "XD")
    ),
    "obx": Stream("obSampRate", "obAiRangeMax", "obMaxInt", "snsXaDwSy", "acqXaDwSy", ("XA", "XD", "SY")),
}


class SpikeglxRecord(BaseModel):
    """Fields of a SpikeGLX ``.meta``; lists have one entry per saved channel.

    Paths and notes may name a person and are not indexed.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    stream: str | None = column('"imec" (a probe), "nidq" or "obx" (what was recorded beside it)')
    band: str | None = column('"ap" or "lf"; null where a stream has no bands, or both')
    app_version: str | None = column("Of SpikeGLX")
    probe_type: int | None = column("As imDatPrb_type says; null for phase 3A")
    probe_part: str | None = column("Part number of the probe")
    probe_serial: str | None = column("Serial number of the probe")
    start_sample: int | None = column("Number of the first sample since acquisition began")
    stated_bytes: int | None = column("Of the recording, as the .meta says; null while it is being acquired")
    stated_sha1: str | None = column("Of the recording, as the .meta says")
    range_max: float | None = column("Largest voltage of the converter", "V")
    max_int: int | None = column("Number that stands for it")
    saved_channels: list[int] | None = column("Numbers of the saved channels among those acquired")
    labels: list[str] | None = column("Of the channels")
    gains: list[float] | None = column("Of the amplifiers; 1 of digital channels, NaN where nobody knows")


@dataclass(frozen=True)
class Saved:
    """One saved channel.

    Attributes
    ----------
    number : int
        Among those acquired.
    kind : str
        One of `Stream.kinds`.
    place : int
        Among those of its kind.
    label : str
        As the channel map says.
    """

    number: int
    kind: str
    place: int
    label: str


@dataclass(frozen=True)
class SpikeglxMeta:
    """What a ``.meta`` says.

    Attributes
    ----------
    values : dict of str to str
        By key, without the tilde in front of tables.
    channels : tuple of Saved
        In the order of the file.
    """

    name: str
    values: dict[str, str]
    stream: str = ""
    channels: tuple[Saved, ...] = field(default=())

    @property
    def keys(self) -> Stream:
        """How its keys are called."""
        return STREAMS[self.stream]

    @property
    def rate(self) -> float:
        """Sampling frequency, Hz.

        Raises
        ------
        FormatError
            It says none.
        """
        rate = self.number(self.keys.rate)
        if rate is None or not 0 < rate < math.inf:
            raise FormatError(f"{self.name} says no sampling frequency ({self.keys.rate})")
        return rate

    @property
    def start_time(self) -> datetime | None:
        """Local time at which the file was begun."""
        try:
            return datetime.fromisoformat(self.values.get("fileCreateTime", "")).replace(tzinfo=None)
        except ValueError:
            return None

    @property
    def band(self) -> str | None:
        """Band of a probe's channels."""
        kinds = {c.kind for c in self.channels} - {"SY"}
        return {"AP": "ap", "LF": "lf"}.get(kinds.pop()) if len(kinds) == 1 else None

    def number(self, key: str) -> float | None:
        """Value as a number; None where there is none."""
        try:
            found = float(self.values[key])
        except (KeyError, ValueError):
            return None
        return found if math.isfinite(found) else None

    def whole(self, key: str) -> int | None:
        """Value as a whole number of at least 0; None where there is none."""
        text = self.values.get(key, "").strip()
        return int(text) if _WHOLE.fullmatch(text) else None


def parse(name: str, text: str) -> SpikeglxMeta:
    """Read a ``.meta``.

    Parameters
    ----------
    name : str
        Of the file, for messages.
    text : str
        Of the file.

    Raises
    ------
    FormatError
        It does not say which channels were saved, or contradicts itself.
    """
    values: dict[str, str] = {}
    for line in _LINE.split(text):
        key, equals, value = line.partition("=")
        if equals:
            values.setdefault(key.strip().removeprefix("~"), value.strip())
    stream = values.get("typeThis", "")
    if stream not in STREAMS:
        said = f"typeThis={stream[:40]}" if stream else "no typeThis"
        raise FormatError(f"{name} says {said}; known are {', '.join(STREAMS)}")
    meta = SpikeglxMeta(name, values, stream)
    return SpikeglxMeta(name, values, stream, tuple(_channels(meta)))


def _channels(meta: SpikeglxMeta) -> list[Saved]:
    keys = meta.keys
    saved, acquired = (_counts(meta, key) for key in (keys.saved, keys.acquired))
    if saved is None:
        raise FormatError(f"{meta.name} does not say how many channels were saved ({keys.saved})")
    acquired = acquired or saved
    numbers = _numbers(meta, sum(acquired))
    stated = meta.whole("nSavedChans")
    if not len(numbers) == sum(saved) == (len(numbers) if stated is None else stated):
        raise FormatError(
            f"{meta.name} contradicts itself: nSavedChans={stated}, {keys.saved}={meta.values[keys.saved]}, and "
            f"snsSaveChanSubset names {len(numbers):,} channels"
        )
    labels = {int(number): label for label, number in _MAPPED.findall(meta.values.get("snsChanMap", ""))}
    found = []
    for number in numbers:
        place = number
        for kind, count in zip(keys.kinds, acquired, strict=True):
            if place < count:
                found.append(Saved(number, kind, place, labels.get(number, f"{kind}{place}")))
                break
            place -= count
        else:
            raise FormatError(
                f"{meta.name} says that channel {number:,} was saved, and {keys.acquired}={meta.values.get(keys.acquired)}"
            )
    if [sum(c.kind == kind for c in found) for kind in keys.kinds] != list(saved):
        raise FormatError(
            f"{meta.name} contradicts itself: {keys.saved}={meta.values[keys.saved]}, and snsSaveChanSubset names other channels"
        )
    return found


def _counts(meta: SpikeglxMeta, key: str) -> tuple[int, ...] | None:
    parts = [part.strip() for part in meta.values.get(key, "").split(",")]
    if len(parts) != len(meta.keys.kinds) or not all(_WHOLE.fullmatch(part) for part in parts):
        return None
    counts = tuple(map(int, parts))
    if not 0 < sum(counts) <= MOST_CHANNELS:
        raise FormatError(f"{meta.name} says {key}={meta.values[key][:40]}: not so many channels can be")
    return counts


def _numbers(meta: SpikeglxMeta, acquired: int) -> list[int]:
    """Numbers of the saved channels, in the order of the file."""
    text = meta.values.get("snsSaveChanSubset", "all").replace(" ", "")
    if text in ("", "all"):
        return list(range(acquired))
    numbers: list[int] = []
    for part in text.split(","):
        first, colon, last = part.partition(":")
        if not _WHOLE.fullmatch(first) or not (_WHOLE.fullmatch(last) or not colon):
            raise FormatError(f"{meta.name} says snsSaveChanSubset={text[:80]}, which names no channels")
        span = range(int(first), int(last or first) + 1)
        if len(numbers) + len(span) > MOST_CHANNELS:
            raise FormatError(f"{meta.name} says snsSaveChanSubset={text[:80]}: not so many channels can be")
        numbers += span
    return numbers
