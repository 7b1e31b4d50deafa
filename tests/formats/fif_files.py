"""FIF recordings that MNE-Python writes for tests, and what it reads in them."""

import struct
import warnings
from datetime import UTC, datetime

import mne
import numpy as np

TAG = struct.Struct(">4i")
KINDS = ["eeg"] * 3 + ["mag", "grad", "stim"]
UNITS = ("V", "V", "V", "T", "T/m", "V")


def raw_of(n_samples=1000, sfreq=250.0, kinds=KINDS, names=None, date=True, seed=0):
    """Noise of a few channels, with a date and what is known of a subject."""
    names = names or [f"{kind.upper()} {i:03d}" for i, kind in enumerate(kinds)]
    info = mne.create_info(names, sfreq, kinds)
    values = np.random.default_rng(seed).normal(size=(len(kinds), n_samples)) * 1e-5
    raw = mne.io.RawArray(values, info, first_samp=70, verbose="error")
    if date:
        raw.set_meas_date(datetime(2021, 2, 3, 4, 5, 6, 789000, tzinfo=UTC))
    with raw.info._unlock():
        raw.info["subject_info"] = {"last_name": "Haagse", "first_name": "Harry", "his_id": "MCH-0234567"}
        raw.info["experimenter"] = "Doctor Who"
    return raw


def save(raw, path, fmt="single", **how):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        how = {"buffer_size_sec": 0.5, "overwrite": True, **how}
        raw.save(path, fmt=fmt, verbose="error", **how)
    return path


def load(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return mne.io.read_raw_fif(path, verbose="error", on_split_missing="ignore")


def chain(data):
    """Kind, type, size and place of each tag, and its index in the chain."""
    found, place = [], 0
    while True:
        kind, type_, size, following = TAG.unpack_from(data, place)
        found.append((kind, type_, size, place))
        if following == -1:
            return found
        place = following or place + 16 + size


def with_directory(path, to, last=()):
    """The same file, with a directory at its end."""
    data = bytearray(path.read_bytes())
    entries = [*chain(data), *last]
    struct.pack_into(">i", data, 52, len(data))
    data += TAG.pack(102, 32, 16 * len(entries), -1) + b"".join(TAG.pack(*e) for e in entries)
    to.write_bytes(data)
    return to


def changed(path, kind, change, which=0):
    """Change a file in place where the tag `which` of a kind stands: `change(data, place)`."""
    data = bytearray(path.read_bytes())
    place = [p for k, _, _, p in chain(data) if k == kind][which]
    change(data, place)
    path.write_bytes(data)
    return path
