"""VideoReader: MP4, MOV, AVI and MKV files. Containers are read here, frames are decoded by PyAV, which is an extra."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from neurochain.errors import FormatError
from neurochain.formats.header import column
from neurochain.formats.reader import FileHeader
from neurochain.formats.recordings.recording import Recording
from neurochain.formats.video.containers import container_of, index_of, kind_of
from neurochain.formats.video.index import PacketIndex
from neurochain.formats.video.texts import texts_of
from neurochain.formats.video.track import Track
from neurochain.formats.video.video import Video
from neurochain.formats.volumes.volume import Volume
from neurochain.storage import File, Memo, cache_memo

__all__ = ["VideoReader"]

HEADER = 124 * 1024  # bytes that a header is worth
LARGEST = 64 * 2**20  # bytes of what describes a file, its tables left out


class VideoRecord(BaseModel):
    """Fields of a video."""

    model_config = ConfigDict(extra="forbid", strict=True)

    codec: str | None = column('As libavcodec calls it: "h264", "hevc", "mpeg4", "mjpeg"')
    width: int | None = column("Of a frame as stored, pixels")
    height: int | None = column("Of a frame as stored, pixels")
    frame_rate: float | None = column("On average, or as the container announces it", "Hz")
    frame_count: int | None = column(
        "Null where only a look at all packets would tell: in MKV, and in fragments"
    )
    pixel_format: str | None = column(
        'Of the stored pixels: "yuv420p"; null where the container does not say'
    )
    rotation: int | None = column("By which frames are to be turned clockwise to stand upright", "degrees")
    is_variable: bool | None = column("Whether frames do not follow each other evenly; null as frame_count")
    has_audio: bool | None = column("Whether there is sound")
    encoder: str | None = column("Program that wrote it")


class VideoReader:
    """Reader of MP4, MOV, AVI, MKV and WebM."""

    name = "video"
    formats = ("mp4", "mov", "avi", "mkv")
    array: Literal["volume", "recording", "video"] = "video"
    record = VideoRecord
    suffixes = (".mp4", ".m4v", ".mov", ".qt", ".avi", ".mkv", ".webm")
    head_size = 4096
    companions: Mapping[str, tuple[str, ...]] = {}

    def matches(self, head: bytes, name: str) -> bool:
        """Whether it begins as one of the containers does."""
        return kind_of(head, name) is not None

    def read_header(self, file: File, head: bytes) -> FileHeader:
        """What the container says of the video; packets are not looked at."""
        container, _ = container_of(file, head, HEADER)
        track = container.track
        return FileHeader(_header(track), self.name, _record(track), track.length)

    def identifiers(self, file: File) -> dict[str, str]:
        """Texts that may name a person or a place: titles, artists, comments, positions."""
        try:
            container, pieces = container_of(file, file.read_range(0, self.head_size), LARGEST)
        except FormatError:
            return {}
        return texts_of(pieces, container)

    def volume(self, file: File, memo: Memo | None = None) -> Volume:
        """It holds a video."""
        raise FormatError(f"{file.uri} holds a video, no volume: nc.open(path), or a parameter of nc.Video.")

    def recording(self, file: File, memo: Memo | None = None) -> Recording:
        """It holds a video."""
        raise FormatError(
            f"{file.uri} holds a video, no recording: nc.open(path), or a parameter of nc.Video."
        )

    def video(self, file: File, memo: Memo | None = None) -> Video:
        """The video; the index of its packets is made at the first opening, and remembered.

        Raises
        ------
        FormatError
            The file is cut short, or contradicts itself.
        """
        memo = cache_memo() if memo is None else memo
        key = f"video index 1: {file.uri} {file.etag} {file.size}"
        kept = memo.get(key)
        index = PacketIndex.unpacked(kept) if kept is not None else None
        if index is None:
            index = self._indexed(file)
            memo.put(key, index.pack())
        return Video(file, self.video, index)

    def _indexed(self, file: File) -> PacketIndex:
        try:
            # What depends on the file depends on the packets that the index leads to, which are noted.
            head = file.read_range(0, self.head_size, note=False)
            container, _ = container_of(file, head, LARGEST, note=False)
            return index_of(file, container)
        except FormatError as error:
            raise FormatError(f"{file.uri}: {error}.") from None


def _header(track: Track) -> dict[str, Any]:
    known = track.frame_count is not None
    return {
        "format": track.format,
        "shape": [track.frame_count, track.height, track.width, 3] if known else None,
        "dtype": "uint8",
        "sampling_frequency": track.sampling_frequency,
        "n_samples": track.frame_count,
        "duration": track.duration,
        "start_time": track.start_time,
        "error": track.problem,
    }


def _record(track: Track) -> dict[str, Any]:
    rate = track.frame_rate
    return {
        "codec": track.codec.name,
        "width": track.width,
        "height": track.height,
        "frame_rate": float(rate) if rate else None,
        "frame_count": track.frame_count,
        "pixel_format": track.codec.pixels or None,
        "rotation": track.rotation,
        "is_variable": track.is_variable,
        "has_audio": track.has_audio,
        "encoder": track.encoder,
    }
