"""Little: a file as a picture that fits into a row of a table."""

from neurochain.errors import NeurochainError, StorageError
from neurochain.formats.opening import open_array
from neurochain.formats.recordings.recording import Recording
from neurochain.formats.shown.planes import OPEN
from neurochain.formats.shown.recordings import little_trace
from neurochain.formats.shown.videos import frames_html
from neurochain.formats.shown.volumes import slices_html
from neurochain.formats.video.video import Video
from neurochain.formats.volumes.grid import Grid
from neurochain.formats.volumes.volume import Volume
from neurochain.storage import File

__all__ = ["MOST", "little_picture"]

MOST = 512 * 1024  # bytes pulled of a file whose values lie open
TALL = 56  # pixels


def little_picture(held: File | Volume | Recording | Video) -> str:
    """One slice, one trace or one frame; empty where there is none for so few bytes.

    Raises
    ------
    StorageError
        The bytes cannot be had: others of the same place will not be either.
    """
    try:
        shown = open_array(held) if isinstance(held, File) else held
        match shown:
            case Volume():
                made = slices_html(shown, MOST / OPEN, _across(Grid.of(shown)), TALL)
            case Recording():
                made = little_trace(shown, MOST)
            case Video():
                made = frames_html(shown, MOST, 1, TALL)
        return made if made.startswith(("<img", "<svg")) else ""
    except StorageError:
        raise
    except (NeurochainError, ValueError, OSError):
        return ""


def _across(grid: Grid) -> int:
    """Axis across which a slice mostly lies together in the file."""
    return 0 if grid.volume.format in ("zarr", "ome-zarr") and len(grid.spatial) > 2 else 2
