"""A BrainVision recording is one row; its samples and its markers are a part of it."""

from pathlib import Path

import numpy as np

import neurochain as nc

HEADER = """Brain Vision Data Exchange Header File Version 1.0
[Common Infos]
DataFile=a.eeg
MarkerFile=a.vmrk
DataOrientation=MULTIPLEXED
NumberOfChannels=2
SamplingInterval=4000
[Binary Infos]
BinaryFormat=INT_16
[Channel Infos]
Ch1=Fz,,0.5,µV
Ch2=Cz,,0.5,µV
"""


def test_a_recording_is_a_row_and_changes_with_its_samples(folder: Path) -> None:
    samples = np.arange(200, dtype="<i2").reshape(100, 2)
    (folder / "a.vhdr").write_text(HEADER, "utf-8")
    (folder / "a.vmrk").write_text("[Marker Infos]\nMk1=New Segment,,1,1,0,20200203040506000000\n")
    (folder / "a.eeg").write_bytes(samples.tobytes())
    chain = (
        nc.read_storage(folder)
        .filter(nc.Column("format") == "brainvision")
        .map(last=lambda recording: float(recording[1, -1]))
        .select("file", "last", "brainvision.labels", "header.n_samples", "start_time")
    )
    (row,) = list(chain)
    assert (row.last, row.labels, row.n_samples) == (99.5, ["Fz", "Cz"], 100)
    assert str(row.start_time) == "2020-02-03 04:05:06"
    (folder / "a.eeg").write_bytes((samples * 2).tobytes() * 2)
    (row,) = list(chain)
    assert (row.last, row.n_samples) == (199.0, 200)
    (folder / "a.vmrk").write_text("[Marker Infos]\nMk1=New Segment,,1,1,0,20210203040506000000\n")
    (row,) = list(chain)
    assert row.start_time.year == 2021


def test_samples_that_are_gone_are_an_error_of_the_row(folder: Path) -> None:
    (folder / "a.vhdr").write_text(HEADER, "utf-8")
    (row,) = list(nc.read_storage(folder).select("header.format", "header.error"))
    assert row.format == "brainvision"
    assert "DataFile=a.eeg, and no such file lies beside it" in row.error
