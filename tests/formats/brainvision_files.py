"""BrainVision recordings made for tests, and what mne reads in them."""

import warnings

import mne
import numpy as np

from neurochain.formats import read_header
from neurochain.storage import File

TYPES = {"INT_16": "<i2", "INT_32": "<i4", "IEEE_FLOAT_32": "<f4"}
VOLTS = {
    "V": 1,
    "mV": 1e-3,
    "µV": 1e-6,
    "uV": 1e-6,
    "nV": 1e-9,
    "µS": 1e-6,
    "uS": 1e-6,
}  # of one unit, in mne
MARKS = [
    "New Segment,,1,1,0,20200203040506123456",
    "Stimulus,S  1,21,1,0",
    r"Comment,one\1 two,31,10,3",
    "Response,R 15,41,,0",
]


def header_text(n_channels, binary="INT_16", orientation="MULTIPLEXED", **how):
    """Text of a header; `how` overrides lines, None leaves one out."""
    lines = [how.get("first", "Brain Vision Data Exchange Header File Version 1.0"), "; made for a test", ""]

    def section(name, **values):
        lines.append(f"[{name}]")
        lines.extend(f"{k}={how.get(k, v)}" for k, v in values.items() if how.get(k, v) is not None)
        lines.append("")

    section(
        "Common Infos",
        Codepage="UTF-8",
        DataFile="data.eeg",
        MarkerFile="data.vmrk",
        DataFormat="BINARY",
        DataOrientation=orientation,
        DataType=None,
        NumberOfChannels=n_channels,
        DataPoints=None,
        SamplingInterval=2000,
        SegmentationType=None,
        SegmentDataPoints=None,
        Averaged=None,
    )
    section("Binary Infos", BinaryFormat=binary, UseBigEndianOrder=None, DataOffset=None, TrailerSize=None)
    lines.append("[Channel Infos]")
    lines += [
        f"Ch{i + 1}={e}"
        for i, e in enumerate(how.get("entries") or [f"c{i},,0.5,µV" for i in range(n_channels)])
    ]
    lines += [
        "",
        "[Comment]",
        how.get("comment", "Impedance [kOhm] at 16:12:27 :"),
        "Ch1: 5",
        "[Common Infos]",
        "DataFile=other",
    ]
    return "\r\n".join(lines)


def marker_text(marks, data="data.eeg"):
    lines = [
        "Brain Vision Data Exchange Marker File, Version 1.0",
        "[Common Infos]",
        f"DataFile={data}",
        "",
        "[Marker Infos]",
    ]
    return "\r\n".join([*lines, *(f"Mk{i + 1}={m}" for i, m in enumerate(marks)), ""])


def write(path, values, binary="INT_16", orientation="MULTIPLEXED", marks=MARKS, encoding="utf-8", **how):
    """A recording of three files; `values`: stored ones, shape (n_channels, n_samples)."""
    path.parent.mkdir(exist_ok=True)
    data, markers = path.with_suffix(".eeg"), path.with_suffix(".vmrk")
    how = {"DataFile": data.name, "MarkerFile": markers.name, **how}
    text = header_text(len(values), binary, orientation, **how)
    path.write_bytes(text.encode(encoding))
    stored = np.asarray(values).astype(how.get("dtype", TYPES[binary]))
    data.write_bytes((stored.T if orientation == "MULTIPLEXED" else stored).tobytes())
    if marks is not None:
        markers.write_bytes(marker_text(marks, data.name).encode())
    return path


def noise(n_channels, n_samples, binary="INT_16"):
    random = np.random.default_rng(n_channels)
    if binary == "IEEE_FLOAT_32":
        return random.normal(size=(n_channels, n_samples)).astype(np.float32) * 100
    limit = 2**15 if binary == "INT_16" else 2**31
    values = random.integers(-limit, limit, (n_channels, n_samples))
    values.flat[:2] = -limit, limit - 1
    return values


def by_mne(path):
    """All values as mne reads them, in the units of the file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        raw = mne.io.read_raw_brainvision(path, verbose="error")
        units = read_header(File.at(path)).record["units"]  # mne has forgotten those that it does not know
        return raw.get_data() / np.array([VOLTS.get(unit, 1) for unit in units])[:, None], raw
