"""For tests of what is built on neurochain: a counting File, an object store, and the conformance suite of formats.

`FormatTests` needs pytest and is imported at its first use, so that the rest works without.
"""

from typing import TYPE_CHECKING, Any

from neurochain.testing.counting_file import CountingFile
from neurochain.testing.object_server import Fault, ObjectServer, Request

if TYPE_CHECKING:
    from neurochain.testing.format_tests import FormatTests

__all__ = ["CountingFile", "Fault", "FormatTests", "ObjectServer", "Request"]


def __getattr__(name: str) -> Any:
    if name == "FormatTests":
        from neurochain.testing.format_tests import FormatTests  # needs pytest, an extra

        return FormatTests
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
