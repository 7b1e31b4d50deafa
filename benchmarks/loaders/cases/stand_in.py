"""Stand-in: empty modules for what peers import for pictures and texts, and nothing here uses.

torchvision's wheel does not load beside a torch without CUDA, and transformers is large.
"""

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

TORCHVISION = (
    *(
        "torchvision",
        "torchvision.transforms",
        "torchvision.transforms.functional",
        "torchvision.transforms.v2",
    ),
    *("torchvision.datasets", "torchvision.datasets.vision", "torchvision.datasets.folder"),
)
TRANSFORMERS = ("transformers", "transformers.modeling_utils", "transformers.tokenization_utils_base")


class Empty(ModuleType):
    """A module in which every name is a class."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {"__init__": lambda self, *given, **named: None})


def stand_in(*names: str) -> None:
    """Put empty modules in the places of some."""
    for name in names:
        empty = sys.modules[name] = Empty(name)
        empty.__path__, empty.__spec__ = [], ModuleSpec(name, None)
        above, _, last = name.rpartition(".")
        if above:
            setattr(sys.modules[above], last, empty)
