"""Delta tables written by hand, for what deltalake reads but does not write: deletion vectors, column mapping, wide statistics."""

import json
import struct
from pathlib import Path
from typing import Any
from urllib.parse import quote

import polars as pl

Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
Action = dict[str, Any]


def column(name: str, kind: Any, **metadata: Any) -> Action:
    return {"name": name, "type": kind, "nullable": True, "metadata": metadata}


def mapped(name: str, physical: str, kind: Any, number: int = 1) -> Action:
    return column(
        name, kind, **{"delta.columnMapping.physicalName": physical, "delta.columnMapping.id": number}
    )


def protocol(*features: str, reader: int = 3) -> Action:
    found: Action = {"minReaderVersion": reader, "minWriterVersion": 7 if reader >= 3 else 5}
    if reader >= 3:
        found |= {"readerFeatures": list(features), "writerFeatures": list(features)}
    return {"protocol": found}


def metadata(
    *columns: Action, partitions: list[str] | None = None, configuration: dict[str, str] | None = None
) -> Action:
    return {
        "metaData": {
            "id": "11111111-2222-3333-4444-555555555555",
            "format": {"provider": "parquet", "options": {}},
            "schemaString": json.dumps({"type": "struct", "fields": columns}),
            "partitionColumns": partitions or [],
            "configuration": configuration or {},
            "createdTime": 1,
        }
    }


def add(folder: Path, path: str, frame: pl.DataFrame, stats: Action | None = None, **more: Any) -> Action:
    """Write a file, and give the entry that says so."""
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    frame.write_parquet(file)
    found = {
        "path": quote(path),
        "partitionValues": {},
        "size": file.stat().st_size,
        "modificationTime": 1000,
        "dataChange": True,
        "stats": json.dumps({"numRecords": frame.height, **(stats or {})}),
    }
    return {"add": found | more}


def remove(path: str, **more: Any) -> Action:
    return {"remove": {"path": quote(path), "dataChange": True, "deletionTimestamp": 2000, **more}}


def commit(folder: Path, version: int, *actions: Action) -> None:
    log = folder / "_delta_log"
    log.mkdir(parents=True, exist_ok=True)
    (log / f"{version:020d}.json").write_text("\n".join(map(json.dumps, actions)))


def deleted(*rows: int) -> Action:
    """Deletion vector that stands in the log itself: a bitmap of one container, an array."""
    container = struct.pack("<II", 12346, 1) + struct.pack("<HH", 0, len(rows) - 1) + struct.pack("<I", 16)
    bitmap = container + b"".join(struct.pack("<H", row) for row in sorted(rows))
    data = struct.pack("<I", 1681511377) + struct.pack("<Q", 1) + struct.pack("<I", 0) + bitmap
    return {
        "storageType": "i",
        "pathOrInlineDv": _z85(data),
        "sizeInBytes": len(data),
        "cardinality": len(rows),
    }


def _z85(data: bytes) -> str:
    text = ""
    for start in range(0, len(data), 4):
        number = int.from_bytes(data[start : start + 4].ljust(4, b"\0"), "big")
        digits = []
        for _ in range(5):
            number, digit = divmod(number, 85)
            digits.append(Z85[digit])
        text += "".join(reversed(digits))
    return text
