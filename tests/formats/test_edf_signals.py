"""The part of an EDF header that describes the signals: one by one or all at once, it says the same."""

from pathlib import Path

import numpy as np
import pytest
from edf_files import edf_bytes, noise
from hypothesis import given
from hypothesis import strategies as st

from neurochain.formats import read_header
from neurochain.formats.edf.header import parse
from neurochain.formats.edf.signals import FIELDS, LARGEST_SHARED, SIGNAL, EdfSignals, parse_signals
from neurochain.storage import File

NUMBERS = [b"-32768", b"32767", b"0", b"-0", b"-0.0", b"1,5", b"1e3", b" 7", b"\0\0", b"", b"n/a", b"nan", b"1e400", b"2.5",
           b"9e15", b"9.1e15", b"-3", b"\t5", b"1_0", b"\xb5"]  # fmt: skip
WORDS = [b"Fp1", b"", b"EDF Annotations", b"BDF Annotations", "µV".encode(), "µV".encode("latin-1"), b" x\0"]


def one_signal() -> st.SearchStrategy[list[bytes]]:
    """Fields of a signal, as wide as they are."""
    numbers = {"physical_min", "physical_max", "digital_min", "digital_max", "samples"}
    return st.tuples(
        *(st.sampled_from(NUMBERS if name in numbers else WORDS).map(lambda v, w=width: v[:w].ljust(w))
          for name, width in FIELDS)
    ).map(list)  # fmt: skip


def part_of(signals: list[list[bytes]]) -> bytes:
    return b"".join(b"".join(field) for field in zip(*signals, strict=True))


def scale_or_problem(text: str | None) -> str | None:
    """A problem without the number of the signal and its place."""
    if text is None:
        return None
    what, _, rest = text.partition(" of signal ")
    said = (
        rest.partition(")")[2] if "(at byte" not in rest else rest.partition("(at byte")[2].partition(")")[2]
    )
    return what + said


@given(st.lists(one_signal(), min_size=1, max_size=6))
def test_all_at_once_as_one_by_one(signals: list[list[bytes]]) -> None:
    found = parse_signals(part_of(signals))
    alone = [parse_signals(part_of([signal])) for signal in signals]
    offset, channels, annotations = 0, [], []
    for one in alone:
        channels += [s._replace(offset=offset) for s in one.channels]
        annotations += [s._replace(offset=offset) for s in one.annotations]
        offset += one.record_samples
    assert (list(found.channels), list(found.annotations), found.record_samples) == (
        channels,
        annotations,
        offset,
    )
    for name in ("problem", "scale_problem"):
        first = next((p for one in alone if (p := getattr(one, name)) is not None), None)
        assert scale_or_problem(getattr(found, name)) == scale_or_problem(first)


@pytest.mark.parametrize(
    ("field", "value", "place"),
    [("physical_max", "x", 256 + 3 * 112 + 8), ("samples", "y", 256 + 3 * 216 + 8)],
)
def test_a_problem_names_its_place_in_the_file(field: str, value: str, place: int) -> None:
    raw = bytearray(edf_bytes([{"label": f"c{i}", "samples": noise(1, 4, i)} for i in range(3)], 1))
    raw[place : place + 8] = value.encode().ljust(8)
    found = parse(bytes(raw))
    assert f"of signal 1 ('c1') (at byte {place}) is '{value}'" in str(found.problem or found.scale_problem)


def test_neighbours_share_their_signals_and_nothing_else(tmp_path: Path) -> None:
    for i, name in enumerate(["a.edf", "b.edf"], 1):
        (tmp_path / name).write_bytes(
            edf_bytes([{"label": "Fp1", "samples": noise(i, 8, 1)}], i, i, date=f"0{i}.03.04")
        )
    first, second = (read_header(File.at(tmp_path / name)) for name in ("a.edf", "b.edf"))
    assert [f.header["n_samples"] for f in (first, second)] == [8, 16]
    assert [f.header["sampling_frequency"] for f in (first, second)] == [8.0, 4.0]
    assert [f.header["start_time"].day for f in (first, second)] == [1, 2]
    assert first.record is not None
    for values in first.record.values():
        if isinstance(values, list):
            values.append("changed")
    again = read_header(File.at(tmp_path / "a.edf")).record
    assert again is not None
    assert (again["labels"], again["samples_per_record"], again["physical_max"]) == (["Fp1"], [8], [100.0])


def test_what_is_remembered_is_bounded() -> None:
    signal = {"label": "c", "samples": np.zeros((0, 1), int)}

    def parsed(n: int) -> tuple[EdfSignals, EdfSignals]:
        part = edf_bytes([signal] * n, 0)[SIGNAL:]
        return parse_signals(part), parse_signals(bytes(bytearray(part)))

    few, many = parsed(2), parsed(LARGEST_SHARED // SIGNAL + 1)
    assert few[0] is few[1]
    assert many[0] is not many[1]
    assert many[0] == many[1]
