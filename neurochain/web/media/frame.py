"""Frame: one picture of a video, upright, as JPEG or PNG."""

from collections.abc import Mapping

from neurochain.errors import ParameterError
from neurochain.formats.video.encoding import WIDEST, jpeg, png, upright
from neurochain.web.media.asked import real, whole
from neurochain.web.media.gate import Stop
from neurochain.web.media.sources import Sources

__all__ = ["frame_picture"]


def frame_picture(sources: Sources, query: Mapping[str, str], stop: Stop) -> bytes:
    """The frame that is shown at ``time`` (s, on the video's clock), or that of ``index``; ``width`` (pixels) at most, ``format=png`` exactly.

    Raises
    ------
    FormatError, ParameterError, StorageError
        It cannot be decoded, or there is none.
    ShapeError
        None is shown at this time.
    """
    video = sources.video(query)
    kind = query.get("format", "jpeg")
    if kind not in ("jpeg", "png"):
        raise ParameterError(f"format={kind[:20]!r}: there is 'jpeg' and 'png'.")
    if query.get("time"):
        number = video.index_at(real(query, "time"))
    else:
        number = whole(query, "index", 0, max(len(video) - 1, 0), 0)
    if not len(video):
        raise ParameterError(f"{video.file.uri} has no frames.")
    stop()
    pixels = video[number]
    stop()
    pixels = upright(pixels, video.rotation)
    width = whole(query, "width", 1, WIDEST, WIDEST)
    return png(pixels, width) if kind == "png" else jpeg(pixels, width)
