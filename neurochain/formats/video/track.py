"""Track: what a container says of the video in it."""

from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction

from neurochain.errors import FormatError

__all__ = ["MOST_FRAMES", "Codec", "Track", "check_frames", "check_size"]

MOST_FRAMES = 2**25  # 12 days of 30 frames a second
MOST_PIXELS = 2**27  # of a frame, which then takes 400 MB


@dataclass(frozen=True)
class Codec:
    """How packets are coded.

    Attributes
    ----------
    name : str
        As libavcodec calls it: ``"h264"``; or the container's own name of one that is not known here.
    extra : bytes
        What a decoder needs besides the packets.
    pixels : str
        Pixel format, as libavutil calls it: ``"yuv420p"``; empty where only the packets tell.
    prefix : bytes
        That packets begin with, and that was left out of the file.
    flipped : bool
        Whether rows lie from bottom to top, as in raw AVI.
    palette : bytes
        Of raw pixels that are numbers of colours: blue, green, red, and nothing, of each.
    """

    name: str
    extra: bytes = b""
    pixels: str = ""
    prefix: bytes = b""
    flipped: bool = False
    palette: bytes = b""


@dataclass(frozen=True)
class Track:
    """The video of a file, as its header describes it.

    Attributes
    ----------
    format : str
        As in `header.format`.
    codec : Codec
    width, height : int
        Of a frame as stored, pixels.
    tick : Fraction, seconds
        In which the container counts times.
    frame_count : int or None
        None where only a look at all packets would tell.
    duration : float or None, seconds
    frame_rate : Fraction or None, Hz
        On average, or as the container announces it.
    is_variable : bool or None
        Whether frames do not follow each other evenly; None where the header cannot know.
    rotation : int, degrees
        By which a frame is to be turned clockwise to stand upright.
    has_audio : bool
    start_time : datetime or None
    encoder : str or None
        Program that wrote it.
    problem : str or None
        What it says that is not so.
    length : int or None
        Bytes from the beginning of the file that describe it, where they are few.
    """

    format: str
    codec: Codec
    width: int
    height: int
    tick: Fraction
    frame_count: int | None = None
    duration: float | None = None
    frame_rate: Fraction | None = None
    is_variable: bool | None = None
    rotation: int = 0
    has_audio: bool = False
    start_time: datetime | None = None
    encoder: str | None = None
    problem: str | None = field(default=None, compare=False)
    length: int | None = field(default=None, compare=False)

    @property
    def sampling_frequency(self) -> float | None:
        """Frame rate where frames follow each other evenly, Hz."""
        return float(self.frame_rate) if self.is_variable is False and self.frame_rate else None


def check_size(width: int, height: int) -> None:
    """Refuse frames that no memory holds.

    Raises
    ------
    FormatError
        With the arithmetic.
    """
    if not 0 < width <= 2**16 or not 0 < height <= 2**16 or width * height > MOST_PIXELS:
        raise FormatError(
            f"it says {width:,} x {height:,} pixels, {max(width, 0) * max(height, 0) * 3:,} bytes a frame; at most "
            f"{MOST_PIXELS:,} pixels are read"
        )


def check_frames(count: int) -> None:
    """Refuse more frames than any file has.

    Raises
    ------
    FormatError
        There are.
    """
    if count > MOST_FRAMES:
        raise FormatError(f"it says {count:,} frames; at most {MOST_FRAMES:,} are read")
