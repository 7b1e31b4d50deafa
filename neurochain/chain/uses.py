"""Uses: what stands above the chain and is reached from it by name.

`Chain.to_pytorch` belongs to the loaders, which are built on chains. The chain names it here as an entry point
does, and imports nothing of it until somebody asks.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

USES = {
    "to_arrow": "neurochain.export.arrow:to_arrow",
    "to_csv": "neurochain.export.csv:to_csv",
    "to_json": "neurochain.export.json:to_json",
    "to_parquet": "neurochain.export.parquet:to_parquet",
    "to_pytorch": "neurochain.loaders.pytorch:to_pytorch",
}


def use(name: str) -> Callable[..., Any]:
    """Function behind a use."""
    module, _, function = USES[name].partition(":")
    found: Callable[..., Any] = getattr(import_module(module), function)
    return found
