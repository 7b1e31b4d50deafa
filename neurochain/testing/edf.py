"""Made EDF recordings, for tests and the demo. They are no physiology, and say so."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

DIGITAL = 32767


def write_edf(
    path: str | Path,
    signals: np.ndarray[Any, Any],
    sampling_frequency: int,
    labels: Sequence[str],
    unit: str = "uV",
) -> Path:
    """Write signals as an EDF file of one-second records.

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

    Returns
    -------
    Path
        Of the file.

    Notes
    -----
    EDF, https://www.edfplus.info/specs/edf.html
    """
    channels, samples = signals.shape
    records, rest = divmod(samples, sampling_frequency)
    if rest or channels != len(labels):
        raise ValueError(
            f"{channels} channels of {samples} samples do not fill whole seconds at {sampling_frequency} Hz, "
            f"or do not fit {len(labels)} labels."
        )
    bound = max(1, int(np.ceil(np.abs(signals).max())))

    def fields(width: int, values: Sequence[object]) -> bytes:
        return b"".join(str(v).ljust(width)[:width].encode("ascii") for v in values)

    head = fields(8, ["0"]) + fields(80, ["X X X X"] * 1) + fields(80, ["made by neurochain, no physiology"])
    head += b"01.01.2600.00.00" + fields(8, [256 * (channels + 1)]) + fields(44, [""])
    head += fields(8, [records, 1]) + fields(4, [channels])
    head += fields(16, labels) + fields(80, ["made"] * channels) + fields(8, [unit] * channels)
    head += fields(8, [-bound] * channels) + fields(8, [bound] * channels)
    head += fields(8, [-DIGITAL] * channels) + fields(8, [DIGITAL] * channels)
    head += (
        fields(80, [""] * channels) + fields(8, [sampling_frequency] * channels) + fields(32, [""] * channels)
    )
    digital = np.rint(signals / bound * DIGITAL).astype("<i2")
    blocks = digital.reshape(channels, records, sampling_frequency).swapaxes(0, 1)
    target = Path(path)
    target.write_bytes(head + np.ascontiguousarray(blocks).tobytes())
    return target
