"""EeglabSet: what a ``.set`` file of EEGLAB says, wherever in it that stands.

https://eeglab.org/tutorials/ConceptsGuide/Data_Structures.html
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from neurochain.errors import FormatError
from neurochain.formats.arrays.stored import Array
from neurochain.formats.header import column

__all__ = ["CHANNEL", "NUMBERS", "TEXTS", "EeglabRecord", "EeglabSet", "file_name"]

NUMBERS = ("nbchan", "pnts", "trials", "srate", "xmin", "xmax")
TEXTS = ("ref", "datfile")
CHANNEL = ("labels", "type")
EVENT = ("type", "latency", "duration")
MOST = 2**31
BOUNDARY = "boundary"

Event = tuple[float, float | None, str]


def _none(wanted: tuple[str, ...]) -> tuple[()]:
    """Events of a file that has none."""
    return ()


class EeglabRecord(BaseModel):
    """Fields of EEGLAB's EEG structure, under its names where it has them.

    Subject, group, session, comments and history hold names and codes of people, and are not indexed.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    mat_version: str | None = column('"5" (MATLAB 5 to 7) or "7.3" (HDF5)')
    one_struct: bool | None = column("Whether EEG is one variable; else its fields are variables")
    nbchan: int | None = column("Channels")
    pnts: int | None = column("Samples of each trial")
    trials: int | None = column("Epochs; 1 for a continuous recording")
    srate: float | None = column("Sampling frequency", "Hz")
    xmin: float | None = column(
        "Time of the first sample of each trial, from the event it was cut about", "s"
    )
    xmax: float | None = column("Time of its last sample", "s")
    ref: str | None = column("Reference, as the file says")
    labels: list[str] | None = column(
        "Of the channels; null where there are none, or they stand too far behind compressed samples"
    )
    types: list[str] | None = column("Of the channels, as the file says; empty texts where it does not")
    n_events: int | None = column("Entries of EEG.event; null as with labels")
    data_file: str | None = column("File with the samples; null where they stand in the .set file")
    compressed: bool | None = column(
        "Whether the samples must be inflated; null where they are in their own file"
    )


@dataclass(slots=True)
class EeglabSet:
    """What was found in a ``.set`` file.

    Attributes
    ----------
    mat_version : str
        ``"5"`` or ``"7.3"``.
    one_struct : bool
        Whether EEG is one variable.
    values : dict
        Numbers and texts of the fields, as they stand there.
    channels : list of dict or None
        Labels and types; None where they were not reached.
    n_events : int or None
        The same.
    events : callable
        Reads some fields of the events, as dicts.
    stored_shape, stored_dtype : tuple of int, dtype; or None
        Of the samples in the ``.set`` file: (nbchan, pnts[, trials]).
    samples : callable or None
        Opens them as an array of another shape in the same order.
    data_file : str or None
        Name of the file that holds them instead.
    compressed : bool
        Whether `samples` must be inflated.
    """

    mat_version: str
    one_struct: bool = True
    values: dict[str, Any] = field(default_factory=dict)
    channels: list[dict[str, Any]] | None = None
    n_events: int | None = None
    events: Callable[[tuple[str, ...]], Iterable[Mapping[str, Any]]] = _none
    stored_shape: tuple[int, ...] | None = None
    stored_dtype: np.dtype[Any] | None = None
    samples: Callable[[tuple[int, int]], Array] | None = None
    data_file: str | None = None
    compressed: bool = False

    def number(self, name: str) -> float | None:
        """One number, or None where there is none."""
        return as_number(self.values.get(name))

    @property
    def n_channels(self) -> int:
        """Channels of the recording.

        Raises
        ------
        FormatError
            The file does not say.
        """
        return self._count("nbchan")

    @property
    def n_samples(self) -> int:
        """Samples of all trials together.

        Raises
        ------
        FormatError
            The file does not say.
        """
        return self._count("pnts") * self.trials

    @property
    def trials(self) -> int:
        """Epochs; 1 where the file does not say."""
        return self._count("trials") if self.number("trials") is not None else 1

    @property
    def sampling_frequency(self) -> float:
        """Of all channels, Hz.

        Raises
        ------
        FormatError
            It is none.
        """
        rate = self.number("srate")
        if rate is None or not 0 < rate < math.inf:
            raise FormatError(
                f"EEG.srate is {_shown(self.values.get('srate'))}, which is no sampling frequency"
            )
        return rate

    @property
    def labels(self) -> list[str]:
        """Of the channels; numbers from 1 where the file names none, or another number of them, as in EEGLAB."""
        count = self.n_channels
        if self.channels is None or len(self.channels) != count:
            return [str(i + 1) for i in range(count)]
        return [as_text(c.get("labels")) or str(i + 1) for i, c in enumerate(self.channels)]

    def record(self) -> dict[str, Any]:
        """Fields of `EeglabRecord`, as far as they are what they should be."""
        found: dict[str, Any] = {"mat_version": self.mat_version, "one_struct": self.one_struct}
        for name in ("nbchan", "pnts", "trials"):
            number = self.number(name)
            if number is not None and number == number // 1 and abs(number) < MOST:
                found[name] = int(number)
        for name in ("srate", "xmin", "xmax"):
            number = self.number(name)
            found[name] = number if number is not None and math.isfinite(number) else None
        found["ref"] = as_text(self.values.get("ref")) or None
        if self.channels:
            found["labels"] = [as_text(c.get("labels")) for c in self.channels]
            found["types"] = [as_text(c.get("type")) for c in self.channels]
        found["n_events"] = self.n_events
        found["data_file"] = self.data_file
        found["compressed"] = self.compressed if self.samples is not None else None
        return found

    def annotations(self) -> list[Event]:
        """Events as (onset in seconds from the first sample, duration in seconds, text), in the file's order.

        EEGLAB counts samples from 1; in a recording cut into epochs it counts through all of them. Events without a
        latency are left out, as EEGLAB does; a duration that is absent is None.
        """
        rate, found = self.sampling_frequency, []
        for event in self.events(EVENT):
            latency, duration = as_number(event.get("latency")), as_number(event.get("duration"))
            if latency is None or not math.isfinite(latency):
                continue
            lasted = duration / rate if duration is not None and math.isfinite(duration) else None
            found.append(((latency - 1) / rate, lasted, as_text(event.get("type"))))
        return found

    def has_gaps(self) -> bool:
        """Whether samples were cut out: between epochs, or where an event named ``boundary`` stands."""
        if self.trials > 1:
            return True
        # Most files have none: their other fields need not be read.
        if BOUNDARY not in {as_text(e.get("type")) for e in self.events(("type",))}:
            return False
        last = self.n_samples / self.sampling_frequency
        return any(text == BOUNDARY and 0 < onset < last for onset, _, text in self.annotations())

    def _count(self, name: str) -> int:
        number = self.number(name)
        if number is None or not 0 < number < MOST or number != int(number):
            raise FormatError(f"EEG.{name} is {_shown(self.values.get(name))}, which is no count")
        return int(number)


def as_number(value: Any) -> float | None:
    """Number of an array of one, or None."""
    if isinstance(value, np.ndarray) and value.size == 1 and value.dtype.kind in "buif":
        return float(value.reshape(-1)[0])
    return None


def as_text(value: Any) -> str:
    """Text as it stands; a number as it is written shortest; anything else is empty."""
    if isinstance(value, str):
        return value.strip()
    number = as_number(value)
    if number is None:
        return ""
    return str(int(number)) if math.isfinite(number) and number == int(number) else str(number)


def file_name(value: Any) -> str | None:
    """Name of a file, without the folders where it once lay."""
    text = value if isinstance(value, str) else ""
    return text.replace("\\", "/").rpartition("/")[2].strip() or None


def _shown(value: Any) -> str:
    if value is None:
        return "not there"
    if isinstance(value, np.ndarray) and value.size != 1:
        return f"of shape {' x '.join(map(str, value.shape))}"
    return repr(as_text(value))[:60]
