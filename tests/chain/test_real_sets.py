"""Every real file at hand: indexed without an error, and read equal to its oracle, whole and in slices."""

import random
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import mne
import nibabel
import numpy as np
import pydicom
import pytest
from pydicom.pixels import apply_rescale

import neurochain as nc

SETS = (
    "bids_examples_meta", "bids_mri", "dicom_edge", "dicom_ge_fmri", "dicom_jpeg_frag", "dicom_siemens_mosaic",
    "dwi", "eeg_mne", "nifti", "openfmri_haxby",
)  # fmt: skip
LARGEST = 30_000_000  # values of an array that is compared whole
TO_SI = {"uV": 1e-6, "µV": 1e-6, "μV": 1e-6, "mV": 1e-3, "V": 1.0, "T": 1.0, "T/m": 1.0}


@pytest.mark.parametrize("name", SETS)
def test_a_set(name: str, real_data: Path, folder: Path) -> None:
    frame = (
        nc.read_storage(real_data / name)
        .select("file.path", "header.format", "header.shape", "header.error")
        .collect()
    )
    compared: Counter[str] = Counter()
    for path, kind, shape, error in frame.rows():
        file = real_data / name / path
        if error is not None:
            assert "0 bytes" in error or pydicom_refuses(file), (path, error)
            continue
        if kind is None or shape is None:
            continue
        array = nc.open(file)
        assert list(array.shape) == shape
        (images if isinstance(array, nc.Volume) else recordings)(array, file, kind)
        compared[kind] += 1
    if name != "bids_examples_meta":  # whose images are empty
        assert compared


def pydicom_refuses(path: Path) -> bool:
    """Whether pydicom has no pixels of a file either."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            pydicom.pixels.pixel_array(pydicom.dcmread(path, force=True))
        except Exception:  # of any kind: pydicom has no root error
            return True
    return False


def images(volume: nc.Volume, path: Path, kind: str) -> None:
    """Compare with nibabel, or pydicom."""
    if volume.size > LARGEST:
        return
    ours = np.asarray(volume)
    if kind != "dicom":
        whole = np.asarray(nibabel.load(path).dataobj)  # type: ignore[attr-defined]
        np.testing.assert_allclose(ours, whole, rtol=1e-6, equal_nan=True)
    elif not pydicom_refuses(path):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what pydicom thinks of a file is not asked here
            dataset = pydicom.dcmread(path, force=True)
            theirs = apply_rescale(pydicom.pixels.pixel_array(dataset, raw=True), dataset).astype(float)
        if ours.shape != theirs.shape:  # tiles or frames laid out in space: the same values in another order
            stored = np.asarray(volume.stored)
            theirs = pydicom.pixels.pixel_array(dataset, raw=True)  # frames have slopes of their own
            np.testing.assert_array_equal(np.sort(stored[stored != 0]), np.sort(theirs[theirs != 0]))
        else:
            np.testing.assert_allclose(ours, theirs)
    chosen = random.Random(path.name)
    for _ in range(4):
        index = tuple(
            chosen.choice([slice(None), chosen.randrange(n), slice(n // 3, n // 2 + 1)]) for n in ours.shape
        )
        np.testing.assert_array_equal(volume[index], ours[index])


def recordings(recording: nc.Recording, path: Path, kind: str) -> None:
    """Compare with MNE, channel by channel."""
    read: Any = {".edf": mne.io.read_raw_edf, ".bdf": mne.io.read_raw_bdf, ".vhdr": mne.io.read_raw_brainvision,
                 ".fif": mne.io.read_raw_fif}[path.suffix]  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what MNE thinks of a file is not asked here
        raw = read(path, preload=True, verbose="error")
    types = dict(zip(raw.ch_names, raw.get_channel_types(), strict=True))
    same = 0
    for i, label in enumerate(recording.channels):
        # MNE makes volts of what it knows; what becomes of other units (a sensor's "ARU") is its own.
        if types.get(label) in (None, "stim") or recording.units[i] not in TO_SI:
            continue
        ours = recording.channel(i) * TO_SI[recording.units[i]]
        theirs = raw.get_data(picks=[label])[0]
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6 * np.abs(theirs).max())
        np.testing.assert_array_equal(recording.channel(i, 10, 50), recording.channel(i)[10:50])
        same += 1
    assert same
