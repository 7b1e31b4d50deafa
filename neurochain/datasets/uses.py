"""Uses: what stands above the datasets and is reached from them by name, as an entry point is."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

USES = {
    "refresh": "neurochain.chain.replay.refreshing:refresh",
    "reproduce": "neurochain.chain.replay.reproduction:reproduce",
    "column_lineage": "neurochain.chain.columns:column_lineage",
    "export": "neurochain.export.bundle.writing:write_bundle",
    "verify": "neurochain.chain.replay.verification:verify",
}


def reach(place: str) -> Callable[..., Any]:
    """Function at ``module:name``."""
    module, _, name = place.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), name)
    return found
