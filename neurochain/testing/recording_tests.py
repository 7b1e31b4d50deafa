"""RecordingTests: what every format of recordings must hold, beside what all formats must."""

import random
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

from neurochain.formats import Annotation, Recording
from neurochain.storage import File, ReadLog, recording_reads
from neurochain.testing.format_tests import FormatTests, same

__all__ = ["RecordingTests"]


class RecordingTests(FormatTests):
    """Conformance suite of a format of recordings: times, channels by name, annotations and costs.

    Examples
    --------
    >>> class TestEdf(RecordingTests):                        # doctest: +SKIP
    ...     reader = EdfReader()
    """

    opens: ClassVar[str] = "recording"

    def test_windows_are_slices(self, files: list[Path]) -> None:
        chosen = random.Random(4)
        for path in files:
            recording = self.recording(path).stored
            at = 0
            for start, end in recording.segments:
                stretch = recording.window(start, end)
                assert stretch.channels == recording.channels
                assert not stretch.discontinuous or len(recording.segments) == 1  # gaps that nobody timed
                for rate, length in zip(stretch.sampling_frequencies, stretch.lengths, strict=True):
                    assert abs(length - (end - start) * rate) < 1
                if len(set(recording.lengths)) > 1:
                    continue
                rate, n = stretch.sampling_frequency, stretch.lengths[0]
                same(stretch.channel(0), recording.channel(0, at, at + n), 0)
                first, last = sorted(chosen.randrange(n + 1) for _ in range(2))
                part = recording.window(start + first / rate, start + last / rate)
                same(part[...], recording[:, at + first : at + last], 0)
                assert abs(part.start - start - first / rate) < 1e-6
                at += n

    def test_picked_channels_are_those_of_the_whole(self, files: list[Path]) -> None:
        chosen = random.Random(5)
        for path in files:
            recording = self.recording(path)
            wanted = chosen.sample(range(len(recording)), chosen.randrange(1, len(recording) + 1))
            picked = recording.pick(wanted)
            assert picked.channels == tuple(recording.channels[i] for i in wanted)
            assert picked.units == tuple(recording.units[i] for i in wanted)
            for i, channel in enumerate(wanted):
                n = recording.lengths[channel]
                first, last = sorted(chosen.randrange(n + 1) for _ in range(2))
                same(picked.channel(i, first, last), recording.channel(channel, first, last), 0)

    def test_what_a_slice_needs_is_told_without_reading(self, files: list[Path]) -> None:
        for path in files:
            with recording_reads(ReadLog(io="bytes")) as log:
                recording = self.recording(path).pick([0])
                before = log.bytes
                some = recording.bytes_needed((0, slice(0, 1)))
                whole = recording.bytes_needed()
                assert log.bytes == before
            assert 0 <= some <= whole
            assert recording.bytes_needed((0, slice(0, 0))) == 0

    def test_annotations_are_on_the_clock(self, files: list[Path]) -> None:
        for path in files:
            recording = self.recording(path)
            found = recording.annotations
            assert all(
                type(a) is Annotation and type(a.onset) is float and type(a.text) is str for a in found
            )
            assert all(a.duration is None or (type(a.duration) is float and a.duration >= 0) for a in found)
            assert all(a.onset <= b.onset for a, b in pairwise(found))
            assert recording.stored.annotations == found
            start, end = recording.segments[0]
            inside = recording.window(start, end).annotations
            assert set(inside) <= set(found)
            assert {a for a in found if start <= a.onset < end} <= set(inside)

    def recording(self, path: Path) -> Recording:
        """The recording of a file."""
        found: Recording = self.reader.recording(File.at(path))
        return found
