"""Objects on their way through calls: as arguments, read while the call is the row's own, and told apart."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydantic
import pytest
import torch

import neurochain as nc
from neurochain.datasets.types import Record
from neurochain.testing.edf import write_edf

AFFINE = np.eye(4)


def image(i: int) -> nc.Volume:
    return nc.Volume.of(np.full((2, 2), i, np.int16), AFFINE)


def test_an_annotated_argument_is_the_column(folder: Path) -> None:
    def mean(scan: nc.Volume) -> float:
        return float(scan[...].mean())

    def total(volume: nc.Volume | None) -> float:
        return -1.0 if volume is None else float(volume[...].sum())

    def many(scan: list[nc.Volume]) -> float:
        return float(sum(s[...].sum() for s in scan))

    chain = nc.read_values(i=range(3)).map(scan=image).map(volume=lambda i: image(i) if i else None)
    rows = chain.map(mean).map(total).collect()
    assert rows.select("mean", "total").rows() == [(0.0, -1.0), (1.0, 4.0), (2.0, 8.0)]
    assert chain.agg(many).collect()["many"].to_list() == [12.0]


def test_the_column_goes_before_the_file(bids_tree: Path) -> None:
    def half(volume: nc.Volume) -> nc.Volume:
        return nc.Volume.of(volume[...] / 2, volume.affine)

    def largest(volume: nc.Volume) -> float:
        return float(volume[...].max())

    scans = nc.read_storage(str(bids_tree / "**/*_T1w.nii")).map(whole=largest).map(volume=half)
    for row in scans.map(largest):
        assert row.largest == row.whole / 2


def test_what_a_row_reads_is_noted_with_the_row(folder: Path) -> None:
    for name in ("a", "b"):
        voxels = np.ones((40, 40, 10), np.int16)
        nibabel.save(nibabel.Nifti1Image(voxels, AFFINE), folder / f"{name}.nii")  # type: ignore[no-untyped-call]
        write_edf(folder / f"{name}.edf", np.ones((2, 10_000)), 100, ["Fz", "Cz"])

    def given(volume: nc.Volume) -> nc.Volume:
        return volume

    def nested(volume: nc.Volume) -> dict[str, Any]:
        return {"n": 1, "inner": {"v": volume}}

    def pieces(recording: nc.Recording) -> Iterator[nc.Recording]:
        yield recording.window(0, 1)
        yield recording.window(99, 100)

    def together(volume: list[nc.Volume]) -> list[nc.Volume]:
        return volume

    scans, eeg = nc.read_storage(str(folder / "*.nii")), nc.read_storage(str(folder / "*.edf"))
    for name, chain in (
        ("map", scans.map(out=given)),
        ("nested", scans.map(out=nested)),
        ("gen", eeg.gen(out=pieces)),
        ("batches", scans.map_batches(out=together, batch_size=1)),
    ):
        for reuse in (False, True):
            reads = chain.settings(reuse=reuse).save(name).lineage().reads().to_dicts()
            ends: dict[str, int] = {}
            for read in reads:
                ends[read["path"]] = max(ends.get(read["path"], 0), *(end for _, end in read["ranges"]))
            # To the last sample, and not of the header alone.
            assert len(ends) == 2, (name, reuse)
            assert set(ends.values()) == {40_768 if name == "gen" else 32_352}, (name, reuse)


def test_what_cannot_be_read_is_the_rows_own_failure(bids_tree: Path) -> None:
    cut = bids_tree / "sub-01" / "anat" / "sub-01_T1w.nii"
    whole = cut.read_bytes()

    def given(file: nc.File) -> nc.Volume:
        volume = nc.open_volume(file)
        cut.write_bytes(whole[:-8])  # behind the back of the one that reads it next
        return volume

    chain = nc.read_storage(str(bids_tree / "**/*_T1w.nii")).settings(on_error="keep").map(out=given)
    rows = chain.collect()
    assert rows["error"].is_not_null().to_list() == [True, False]


def test_a_volume_is_no_recording_and_no_dict(folder: Path) -> None:
    for other in (nc.Recording.of(np.zeros((2, 2), np.int16), 1.0), {"k": 1}, {"data": np.zeros((2, 2))}):
        values = [image(1), other]
        with pytest.raises(nc.SchemaError, match="'out' holds Volume, but row 1 gives"):
            nc.read_values(i=[0, 1]).map(out=lambda i: values[i]).collect()  # noqa: B023


def test_a_type_does_not_depend_on_what_is_known(folder: Path) -> None:
    given = [image(1), nc.Volume.of(np.zeros((1, 2), np.int16)), None, {"a": 1}, {"a": None}]

    def give(i: int) -> Any:
        return given[i]

    def types(*rows: int, reuse: bool = True) -> Any:
        kind = nc.read_values(i=rows).map(out=give).settings(reuse=reuse).save("d").schema["out"].type
        return [str(kind), *(str(f.type) for f in kind.fields)] if isinstance(kind, Record) else str(kind)

    types(0, 1, 2)
    types(3, 4)
    for rows in ([0], [1], [2], [1, 2], [0, 1], [3], [4], [2, 4], [3, 4]):
        assert types(*rows) == types(*rows, reuse=False), rows
    assert types(2) == "null"


class Named(pydantic.BaseModel):
    value: int = pydantic.Field(alias="theValue")


def test_a_record_with_aliases_is_built_by_its_names(folder: Path) -> None:
    def give(i: int) -> Named:
        return Named(theValue=i)

    def take(out: Named) -> int:
        return out.value

    assert nc.read_values(i=[1, 2]).map(out=give).map(take).collect()["take"].to_list() == [1, 2]


def test_errors_say_what_is_wrong_behind_rows_of_none(folder: Path) -> None:
    def array(i: int) -> np.ndarray:  # type: ignore[type-arg]
        return [1.0] if i else None  # type: ignore[return-value]

    with pytest.raises(nc.SchemaError, match="'out' is annotated as numpy array, but row 1 gives list"):
        nc.read_values(i=[0, 1]).map(out=array).collect()
    with pytest.raises(nc.SchemaError, match=r"bfloat16.*tensor.float\(\)"):
        nc.read_values(i=[0]).map(out=lambda i: torch.zeros(1, dtype=torch.bfloat16)).collect()
