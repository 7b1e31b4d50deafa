"""PacketIndex: where each packet of a video lies, what it takes to decode a frame, and when it is shown."""

import json
import struct
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.video.even import ending, is_even, rate_of
from neurochain.formats.video.tables import Samples
from neurochain.formats.video.track import Codec, Track

__all__ = ["SAVE", "PacketIndex"]

Integers = np.ndarray[Any, np.dtype[np.int64]]
COLUMNS = ("offsets", "sizes", "times", "keys", "order", "ticks")
SAVE = "Fetch it again, or keep what is there: ffmpeg -i FILE -c copy OUT.mkv"
LENGTHS = struct.Struct("<IQQ")  # of the track, packets, frames


@dataclass(frozen=True)
class PacketIndex:
    """Packets in the order in which they are decoded, and frames in the order in which they are shown.

    Attributes
    ----------
    track : Track
        What the container says.
    offsets, sizes : ndarray, shape (n_packets,), int64, bytes
        Where packets lie in the file.
    times : ndarray, shape (n_packets,), int64, ticks
        As the container says them; only their order among one another counts.
    keys : ndarray, shape (n_packets,), bool
        Whether decoding can begin with a packet.
    order : ndarray, shape (n_frames,), int64
        Packet of each frame.
    ticks : ndarray, shape (n_frames,), int64
        When each frame is shown, ascending.
    end : int
        Tick at which the last frame is no longer shown.
    """

    track: Track
    offsets: Integers
    sizes: Integers
    times: Integers
    keys: np.ndarray[Any, np.dtype[np.bool_]]
    order: Integers
    ticks: Integers
    end: int

    @classmethod
    def of(
        cls,
        track: Track,
        samples: Samples,
        size: int,
        order: Integers,
        ticks: Integers,
        end: int | None = None,
    ) -> "PacketIndex":
        """Index of packets, of those frames that can be decoded.

        Parameters
        ----------
        track : Track
            What the container says.
        samples : Samples
            Packets.
        size : int
            Of the file, bytes.
        order, ticks : ndarray, shape (n_frames,), int64
            Packets in the order in which they are shown, and when.
        end : int, optional
            As of `ending`.

        Raises
        ------
        FormatError
            Packets lie outside the file, or there are no frames.
        """
        ends = samples.offsets + samples.sizes
        if len(samples) and (int(samples.offsets.min()) < 0 or int(ends.max()) > size):
            beyond = int(((samples.offsets < 0) | (ends > size)).sum())
            raise FormatError(
                f"{beyond:,} of its {len(samples):,} frames lie behind its last byte, {size:,}: it is cut short. {SAVE}"
            )
        keys = samples.keys.copy()
        if samples.hidden is not None:
            shown = ~samples.hidden[order]
            order, ticks = order[shown], ticks[shown]
        # What comes before the first key, or refers to what came before it, nobody can decode.
        first = int(np.argmax(keys)) if keys.any() else 0
        if len(samples):
            keys[first] = True
        there = (
            (samples.sizes[order] > 0)
            & (order >= first)
            & ((order == first) | ~_leads(samples.times, keys, first)[order])
        )
        order, ticks = order[there], ticks[there]
        if not len(order):
            raise FormatError("it holds no frames")
        last = ending(ticks, samples.last, end)
        if abs(last) >= 2**62 or abs(int(ticks[0])) >= 2**62:
            raise FormatError(f"its last frame ends at tick {last:,}, which is no time")
        return cls(track, samples.offsets, samples.sizes, samples.times, keys, order, ticks, last)

    @cached_property
    def seconds(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """When each frame is shown, shape (n_frames,), float64."""
        tick = self.track.tick
        found: np.ndarray[Any, np.dtype[np.float64]] = self.ticks * float(tick.numerator) / tick.denominator
        return found

    @property
    def ends(self) -> float:
        """When the last frame is no longer shown, seconds."""
        return float(self.end * self.track.tick)

    @cached_property
    def is_variable(self) -> bool:
        """Whether frames do not follow each other evenly."""
        return not is_even(self.ticks)

    @cached_property
    def frame_rate(self) -> float:
        """On average, Hz."""
        said = self.track.frame_rate
        if said and not self.is_variable:
            # Exactly as the container announces it, where its times are no more than a rounding of that.
            grid = np.arange(len(self.ticks)) * float(1 / (said * self.track.tick))
            if np.abs(self.ticks - self.ticks[0] - grid).max() <= 1:
                return float(said)
        found = rate_of(self.ticks, self.end, self.track.tick)
        return float(found) if found else 0.0

    @cached_property
    def ranks(self) -> Integers:
        """Frame of each packet, shape (n_packets,); -1 where it is none."""
        found = np.full(len(self.offsets), -1, np.int64)
        found[self.order] = np.arange(len(self.order))
        return found

    @cached_property
    def is_once(self) -> bool:
        """Whether no packet is shown twice, as edits can have it."""
        return bool((self.ranks[self.order] == np.arange(len(self.order))).all())

    @cached_property
    def spans(self) -> tuple[Integers, Integers]:
        """First and last packet that decoding each frame needs, shape (n_frames,)."""
        before = np.flatnonzero(self.keys)
        place = np.searchsorted(before, self.order, side="right") - 1
        # Pictures that are decoded behind a key and shown before it may refer to what is before it.
        leading = self.times[self.order] < self.times[before[place]]
        return before[np.maximum(place - leading, 0)], self.order

    def pack(self) -> bytes:
        """All of it in few bytes."""
        said = json.dumps(_plain(self.track) | {"end": self.end}).encode()
        columns = [np.asarray(getattr(self, name), np.int64) for name in COLUMNS]
        # Packets mostly lie one behind the other.
        columns[0] = columns[0] - np.concatenate([[0], columns[0][:-1] + columns[1][:-1]])
        deltas = [columns[0], columns[1], *(np.diff(c, prepend=0) for c in columns[2:])]
        packed = zlib.compress(b"".join(_small(d) for d in deltas), 3)
        return LENGTHS.pack(len(said), len(self.offsets), len(self.order)) + said + packed

    @classmethod
    def unpacked(cls, data: bytes) -> "PacketIndex | None":
        """What was packed; None where it is damaged."""
        try:
            length, packets, frames = LENGTHS.unpack_from(data)
            said = json.loads(data[LENGTHS.size : LENGTHS.size + length])
            end = int(said.pop("end"))
            body, at, columns = zlib.decompress(data[LENGTHS.size + length :]), 0, []
            for name in COLUMNS:
                column, at = _large(body, at, frames if name in ("order", "ticks") else packets)
                columns.append(column)
            offsets, sizes, *rest = columns
            offsets = np.cumsum(offsets) + np.concatenate([[0], np.cumsum(sizes)[:-1]])
            times, keys, order, ticks = (np.cumsum(c) for c in rest)
            return cls(_track(said), offsets, sizes, times, keys.astype(bool), order, ticks, end)
        except (struct.error, ValueError, KeyError, TypeError, IndexError, zlib.error):
            return None


def _leads(
    times: Integers, keys: np.ndarray[Any, np.dtype[np.bool_]], first: int
) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Whether packets are decoded behind the first key, before the second one, and shown before it."""
    behind = np.flatnonzero(keys[first + 1 :])
    end = first + 1 + int(behind[0]) if len(behind) else len(keys)
    found = np.zeros(len(keys), bool)
    found[first + 1 : end] = times[first + 1 : end] < times[first] if len(keys) else False
    return found


def _small(numbers: Integers) -> bytes:
    """Numbers in as few bytes each as hold all of them, the low bytes of all before the high ones."""
    width = next(w for w in (1, 2, 4, 8) if not len(numbers) or abs(numbers).max() < 2 ** (8 * w - 1))
    held = numbers.astype(f"<i{width}").view(np.uint8).reshape(-1, width)
    return bytes([width]) + np.ascontiguousarray(held.T).tobytes()


def _large(body: bytes, at: int, count: int) -> tuple[Integers, int]:
    """Numbers from their bytes, and where the next ones begin."""
    width = body[at]
    held = np.frombuffer(body, np.uint8, count * width, at + 1).reshape(width, count)
    numbers = np.ascontiguousarray(held.T).view(f"<i{width}").reshape(-1)
    return numbers.astype(np.int64), at + 1 + count * width


def _plain(track: Track) -> dict[str, Any]:
    """A track as plain JSON."""
    said = asdict(track)
    codec = said.pop("codec")
    for name in ("extra", "prefix", "palette"):
        codec[name] = codec[name].hex()
    rate, start = track.frame_rate, track.start_time
    return said | {
        "codec": codec,
        "tick": [track.tick.numerator, track.tick.denominator],
        "frame_rate": [rate.numerator, rate.denominator] if rate is not None else None,
        "start_time": start.isoformat() if start is not None else None,
    }


def _track(said: Mapping[str, Any]) -> Track:
    codec = dict(said["codec"])
    for name in ("extra", "prefix", "palette"):
        codec[name] = bytes.fromhex(codec[name])
    values = {f.name: said[f.name] for f in fields(Track)}
    rate, start = said["frame_rate"], said["start_time"]
    values |= {
        "codec": Codec(**codec),
        "tick": Fraction(*said["tick"]),
        "frame_rate": Fraction(*rate) if rate is not None else None,
        "start_time": datetime.fromisoformat(start) if start is not None else None,
    }
    return Track(**values)
