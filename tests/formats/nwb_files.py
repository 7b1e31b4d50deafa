"""NWB files for tests: made by pynwb, of seeded numbers."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from pynwb import NWBHDF5IO, H5DataIO, NWBFile, TimeSeries
from pynwb.behavior import Position, SpatialSeries
from pynwb.ecephys import LFP, ElectricalSeries
from pynwb.file import Subject

RATE = 1000.0
LABELS = ("AP1", "AP2", "AP3", "AP4")
AP = "/acquisition/ElectricalSeries"
LFP_PATH = "/processing/ecephys/LFP/lfp"
POSITION = "/processing/behavior/Position/head"


def voltages(n_samples: int = 3000, n_channels: int = 4, seed: int = 1) -> np.ndarray[Any, Any]:
    """Stored numbers, shape (n_samples, n_channels), int16."""
    return np.random.default_rng(seed).integers(-2000, 2000, (n_samples, n_channels)).astype(np.int16)


def spike_times(unit: int) -> np.ndarray[Any, Any]:
    """Of a unit, seconds; unit 1 has none."""
    return np.sort(np.random.default_rng(unit).random(0 if unit == 1 else 5 + 7 * unit)) * 3


def session(path: Path, start: float = 0.5, **packing: Any) -> Path:
    """A file of one session: voltages, LFP, position at its own times, units, trials.

    Parameters
    ----------
    path : Path
        Of the file.
    start : float, seconds
        Of the first voltage.
    **packing
        Of the voltages: ``chunks``, ``compression``, ``shuffle`` … as of H5DataIO; none by default.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = NWBFile(
        session_description="made for tests, of seeded numbers",
        identifier="made",
        session_start_time=datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC),
        experimenter=["Doe, Jane"],
        institution="nowhere",
        lab="none",
        keywords=["made", "test"],
        session_id="s1",
        subject=Subject(subject_id="M1", species="Mus musculus", sex="F", age="P90D", genotype="wt"),
    )
    device = file.create_device(name="probe")
    group = file.create_electrode_group(name="shank", description="made", location="CA1", device=device)
    file.add_electrode_column(name="label", description="as on the probe")
    for label in LABELS:
        file.add_electrode(group=group, location="CA1", label=label)
    region = file.create_electrode_table_region(region=[3, 2, 1, 0], description="all, backwards")
    stored = voltages()
    file.add_acquisition(
        ElectricalSeries(
            name="ElectricalSeries",
            data=H5DataIO(data=stored, **packing) if packing else stored,
            electrodes=region,
            starting_time=start,
            rate=RATE,
            conversion=1e-6,
            offset=2e-6,
            channel_conversion=[1.0, 2.0, 3.0, 4.0],
        )
    )
    slow = H5DataIO(data=voltages(300, seed=2).astype(np.float32), compression="gzip")
    lfp = ElectricalSeries(name="lfp", data=slow, electrodes=region, starting_time=0.0, rate=100.0)
    ecephys = file.create_processing_module(name="ecephys", description="made")
    ecephys.add(LFP(electrical_series=lfp))
    times = np.concatenate([np.arange(100) / 50, 10 + np.arange(50) / 50])
    places = np.arange(300.0).reshape(150, 2)
    head = SpatialSeries(name="head", data=places, timestamps=times, reference_frame="corner")
    uneven = TimeSeries(name="licks", data=np.arange(5.0), unit="n.a.", timestamps=[0.1, 0.2, 1.5, 1.6, 9.0])
    behavior = file.create_processing_module(name="behavior", description="made")
    behavior.add(Position(spatial_series=head))
    behavior.add(uneven)
    file.add_unit_column(name="quality", description="made")
    for unit in range(3):
        file.add_unit(
            spike_times=spike_times(unit),
            quality="good" if unit else "mua",
            electrodes=[unit],
            waveform_mean=np.full(3, float(unit)),
        )
    file.add_trial_column(name="correct", description="whether it was")
    for i in range(4):
        file.add_trial(start_time=float(i), stop_time=i + 0.5, correct=bool(i % 2))
    with NWBHDF5IO(path, "w") as io:
        io.write(file)
    return path


def scattered(path: Path, n_series: int = 60, size: int = 2 * 10**6) -> Path:
    """A file of `size` bytes or somewhat more whose descriptions stand between its data."""
    with h5py.File(path, "w") as file:
        file.attrs["nwb_version"] = "2.7.0"
        file["session_start_time"] = "2026-03-04T05:06:07+00:00"
        for i in range(n_series):
            series = file.create_group(f"acquisition/sweep_{i:03}")
            series.attrs["neurodata_type"] = "TimeSeries"
            data = series.create_dataset("data", data=voltages(size // n_series // 2, 1, i)[:, 0])
            data.attrs["unit"] = "volts"
            data.attrs["conversion"] = 1e-6
            series["starting_time"] = 0.0
            series["starting_time"].attrs["rate"] = RATE
    return path
