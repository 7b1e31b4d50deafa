"""BIDS trees for tests, and inheritance told the slow and plain way."""

import json
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

DESCRIPTION = {"Name": "made", "BIDSVersion": "1.9.0"}


def grow(root: Path, files: Mapping[str, Any]) -> Path:
    """Write files: texts and bytes as they are, None as an empty one, anything else as JSON."""
    for path, content in {"dataset_description.json": DESCRIPTION, **files}.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes | None):
            target.write_bytes(content or b"")
        else:
            target.write_text(content if isinstance(content, str) else json.dumps(content))
    return root


def said(name: str) -> tuple[set[str], str]:
    """Entities of a file's name as they are written, and its suffix."""
    *parts, last = name.split("_")
    return set(parts), last.partition(".")[0]


def slow_sidecars(root: Path, path: str) -> list[list[str]]:
    """Sidecars that apply to a file, by the folders from the root down: the specification, word by word."""
    entities, suffix = said(PurePosixPath(path).name)
    folders = [root, *(root / above for above in reversed(PurePosixPath(path).parents) if str(above) != ".")]
    levels = []
    for folder in folders:
        here = []
        for file in sorted(folder.glob("*.json")):
            theirs, their_suffix = said(file.name)
            if re.search(r"[A-Za-z0-9]\.json$", file.name) and their_suffix == suffix and theirs <= entities:
                here.append(file.relative_to(root).as_posix())
        levels.append(here)
    return levels


def slow_metadata(root: Path, path: str) -> dict[str, Any]:
    """Metadata of a file by inheritance."""
    merged: dict[str, Any] = {}
    for level in slow_sidecars(root, path):
        for sidecar in level:
            merged.update(json.loads((root / sidecar).read_text()))
    return merged
