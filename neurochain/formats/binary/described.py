"""Descriptions: files beside a raw binary file that say how its samples lie.

``NAME.json`` beside ``NAME.dat``; SpikeInterface's ``binary.json`` and phy's ``params.py``, where they name the file.
"""

import ast
import json
from collections.abc import Callable, Mapping
from typing import Any

from neurochain.errors import FormatError
from neurochain.formats.binary.layout import BinaryLayout
from neurochain.formats.pairs import named_file
from neurochain.storage import File

__all__ = ["ENDINGS", "assignments", "described"]

LARGEST_TEXT = 2**20  # bytes of a description
ENDINGS = (".json", "binary.json", "params.py")

CHANNELS = ("channels", "channel_ids", "n_channels", "num_channels", "n_channels_dat")
RATE = ("sampling_frequency", "sample_rate", "sampling_rate", "SamplingFrequency")
FIRST_BYTE = ("file_offset", "header_bytes")

Values = Mapping[str, Any]


def described(file: File) -> tuple[BinaryLayout, str] | None:
    """What lies beside a file says how its samples lie, and the name of what says so; None where nothing does.

    Raises
    ------
    FormatError
        It says so in a way that cannot be.
    StorageError
        Its bytes cannot be had.
    """
    stem = file.name.rpartition(".")[0] or file.name
    ways: list[tuple[str, Callable[[str], Values]]] = [
        (f"{stem}.json", _of_json),
        ("binary.json", _of_json),
        ("params.py", _of_python),
    ]
    listed = None if not file.companions else set(json.loads(file.companions))
    for name, read in ways:
        if name == file.name or (listed is not None and name not in listed):
            continue
        beside = named_file(file.beside, name)
        if beside is None or beside.size > LARGEST_TEXT:
            continue
        try:
            values = read(beside.read().decode("utf-8-sig", "replace"))
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue  # it is about something else
        if not _is_meant(values, file.name, name == f"{stem}.json"):
            continue
        try:
            return _layout(values), name
        except FormatError as error:
            raise FormatError(f"{name} beside it says {error}") from None
    return None


def _of_json(text: str) -> Values:
    values = json.loads(text)
    values = values.get("kwargs", values) if isinstance(values, dict) else {}  # as SpikeInterface writes it
    return values if isinstance(values, dict) else {}


def assignments(text: str) -> dict[str, Any]:
    """Plain values that a Python file assigns; nothing is executed.

    Raises
    ------
    ValueError, SyntaxError, RecursionError, MemoryError
        It is no Python.
    """
    found: dict[str, Any] = {}
    for line in ast.parse(text).body:
        if isinstance(line, ast.Assign) and len(line.targets) == 1 and isinstance(line.targets[0], ast.Name):
            try:
                found[line.targets[0].id] = ast.literal_eval(line.value)
            except ValueError:
                continue
    return found


def _of_python(text: str) -> Values:
    found = assignments(text)
    return {
        FIRST_BYTE[0] if key == "offset" else key: value for key, value in found.items()
    }  # phy means bytes


def _is_meant(values: Values, name: str, is_own: bool) -> bool:
    """Whether a description is of raw samples, and of this file."""
    if "dtype" not in values or not any(key in values for key in CHANNELS):
        return False
    if is_own:
        return True
    named = values.get("dat_path", values.get("file_paths", ()))
    paths = [named] if isinstance(named, str) else named
    if not isinstance(paths, list | tuple):
        return False
    return name in (str(path).replace("\\", "/").rpartition("/")[2] for path in paths)


def _layout(values: Values) -> BinaryLayout:
    rate = _first(values, RATE)
    if rate is None:
        raise FormatError(f"no sampling frequency ({', '.join(RATE[:2])})")
    if values.get("time_axis", 0) != 0:
        raise FormatError("time_axis=1: each channel lies alone; write it sampling time after sampling time")
    microvolts = "gain_to_uV" in values
    gain = values.get("gain_to_uV", values.get("gain"))
    offset = values.get("offset_to_uV", values.get("offset"))
    unit = "uV" if microvolts and gain is not None else str(values.get("unit", ""))
    first_byte = _first(values, FIRST_BYTE)
    return BinaryLayout.of(
        _first(values, CHANNELS), rate, values["dtype"], gain, offset, unit, first_byte or 0
    )


def _first(values: Values, names: tuple[str, ...]) -> Any:
    return next((values[name] for name in names if values.get(name) is not None), None)
