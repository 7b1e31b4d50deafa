"""Sessions to read metadata, windows and regions of: NWB files by pynwb, and raw samples as SpikeGLX lays them out.

Noise of a seed; it is no physiology.
"""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

RATE = 30_000  # Hz
CHANNELS = 64  # of an NWB file
CHUNK = 12_000, 64  # samples and channels
PROBE = 384  # channels of raw samples
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SEED = 11


def make_sessions(folder: Path, names: int, files: int, seconds: float, trials: int = 40) -> int:
    """Write NWB files into a folder: gzipped voltages of a probe, electrodes, units and trials.

    Parameters
    ----------
    folder : Path
    names : int
        Files that a listing shows.
    files : int
        Of different content; further names are hard links to them.
    seconds : float
        Of voltages in each.
    trials : int
        In each.

    Returns
    -------
    int
        Bytes of one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(names):
        path = folder / f"sub-{number:05d}_ecephys.nwb"
        if number < files:
            _write(path, number, round(seconds * RATE), trials)
        else:
            os.link(folder / f"sub-{number % files:05d}_ecephys.nwb", path)
    return path.stat().st_size


def _write(path: Path, number: int, n_samples: int, trials: int) -> None:
    from pynwb import NWBHDF5IO, H5DataIO, NWBFile  # takes seconds
    from pynwb.ecephys import ElectricalSeries
    from pynwb.file import Subject

    chance = np.random.default_rng(SEED + number)
    subject = Subject(subject_id=f"M{number}", species="Mus musculus", sex="F", age="P90D")
    file = NWBFile(
        session_description="made, of noise",
        identifier=f"made-{number}",
        session_start_time=START,
        institution="nowhere",
        lab="none",
        subject=subject,
    )
    device = file.create_device(name="probe")
    group = file.create_electrode_group(name="shank", description="made", location="CA1", device=device)
    for _ in range(CHANNELS):
        file.add_electrode(group=group, location="CA1")
    region = file.create_electrode_table_region(region=list(range(CHANNELS)), description="all")
    values = chance.integers(-300, 300, (n_samples, CHANNELS), np.int16)
    data = H5DataIO(
        data=values, chunks=(min(CHUNK[0], n_samples), CHUNK[1]), compression="gzip", compression_opts=1
    )
    series = ElectricalSeries(
        name="ap", data=data, electrodes=region, starting_time=0.0, rate=float(RATE), conversion=1e-6
    )
    file.add_acquisition(series)
    for _ in range(20):
        file.add_unit(spike_times=np.sort(chance.random(200)) * n_samples / RATE)
    for trial in range(trials):
        file.add_trial(start_time=float(trial), stop_time=trial + 0.5)
    with NWBHDF5IO(path, "w") as io:
        io.write(file)


def make_probe(path: Path, seconds: int) -> Path:
    """Write raw int16 samples of `PROBE` channels, and what says how they lie, beside each other."""
    path.parent.mkdir(parents=True, exist_ok=True)
    chance: Any = np.random.default_rng(SEED)
    with open(path, "wb") as file:
        for _ in range(seconds):
            file.write(chance.integers(-300, 300, (RATE, PROBE), np.int16).tobytes())
    said = f'{{"channels": {PROBE}, "sampling_frequency": {RATE}, "dtype": "int16"}}'
    path.with_suffix(".json").write_text(said, "utf-8")
    return path
