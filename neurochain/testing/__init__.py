"""For tests of what is built on neurochain: a counting File, and the conformance suite of formats.

Needs pytest; nothing else in neurochain imports it.
"""

from neurochain.testing.counting_file import CountingFile
from neurochain.testing.format_tests import FormatTests

__all__ = ["CountingFile", "FormatTests"]
