"""Recordings to read headers and windows of: EDF+ files of 50 MB that take 4 MB of the disk.

Every data record has its annotation, without which readers refuse an EDF+ file; the samples are zeros that are
not stored (holes), but for half a minute of noise with a sine of 10 Hz. They are no physiology.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np

CHANNELS = (
    "Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T7", "C3", "Cz",
    "C4", "T8", "P7", "P3", "Pz", "P4", "P8", "O1", "O2", "Oz",
)  # fmt: skip
RATE = 128  # Hz
RECORD = 10  # seconds of a data record
RECORDS = 975  # 50 MB, 2.7 h
TAL = 120  # bytes of a data record's annotations
WINDOW = (600, 630)  # seconds that hold noise and the sine
SEED = 7


def make_recordings(folder: Path, names: int, files: int, records: int = RECORDS) -> int:
    """Write recordings into a folder.

    Parameters
    ----------
    folder : Path
    names : int
        Files that a listing shows.
    files : int
        Of different content; further names are hard links to them.
    records : int
        Data records of each.

    Returns
    -------
    int
        Bytes of one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(names):
        path = folder / f"sub-{number:04d}_task-rest_eeg.edf"
        if number < files:
            _write(path, number, records)
        else:
            os.link(folder / f"sub-{number % files:04d}_task-rest_eeg.edf", path)
    return path.stat().st_size


def _write(path: Path, number: int, records: int) -> None:
    head, samples = _head(number, records), len(CHANNELS) * RATE * RECORD
    size = samples * 2 + TAL
    first, last = (second // RECORD for second in WINDOW)
    signal = _signal(number)
    with open(path, "wb") as file:
        file.write(head)
        for record in range(records):
            if first <= record < last:
                at = (record - first) * RATE * RECORD
                file.seek(len(head) + record * size)
                file.write(np.ascontiguousarray(signal[:, at : at + RATE * RECORD]).tobytes())
            file.seek(len(head) + record * size + samples * 2)
            file.write((b"+%d\x14\x14" % (record * RECORD)).ljust(TAL, b"\0"))


def _signal(number: int) -> np.ndarray[Any, np.dtype[np.int16]]:
    """Digital values in the window, shape (n_channels, n_samples), int16, 0.1 uV."""
    rng = np.random.Generator(np.random.PCG64([SEED, number]))
    seconds = np.arange((WINDOW[1] - WINDOW[0]) * RATE) / RATE
    noise = rng.integers(-100, 101, (len(CHANNELS), seconds.size))
    found: np.ndarray[Any, np.dtype[np.int16]] = np.rint(
        noise + (50 + number) * np.sin(2 * np.pi * 10 * seconds)
    ).astype("<i2")
    return found


def _head(number: int, records: int) -> bytes:
    labels = [*CHANNELS, "EDF Annotations"]
    n = len(labels)

    def fields(width: int, *values: object) -> bytes:
        return b"".join(str(v).ljust(width).encode("ascii") for v in values)

    start = f"01.02.26{8 + number // 3600 % 12:02d}.{number // 60 % 60:02d}.{number % 60:02d}"
    return (
        fields(8, 0)
        + fields(80, "X X X X", "Startdate 01-FEB-2026 X X made_no_physiology")
        + start.encode()
        + fields(8, 256 * (n + 1))
        + fields(44, "EDF+C")
        + fields(8, records, RECORD)
        + fields(4, n)
        + fields(16, *labels)
        + fields(80, *["AgAgCl"] * (n - 1), "")
        + fields(8, *["uV"] * (n - 1), "")
        + fields(8, *["-3276.8"] * (n - 1), -1)
        + fields(8, *["3276.7"] * (n - 1), 1)
        + fields(8, *[-32768] * n)
        + fields(8, *[32767] * n)
        + fields(80, *["HP:0.1Hz LP:75Hz"] * (n - 1), "")
        + fields(8, *[RATE * RECORD] * (n - 1), TAL // 2)
        + fields(32, *[""] * n)
    )
