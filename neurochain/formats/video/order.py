"""Order: in which the packets of an AVI file are shown, which the container does not say."""

import re
from dataclasses import replace
from typing import Any

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.video.codecs import REORDERING
from neurochain.formats.video.decoding import Decoder, cores
from neurochain.formats.video.frames import pulled
from neurochain.formats.video.tables import Samples
from neurochain.formats.video.track import Track
from neurochain.storage import File

__all__ = ["in_order"]

HEAD = 96  # bytes of a packet in which its picture's type mostly is
MORE = 4096
BATCH = 50_000  # packets whose heads are read at once
VOP = b"\x00\x00\x01\xb6"  # ISO/IEC 14496-2, 6.2.5
PICTURE = b"\x00\x00\x01\x00"  # ISO/IEC 13818-2, 6.2.3
BETWEEN = 2  # a picture of MPEG-4 that refers to one before and one behind it
PACKED = re.compile(rb"DivX\d+(?:b|Build)\d+p")

Integers = np.ndarray[Any, np.dtype[np.int64]]
Bools = np.ndarray[Any, np.dtype[np.bool_]]


def in_order(file: File, track: Track, samples: Samples) -> Samples:
    """The same packets, each with the time at which it is shown.

    Of MPEG-4 and MPEG-1/2 the types of the pictures tell the order, which stand at the beginning of the packets. Of H.264
    and its like, where pictures may be shown in another order at all, they are decoded once.

    Parameters
    ----------
    file : File
        That holds the packets.
    track : Track
        How they are coded.
    samples : Samples
        Packets whose times ascend.

    Raises
    ------
    FormatError
        Two pictures lie in one packet.
    MissingExtraError
        Packets must be decoded, and PyAV is not installed.
    """
    name = track.codec.name
    if name not in REORDERING or len(samples) < 2:
        return samples
    if name in ("mpeg4", "mpeg1video", "mpeg2video"):
        ranks = _by_types(_between(file, track, samples))
    else:
        found = _by_decoding(file, track, samples)
        if found is None:
            return samples
        ranks = found
    return replace(samples, times=samples.times[ranks])


def _by_types(between: Bools) -> Integers:
    """Rank of each packet in the order of showing: one that others refer to is shown when the next such one comes."""
    count = len(between)
    references = np.flatnonzero(~between)
    ranks = np.arange(count, dtype=np.int64)
    ranks[between] -= 1
    if len(references):
        ranks[references] = np.append(references[1:], count) - 1
    ranks[: references[0] if len(references) else count] = np.arange(
        references[0] if len(references) else count
    )
    return ranks


def _between(file: File, track: Track, samples: Samples) -> Bools:
    """Whether the picture of each packet refers to one behind it, so that it is shown before that."""
    mark = VOP if track.codec.name == "mpeg4" else PICTURE
    found = np.zeros(len(samples), bool)
    if track.codec.name == "mpeg4" and PACKED.search(track.codec.extra):
        raise _packed()
    for first in range(0, len(samples), BATCH):
        offsets, sizes = samples.offsets[first : first + BATCH], samples.sizes[first : first + BATCH]
        heads = file.read_ranges(
            list(zip(offsets.tolist(), (offsets + np.minimum(sizes, HEAD)).tolist(), strict=True)), note=False
        )
        for i, head in enumerate(heads):
            at = head.find(mark)
            if (at < 0 or at + 6 > len(head)) and sizes[i] > HEAD:
                start = int(offsets[i])
                head = file.read_range(start, start + min(int(sizes[i]), MORE), note=False)
                at = head.find(mark)
                if mark == VOP and PACKED.search(head):
                    raise _packed()
            if 0 <= at <= len(head) - 6:
                kind = head[at + 4] >> 6 if mark == VOP else ((head[at + 5] >> 3) & 7) - 1
                found[first + i] = kind == BETWEEN
    return found


def _packed() -> FormatError:
    return FormatError(
        "two of its frames lie in one packet (a packed bitstream of DivX). Unpack it: "
        "ffmpeg -i FILE -c copy -bsf:v mpeg4_unpack_bframes OUT.avi"
    )


def _by_decoding(file: File, track: Track, samples: Samples) -> Integers | None:
    """Rank of each packet as its picture comes out of a decoder; None where all come out as they go in."""
    probe = Decoder(track, samples.keys, file.name)
    for number, data in pulled(file, samples.offsets[:1], samples.sizes[:1], note=False):
        list(probe.feed(number, data))
    if not probe.reorders:
        return None
    packets = pulled(file, samples.offsets, samples.sizes, note=False)
    order = [number for number, _ in Decoder(track, samples.keys, file.name, cores()).pictures(packets)]
    ranks = np.full(len(samples), -1.0)
    ranks[order] = np.arange(len(order))
    # A picture that does not come out is taken to be shown behind the one that was decoded before it.
    for number in np.flatnonzero(ranks < 0).tolist():
        ranks[number] = ranks[number - 1] + 0.5 if number else -0.5
    found = np.empty(len(samples), np.int64)
    found[np.argsort(ranks, kind="stable")] = np.arange(len(samples))
    return found
