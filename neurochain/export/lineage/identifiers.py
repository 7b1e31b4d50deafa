"""Identifiers: names of versions, inputs and functions that hold in every document, and in every format."""

import hashlib
import re
import uuid

from neurochain.datasets.lineage import FunctionUse, Lineage, Source

NAMESPACE = "urn:neurochain:"
_OTHER = re.compile(r"[^A-Za-z0-9_.-]")
SHORT = 12  # hexadecimal digits: enough to tell the things of one document apart


def identifier(*parts: str) -> str:
    """Parts as one name that XML, PROV-N and URIs take alike.

    Examples
    --------
    >>> identifier("version", "a/b", "1.0.0")
    'version.a_b.1.0.0'
    """
    return ".".join(_OTHER.sub("_", part) for part in parts)


def of_version(name: str, version: str, content_hash: str) -> str:
    """Of a version: the same rows under the same number are the same version, in every project."""
    return identifier("version", name, version, content_hash[:SHORT])


def of_lineage(lineage: Lineage) -> str:
    """Of the version that a lineage is of."""
    return of_version(lineage.name, lineage.version, lineage.content_hash)


def of_run(lineage: Lineage) -> str:
    """Of the activity that made a version, as a UUID."""
    return str(uuid.UUID(lineage.activity["id"]))


def of_function(function: FunctionUse) -> str:
    """Of a function as it was written: texts that differ in a comment are two."""
    digest = hashlib.sha256(f"{function.fingerprint}\n{function.source}".encode()).hexdigest()
    return identifier("function", function.name, digest[:SHORT])


def of_source(source: Source) -> str:
    """Of something that was read, by what it held."""
    r = source.reference
    match source.kind:
        case "version":
            return of_version(r["name"], r["version"], r["content_hash"])
        case "storage":
            return identifier("storage", (source.manifest or "unknown")[:SHORT])
        case "table":
            return identifier("table", r["uri"].rpartition("/")[2], r["sha256"][:SHORT])
        case kind:
            return identifier(kind, r["content"][:SHORT])


def of_file(root: str | None, path: str, etag: str) -> str:
    """Of a file as it was when it was listed."""
    digest = hashlib.sha256("\n".join([root or "", path, etag]).encode()).hexdigest()
    return identifier("file", path.rpartition("/")[2], digest[:SHORT])
