"""Reads: what a function or a reader pulled, as plain values."""

from typing import Any

from neurochain.storage import ReadLog


def reads_of(log: ReadLog) -> list[dict[str, Any]]:
    """What a log has seen since the last call, as the ledger keeps it."""
    return [
        {"uri": r.uri, "etag": r.etag, "ranges": [list(x) for x in r.ranges], "sha256": r.sha256}
        for r in log.take()
    ]
