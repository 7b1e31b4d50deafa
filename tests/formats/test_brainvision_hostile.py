"""BrainVision headers that lie, and files that are not where they should be."""

import re

import pytest
from brainvision_files import noise, write
from noted import noted

from neurochain.errors import FileChangedError, FormatError
from neurochain.formats import open_recording, read_header
from neurochain.storage import File
from neurochain.testing import CountingFile


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"DataFormat": "ASCII"}, "DataFormat=ASCII; export them as BINARY"),
        ({"DataType": "FREQUENCYDOMAIN"}, "DataType=FREQUENCYDOMAIN"),
        ({"DataOrientation": "ROUND"}, "DataOrientation=ROUND; known are MULTIPLEXED and VECTORIZED"),
        ({"BinaryFormat": "INT_24"}, "BinaryFormat=INT_24 in .Binary Infos.; known are INT_16"),
        ({"DataOffset": 12}, "dataoffset=12"),
        ({"SamplingInterval": "0"}, "SamplingInterval=0, which is no time"),
        ({"SamplingInterval": "1e-320"}, "SamplingInterval"),
        ({"SamplingInterval": "nan"}, "SamplingInterval=nan"),
        ({"NumberOfChannels": "many"}, "numberofchannels='many'"),
        ({"NumberOfChannels": None}, "no NumberOfChannels"),
        ({"NumberOfChannels": 999_999_999_999}, "999,999,999,999 channels, and does not describe Ch4"),
        ({"NumberOfChannels": 2}, "2 channels, and describes Ch3"),
        ({"entries": ["a", "b", "c,,zero"]}, "'zero' for the resolution of Ch3 .'c'."),
        ({"entries": ["a", "b", "c,,0"]}, "resolution of Ch3"),
        ({"first": "Brain Vision Data Exchange Header File Version 3.0"}, "known are the versions 1.0 and 2.0"),
        ({"DataFile": None}, "no DataFile"),
        ({"DataFile": "../data.eeg"}, r"DataFile=\.\./data\.eeg, and no such file lies beside it; a\.eeg does"),
        ({"DataFile": "C:\\x\\a.eeg"}, r"and no such file lies beside it; a\.eeg does"),
        ({"DataFile": "x" * 5000}, "and no such file lies beside it"),
        ({"DataFile": "gone.eeg"}, r"DataFile=gone\.eeg.*; a\.eeg does. .*write DataFile=a\.eeg into the header"),
        ({"MarkerFile": "gone.vmrk"}, r"MarkerFile=gone\.vmrk.*; a\.vmrk does"),
        ({"DataPoints": 11}, r"11 DataPoints, and a\.eeg has 60 bytes, which are 10 samples of 3 channels x 2 bytes"),
    ],
)  # fmt: skip
def test_header_that_lies_is_an_error_row(tmp_path, change, text):
    path = write(tmp_path / "a.vhdr", noise(3, 10), **change)
    found = read_header(File.at(path))
    assert found.header["format"] == "brainvision"
    assert re.search(text, found.error), found.error
    with pytest.raises(FormatError, match=r"a\.vhdr: .*") as raised:
        open_recording(File.at(path))
    assert found.error in str(raised.value)


def test_a_line_that_stands_twice(tmp_path):
    path = write(tmp_path / "a.vhdr", noise(2, 10))
    path.write_bytes(path.read_bytes().replace(b"Ch2=", b"Ch1="))
    assert "its header says Ch1 twice in [Channel Infos]" in read_header(File.at(path)).error


@pytest.mark.parametrize("orientation", ["MULTIPLEXED", "VECTORIZED"])
@pytest.mark.parametrize("change", [-1, 1, -60])
def test_data_of_another_length_is_an_error_row(tmp_path, orientation, change):
    path = write(tmp_path / "a.vhdr", noise(3, 10), orientation=orientation)
    data = path.with_suffix(".eeg")
    data.write_bytes((data.read_bytes() + b"x")[: 60 + change])
    error = read_header(File.at(path)).error
    assert (
        f"a.eeg has {60 + change} bytes, which are {(60 + change) // 6} samples of 3 channels x 2 bytes"
        in error
    )


def test_a_header_without_its_other_files(tmp_path):
    path = write(tmp_path / "a.vhdr", noise(3, 10))
    path.with_suffix(".vmrk").unlink()
    assert (
        "MarkerFile=a.vmrk, and no such file lies beside it. Put it there" in read_header(File.at(path)).error
    )
    path.with_suffix(".eeg").unlink()
    assert "DataFile=a.eeg, and no such file lies beside it. Put it there" in read_header(File.at(path)).error


def test_a_header_longer_than_its_head(tmp_path):
    entries = [f"channel number {i},,0.5,µV" for i in range(3000)]
    path = write(tmp_path / "a.vhdr", noise(3000, 4), entries=entries, comment="x" * 10**6, MarkerFile=None)
    file = CountingFile.at(path)
    found = read_header(file)
    assert found.error is None
    assert found.record["labels"][-1] == "channel number 2999"
    assert file.bytes_read == path.stat().st_size
    large = tmp_path / "large.vhdr"
    large.write_bytes(b"[Common Infos]\n" + b"x" * 17 * 2**20)
    assert "the text of a BrainVision header has a few thousand" in read_header(File.at(large)).error


def test_data_that_were_listed_and_changed_are_no_fault_of_the_header(tmp_path):
    path = write(tmp_path / "a.vhdr", noise(2, 10))
    file = File.at(path)
    listed = File(file.uri, file.size, file.etag, file.mtime, companions='{"a.eeg": "other"}')
    with pytest.raises(FileChangedError):
        read_header(listed)


@pytest.mark.parametrize("mark", ["Stimulus,S1,x,1,0", "Stimulus,S1", "Stimulus", "", "Stimulus,S1,1e3,1,0"])
def test_a_marker_without_a_position(tmp_path, mark):
    path = write(tmp_path / "a.vhdr", noise(2, 10), marks=[mark])
    assert open_recording(File.at(path)).shape == (2, 10)
    with pytest.raises(FormatError, match=rf"a\.vhdr: its marker Mk1 stands at no sample: '{mark}'"):
        noted(File.at(path))


@pytest.mark.parametrize(
    ("mark", "found"),
    [
        ("Comment,hello, you,6,10,0", (0.01, 0.02, "Comment/hello, you")),
        ("Comment,at 5,6,10,0", (0.01, 0.02, "Comment/at 5")),
        ("Stimulus,S1,6", (0.01, 0.0, "Stimulus/S1")),
        ("Stimulus,S1, 6 ,,", (0.01, 0.0, "Stimulus/S1")),
        ("New Segment,,6,1,0,20200203040506123456", None),
    ],
)
def test_markers_as_other_programs_write_them(tmp_path, mark, found):
    path = write(tmp_path / "a.vhdr", noise(2, 10), marks=[mark])
    assert noted(File.at(path)) == (() if found is None else (found,))
