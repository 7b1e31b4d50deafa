"""Made videos: a pattern that moves, with some noise, seeded. They show nothing that was filmed."""

import os
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
SIZE = (64, 48)  # width, height
CODED = {"crf": "20", "preset": "ultrafast"}
X264 = {
    "preset": "medium",
    "crf": "24",
    "x264-params": "keyint=12:min-keyint=12:scenecut=0:bframes=2:b-adapt=0",
}
OPEN = {**X264, "x264-params": X264["x264-params"] + ":open-gop=1"}
X265 = {
    "preset": "ultrafast",
    "x265-params": "keyint=12:min-keyint=12:bframes=3:open-gop=1:log-level=none:pools=1",
}
FRAGMENTED = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}


def pictures(count: int, size: tuple[int, int] = SIZE, seed: int = 0) -> Pixels:
    """Frames, shape (count, height, width, 3)."""
    rng = np.random.default_rng(seed)
    width, height = size
    rows, columns = np.mgrid[:height, :width]
    found = np.empty((count, height, width, 3), np.uint8)
    texture = rng.integers(0, 40, (height, width, 3))
    for i in range(count):
        wave = 90 + 60 * np.sin((columns + 3 * i) / 7) + 30 * np.cos(rows / 5)
        found[i] = np.clip(wave[:, :, None] + np.roll(texture, i, 1), 0, 255)
        found[i, : height // 6, : width // 6] = 20 + (11 * i) % 210  # tells frames apart
    return found


@contextmanager
def same_priority() -> Iterator[None]:
    """SVT-AV1 lets whoever encodes run before all others (SCHED_FIFO), where it may, and never takes that back."""
    before = (os.sched_getscheduler(0), os.sched_getparam(0)) if hasattr(os, "sched_getscheduler") else None
    yield
    if before is not None:
        os.sched_setscheduler(0, *before)


def write_video(
    path: Path,
    count: int = 40,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    options: Mapping[str, str] | None = None,
    container: Mapping[str, str] | None = None,
    rate: int | Fraction = 30,
    times: Sequence[int] | None = None,
    size: tuple[int, int] = SIZE,
    sound: bool = False,
    metadata: Mapping[str, str] | None = None,
    gop: int = 12,
    b_frames: int = 0,
) -> Path:
    """Write a made video.

    Parameters
    ----------
    times : sequence of int, milliseconds
        Of a variable frame rate.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    tick = Fraction(1, 1000) if times is not None else 1 / Fraction(rate)
    with same_priority(), av.open(str(path), "w", options=dict(container or {})) as out:
        out.metadata.update(metadata or {})
        stream = out.add_stream(codec, rate=rate, options=dict(options or {}))
        stream.width, stream.height, stream.pix_fmt = *size, pixels
        stream.codec_context.gop_size = gop
        stream.codec_context.thread_count = 1
        if not options or "x264-params" not in options:
            stream.codec_context.max_b_frames = b_frames
        if times is not None:
            stream.codec_context.time_base = stream.time_base = tick
        heard = out.add_stream("aac", rate=8000, layout="mono") if sound else None
        for i, picture in enumerate(pictures(count, size)):
            frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format=pixels)
            frame.pts, frame.time_base = i if times is None else times[i], tick
            out.mux(stream.encode(frame))
            if heard is not None and i % 4 == 0:
                samples = np.zeros((1, 1024), np.float32)
                tone = av.AudioFrame.from_ndarray(samples, "fltp", "mono")
                tone.sample_rate, tone.pts, tone.time_base = 8000, i // 4 * 1024, Fraction(1, 8000)
                out.mux(heard.encode(tone))
        out.mux(stream.encode(None))
        if heard is not None:
            out.mux(heard.encode(None))
    return path


def decoded(path: Path) -> tuple[Pixels, np.ndarray[Any, Any]]:
    """All frames and their times, in seconds, as PyAV gives them one after the other."""
    frames, times = [], []
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        stream.thread_count = 1
        for frame in file.decode(stream):
            frames.append(frame.to_ndarray(format="rgb24"))
            times.append(float(frame.pts * stream.time_base) if frame.pts is not None else np.nan)
    return np.stack(frames), np.array(times)


def patched(path: Path, kind: bytes, at: int, form: str, *values: int) -> Path:
    """Overwrite fields of the first box of a kind, from a byte of its content on."""
    data = bytearray(path.read_bytes())
    place = data.index(kind) + 4 + at
    struct.pack_into(form, data, place, *values)
    path.write_bytes(data)
    return path


def turned(path: Path, degrees: int) -> Path:
    """Say in the header of the first track that frames are to be turned clockwise."""
    cos, sin = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}[degrees]
    one = 1 << 16
    return patched(path, b"tkhd", 40, ">5i", cos * one, sin * one, 0, -sin * one, cos * one)


def every_kind(folder: Path) -> dict[str, Path]:
    """Videos of every container, of several codecs and of every peculiarity."""
    slow = [0, 40, 80, 95, 200, 260, 300, 333, 400, 410, 600, 640]
    jumps = [t + 700 * k for k in range(3) for t in slow]
    plans: dict[str, dict[str, Any]] = {
        "bframes.mp4": {"options": X264, "rate": Fraction(30000, 1001)},
        "fast.mp4": {"options": X264, "container": {"movflags": "faststart"}, "sound": True},
        "variable.mp4": {"options": X264, "count": 36, "times": jumps},
        "open.mp4": {"options": OPEN},
        "pieces.mp4": {"options": X264, "container": FRAGMENTED},
        "hevc.mp4": {"codec": "libx265", "options": X265},
        "av1.mp4": {"codec": "libsvtav1", "options": {"preset": "12", "svtav1-params": "lp=1"}},
        "asp.mp4": {"codec": "mpeg4", "b_frames": 2, "options": {"bf": "2"}},
        "film.mov": {"options": X264, "sound": True},
        "photos.mov": {"codec": "mjpeg", "pixels": "yuvj420p"},
        "drawings.mov": {"codec": "png", "pixels": "rgb24"},
        "camera.avi": {"codec": "mjpeg", "pixels": "yuvj422p", "rate": 25},
        "xvid.avi": {"codec": "mpeg4", "gop": 10, "sound": True},
        "xvid_b.avi": {"codec": "mpeg4", "gop": 10, "options": {"bf": "2"}},
        "h264.avi": {"options": X264},
        "plain.avi": {"codec": "rawvideo", "pixels": "bgr24", "size": (50, 38)},
        "grey.avi": {"codec": "rawvideo", "pixels": "gray"},
        "lossless.avi": {"codec": "ffv1", "pixels": "gray"},
        "huff.avi": {"codec": "huffyuv", "pixels": "yuv422p"},
        "bframes.mkv": {"options": X264, "sound": True},
        "variable.mkv": {"options": X264, "count": 36, "times": jumps},
        "open.mkv": {"options": OPEN},
        "vp8.mkv": {"codec": "libvpx", "options": {"auto-alt-ref": "1", "lag-in-frames": "10", "cpu-used": "8"}, "count": 60},
        "vp9.webm": {"codec": "libvpx-vp9", "options": {"lag-in-frames": "10", "cpu-used": "8"}},
        "lossless.mkv": {"codec": "ffv1", "pixels": "yuv420p"},
        "raw.mkv": {"codec": "rawvideo", "pixels": "yuv420p"},
        "asp.mkv": {"codec": "mpeg4", "options": {"bf": "2"}},
    }  # fmt: skip
    found = {name: write_video(folder / name, **plan) for name, plan in plans.items()}
    found["turned.mp4"] = turned(write_video(folder / "turned.mp4", options=X264), 90)
    # Half a second from the third key on, as a telephone trims: 24 frames of 512 ticks at 15,360 a second.
    trimmed = write_video(folder / "trimmed.mp4", options=X264)
    found["trimmed.mp4"] = patched(trimmed, b"elst", 8, ">Ii", 500, 1024 + 26 * 512)
    late = write_video(folder / "late.mp4", options=X264)
    found["late.mp4"] = patched(late, b"elst", 8, ">Ii", 1000, 1024)
    return found


def repeated(path: Path, source: Path, times: int) -> Path:
    """A long video: the packets of a short one over and over, not encoded again."""
    with av.open(str(source)) as given, av.open(str(path), "w") as out:
        stream = given.streams.video[0]
        target = out.add_stream_from_template(stream)
        packets = [p for p in given.demux(stream) if p.size]
        lasting = sum(p.duration for p in packets)
        for k in range(times):
            for held in packets:
                packet = av.Packet(bytes(held))
                packet.pts, packet.dts = held.pts + k * lasting, held.dts + k * lasting
                packet.time_base, packet.is_keyframe, packet.stream = held.time_base, held.is_keyframe, target
                packet.duration = held.duration
                out.mux(packet)
    return path
