"""For tests of what is built on neurochain: a counting File, an object store, and the conformance suites of formats.

`FormatTests`, `RecordingTests` and `VideoTests` need pytest and are imported at their first use, so that the rest works without.
"""

from typing import TYPE_CHECKING, Any

from neurochain.testing.counting_file import CountingFile
from neurochain.testing.object_server import Fault, ObjectServer, Request

if TYPE_CHECKING:
    from neurochain.testing.format_tests import FormatTests
    from neurochain.testing.recording_tests import RecordingTests
    from neurochain.testing.video_tests import VideoTests

__all__ = ["CountingFile", "Fault", "FormatTests", "ObjectServer", "RecordingTests", "Request", "VideoTests"]


def __getattr__(name: str) -> Any:
    if name == "FormatTests":
        from neurochain.testing.format_tests import FormatTests  # needs pytest, an extra

        return FormatTests
    if name == "RecordingTests":
        from neurochain.testing.recording_tests import RecordingTests  # needs pytest, an extra

        return RecordingTests
    if name == "VideoTests":
        from neurochain.testing.video_tests import VideoTests  # needs pytest, an extra

        return VideoTests
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
