"""Owners: who wrote a function, a class or a module that is loaded."""

import sys
from collections.abc import Collection
from types import FunctionType, ModuleType

from neurochain.chain.fingerprint.classes import class_file
from neurochain.chain.fingerprint.modules import loaded_global
from neurochain.chain.fingerprint.origin import FIRST, PYTHON, Origin, origin_of_file, origin_of_module

__all__ = ["Owners"]

_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE: not compiled into Python or an extension


class Owners:
    """Origins of loaded things, some packages counting as the user's own.

    Parameters
    ----------
    enter : collection of str
        Top-level packages that count as first-party wherever they lie.
    """

    def __init__(self, enter: Collection[str] = ()) -> None:
        self._enter = enter

    def origin_of_file(self, filename: str) -> Origin:
        """Who wrote a file."""
        return origin_of_file(filename, self._enter)

    def origin_of_module(self, module: ModuleType) -> Origin:
        """Who wrote a module."""
        return origin_of_module(module, self._enter)

    def origin_of_function(self, function: FunctionType) -> Origin:
        """Who wrote a function."""
        filename = function.__code__.co_filename
        if filename.startswith("<"):
            # Made from a text by an installed module, which then is its home: numpy, attrs and others do so.
            module = sys.modules.get(str(function.__globals__.get("__name__")))
            if module is not None and vars(module) is function.__globals__:
                return self.origin_of_module(module)
        return self.origin_of_file(filename)

    def origin_of_class(self, cls: type) -> Origin:
        """Who wrote a class."""
        is_made = bool(cls.__flags__ & _HEAP_TYPE)
        if cls.__module__ == "builtins" and not is_made:
            return PYTHON
        if cls.__module__ == "__main__":
            return FIRST
        filename = class_file(cls)
        if filename is not None and self.origin_of_file(filename).kind == "first":
            return FIRST
        module = sys.modules.get(cls.__module__)
        if module is None:
            return FIRST if is_made else PYTHON
        # A class that its module does not know was made by a call, maybe with functions of the user.
        known = not is_made or loaded_global(cls.__module__, cls.__qualname__) is cls
        return self.origin_of_module(module) if known else FIRST
