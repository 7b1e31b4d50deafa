"""EEGLAB's fields in a MAT-file of version 5 to 7: as one struct, or each a variable."""

from collections.abc import Container, Iterator
from dataclasses import replace
from math import prod
from typing import Any

from neurochain.errors import FormatError
from neurochain.formats.eeglab.set import CHANNEL, NUMBERS, TEXTS, EeglabSet, file_name
from neurochain.formats.matlab.mat5 import Variable, children, variables
from neurochain.formats.matlab.mat5_bytes import FileBytes, TooFar
from neurochain.formats.matlab.mat5_values import lazy, read
from neurochain.storage import File

__all__ = ["find"]

FAR = 8 * 2**20  # bytes of a file that are pulled for what stands behind compressed samples
NEEDED = {"nbchan", "pnts", "srate", "data"}
MOST_CHANNELS = 100_000
LONGEST_TEXT = 4096  # characters


def find(file: File, head: bytes = b"", whole: bool = True) -> EeglabSet:
    """What a ``.set`` file says.

    Parameters
    ----------
    file : File
        MAT-file of version 5 to 7.
    head : bytes
        Its first bytes.
    whole : bool
        Whether labels and events are looked for however far behind compressed samples they stand.

    Raises
    ------
    FormatError
        It holds no EEG, or is damaged.
    """
    source = FileBytes(file, head)
    source.limit = None if whole else max(FAR, len(head))
    found, seen = EeglabSet("5"), set[str]()
    try:
        for name, variable in _fields(file, source, found):
            seen.add(name)
            _take(name, variable, found)
    except TooFar:
        if not seen >= NEEDED:
            return find(file, head)
    if not seen & NEEDED:
        listed = ", ".join(sorted(seen)[:8]) or "nothing"
        raise FormatError(f"it is a MAT-file without EEGLAB's fields: it holds {listed}")
    return found


def _fields(file: File, source: FileBytes, found: EeglabSet) -> Iterator[tuple[str, Variable]]:
    """Fields of EEG in the order of the file, each before the next one is looked for."""
    for variable in variables(file, source=source):
        if variable.name != "EEG":
            found.one_struct = False
            yield variable.name, variable
        elif variable.kind != "struct" or prod(variable.shape) != 1:
            raise FormatError(f"{variable} is not one recording")
        else:
            for _, name, child in children(variable):
                yield name, child
            found.one_struct = True
            return


def _take(name: str, variable: Variable, found: EeglabSet) -> None:
    """Take over what is wanted of a field."""
    small = prod(variable.shape) <= LONGEST_TEXT
    numbers = variable.dtype is not None and not variable.complex
    text = variable.kind == "char" and small
    if (name in NUMBERS and numbers and small) or (name in TEXTS and text):
        found.values[name] = read(variable)
    elif name == "data" and text:
        found.data_file = file_name(read(variable))
    elif name == "data" and numbers and min(variable.shape) > 0:
        found.stored_shape, found.stored_dtype = variable.shape, variable.stored
        found.compressed = variable.compressed
        found.samples = lambda shape: lazy(replace(variable, shape=shape))
    elif name == "chanlocs" and prod(variable.shape) <= MOST_CHANNELS:
        found.channels = list(_rows(variable, CHANNEL))
    elif name == "event":
        found.n_events = prod(variable.shape) if variable.kind == "struct" else 0
        found.events = lambda wanted: _rows(variable, wanted)


def _rows(variable: Variable, wanted: Container[str]) -> Iterator[dict[str, Any]]:
    """Some fields of each entry of an array of structs; other fields are passed over."""
    row: dict[str, Any] = {}
    last = 0
    for index, name, child in children(variable, wanted):
        if index != last:
            yield row
            row, last = {}, index
        if prod(child.shape) <= LONGEST_TEXT:
            row[name] = read(child) if child.kind == "char" or child.dtype is not None else None
    if variable.kind == "struct" and min(variable.shape, default=0) > 0:
        yield row
