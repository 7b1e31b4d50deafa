"""Features: what a Delta table asks of its readers, and which of it is read here.

https://github.com/delta-io/delta/blob/master/PROTOCOL.md, sections "Table Features", "Column Mapping" and "Type Widening".
"""

from collections.abc import Mapping, Sequence
from typing import Any

from neurochain.errors import TableError

__all__ = ["physical_names", "refuse_unknown"]

NEWEST = 3  # version of the protocol for readers
KNOWN = {
    *("timestampNtz", "deletionVectors", "columnMapping", "v2Checkpoint", "vacuumProtocolCheck"),
    *("typeWidening", "typeWidening-preview", "inCommitTimestamp", "domainMetadata"),
}
INTEGERS = ("byte", "short", "integer", "long")
PHYSICAL = "delta.columnMapping.physicalName"


def refuse_unknown(version: int, features: Sequence[str] | None, where: str) -> None:
    """Refuse a table that only readers may read that know more.

    Raises
    ------
    TableError
        Names the features.
    """
    unknown = sorted(set(features or ()) - KNOWN) if version >= NEWEST else []
    if version > NEWEST:
        unknown = [f"version {version} of the protocol for readers"]
    if unknown:
        raise TableError(
            f"{where} asks for {', '.join(unknown)} of Delta Lake, which is not read here. Write it anew without."
        )


def physical_names(
    fields: Sequence[Mapping[str, Any]], configuration: Mapping[str, str], where: str
) -> dict[str, str]:
    """What the columns are called in the files.

    Parameters
    ----------
    fields : sequence of mapping
        Of the table's schema, as the log has them.
    configuration : mapping of str to str
        Of the table.
    where : str
        Which table, for messages.

    Raises
    ------
    TableError
        Files name or type a column in a way that is not read here.
    """
    mode = configuration.get("delta.columnMapping.mode", "none")
    if mode not in ("none", "name"):
        raise TableError(f"{where} maps its columns by {mode!r}; only a mapping by 'name' is read here.")
    found = {}
    for field in fields:
        for change in field.get("metadata", {}).get("delta.typeChanges", ()):
            if not _is_cast(change):
                raise TableError(
                    f"{where}: column {field['name']!r} was widened from {change.get('fromType')} to {change.get('toType')}, "
                    "which is not read here: integers to wider ones are, and float to double. Write the table anew."
                )
        found[str(field["name"])] = (
            str(field["metadata"].get(PHYSICAL, field["name"])) if mode == "name" else str(field["name"])
        )
        if mode == "name" and _renames(field["type"]):
            raise TableError(
                f"{where}: column {field['name']!r} holds records whose fields have other names in the files, which is not read here."
            )
    return found


def _is_cast(change: Mapping[str, Any]) -> bool:
    before, after = change.get("fromType"), change.get("toType")
    if change.get("fieldPath"):
        return False
    if before in INTEGERS and after in INTEGERS:
        return INTEGERS.index(before) <= INTEGERS.index(after)
    return (before, after) == ("float", "double")


def _renames(kind: Any) -> bool:
    """Whether records in a type have fields that are called otherwise in the files."""
    if not isinstance(kind, Mapping):
        return False
    inside = [kind.get(key) for key in ("elementType", "keyType", "valueType")]
    fields: Sequence[Mapping[str, Any]] = kind.get("fields", ())
    return any(f.get("metadata", {}).get(PHYSICAL, f["name"]) != f["name"] for f in fields) or any(
        map(_renames, [*inside, *(f["type"] for f in fields)])
    )
