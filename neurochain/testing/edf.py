"""Made EDF recordings, for tests and the demo. They are no physiology, and say so."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neurochain.formats import Annotation

DIGITAL = 32767


def write_edf(
    path: str | Path,
    signals: np.ndarray[Any, Any],
    sampling_frequency: int,
    labels: Sequence[str],
    unit: str = "uV",
    annotations: Sequence[Annotation] = (),
    starts: Sequence[float] | None = None,
) -> Path:
    """Write signals as an EDF file of one-second records; with annotations or times of records as EDF+.

    Parameters
    ----------
    path : str or Path
        Where.
    signals : ndarray, shape (n_channels, n_samples), float, in `unit`
        As many samples as fill whole seconds.
    sampling_frequency : int, Hz
        Of all channels.
    labels : sequence of str
        One per channel, 16 characters at most.
    unit : str
        8 characters at most.
    annotations : sequence of Annotation
        Seconds from midnight, which is when the file begins. They stand in the first record.
    starts : sequence of float, seconds
        When each record begins, ascending: there may be gaps (EDF+D).

    Returns
    -------
    Path
        Of the file.

    Examples
    --------
    >>> from neurochain.formats import open_recording
    >>> from neurochain.storage import File
    >>> noted = [Annotation(1.5, 0.5, "blink")]
    >>> path = write_edf("made.edf", np.zeros((2, 300)), 100, ["Fp1", "O2"], annotations=noted, starts=[0, 1, 10])
    >>> recording = open_recording(File.at(path))
    >>> recording.segments
    ((0.0, 2.0), (10.0, 11.0))
    >>> recording.window(1, 2, channels=["Fp1"]).annotations
    (Annotation(onset=1.5, duration=0.5, text='blink', channel=None),)

    Notes
    -----
    EDF, https://www.edfplus.info/specs/edf.html, and EDF+, https://www.edfplus.info/specs/edfplus.html
    """
    channels, samples = signals.shape
    records, rest = divmod(samples, sampling_frequency)
    if rest or channels != len(labels):
        raise ValueError(
            f"{channels} channels of {samples} samples do not fill whole seconds at {sampling_frequency} Hz, "
            f"or do not fit {len(labels)} labels."
        )
    if starts is not None and len(starts) != records:
        raise ValueError(f"{records} data records have so many starts, not {len(starts)}.")
    bound = max(1, int(np.ceil(np.abs(signals).max())))
    digital = np.rint(signals / bound * DIGITAL).astype("<i2")
    blocks = np.ascontiguousarray(digital.reshape(channels, records, sampling_frequency).swapaxes(0, 1))
    target = Path(path)
    if not annotations and starts is None:
        head = _head(records, "", [], labels, unit, bound, sampling_frequency)
        target.write_bytes(head + blocks.tobytes())
        return target
    lists = [_tal(start, None, "") for start in (range(records) if starts is None else starts)]
    for one in annotations:
        text = one.text if one.channel is None else f"{one.text}@@{one.channel}"
        lists[0] += _tal(one.onset, one.duration, text)
    length = -(-max(map(len, lists)) // 2)  # samples
    kind = "EDF+C" if starts is None else "EDF+D"
    head = _head(records, kind, [length], labels, unit, bound, sampling_frequency)
    body = [b.tobytes() + t.ljust(2 * length, b"\0") for b, t in zip(blocks, lists, strict=True)]
    target.write_bytes(head + b"".join(body))
    return target


def _head(
    records: int, kind: str, noted: list[int], labels: Sequence[str], unit: str, bound: int, frequency: int
) -> bytes:
    """Header; `noted` are the lengths of annotation signals."""
    n, more = len(labels), len(noted)

    def fields(width: int, values: Sequence[object]) -> bytes:
        return b"".join(str(v).ljust(width)[:width].encode("ascii") for v in values)

    recording = "Startdate 01-JAN-2026 X made no_physiology" if kind else "made by neurochain, no physiology"
    head = fields(8, ["0"]) + fields(80, ["X X X X", recording])
    head += b"01.01.2600.00.00" + fields(8, [256 * (n + more + 1)]) + fields(44, [kind])
    head += fields(8, [records, 1]) + fields(4, [n + more])
    head += fields(16, [*labels, *["EDF Annotations"] * more])
    head += fields(80, ["made"] * n + [""] * more) + fields(8, [unit] * n + [""] * more)
    head += fields(8, [-bound] * n + [-1] * more) + fields(8, [bound] * n + [1] * more)
    head += fields(8, [-DIGITAL] * n + [-DIGITAL - 1] * more) + fields(8, [DIGITAL] * (n + more))
    return (
        head
        + fields(80, [""] * (n + more))
        + fields(8, [frequency] * n + noted)
        + fields(32, [""] * (n + more))
    )


def _tal(onset: float, duration: float | None, text: str) -> bytes:
    """Time-stamped annotations list of one text; an empty one gives the time of a data record."""
    times = [np.format_float_positional(t, trim="-") for t in (onset, duration) if t is not None]
    sign = "" if onset < 0 else "+"
    return f"{sign}{chr(0x15).join(times)}\x14{text}\x14\0".encode()
