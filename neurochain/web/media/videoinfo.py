"""What a video is, and whether a browser plays the file itself."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurochain.formats import Video
from neurochain.web.media.gate import Stop
from neurochain.web.media.packed import finite, pack
from neurochain.web.media.served import content_type
from neurochain.web.media.sources import Sources

__all__ = ["playable", "video_info", "video_times"]

PLAYED = {
    "mp4": ("h264", "av1", "vp9"),
    "mov": ("h264",),
    "webm": ("vp8", "vp9", "av1"),
}
"""Codecs that browsers play, by container: https://developer.mozilla.org/docs/Web/Media/Guides/Formats/Video_codecs."""
EIGHT_BIT = ("", "yuv420p", "yuvj420p")  # pixels of H.264 that they play; often only the packets tell


def video_info(sources: Sources, query: Mapping[str, str], stop: Stop) -> dict[str, Any]:
    """Frames, times and codec of a video; ``playable`` where a browser plays ``/media/bytes``, else it asks for frames.

    Raises
    ------
    FormatError, ParameterError, StorageError
        It cannot be opened.
    """
    video = sources.video(query)
    plays, why = playable(video)
    return {
        "shape": list(video.shape),
        "frames": len(video),
        "width": video.shape[2],
        "height": video.shape[1],
        "frame_rate": finite(video.frame_rate),
        "is_variable": video.is_variable,
        "start": finite(video.start),
        "duration": finite(video.duration),
        "rotation": video.rotation,
        "codec": video.codec,
        "format": video.format,
        "type": content_type(video.file),
        "playable": plays,
        "why": why,
    }


def video_times(sources: Sources, query: Mapping[str, str], stop: Stop) -> bytes:
    """When each frame is shown, seconds on the video's clock: float64 ``[n]`` of `neurochain.web.media.packed`, and ``end`` of the last one.

    Raises
    ------
    FormatError, ParameterError, StorageError
        It cannot be opened.
    """
    video = sources.video(query)
    times = np.asarray(video.times, np.float64)
    return pack({"end": finite(video.start + video.duration)}, times)


def playable(video: Video) -> tuple[bool, str]:
    """Whether browsers play a file, and why not."""
    codec = video._index.track.codec
    container = "webm" if video.file.suffix == ".webm" else video.format
    played = PLAYED.get(container)
    if played is None:
        return False, f"browsers play no {container.upper()} files: frames are shown one by one"
    if codec.name not in played:
        return (
            False,
            f"browsers play no {codec.name} in {container.upper()} files: frames are shown one by one",
        )
    if codec.name == "h264" and codec.pixels not in EIGHT_BIT:
        return False, f"browsers play no h264 of pixels {codec.pixels}: frames are shown one by one"
    return True, ""
