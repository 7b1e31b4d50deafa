"""Annotations of EDF+ and BDF+ equal those of other libraries; what cannot be read says where."""

import warnings
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import mne
import numpy as np
import pytest
from edf_files import annotation_signal, edf_bytes, noise, tal
from hypothesis import given, settings
from hypothesis import strategies as st
from in_memory import memory_file

from neurochain.errors import FormatError
from neurochain.formats import Annotation, Recording, open_recording, read_header
from neurochain.storage import File, recording_reads
from neurochain.testing import CountingFile


def opened(folder: Path, records: list[bytes], **fixed: object) -> Recording:
    """Recording with one channel, and an annotation signal of these bytes."""
    bdf = bool(fixed.get("bdf"))
    signals = [{"label": "Cz", "samples": noise(len(records), 8)}, annotation_signal(records, bdf)]
    path = folder / ("a.bdf" if bdf else "a.edf")
    path.write_bytes(edf_bytes(signals, len(records), **{"reserved": "BDF+C" if bdf else "EDF+C", **fixed}))
    return open_recording(File.at(path))


def test_real_files_equal_edfio_and_mne(edf_recordings: list[Path], edfio: Any) -> None:
    counted = 0
    for path in edf_recordings:
        ours = open_recording(File.at(path))
        bdf = path.suffix == ".bdf"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = edfio.read_bdf(path) if bdf else edfio.read_edf(path)
            read = mne.io.read_raw_bdf if bdf else mne.io.read_raw_edf
            mnes = read(path, verbose="ERROR").annotations
        assert [(a.onset, a.duration, a.text) for a in ours.annotations] == [
            (pytest.approx(a.onset), a.duration, a.text)
            for a in sorted(theirs.annotations, key=lambda a: a.onset)
        ], path
        assert [(a.duration or 0, a.text) for a in ours.annotations] == list(
            zip(mnes.duration, mnes.description, strict=True)
        )
        np.testing.assert_allclose([a.onset for a in ours.annotations], mnes.onset, atol=1e-6)
        assert ours.start_time is not None
        assert ours.start_time.time() == theirs.starttime
        counted += len(ours.annotations)
    assert counted >= 5


def test_real_files_equal_pyedflib(pyedflib: Any) -> None:
    counted = 0
    for path in sorted((Path(pyedflib.__file__).parent / "tests" / "data").glob("*.?df")):
        ours = open_recording(File.at(path)).annotations
        with pyedflib.EdfReader(str(path)) as file:
            onsets, durations, texts = file.readAnnotations()
        if "legacy" in path.name:
            assert len(ours) == 2  # plain EDF that has them all the same: pyedflib leaves them out
            continue
        np.testing.assert_allclose([a.onset for a in ours], onsets, atol=1e-6)
        assert [(a.duration or -1, a.text) for a in ours] == list(zip(durations, texts, strict=True))
        counted += len(ours)
    assert counted >= 11


NOTES = st.tuples(
    st.integers(0, 20_000).map(lambda n: n / 1000),
    st.none() | st.integers(1, 9000).map(lambda n: n / 1000),
    st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=20),
)


@settings(deadline=None, max_examples=40)
@given(st.lists(NOTES, max_size=12), st.integers(0, 999_999), st.booleans())
def test_what_edfio_writes_is_read(
    edfio: Any, notes: list[tuple[float, float | None, str]], fraction: int, bdf: bool
) -> None:
    start = datetime(2020, 3, 4, 5, 6, 7, fraction)
    signal = (edfio.BdfSignal if bdf else edfio.EdfSignal)(np.arange(200.0), 10.0, label="Cz")
    written = (edfio.Bdf if bdf else edfio.Edf)(
        [signal],
        recording=edfio.Recording(startdate=date(2020, 3, 4)),
        starttime=time(5, 6, 7, fraction),
        annotations=[edfio.EdfAnnotation(*note) for note in notes],
    )
    data = written.to_bytes()

    recording = open_recording(memory_file("memory.bdf" if bdf else "memory.edf", data))
    assert recording.start_time == start
    assert recording.window(2.5, 3).start_time == start + timedelta(seconds=2.5)
    found = [(round(a.onset, 6), a.duration, a.text) for a in recording.annotations]
    assert sorted(found, key=repr) == sorted(((float(o), d, t) for o, d, t in notes), key=repr)
    assert [a.onset for a in recording.annotations] == sorted(a.onset for a in recording.annotations)


def test_everything_a_list_may_hold(tmp_path: Path) -> None:
    first = tal(0.25, "", "Recording starts") + b"+1.25\x1530.5\x14Sleep stage N2\x14@@\x14\0\0\0"
    second = (
        tal(1.25)
        + b"-0.5\x14Lights off\x14T\xfcr\x14\0+2.25\x15\x14blink@@Cz\x14\0"
        + b"+3\x14a@@nowhere\x14\0"
    )
    recording = opened(tmp_path, [first, second])
    assert recording.annotations == (
        Annotation(-0.75, None, "Lights off"),
        Annotation(-0.75, None, "Tür"),
        Annotation(0.0, None, "Recording starts"),
        Annotation(1.0, 30.5, "Sleep stage N2"),
        Annotation(1.0, 30.5, "@@"),
        Annotation(2.0, None, "blink", "Cz"),
        Annotation(2.75, None, "a@@nowhere"),
    )
    assert recording.start_time == datetime(2004, 3, 2, 5, 6, 7, 250_000)
    assert recording.stored.pick(["Cz"]).annotations == recording.annotations


def test_a_window_has_those_that_reach_into_it() -> None:
    notes = [
        Annotation(0, 30, "N1"),
        Annotation(30, 30, "N2"),
        Annotation(35, None, "spindle"),
        Annotation(40, 5, "K"),
    ]
    recording = Recording.of(np.zeros((1, 90)), 1.0)._with(_annotations=lambda: notes)
    assert recording.annotations == tuple(notes)
    assert [a.text for a in recording.window(29, 31).annotations] == ["N1", "N2"]
    assert [a.text for a in recording.window(30, 35).annotations] == ["N2"]
    assert [a.text for a in recording.window(35, 41).annotations] == ["N2", "spindle", "K"]
    assert [a.text for a in recording.window(36, 41).window(37, 40).annotations] == ["N2"]
    assert recording.window(60, 90).annotations == ()


def test_several_annotation_signals(tmp_path: Path) -> None:
    short = annotation_signal([tal(0.5, "b"), tal(2, "c")])
    long = annotation_signal(
        [tal(0.25) + tal(0.75, "a long text, so the signal is longer"), tal(1.25, "", "d")]
    )
    cz = {"label": "Cz", "samples": noise(2, 8)}
    # The first in the file keeps the time.
    (tmp_path / "a.edf").write_bytes(edf_bytes([long, cz, short, short], 2, reserved="EDF+C"))
    found = open_recording(File.at(tmp_path / "a.edf")).annotations
    assert [(a.onset, a.text[:1]) for a in found] == [
        (0.25, "b"), (0.25, "b"), (0.5, "a"), (1.0, "d"), (1.75, "c"), (1.75, "c"),
    ]  # fmt: skip
    (tmp_path / "b.edf").write_bytes(edf_bytes([cz, short, long], 2, reserved="EDF+C"))
    found = open_recording(File.at(tmp_path / "b.edf")).annotations
    assert [(a.onset, a.text[:1]) for a in found] == [(0.0, "b"), (0.25, "a"), (0.75, "d"), (1.5, "c")]


def test_annotations_alone(tmp_path: Path) -> None:
    records = [tal(0) + tal(3661.5, "seizure", duration=12)]
    (tmp_path / "a.edf").write_bytes(edf_bytes([annotation_signal(records)], 1, 0, reserved="EDF+C"))
    file = File.at(tmp_path / "a.edf")
    header = read_header(file).header
    assert (header["error"], header["n_channels"], header["sampling_frequency"], header["shape"]) == (
        None,
        0,
        None,
        None,
    )
    recording = open_recording(file)
    assert repr(recording) == "<Recording a.edf (0 channels, 0 s) 0 rates>"
    assert recording.annotations == (Annotation(3661.5, 12.0, "seizure"),)
    for use in (lambda: recording.window(0, 0), lambda: recording.shape, lambda: recording[0]):
        with pytest.raises(ValueError, match="holds annotations only"):
            use()


@pytest.mark.parametrize(
    ("record", "text"),
    [
        (b"+1\x14\x14\0hello\0", r"b'hello'"),
        (b"+1\x14\x14\0+2\x14never ends\0", r"never ends"),
        (b"+1\x14\x14\0 2\x14no sign\x14\0", r"no sign"),
        (b"+1\x14\x14\0+2,5\x14comma\x14\0", r"comma"),
        (b"+1\x14\x14\0+9999999999999999999\x14too late\x14\0", r"\+9999999999999999999"),
        (b"+1\x14\x14\0\xff\xfe\x01\0", r"\\xff\\xfe\\x01"),
    ],
)
def test_what_cannot_be_read_says_where(tmp_path: Path, record: bytes, text: str) -> None:
    recording = opened(tmp_path, [tal(0), record])
    with pytest.raises(
        FormatError, match=rf"a\.edf: the annotations of data record 1 cannot be read: .*{text}"
    ):
        _ = recording.annotations
    assert recording[0, -1:].shape == (1,)  # samples do not depend on it
    assert recording.start_time == datetime(2004, 3, 2, 5, 6, 7)
    assert read_header(recording.file).error is None


def test_a_start_that_cannot_be_read(tmp_path: Path) -> None:
    recording = opened(tmp_path, [b"junk\x14\0", tal(1)])
    with pytest.raises(FormatError, match="data record 0 cannot be read: when the record begins"):
        _ = recording.start_time
    empty = opened(tmp_path, [b"\0", tal(1, "a")])
    assert empty.start_time == datetime(2004, 3, 2, 5, 6, 7)  # an empty signal says nothing
    assert [a.text for a in empty.annotations] == ["a"]
    far = opened(tmp_path, [tal(999_999_999_999)])
    assert far.start_time is None


def test_the_header_and_samples_do_not_read_annotations(tmp_path: Path) -> None:
    file = opened(tmp_path, [tal(0), tal(1, "a")], bdf=True).file
    assert file is not None
    counting = CountingFile.at(file.uri)
    recording = open_recording(counting)
    before = counting.requests
    assert recording.annotations == recording.annotations == (Annotation(1.0, None, "a"),)
    pulled = counting.requests - before
    _ = recording.pick([0]).window(0, 2).annotations, recording.stored.annotations
    assert counting.requests - before == pulled == 1  # once for all its parts
    assert recording.start_time == recording.stored.start_time == datetime(2004, 3, 2, 5, 6, 7)
    assert counting.requests - before == 2
    with recording_reads() as log:
        lazy = open_recording(File.at(file.uri))
        whole = log.bytes
        lazy.window(0, 1)
        assert log.bytes == whole
        assert lazy[0, :3].shape == (3,)
