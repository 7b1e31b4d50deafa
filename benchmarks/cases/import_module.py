"""Import a module, and touch one of its names. Usage: import_module.py MODULE [NAME]"""

import sys
from importlib import import_module

from measured import measured

HEAVY = ("torch", "pydicom", "nibabel", "polars", "pyarrow", "pandas", "sqlalchemy", "numpy", "pydantic")
before = set(sys.modules)


def run() -> dict[str, object]:
    module = import_module(sys.argv[1])
    for name in sys.argv[2:]:
        getattr(module, name)
    loaded = set(sys.modules) - before
    return {"modules": len(loaded), "heavy": sorted(loaded & set(HEAVY))}


measured(run)
