"""FIF files that lie about themselves."""

import struct

import numpy as np
import pytest
from fif_files import TAG, chain, changed, raw_of, save, with_directory
from noted import noted

from neurochain.errors import FormatError
from neurochain.formats import open_recording, read_header
from neurochain.storage import File
from neurochain.testing import CountingFile

MARK = TAG.pack(100, 31, 20, 0) + bytes(20)
POINTER = TAG.pack(101, 3, 4, 0)
END = TAG.pack(108, 0, 0, -1)


def tag(kind, type_, data=b"", following=0):
    return TAG.pack(kind, type_, len(data), following) + data


def block(kind, *inside):
    number = struct.pack(">i", kind)
    return tag(104, 3, number) + b"".join(inside) + tag(105, 3, number)


def integer(kind, value):
    return tag(kind, 3, struct.pack(">i", value))


def number(kind, value):
    return tag(kind, 4, struct.pack(">f", value))


def channel(name="c", cal=1.0, range_=1.0, unit=107, multiplier=0):
    fields = struct.pack(">3i2fi", 1, 1, 2, range_, cal, 1) + bytes(48) + struct.pack(">2i", unit, multiplier)
    return tag(203, 30, fields + name.encode().ljust(16, b"\0"))


def info(*more, n_channels=1, frequency=100.0):
    return block(101, integer(200, n_channels), number(201, frequency), *more)


def made(path, *inside, end=END, pointer=-1):
    path.write_bytes(MARK + POINTER + struct.pack(">i", pointer) + b"".join(inside) + end)
    return path


def raw(*buffers):
    return block(102, *buffers)


SAMPLES = tag(300, 16, np.arange(10, dtype=">i2").tobytes())


def error_of(path):
    found = read_header(File.at(path))
    assert found.header["format"] == "fif"
    with pytest.raises(FormatError) as raised:
        open_recording(File.at(path))
    assert found.error is None or found.error in str(raised.value)
    return found.error


def test_the_smallest_recording(tmp_path):
    path = made(tmp_path / "a.fif", block(100, info(channel("Fz", 0.5, 2.0, multiplier=-6)), raw(SAMPLES)))
    recording = open_recording(File.at(path))
    assert read_header(File.at(path)).error is None
    assert (recording.shape, recording.units, recording.channels) == ((1, 10), ("µV",), ("Fz",))
    np.testing.assert_array_equal(recording.read(), [np.arange(10)])


@pytest.mark.parametrize(
    ("inside", "text"),
    [
        ([info(channel(), n_channels=2), raw(SAMPLES)], "says 2 channels, and describes 1"),
        ([info(n_channels=0), raw(SAMPLES)], "describes no channels"),
        ([info(channel(), frequency=0.0), raw(SAMPLES)], "no sampling frequency"),
        ([info(channel(), frequency=float("nan")), raw(SAMPLES)], "no sampling frequency"),
        ([info(channel(), frequency=-1.0), raw(SAMPLES)], "no sampling frequency"),
        ([info(channel(cal=float("inf"))), raw(SAMPLES)], "'c' is scaled by inf"),
        ([info(tag(203, 30, bytes(95))), raw(SAMPLES)], "channel 0 has 95 bytes; 96 are needed"),
        ([info(channel()), raw()], "holds no samples"),
        ([info(channel()), raw(SAMPLES), raw(SAMPLES)], "2 blocks of raw data"),
        ([info(channel()), raw(tag(300, 16, bytes(7)))], "7 bytes, which are no whole number of samples of 1 channels x 2"),
        ([info(channel()), raw(SAMPLES, tag(300, 4, bytes(8)))], "of the types 4, 16; one is expected"),
        ([info(channel()), raw(tag(300, 10, bytes(8)))], "of type 10; known are"),
        ([info(channel()), raw(tag(300, 21, bytes(16)))], "complex128 numbers"),
        ([raw(SAMPLES)], "describes no channels"),
        ([info(channel(), block(113), block(113)), raw(SAMPLES)], "describes 1 channels, and adds to 2"),
        ([tag(104, 3, bytes(8))], "does not say of which kind it is"),
        ([integer(105, 7)], "block of kind 7 ends at byte 56, and had not begun"),
        ([integer(104, 7), integer(105, 8)], "block of kind 8 ends at byte 76, and had not begun"),
        ([integer(104, 7)], "the file is cut short: its block of kind 7 does not end"),
        ([integer(104, 7)] * 50, "more than 40 deep"),
        ([TAG.pack(106, 3, -4, 0)], "says that it has -4 bytes"),
        ([TAG.pack(106, 3, 2**31 - 1, 0)], "says that it has 2,147,483,647 bytes"),
        ([TAG.pack(106, 3, 0, 56)], "round in a circle: that at byte 56 comes twice"),
        ([TAG.pack(106, 3, 0, 99_999)], "a tag stands at byte 99,999"),
        ([TAG.pack(106, 3, 0, -7)], "a tag stands at byte -7"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_an_error_row(tmp_path, inside, text):
    assert text in error_of(made(tmp_path / "a.fif", *inside))


@pytest.mark.parametrize(
    ("pointer", "directory", "text"),
    [
        (10**6, b"", "its directory stands at byte 1,000,000, and the file ends"),
        (56, b"", "stands at byte 56, and there is none"),
        (None, TAG.pack(102, 32, 1600, -1), "its directory needs 1,600 bytes"),
        (None, TAG.pack(102, 32, 7, -1) + bytes(7), "and there is none"),
        (
            None,
            TAG.pack(102, 32, 16, -1) + TAG.pack(300, 16, 2**30, 56),
            "kind 300 at byte 56 has 1,073,741,824 bytes",
        ),
        (None, TAG.pack(102, 32, 16, -1) + TAG.pack(300, 16, -2, 56), "has -2 bytes"),
        (
            None,
            TAG.pack(102, 32, 16, -1) + TAG.pack(104, 3, 4, 40),
            "(104, 3, 4) stands at byte 40, and there is (",
        ),
    ],
)
def test_a_directory_that_lies_is_an_error_row(tmp_path, pointer, directory, text):
    path = made(tmp_path / "a.fif", block(100, info(channel()), raw(SAMPLES)))
    path = made(
        path,
        block(100, info(channel()), raw(SAMPLES)),
        end=directory,
        pointer=pointer or path.stat().st_size - 16,
    )
    assert text in error_of(path)


def test_samples_that_are_listed_twice_are_an_error(tmp_path):
    path = made(tmp_path / "a.fif", block(100, info(channel()), raw(SAMPLES)))
    data = path.read_bytes()
    listed = [t for t in chain(data) for _ in range(5 if t[0] == 300 else 1)]
    entries = b"".join(TAG.pack(*t) for t in listed)
    path.write_bytes(
        data[:52] + struct.pack(">i", len(data)) + data[56:] + TAG.pack(102, 32, len(entries), -1) + entries
    )
    assert "overlap" in error_of(path)


def test_descriptions_that_are_listed_again_and_again_are_not_pulled(tmp_path):
    path = made(tmp_path / "a.fif", block(100, info(tag(219, 4, bytes(60_000))), raw(SAMPLES)))
    data = path.read_bytes()
    listed = [t for t in chain(data) for _ in range(20_000 if t[0] == 219 else 1)]
    entries = b"".join(TAG.pack(*t) for t in listed)
    path.write_bytes(
        data[:52] + struct.pack(">i", len(data)) + data[56:] + TAG.pack(102, 32, len(entries), -1) + entries
    )
    assert "lists the same bytes more than once" in error_of(path)


def test_a_huge_directory_is_not_pulled(tmp_path):
    path = tmp_path / "a.fif"
    path.write_bytes(MARK + POINTER + struct.pack(">i", 56) + TAG.pack(102, 32, 16 * 600_000, -1))
    with path.open("r+b") as file:
        file.truncate(80 + 16 * 600_000)
    counting = CountingFile.at(path)
    assert "lists 600,000 tags; at most 500,000 are read" in read_header(counting).error
    assert counting.bytes_read < 100_000


def test_more_tags_than_a_file_has_are_not_followed(tmp_path):
    path = made(tmp_path / "a.fif", tag(106, 3) * 500_001)
    assert "more than 500,000 tags" in error_of(path)
    path = made(tmp_path / "b.fif", *[tag(104, 3, bytes(4)) + tag(105, 3, bytes(4))] * 50_001)
    assert "more than 50,000 blocks" in error_of(path)
    path = made(tmp_path / "c.fif", tag(300, 16) * 600_000)
    assert "more than 500,000 tags" in error_of(path)


def test_buffers_of_one_size_and_what_interrupts_them(tmp_path):
    """The chain is followed by looks at a few buffers: that finds each of them, wherever other tags stand between."""
    generator = np.random.default_rng(3)
    for trial in range(12):
        n = int(generator.integers(1, 60))
        buffers, whole = [], []
        for i in range(n):
            rows = 6000 if generator.random() < 0.9 else 3000
            values = (np.arange(rows * 4) + i).astype(">i2")
            buffers.append(tag(300, 16, values.tobytes()))
            whole.append(values.reshape(-1, 4).T)
            if generator.random() < 0.05:
                buffers.append(tag(108, 0))
        four = [channel(f"c{i}") for i in range(4)]
        path = made(tmp_path / f"{trial}.fif", block(100, info(*four, n_channels=4), raw(*buffers)))
        found = read_header(File.at(path))
        assert (found.error, found.record["n_buffers"]) == (None, n)
        np.testing.assert_array_equal(
            open_recording(File.at(path)).stored.read(), np.concatenate(whole, axis=1)
        )


def test_small_buffers_with_gaps_between_them(tmp_path):
    # Four tags of a gap are as long as a buffer here: what stands behind them is in step again.
    values = np.arange(32 * 600, dtype=">i2").reshape(600, 32)
    buffers = [
        (integer(301, 1) if 300 <= i < 304 else b"") + tag(300, 16, one.tobytes())
        for i, one in enumerate(values)
    ]
    path = made(tmp_path / "a.fif", block(100, info(channel()), raw(*buffers)))
    found = read_header(File.at(path))
    assert (found.error, found.record["n_buffers"], found.record["n_skips"]) == (None, 600, 4)
    np.testing.assert_array_equal(open_recording(File.at(path)).stored[0], values.reshape(-1))


def test_annotations_that_do_not_fit_together(tmp_path):
    def with_annotations(*tags):
        return made(tmp_path / "a.fif", block(100, info(channel()), block(3810, *tags), raw(SAMPLES)))

    starts, ends, texts = number(3568, 0.02), number(3569, 0.05), tag(206, 10, b"x")
    ((onset, duration, text),) = noted(File.at(with_annotations(starts, ends, texts)))
    np.testing.assert_allclose((onset, duration), (0.02, 0.03), atol=1e-6)
    assert text == "x"
    for tags, message in (
        ([starts, ends], "1 starts, 1 ends and 0 texts"),
        ([starts, ends, tag(206, 10, b"x:y")], "1 starts, 1 ends and 2 texts"),
        ([number(3568, float("nan")), ends, texts], "not all finite"),
        ([tag(3568, 10, b"now"), ends, texts], "no numbers"),
    ):
        with pytest.raises(FormatError, match=message):
            noted(File.at(with_annotations(*tags)))


def test_a_real_directory_whose_file_was_changed_behind_it(tmp_path):
    path = save(raw_of(200), tmp_path / "a_raw.fif")
    listed = with_directory(path, tmp_path / "b_raw.fif")

    def other_kind(data, place):
        struct.pack_into(">i", data, place, 999)

    changed(listed, 203, other_kind)
    assert "and there is (999, 30, 96): the file is damaged" in error_of(listed)
