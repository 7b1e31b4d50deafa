"""What is noted in a recording, as plain tuples."""

from neurochain.formats import open_recording
from neurochain.storage import File


def noted(file: File) -> tuple[tuple[float, float | None, str], ...]:
    """Onset (s), duration (s) and text of each annotation."""
    return tuple((a.onset, a.duration, a.text) for a in open_recording(file).annotations)
