"""A video in a notebook: some frames beside each other, and what its header says."""

import numpy as np

from neurochain.formats.shown.recordings import duration_text
from neurochain.formats.shown.trying import or_note
from neurochain.formats.video.encoding import jpeg, upright
from neurochain.formats.video.video import Video
from neurochain.pictures.pieces import block, facts, note, title
from neurochain.pictures.sheet import Tile, sheet_img
from neurochain.pictures.words import human_bytes

__all__ = ["MOST", "frames_html", "video_facts", "video_html"]

MOST = 8 * 2**20  # bytes pulled
FRAMES = 5
WIDE = 240  # pixels


def video_html(video: Video) -> str:
    """Picture and facts, as a notebook shows them; at most 8 MiB are pulled for it. What cannot be read is said in one line."""
    return block(
        title(video.file.name, f"video, {video.format}"),
        or_note(lambda: facts(video_facts(video))),
        or_note(lambda: frames_html(video)),
    )


def video_facts(video: Video) -> list[tuple[str, object]]:
    """What the header says, each with what it is."""
    rows, columns = video.shape[1:3]
    when = video.start_time
    return [
        ("frames", f"{len(video):,} of {columns:,} × {rows:,} pixels"),
        ("rate", f"{video.frame_rate:.5g} Hz{' on average' if video.is_variable else ''}"),
        ("lasts", duration_text(video.duration)),
        ("from", f"{video.start:g} s" if video.start else ""),
        ("codec", video.codec),
        ("turned", f"{video.rotation}°" if video.rotation else ""),
        ("began", f"{when:%Y-%m-%d %H:%M:%S}" if when is not None else ""),
        ("size", human_bytes(video.file.size)),
    ]


def frames_html(video: Video, most: int = MOST, count: int = FRAMES, tallest: int = 150) -> str:
    """Frames from all over the video, each with its time: those with which decoding can begin, nearest to even steps.

    Parameters
    ----------
    video : Video
        Whose frames.
    most : int
        Bytes that may be pulled.
    count : int
        Frames.
    tallest : int
        Pixels.

    Raises
    ------
    FormatError, MissingExtraError, StorageError
        None can be decoded.
    """
    numbers = _numbers(video, count)
    cost = _cost(video, numbers)
    while numbers and cost > most:  # the last ones of a stretch take most of what is before them
        numbers = numbers[:-1]
        cost = _cost(video, numbers)
    if not numbers:
        return note(f"Frames are left out: a picture of them would pull {human_bytes(_cost(video, [0]))}.")
    tiles = []
    for number, pixels in zip(numbers, video.frames(numbers), strict=True):
        shown = upright(np.repeat(pixels[..., None], 3, -1) if pixels.ndim == 2 else pixels, video.rotation)
        rows, columns = shown.shape[:2]
        said = f"{video.times[number]:.4g} s"
        tiles.append(Tile(None, columns, rows, said, data=jpeg(shown, WIDE), kind="image/jpeg"))
    said = f"Frames at {', '.join(t.title for t in tiles)}"
    if count == 1:
        return sheet_img(tiles, said, tallest)
    return sheet_img(tiles, said, tallest) + note(
        f"The picture pulled {human_bytes(cost)} of {human_bytes(video.file.size)}."
    )


def _numbers(video: Video, count: int) -> list[int]:
    """Frames at even steps; in their place those near to them that are decoded alone."""
    n = len(video)
    step = n / count if n > count else 1.0
    wanted = [int((i + 0.5) * step) if n > count else i for i in range(min(count, n))]
    index = video._index
    alone = np.flatnonzero(index.keys[index.order[video._first : video._behind]])
    found = []
    for number in wanted:
        near = alone[np.abs(alone - number) <= step / 2]
        found.append(int(near[np.abs(near - number).argmin()]) if len(near) else number)
    return sorted(set(found))


def _cost(video: Video, numbers: list[int]) -> int:
    return video._frames.bytes_needed(np.asarray(numbers, np.int64) + video._first)
