"""Objects: volumes, recordings and excerpts of a timeline as records, and back.

In a table a volume is a record named "Volume", a recording one named "Recording", and what a timeline has of a stream one
named "Excerpt", which says where the values lie; nothing below the chain knows more of them. They are told by name here, since the readers take 0.1 s to import and most functions give
no such thing.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from neurochain.chain.uses import use
from neurochain.datasets.location import FILE
from neurochain.datasets.types import Array, DataType, Field, List, Ragged, Record, Scalar
from neurochain.errors import ShapeError

VOLUME, RECORDING, EXCERPT = "Volume", "Recording", "Excerpt"
HELD = frozenset([VOLUME, RECORDING])
"""Names of records that hold the values, as their first field."""
NAMES = HELD | {EXCERPT}
RESERVED = frozenset(["File", *NAMES])
"""Names of records that are rebuilt as objects; no other record is stored under one of them."""
_AFFINE = Array("float64", (4, 4))
_ORDER = {  # in which `of` takes them, behind the data
    VOLUME: ["affine", "axes", "voxel_sizes"],
    RECORDING: ["sampling_frequency", "channels", "units", "start", "start_time"],
}
_CLASSES = {
    ("neurochain.formats.volumes.volume", "Volume"): VOLUME,
    ("neurochain.formats.recordings.recording", "Recording"): RECORDING,
    ("neurochain.timeline.excerpt", "Excerpt"): EXCERPT,
}
_EXCERPT: dict[str, DataType] = {
    "file": FILE,
    "first": Scalar("int64"),
    "last": Scalar("int64"),
    "start": Scalar("float64"),
    "end": Scalar("float64"),
    "time": Ragged("float64", 1),
    "spec": Scalar("string"),
}


def object_name(cls: Any) -> str | None:
    """Name of the record of a class of objects; None for any other class, or what is no class."""
    return _CLASSES.get((getattr(cls, "__module__", ""), getattr(cls, "__qualname__", "")))


def object_parts(value: Any) -> Mapping[str, Any]:
    """Fields of the record; what lies in a file is read now.

    Raises
    ------
    ShapeError
        There are gaps in a recording.
    """
    name = object_name(type(value))
    if name == EXCERPT:
        parts: Mapping[str, Any] = use("excerpt_parts")(value)
        return parts
    if name == VOLUME:
        return {
            "data": np.asarray(value),
            "affine": value.affine,
            "axes": list(value.axes),
            "voxel_sizes": list(value.voxel_sizes),
        }
    if len(value.segments) > 1:
        raise ShapeError(
            f"{value!r}: in one array its samples would follow each other as if there were no gaps. Give "
            "recording.window(start, end) for each of recording.segments."
        )
    return {
        "data": np.asarray(value),
        "sampling_frequency": value.sampling_frequency,
        "start": value.start,
        "start_time": value.start_time,
        "channels": list(value.channels),
        "units": list(value.units),
    }


def in_memory(value: Any) -> Any:
    """The object with what its file holds read now; itself, where it has no file, or says where the values lie."""
    if object_name(type(value)) == EXCERPT or value.file is None:
        return value
    parts = {field: [part] for field, part in object_parts(value).items()}
    return rebuilt(str(object_name(type(value))), parts)[0]


def object_type(name: str, values: Sequence[Any], data: DataType) -> Record:
    """Record that holds objects of one kind, whose data are of the given type.

    A field that is None in all of them is null, as with any other record.
    """
    fields = [Field("data", data)]
    texts, numbers = List(Scalar("string")), List(Scalar("float64"))
    if name == VOLUME:
        affine = _known(values, "affine", _AFFINE)
        fields += [Field("affine", affine, "mm"), Field("axes", texts), Field("voxel_sizes", numbers, "mm")]
    else:
        fields += [
            Field("sampling_frequency", Scalar("float64"), "Hz"),
            Field("start", Scalar("float64"), "s"),
            Field("start_time", _known(values, "start_time", Scalar("datetime"))),
            Field("channels", texts),
            Field("units", texts),
        ]
    return Record(name, tuple(fields))


def excerpt_type(parts: Sequence[Mapping[str, Any] | None], data: DataType) -> Record:
    """Record that holds excerpts of one stream; `data` is null where they lie in files."""
    fields = [
        Field(name, kind, "s" if name in ("start", "end", "time") else None)
        for name, kind in _EXCERPT.items()
    ]
    if all(p is None or p["time"] is None for p in parts):
        fields = [f if f.name != "time" else Field("time", Scalar("null")) for f in fields]
    return Record(EXCERPT, (*fields, Field("data", data)))


def _known(values: Sequence[Any], attribute: str, kind: DataType) -> DataType:
    found = any(v is not None and getattr(v, attribute) is not None for v in values)
    return kind if found else Scalar("null")


def rebuilt(name: str, fields: Mapping[str, Sequence[Any]]) -> list[Any]:
    """Objects of the columns of their records; where there are no data, None.

    Parameters
    ----------
    name : {"Volume", "Recording", "Excerpt"}
        Of the record.
    fields : mapping of str to sequence
        Values of each field.
    """
    if name == EXCERPT:
        names, make = list(fields), use("excerpt")
        return [make(dict(zip(names, row, strict=True))) for row in zip(*fields.values(), strict=True)]
    make = getattr(import_module("neurochain.formats"), name).of
    rows = zip(fields["data"], *(fields[field] for field in _ORDER[name]), strict=True)
    return [None if data is None else make(data, *rest) for data, *rest in rows]
