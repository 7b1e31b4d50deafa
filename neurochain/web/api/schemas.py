"""Schemas: what answers look like, in JSON Schema, written shortly."""

from typing import Any

__all__ = [
    "ANY",
    "FLAG",
    "NUMBER",
    "PLAIN",
    "TEXT",
    "TIME",
    "WHOLE",
    "Schema",
    "by_name",
    "either",
    "many",
    "maybe",
    "record",
]

Schema = dict[str, Any]
ANY: Schema = {}
TEXT: Schema = {"type": "string"}
TIME: Schema = {"type": "string", "description": "ISO 8601, UTC"}
WHOLE: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
FLAG: Schema = {"type": "boolean"}
PLAIN: Schema = {
    "type": ["number", "string"],
    "description": "A number; one that JSON lacks is a text: NaN, ∞, or a whole one beyond 2^53.",
}


def record(optional: Schema | None = None, /, **fields: Schema) -> Schema:
    """An object with these fields, and no others; some of them may be missing."""
    return {
        "type": "object",
        "properties": {**fields, **(optional or {})},
        "required": list(fields),
        "additionalProperties": False,
    }


def by_name(values: Schema) -> Schema:
    """An object whose names are data."""
    return {"type": "object", "additionalProperties": values}


def many(values: Schema) -> Schema:
    """A list."""
    return {"type": "array", "items": values}


def either(*schemas: Schema) -> Schema:
    """One of some."""
    return {"anyOf": list(schemas)}


def maybe(schema: Schema) -> Schema:
    """Null is possible too."""
    return either(schema, {"type": "null"})
