"""A recording in a notebook: a stretch of some of its channels, and what its header says."""

from typing import Any

import numpy as np

from neurochain.formats.recordings.extremes import extremes
from neurochain.formats.recordings.recording import Recording
from neurochain.formats.shown.trying import or_note
from neurochain.pictures.lines import Lane, lanes_svg, nice, spark_svg
from neurochain.pictures.pieces import block, facts, note, title
from neurochain.pictures.words import human_bytes, with_unit

__all__ = ["MOST", "duration_text", "little_trace", "recording_facts", "recording_html", "traces_svg"]

MOST = 4 * 2**20  # bytes pulled
SHOWN = 8  # channels
SECONDS = (10.0, 5.0, 2.0, 1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01)
WHOLE = 20.0  # seconds: what is no longer is shown as a whole
FEWEST = 400  # samples that are worth a picture, of slow signals
COLUMNS = 560
OTHER = 8.0  # times as large or small as others of its unit: then a channel has a scale of its own
Values = np.ndarray[Any, Any]


def recording_html(recording: Recording) -> str:
    """Picture and facts, as a notebook shows them; at most 4 MiB are pulled for it. What cannot be read is said in one line."""
    name = recording.file.name if recording.file is not None else "in memory"
    return block(
        title(name, f"recording, {recording.format}"),
        or_note(lambda: facts(recording_facts(recording))),
        or_note(lambda: traces_svg(recording)),
    )


def recording_facts(recording: Recording) -> list[tuple[str, object]]:
    """What the header says, each with what it is."""
    rates = sorted(set(recording.sampling_frequencies))
    units = dict.fromkeys(u for u in recording.units if u)
    when = recording.start_time
    return [
        ("channels", f"{len(recording.channels):,}"),
        ("rate", ", ".join(f"{r:.6g} Hz" for r in rates[:3]) + (" …" if len(rates) > 3 else "")),
        ("lasts", duration_text(recording.duration) + (", may have gaps" if recording.discontinuous else "")),
        ("from", f"{recording.start:g} s" if recording.start else ""),
        ("units", ", ".join(list(units)[:4])),
        ("began", f"{when:%Y-%m-%d %H:%M:%S}" if when is not None else ""),
        ("size", human_bytes(recording.file.size) if recording.file is not None else ""),
    ]


def traces_svg(recording: Recording, most: int = MOST) -> str:
    """Some channels from the beginning on, and in one line below what of the recording that is.

    Parameters
    ----------
    recording : Recording
        Whose channels.
    most : int
        Bytes that may be pulled.

    Raises
    ------
    FormatError, StorageError
        It cannot be read.
    """
    channels = _alike(recording)
    if not channels:
        return note("It has no channels with samples.")
    part = recording.pick(channels[:SHOWN])
    count, cost = _count(recording, channels, most)
    if not count:
        return note(f"Traces are left out: a picture of them would pull {human_bytes(cost)}.")
    values = np.asarray(part[:, :count], np.float64)
    rate = part.sampling_frequency
    start, end = recording.start, recording.start + count / rate
    lanes = _lanes(part, values)
    all_of_them = len(lanes) == len(recording.channels)
    which = "All channels" if all_of_them else f"{len(lanes)} of {len(recording.channels):,} channels"
    said = f"{which}, {start:g} to {end:.6g} s."
    pulled = ""
    if recording.file is not None:
        size = recording.file.size  # of the header alone, where samples lie in a file beside it
        pulled = (
            f" The picture pulled {human_bytes(cost)}{f' of {human_bytes(size)}' if cost <= size else ''}."
        )
    return lanes_svg(lanes, start, end, said) + note(said + pulled)


def little_trace(recording: Recording, most: int) -> str:
    """The first channel, as small as a word."""
    channels = _alike(recording)
    count, _ = _count(recording, channels, most) if channels else (0, 0)
    if not count:
        return ""
    label = recording.channels[channels[0]]
    return spark_svg(
        np.asarray(recording.pick(channels[:1])[0, :count], np.float64), f"the beginning of {label}"
    )


def _alike(recording: Recording) -> list[int]:
    """Channels that were sampled alike: as many as there are."""
    kinds: dict[tuple[float, int], list[int]] = {}
    for i, kind in enumerate(zip(recording.sampling_frequencies, recording.lengths, strict=True)):
        if kind[0] > 0 and kind[1]:
            kinds.setdefault(kind, []).append(i)
    return max(kinds.values(), key=len, default=[])


def _count(recording: Recording, channels: list[int], most: int) -> tuple[int, int]:
    """Samples from the beginning on that are shown, and the bytes that they cost; 0 where even few cost too much."""
    part = recording.pick(channels)
    rate, length = part.sampling_frequency, part.lengths[0]
    tried = [length] if length <= max(WHOLE * rate, FEWEST) else []
    tried += [min(max(int(s * rate), FEWEST if s == SECONDS[0] else 1), length) for s in SECONDS]
    cost = 0
    for count in tried:
        # Channels of a time mostly lie together, and those that are not shown are read along.
        cost = part.bytes_needed((slice(None), slice(0, count)))
        if recording.file is not None and len(channels) < len(recording.channels):
            cost = max(cost, round(recording.file.size * min(count / length, 1.0)))
        if cost <= most:
            return count, cost
    return 0, cost


def _lanes(part: Recording, values: Values) -> list[Lane]:
    bin = max(-(-values.shape[1] // COLUMNS), 1)
    pairs = extremes(values, bin)
    known = [v[np.isfinite(v)] for v in values]
    middles = [float(np.median(v)) if len(v) else 0.0 for v in known]
    spreads = [
        float(np.quantile(np.abs(v - m), 0.98)) if len(v) else 0.0
        for v, m in zip(known, middles, strict=True)
    ]
    lanes = []
    for i, label in enumerate(part.channels):
        alike = [s for s, u in zip(spreads, part.units, strict=True) if u == part.units[i] and s > 0]
        common = float(np.median(alike)) if alike else 0.0
        own = spreads[i] > OTHER * common or spreads[i] * OTHER < common
        half = nice(1.25 * (spreads[i] if own and spreads[i] > 0 else common))
        said = f"±{with_unit(half, part.units[i])}" if alike else with_unit(middles[i], part.units[i])
        lanes.append(Lane(label, pairs[i, :, 0], pairs[i, :, 1], middles[i], half, said))
    return lanes


def duration_text(seconds: float) -> str:
    """``1 h 2 min 3 s``."""
    if seconds < 120:
        return f"{seconds:.4g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
