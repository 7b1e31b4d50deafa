"""FifReader: raw recordings of MEG and EEG in FIF; other FIF files are told by what they hold."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.arrays.inflate import GZIP_MARK
from neurochain.formats.fif.annotations import annotations
from neurochain.formats.fif.chain import Held
from neurochain.formats.fif.header import FifHeader, FifRecord, parse
from neurochain.formats.fif.tags import find_tags, is_fif
from neurochain.formats.reader import FileHeader
from neurochain.formats.recordings.annotations import Annotation
from neurochain.formats.recordings.interleaved import Interleaved
from neurochain.formats.recordings.recording import Recording
from neurochain.formats.volumes.volume import Volume
from neurochain.storage import File, Memo, cache_memo

__all__ = ["FifReader"]

PACKED = "it is compressed as a whole, so that nothing in it can be reached by itself: unpack it (gunzip)"


class FifReader:
    """Reader of FIF files. A recording that goes on in another file is a row for each file."""

    name = "fif"
    formats = ("fif",)
    array: Literal["volume", "recording"] = "recording"
    record = FifRecord
    suffixes = (".fif", ".fif.gz")
    head_size = 4096  # says where the directory is
    companions: Mapping[str, tuple[str, ...]] = {}

    def matches(self, head: bytes, name: str) -> bool:
        """Whether the file begins as FIF files do; what is compressed is known by its name alone."""
        return is_fif(head) or (head[:2] == GZIP_MARK and name.lower().endswith(".fif.gz"))

    def read_header(self, file: File, head: bytes) -> FileHeader:
        """Header, from the directory and the tags that describe the measurement; no samples are read."""
        header: dict[str, Any] = {"format": "fif"}
        try:
            found = _parsed(Held(file, head))
        except FormatError as error:
            return FileHeader({**header, "error": str(error)})
        samples, frequency = found.samples, found.sampling_frequency
        header["sampling_frequency"] = frequency or None
        header["n_channels"] = len(found.channels) or None
        header["start_time"] = found.start_time
        if samples is not None:
            header["dtype"] = samples.dtype.name
            header["n_samples"] = samples.n_samples
            header["shape"] = [len(found.channels), samples.n_samples]
            header["duration"] = samples.n_samples / frequency
            header["error"] = _gains(found)[1]
        return FileHeader(header, "fif", found.record())

    def identifiers(self, file: File) -> dict[str, str]:
        """None: the block of the subject is passed by."""
        return {}

    def volume(self, file: File, memo: Memo | None = None) -> Volume:
        """FIF files hold recordings."""
        raise FormatError(f"{file.uri} is a FIF file, not a volume: open it as a recording.")

    def recording(self, file: File, memo: Memo | None = None) -> Recording:
        """Channels over time in the units of the file (V, T, T/m), read by range."""
        held = Held(file, file.read_range(0, self.head_size))
        try:
            found = _parsed(held, cache_memo() if memo is None else memo)
        except FormatError as error:
            raise FormatError(f"{file.uri}: {error}.") from None
        samples, channels = found.samples, found.channels
        if samples is None:
            blocks = ", ".join(found.record()["blocks"]) or "nothing"
            raise FormatError(f"{file.uri} holds no raw recording, but: {blocks}. Read it with MNE-Python.")
        gains, problem = _gains(found)
        if problem is not None:
            raise FormatError(f"{file.uri}: {problem}.")

        def noted() -> list[Annotation]:
            try:
                return [Annotation(*one) for one in annotations(held, found)]
            except FormatError as error:
                raise FormatError(f"{file.uri}: {error}.") from None

        return Recording(
            file,
            "fif",
            self.recording,
            Interleaved(file, samples.starts, samples.counts, len(channels), samples.dtype),
            channels=tuple(c.label for c in channels),
            units=tuple(c.unit_name for c in channels),
            sampling_frequencies=(found.sampling_frequency,) * len(channels),
            lengths=(samples.n_samples,) * len(channels),
            gains=gains,
            offsets=np.zeros(len(channels)),
            start_time=found.start_time,
            duration=samples.n_samples / found.sampling_frequency,
            discontinuous=samples.n_skips > 0,
            annotations=noted,
            segments=lambda: samples.segments(found.sampling_frequency),
        )


def _parsed(file: Held, memo: Memo | None = None) -> FifHeader:
    _, start = file.piece(0, len(GZIP_MARK))
    if start[: len(GZIP_MARK)] == GZIP_MARK:
        raise FormatError(PACKED)
    return parse(file, find_tags(file, memo))


def _gains(header: FifHeader) -> tuple[np.ndarray[Any, np.dtype[np.float64]], str | None]:
    """Physical value of one stored step of each channel, and what is wrong with them."""
    gains = np.array([c.calibration * c.range for c in header.channels], np.float64)
    if len(wrong := np.flatnonzero(~np.isfinite(gains))):
        label = header.channels[int(wrong[0])].label
        return gains, f"its channel {label!r} is scaled by {gains[wrong[0]]}, which is no number"
    return gains, None
