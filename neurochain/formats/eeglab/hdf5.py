"""EEGLAB's fields in a MAT-file of version 7.3, which is an HDF5 file."""

from collections.abc import Mapping
from math import prod
from typing import Any

from neurochain.errors import FormatError
from neurochain.formats.eeglab.set import CHANNEL, NUMBERS, TEXTS, EeglabSet, file_name
from neurochain.formats.hdf5.whole import check_values
from neurochain.formats.matlab.hdf5 import MatHdf5, look, samples
from neurochain.storage import File

__all__ = ["find"]

MOST_CHANNELS = 100_000


def find(file: File) -> EeglabSet:
    """What a ``.set`` file says.

    Raises
    ------
    MissingExtraError
        h5py is not installed.
    FormatError
        It holds no EEG, or is damaged.
    """
    return look(file, lambda mat: _found(file, mat))


def _found(file: File, mat: MatHdf5) -> EeglabSet:
    eeg = mat.member("EEG")
    found = EeglabSet("7.3", one_struct=mat.is_struct(eeg))
    holder = eeg if found.one_struct else None
    for name in (*NUMBERS, *TEXTS):
        value = mat.value(mat.member(name, holder))
        if value is not None:
            found.values[name] = value
    data = mat.member("data", holder)
    if data is None and not found.values:
        raise FormatError(
            f"it is a MAT-file without EEGLAB's fields: it holds {', '.join(mat.names()[:8]) or 'nothing'}"
        )
    _samples(file, mat, data, found)
    channels, events = mat.member("chanlocs", holder), mat.member("event", holder)
    if mat.is_struct(channels) and mat.count(channels) <= MOST_CHANNELS:
        found.channels = mat.rows(channels, CHANNEL)
    if mat.is_struct(events):
        found.n_events = mat.count(events)
        found.events = lambda wanted: _events(file, found.one_struct, wanted)
    else:
        found.n_events = 0
    return found


def _samples(file: File, mat: MatHdf5, data: Any, found: EeglabSet) -> None:
    """Take over where the samples are."""
    if data is None or mat.is_struct(data):
        return
    if mat.kind(data) == "char":
        found.data_file = file_name(mat.value(data))
    elif data.dtype.kind in "iuf" and data.ndim in (2, 3) and prod(data.shape) > 0:
        check_values(data)
        found.stored_shape, found.stored_dtype = mat.shape(data), data.dtype
        found.compressed = mat.compressed(data)
        path = "EEG/data" if found.one_struct else "data"
        found.samples = lambda shape: samples(file, path, shape)


def _events(file: File, one_struct: bool, wanted: tuple[str, ...]) -> list[Mapping[str, Any]]:
    def into(mat: MatHdf5) -> list[Mapping[str, Any]]:
        return list(mat.rows(mat.member("event", mat.member("EEG") if one_struct else None), wanted))

    return look(file, into)
