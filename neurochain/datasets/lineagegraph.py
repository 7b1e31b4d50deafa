"""Graph: a version's lineage as boxes in columns, what was read on the left."""

from datetime import UTC, datetime
from typing import Any

from neurochain.datasets.lineage import Lineage, Source
from neurochain.datasets.public import public
from neurochain.storage import split_uri

__all__ = ["graph_of"]

MOST = 48  # boxes
NAMES = 3  # functions of an activity that are named


def graph_of(lineage: Lineage, most: int = MOST) -> dict[str, Any]:
    """Boxes and lines.

    Users, hosts, command lines and local folders are left out.

    Parameters
    ----------
    lineage : Lineage
        Of the version that stands last.
    most : int
        Boxes; what lies further back is counted alone.

    Returns
    -------
    dict
        ``boxes``: each ``kind`` (``"storage"``, ``"table"``, ``"values"``, ``"datachain"``, ``"activity"``, ``"version"``), ``title``, ``about`` (list of
        str), ``column`` and ``row``, from 0; ``lines``: pairs of numbers of boxes, from the one that was used or did to the one that used or
        came of it; ``omitted``: boxes that are not there.
    """
    boxes: dict[str, dict[str, Any]] = {}
    lines: list[tuple[str, str]] = []
    depth: dict[str, int] = {}
    waiting = [(lineage, 0)]
    seen: set[str] = set()
    for made, far in waiting:  # grows as versions are found: the nearest come first
        name = _name(made)
        depth[name] = max(depth.get(name, 0), far)
        depth[f"{name} activity"] = max(depth.get(f"{name} activity", 0), far + 1)
        for source in made.sources:
            key = _key(source, name)
            depth[key] = max(depth.get(key, 0), far + 2)
            if source.lineage is not None:
                waiting.append((source.lineage, far + 2))
        if name in seen:
            continue
        seen.add(name)
        boxes.setdefault(name, _version(made))
        boxes[f"{name} activity"] = _activity(made)
        lines.append((f"{name} activity", name))
        for source in made.sources:
            key = _key(source, name)
            boxes.setdefault(key, _version(source.lineage) if source.lineage else _source(source))
            lines.append((key, f"{name} activity"))
    shown = sorted(boxes, key=lambda key: depth[key])[:most]
    _place(boxes, shown, depth, lines)
    number = {key: i for i, key in enumerate(shown)}
    return {
        "boxes": [boxes[key] for key in shown],
        "lines": sorted({(number[a], number[b]) for a, b in lines if a in number and b in number}),
        "omitted": len(boxes) - len(shown),
    }


def _place(
    boxes: dict[str, dict[str, Any]], shown: list[str], depth: dict[str, int], lines: list[tuple[str, str]]
) -> None:
    """Columns by how far back a box lies; in a column near what it leads to."""
    last = max((depth[key] for key in shown), default=0)
    rows: dict[str, float] = {}
    for far in range(last + 1):
        here = [key for key in shown if depth[key] == far]
        leads = {key: [rows[b] for a, b in lines if a == key and b in rows] for key in here}
        here.sort(key=lambda key: sum(leads[key]) / len(leads[key]) if leads[key] else 0.0)
        for row, key in enumerate(here):
            rows[key] = row
            boxes[key] |= {"column": last - far, "row": row}


def _name(lineage: Lineage) -> str:
    return f"{lineage.name}@{lineage.version}"


def _key(source: Source, user: str) -> str:
    if source.lineage is not None:
        return _name(source.lineage)
    return f"{source.kind} {source.manifest or source.reference.get('uri') or user} {source.reference.get('roots', '')}"


def _version(lineage: Lineage) -> dict[str, Any]:
    about = [f"{lineage.rows:,} rows", f"content {lineage.content_hash[:12]}"]
    if lineage.problems:
        about.append("not reproducible")
    return {"kind": "version", "title": _name(lineage), "about": about}


def _activity(lineage: Lineage) -> dict[str, Any]:
    a = lineage.activity
    names = [f"{f.name}()" for f in lineage.functions]
    title = ", ".join(names[:NAMES]) + (f" and {len(names) - NAMES} more" if len(names) > NAMES else "")
    about = [f"{datetime.fromtimestamp(a['started'], UTC):%Y-%m-%d %H:%M} UTC"]
    counts = [f"{a[key]:,} {key}" for key in ("computed", "reused", "failed") if a[key]]
    if counts:
        about.append(", ".join(counts))
    if a["git_commit"]:
        about.append(f"git {a['git_commit'][:10]}{', changed' if a['git_dirty'] else ''}")
    return {"kind": "activity", "title": title or _steps(lineage), "about": about}


def _steps(lineage: Lineage) -> str:
    """Steps of a plan without functions: ``filter, select``."""
    names = list(dict.fromkeys(step["step"] for step in lineage.plan.get("steps", [])))
    return ", ".join(names[:NAMES]) or "read"


def _source(source: Source) -> dict[str, Any]:
    r = source.reference
    about = []
    match source.kind:
        case "storage":
            title = ", ".join(_place_of(uri, root) for root, uri in r["roots"].items()) or "files"
            about = [f"{r['files']:,} files", f"{r['bytes']:,} bytes"]
        case "table":
            title = _place_of(
                str(r.get("uri", "")), str(r.get("table") or r.get("uri", "")).rpartition("/")[2]
            )
        case "datachain":
            title = f"{r['name']}@{r['version']}" if r.get("name") else "chain of DataChain"
        case _:
            title = "values of the script"
    if "rows" in r:
        about.append(f"{r['rows']:,} rows")
    return {"kind": source.kind, "title": title, "about": about}


def _place_of(uri: str, name: str) -> str:
    """An address; of a local disk the last part alone."""
    if not uri or split_uri(uri)[0] == "file":
        return name
    return public(uri)
