"""VideoTests: what every format of videos must hold, beside what all formats must."""

import pickle
import random
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from neurochain.errors import FormatError, ShapeError
from neurochain.formats import Video, read_header
from neurochain.storage import File, ReadLog, recording_reads
from neurochain.testing.format_tests import FormatTests, random_index, same

__all__ = ["VideoTests"]


class VideoTests(FormatTests):
    """Conformance suite of a format of videos: frames in any order, times and costs.

    A header need not say how many frames there are, where only a look at all packets would tell.

    Examples
    --------
    >>> class TestMine(VideoTests):                           # doctest: +SKIP
    ...     reader = MyReader()
    """

    opens: ClassVar[str] = "video"

    def test_slices_equal_the_whole(self, files: list[Path]) -> None:
        chosen = random.Random(3)
        for path in files:
            whole, video = self.oracle(path), self.video(path)
            assert whole is not None, path
            assert video.shape == whole.shape, path
            header = read_header(File.at(path)).header
            assert header["shape"] is None or header["shape"][1:] == list(whole.shape[1:])
            same(np.asarray(video), whole, 0)
            for _ in range(8):
                index = random_index(whole.shape, chosen)
                part = video[index]
                assert np.shape(part) == whole[index].shape, (path, index)
                same(np.asarray(part), whole[index], 0)

    def test_frames_come_in_any_order(self, files: list[Path]) -> None:
        chosen = np.random.default_rng(4)
        for path in files:
            video = self.video(path)
            whole = video.read()
            wanted = chosen.integers(-len(video), len(video), 30)
            same(video.frames(wanted), whole[wanted], 0)
            assert video.frames([]).shape == (0, *video.shape[1:])
            for number in (0, len(video) // 2, len(video) // 2 + 1, len(video) // 2 + 2, len(video) - 1):
                same(video[number], whole[number], 0)
            with pytest.raises(IndexError):
                video.frames([0, len(video)])

    def test_frames_come_one_by_one(self, files: list[Path]) -> None:
        for path in files:
            video = self.video(path)
            whole = video.read()
            count = 0
            for frame, expected in zip(video, whole, strict=True):
                same(frame, expected, 0)
                count += 1
            assert count == len(video)
            for number in range(0, len(video), 3):
                same(video[number], whole[number], 0)

    def test_times_ascend_and_tell_frames(self, files: list[Path]) -> None:
        for path in files:
            video = self.video(path)
            times, end = video.times, video.start + video.duration
            assert times.dtype == np.float64
            assert times.shape == (len(video),)
            assert times[0] == video.start
            assert (np.diff(times) >= 0).all()
            assert times[-1] < end
            for number, time in enumerate(times):
                found = video.index_at(float(time))
                assert times[found] == time
                assert found >= number
            assert video.index_at((times[-1] + end) / 2) == len(video) - 1
            for outside in (times[0] - 0.01, end + 0.01):
                with pytest.raises(ShapeError, match=path.name):
                    video.at(outside)

    def test_windows_are_slices(self, files: list[Path]) -> None:
        chosen = random.Random(5)
        for path in files:
            video = self.video(path)
            end = video.start + video.duration
            a, b = sorted(chosen.uniform(video.start, end) for _ in range(2))
            window = video.window(a, b)
            inside = (video.times >= a) & (video.times < b)
            assert len(window) == inside.sum()
            same(window.times, video.times[inside], 0)
            same(window.read(), video.read()[inside], 0)
            again = pickle.loads(pickle.dumps(window))
            assert (again.shape, again.start, again.duration) == (window.shape, window.start, window.duration)
            assert len(video.window(video.start, end)) == len(video)
            with pytest.raises(ShapeError, match="goes from"):
                video.window(a, end + 1)

    def test_what_a_slice_needs_is_told_without_reading(self, files: list[Path]) -> None:
        for path in files:
            with recording_reads(ReadLog(io="bytes")) as log:
                video = self.video(path)
                before = log.bytes
                some, whole = video.bytes_needed(0), video.bytes_needed()
                assert log.bytes == before
            assert 0 < some <= whole <= path.stat().st_size
            assert video.bytes_needed(slice(0, 0)) == 0

    def test_pickles_as_its_file(self, files: list[Path]) -> None:
        for path in files[:5]:
            video = self.video(path)
            for one in (video, video.grey):
                again = pickle.loads(pickle.dumps(one))
                assert (again.shape, again.dtype, again.file) == (one.shape, one.dtype, one.file)
                np.testing.assert_array_equal(again[0], one[0])
            assert len(pickle.dumps(video)) < 2000

    def test_the_other_kind_is_refused(self, files: list[Path]) -> None:
        for other in (self.reader.recording, self.reader.volume):
            with pytest.raises(FormatError, match="holds a video"):
                other(File.at(files[0]))

    def video(self, path: Path) -> Video:
        """The video of a file."""
        found: Any = self.open(path)
        assert isinstance(found, Video)
        return found
