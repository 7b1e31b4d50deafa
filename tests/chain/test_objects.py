"""Objects: volumes and recordings as columns, and back."""

import dataclasses
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pydantic
import pytest
import torch

import neurochain as nc
from neurochain.datasets.types import Field, Record
from neurochain.testing.edf import write_edf

AFFINE = np.diag([2.0, 2.0, 3.0, 1.0])
NOON = dt.datetime(2025, 1, 1, 12)


def image(i: int) -> nc.Volume:
    return nc.Volume.of(np.full((2, 3, 4), i, np.int16), AFFINE, voxel_sizes=[2, 2, 3])


def trace(i: int) -> nc.Recording:
    return nc.Recording.of(
        np.full((2, 5 + i), i, np.float32), 5, ["Fz", "Cz"], "uV", start=i, start_time=NOON
    )


def same_volume(a: Any, b: nc.Volume) -> bool:
    return (
        isinstance(a, nc.Volume)
        and (a.shape, a.dtype, a.axes, a.voxel_sizes) == (b.shape, b.dtype, b.axes, b.voxel_sizes)
        and (a.affine is None) == (b.affine is None)
        and np.array_equal(np.asarray(a), np.asarray(b))
        and (a.affine is None or np.array_equal(a.affine, b.affine))
    )


def same_recording(a: Any, b: nc.Recording) -> bool:
    names = ["shape", "dtype", "channels", "units", "sampling_frequency", "start", "start_time", "duration"]
    return (
        isinstance(a, nc.Recording)
        and all(getattr(a, n) == getattr(b, n) for n in names)
        and np.array_equal(np.asarray(a), np.asarray(b))
    )


def fields(field: Field) -> dict[str, str]:
    assert isinstance(field.type, Record)
    return {f.name: f"{f.type}{f' {f.unit}' if f.unit else ''}" for f in field.type.fields}


def test_volumes_and_recordings_come_back_equal(folder: Path) -> None:
    chain = nc.read_values(i=range(100)).map(volume=image).map(trace=trace)
    assert chain.schema.partial  # the first rows say the dtype
    version = chain.save("objects")
    saved = nc.read_dataset("objects")
    for rows in (list(chain), list(saved), list(chain.settings(reuse=False))):
        assert all(same_volume(r.volume, image(r.i)) and same_recording(r.trace, trace(r.i)) for r in rows)
    assert (str(version.schema["volume"].type), str(version.schema["trace"].type)) == ("Volume", "Recording")
    assert fields(version.schema["volume"]) == {
        "data": "int16[2, 3, 4]",
        "affine": "float64[4, 4] mm",
        "axes": "list[string]",
        "voxel_sizes": "list[float64] mm",
    }
    assert fields(version.schema["trace"]) == {
        "data": "float32[?, ?]",
        "sampling_frequency": "float64 Hz",
        "start": "float64 s",
        "start_time": "datetime",
        "channels": "list[string]",
        "units": "list[string]",
    }
    assert chain.save("objects").version == version.version  # the same content, whatever it came from
    assert chain.settings(reuse=False).save("objects").version == version.version


def test_a_user_sees_structs_tensors_and_arrow(folder: Path) -> None:
    chain = nc.read_values(i=[1, 2]).map(volume=image).map(trace=lambda i: trace(1))
    frame = chain.collect()
    assert frame["volume"].dtype == pl.Struct(
        {
            "data": pl.Array(pl.Int16, (2, 3, 4)),
            "affine": pl.Array(pl.Float64, (4, 4)),
            "axes": pl.List(pl.String),
            "voxel_sizes": pl.List(pl.Float64),
        }
    )
    assert frame["trace"].struct.field("channels").to_list() == [["Fz", "Cz"]] * 2
    table = chain.to_arrow()
    assert table["volume"].to_pylist()[1]["affine"] == AFFINE.tolist()
    row = chain.select("volume", "trace").to_pytorch()[1]
    assert torch.equal(row["volume"], torch.full((2, 3, 4), 2, dtype=torch.int16))
    assert row["trace"].shape == (2, 6)
    with pytest.raises(nc.SchemaError, match=r"volume2.data' is null in 1 rows"):
        chain.map(volume2=lambda i: image(1) if i == 1 else None).select("volume2").to_pytorch()


def test_fields_are_columns_too(folder: Path) -> None:
    chain = nc.read_values(i=range(4)).map(trace=trace)
    assert chain.filter(nc.Column("trace.start") >= 2).collect()["i"].to_list() == [2, 3]
    assert chain.mutate(hz=nc.Column("sampling_frequency")).collect()["hz"].to_list() == [5.0] * 4


def test_some_may_be_missing(folder: Path) -> None:
    def maybe(i: int) -> nc.Volume | None:
        return None if i % 2 else nc.Volume.of(np.ones((i + 1, 2)))

    for first in (0, 1):  # None in the first row, or not
        chain = nc.read_values(i=range(first, 6)).map(volume=maybe)
        chain.save("some")
        for rows in (list(chain), list(nc.read_dataset("some"))):
            assert [None if r.volume is None else r.volume.shape for r in rows] == [
                None if i % 2 else (i + 1, 2) for i in range(first, 6)
            ]
        assert chain.collect()["volume"].is_null().to_list() == [bool(i % 2) for i in range(first, 6)]


def test_given_in_the_script_and_in_batches(folder: Path) -> None:
    volumes = [image(1), None, image(2)]
    chain = nc.read_values(i=range(3), volume=volumes)

    def doubled(volume: Any) -> list[nc.Volume | None]:
        return [None if v is None else nc.Volume.of(2 * v[...], v.affine) for v in volume]

    rows = list(chain.map_batches(twice=doubled, batch_size=2))
    assert [None if r.twice is None else r.twice[...].max() for r in rows] == [2, None, 4]
    assert rows[1].volume is None
    assert same_volume(rows[2].volume, image(2))


@dataclasses.dataclass
class Scan:
    name: str
    volume: nc.Volume
    mask: nc.Volume | None = None


class Night(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(arbitrary_types_allowed=True)
    recording: nc.Recording
    scan: Scan | None = None


def test_inside_records(folder: Path) -> None:
    def scan(i: int) -> Scan:
        return Scan(f"s{i}", image(i), image(0) if i == 2 else None)

    def night(i: int) -> Night:
        return Night(recording=trace(i), scan=scan(i) if i else None)

    chain = nc.read_values(i=range(3)).map(scan).map(night=night)
    chain.save("nested")
    for rows in (chain, nc.read_dataset("nested")):
        for row in rows:
            assert same_volume(row.volume, image(row.i))
            assert row.mask is None if row.i < 2 else same_volume(row.mask, image(0))
            assert same_recording(row.night.recording, trace(row.i))
            assert row.night.scan is None if not row.i else same_volume(row.night.scan.volume, image(row.i))


def test_gaps_are_not_closed_silently(folder: Path) -> None:
    signals = np.arange(400.0).reshape(1, 400)
    blink = nc.Annotation(5.25, 0.5, "blink")
    write_edf("gaps.edf", signals, 100, ["Cz"], annotations=[blink], starts=[0, 1, 5, 6])
    files = nc.read_storage("gaps.edf")

    def whole(recording: nc.Recording) -> nc.Recording:
        return recording

    def stretches(recording: nc.Recording) -> Iterator[nc.Recording]:
        for start, end in recording.segments:
            yield recording.window(start, end)

    def notes(recording: nc.Recording) -> list[nc.Annotation]:
        return list(recording.annotations)

    with pytest.raises(nc.UDFError, match="as if there were no gaps"):
        files.map(whole=whole).collect()
    found = [row.stretch for row in files.gen(stretch=stretches)]
    assert [(r.start, r.duration, r.start_time) for r in found] == [
        (0.0, 2.0, dt.datetime(2026, 1, 1)),
        (5.0, 2.0, dt.datetime(2026, 1, 1, 0, 0, 5)),
    ]
    np.testing.assert_allclose(found[1][0], signals[0, 200:], atol=0.01)
    assert [(r.onset, r.duration, r.text, r.channel) for r in files.gen(notes)] == [
        (5.25, 0.5, "blink", None)
    ]


def test_windows_and_series(folder: Path) -> None:
    def windows(i: int) -> Iterator[nc.Recording]:
        whole = nc.Recording.of(np.arange(40.0).reshape(2, 20) + i, 2.0, start_time=NOON)
        for t in range(0, 10, 2):
            yield whole.window(t, t + 2)

    def stack(window: list[nc.Recording]) -> nc.Volume:
        return nc.Volume.of(np.stack([w[...] for w in window]), axes=["window", "channel", "sample"])

    chain = nc.read_values(i=[0, 100]).gen(window=windows)
    rows = list(chain)
    assert [(r.i, r.window.start, r.window.start_time) for r in rows[4:6]] == [
        (0, 8.0, NOON + dt.timedelta(seconds=8)),
        (100, 0.0, NOON),
    ]
    np.testing.assert_array_equal(rows[6].window[...], [[104, 105, 106, 107], [124, 125, 126, 127]])

    def series(window: list) -> nc.Volume:  # type: ignore[type-arg]
        return stack(window)

    joined = list(chain.agg(volume=series, partition_by="i"))
    assert [(r.volume.shape, r.volume.axes) for r in joined] == [
        ((5, 2, 4), ("window", "channel", "sample"))
    ] * 2
    np.testing.assert_array_equal(joined[1].volume[:, 0].ravel(), np.arange(20.0) + 100)


def test_an_argument_of_a_later_step(folder: Path) -> None:
    def mean(volume) -> float:  # type: ignore[no-untyped-def]
        assert isinstance(volume, nc.Volume)
        return float(volume[...].mean())

    def length(trace) -> float:  # type: ignore[no-untyped-def]
        return float(trace.duration)

    chain = nc.read_values(i=range(3)).map(volume=image).map(trace=trace).map(mean).map(length)
    assert chain.collect().select("mean", "length").rows() == [(0.0, 1.0), (1.0, 1.2), (2.0, 1.4)]


def test_what_lies_in_a_file_is_read(bids_tree: Path) -> None:
    def same(volume: nc.Volume) -> nc.Volume:
        return volume

    def window(recording: nc.Recording) -> nc.Recording:
        return recording.window(0.5, 1)

    scans = nc.read_storage(str(bids_tree / "**/*_T1w.nii"))
    for row in scans.map(held=same):
        lazy = nc.open_volume(row.file)
        assert row.held.file is None
        assert same_volume(row.held, lazy)
    eeg = nc.read_storage(str(bids_tree / "**/*.edf"))
    for row in eeg.map(window=window):
        assert same_recording(row.window, nc.open_recording(row.file).window(0.5, 1))
    version = eeg.map(window=window).save("windows")
    assert version.rows == 2


def test_a_column_has_one_dtype_and_lists_hold_none(folder: Path) -> None:
    dtypes = [np.int16, np.int16, np.float32]
    chain = nc.read_values(i=range(3))
    with pytest.raises(nc.SchemaError, match=r"'v.data' holds int16\[2\], but row 2 gives float32\[2\]"):
        chain.map(v=lambda i: nc.Volume.of(np.zeros(2, dtypes[i]))).collect()
    with pytest.raises(nc.SchemaError, match=r"'v': A list of arrays cannot be stored.*gen\(\)"):
        chain.map(v=lambda i: [image(i)]).collect()


def test_made_by_a_file_of_our_own(folder: Path) -> None:
    signals = np.vstack([np.linspace(-50, 50, 200), np.full(200, 10.0)])
    write_edf(folder / "a.edf", signals, 100, ["Fz", "Cz"])

    def opened(path: str) -> nc.Recording:
        return nc.open_recording(nc.File.at(path)).window(1, 2)

    row = next(iter(nc.read_values(path=["a.edf"]).map(cut=opened)))
    assert same_recording(row.cut, opened("a.edf"))
