"""SpikeglxReader: what is known of samples (.meta), and the samples beside it (.bin)."""

import re
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.pairs import partner
from neurochain.formats.reader import FileHeader
from neurochain.formats.recordings.interleaved import Interleaved, in_samples
from neurochain.formats.recordings.recording import Recording
from neurochain.formats.spikeglx.gains import amplified, max_int, physical
from neurochain.formats.spikeglx.meta import SpikeglxMeta, SpikeglxRecord, parse
from neurochain.formats.volumes.volume import Volume
from neurochain.storage import File, Memo

__all__ = ["SpikeglxReader"]

DTYPE = np.dtype("<i2")
META, DATA = ".meta", ".bin"
LARGEST_TEXT = 16 * 2**20  # bytes of a .meta; 1,536 channels take 75 KB
STREAM_NAMES = ("ap", "lf", "nidq", "obx")
_FIRST = re.compile(rb"^~?(acq(ApLfSy|MnMaXaDw|XaDwSy)|appVersion|typeThis|snsSaveChanSubset)=", re.MULTILINE)


class SpikeglxReader:
    """Reader of SpikeGLX recordings: of a probe's AP or LF band, or of what was recorded beside it.

    The samples (``.bin``) are not looked at; all that is known of them stands in the ``.meta`` beside them.
    """

    name = "spikeglx"
    formats = ("spikeglx",)
    array: Literal["volume", "recording"] = "recording"
    record = SpikeglxRecord
    suffixes = tuple(f".{stream}.meta" for stream in STREAM_NAMES)
    head_size = 20 * 1024  # of 384 channels
    companions: Mapping[str, tuple[str, ...]] = {f".{s}.meta": (f".{s}.bin",) for s in STREAM_NAMES}

    def matches(self, head: bytes, name: str) -> bool:
        """Whether the file has an ending that SpikeGLX gives, and keys that it writes."""
        return name.lower().endswith(self.suffixes) and _FIRST.search(head) is not None

    def read_header(self, file: File, head: bytes) -> FileHeader:
        """What it says, and whether the samples are as many as it says."""
        text = _text(file, head)
        meta = parse(file.name, text.decode("utf-8", "replace"))
        header: dict[str, Any] = {
            "format": "spikeglx",
            "dtype": DTYPE.name,
            "n_channels": len(meta.channels),
            "start_time": meta.start_time,
        }
        try:
            header["sampling_frequency"] = meta.rate
            n_samples = header["n_samples"] = _samples(partner(file, META, (DATA,)), meta)
            header["shape"] = [len(meta.channels), n_samples]
            header["duration"] = n_samples / meta.rate
        except FormatError as error:
            header["error"] = str(error)
        return FileHeader(header, "spikeglx", _record(meta), len(text))

    def identifiers(self, file: File) -> dict[str, str]:
        """None: paths and notes are not read."""
        return {}

    def volume(self, file: File, memo: Memo | None = None) -> Volume:
        """SpikeGLX files hold recordings."""
        raise FormatError(f"{file.uri} is a SpikeGLX file, not a volume: open it as a recording.")

    def recording(self, file: File, memo: Memo | None = None) -> Recording:
        """Channels over time: those of a probe in microvolts, others in volts, digital ones as they are."""
        try:
            meta = parse(
                file.name, _text(file, file.read_range(0, self.head_size)).decode("utf-8", "replace")
            )
            data = partner(file, META, (DATA,))
            rate, n_samples = meta.rate, _samples(data, meta)
        except FormatError as error:
            raise FormatError(f"{file.uri}: {error}.") from None
        count = len(meta.channels)
        gains, units = physical(meta)
        block = np.array([0], np.int64), np.array([n_samples], np.int64)
        return Recording(
            file,
            "spikeglx",
            self.recording,
            Interleaved(data, *block, count, DTYPE),
            channels=tuple(c.label for c in meta.channels),
            units=tuple(units),
            sampling_frequencies=(rate,) * count,
            lengths=(n_samples,) * count,
            gains=np.array(gains, np.float64),
            offsets=np.zeros(count),
            start_time=meta.start_time,
            duration=n_samples / rate,
        )


def _text(file: File, head: bytes) -> bytes:
    """All of a .meta, of which the first bytes are at hand."""
    if file.size > LARGEST_TEXT:
        raise FormatError(f"it has {file.size:,} bytes; a .meta of SpikeGLX has some 20,000")
    return head + file.read_range(len(head), file.size)


def _samples(data: File, meta: SpikeglxMeta) -> int:
    """How many samples each channel has.

    Raises
    ------
    FormatError
        The .bin has not the size that the ``.meta`` says, or no whole samples.
    """
    n_samples, rest, said = in_samples(data.size, len(meta.channels), DTYPE)
    stated = meta.whole("fileSizeBytes")
    if stated is not None and stated != data.size:
        raise FormatError(
            f"{meta.name} says fileSizeBytes={stated:,}, and {data.name} has {data.size:,} bytes ({said}): it is cut "
            "short, or belongs to another .meta"
        )
    if not n_samples or (rest and stated is not None):
        raise FormatError(
            f"{data.name} has {data.size:,} bytes, which are {said}: it belongs to another .meta"
        )
    return n_samples  # while it is being acquired, the last sample may be half written


def _record(meta: SpikeglxMeta) -> dict[str, Any]:
    """Fields of `SpikeglxRecord`."""
    return {
        "stream": meta.stream,
        "band": meta.band,
        "app_version": meta.values.get("appVersion"),
        "probe_type": meta.whole("imDatPrb_type"),
        "probe_part": meta.values.get("imDatPrb_pn") or None,
        "probe_serial": meta.values.get("imDatPrb_sn") or meta.values.get("imProbeSN") or None,
        "start_sample": meta.whole("firstSample"),
        "stated_bytes": meta.whole("fileSizeBytes"),
        "stated_sha1": meta.values.get("fileSHA1") or None,
        "range_max": meta.number(meta.keys.range),
        "max_int": max_int(meta),
        "saved_channels": [c.number for c in meta.channels],
        "labels": [c.label for c in meta.channels],
        "gains": amplified(meta),
    }
