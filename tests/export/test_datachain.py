"""Interop with DataChain, the real package: datasets, chains, files. Skipped where it is not installed."""

import datetime as dt
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydantic
import pytest

import neurochain as nc
from neurochain.export.datachain import as_datachain_file

dc: Any = pytest.importorskip(
    "datachain", reason="datachain is not installed: pip install 'neurochain[datachain]'"
)

NOON = dt.datetime(2025, 6, 1, 12, 0, 0, 123456, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def database(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A database of DataChain's own; nothing is sent."""
    monkeypatch.setenv("DATACHAIN_ROOT_DIR", str(folder / ".datachain"))
    monkeypatch.setenv("DATACHAIN_NO_ANALYTICS", "1")
    yield
    dc.query.Session.cleanup_for_tests()


class Peak(dc.DataModel):  # type: ignore[misc]
    at: float
    channel: str | None = None


class Fit(dc.DataModel):  # type: ignore[misc]
    peak: Peak
    parts: list[Peak] = pydantic.Field(default_factory=list)
    note: dict[str, Any] = pydantic.Field(default_factory=dict)


def test_reading_what_datachain_saved(folder: Path) -> None:
    (folder / "a.txt").write_text("hello")
    (folder / "b.txt").write_text("world!")
    fits = [Fit(peak=Peak(at=1.5, channel="Fz"), parts=[Peak(at=2)], note={"k": [1]}), Fit(peak=Peak(at=2))]
    dc.read_storage(f"file://{folder}/*.txt").order_by("file.path").setup(fits=lambda: fits).map(
        fit=lambda fits, file: fits[file.path.startswith("b")], output=Fit
    ).mutate(n=7, text="x", half=0.5, yes=True).save("fitted")
    chain = nc.read_datachain("fitted")
    rows = list(chain.order_by("fit.peak.at"))
    assert [r.file.read() for r in rows] == [b"hello", b"world!"]
    assert [r.fit.peak.at for r in rows] == [1.5, 2.0]
    assert rows[0].fit.peak.channel == "Fz"
    assert rows[0].fit.parts == [{"at": 2.0, "channel": None}]
    assert rows[0].fit.note == {"k": [1]}
    assert (rows[0].n, rows[0].text, rows[0].half, rows[0].yes) == (7, "x", 0.5, True)
    assert str(chain.schema["fit"].type) == "Fit"
    assert chain.filter(nc.Column("fit.peak.at") > 1.7).count() == 1


def test_lineage_names_the_dataset() -> None:
    dc.read_values(x=[1, 2]).save("numbers")
    dc.read_values(x=[1, 2, 3]).save("numbers")
    version = nc.read_datachain("numbers", version="1.0.0").map(y=lambda x: x + 1).save("more")
    (source,) = version.lineage().sources
    uuid = dc.read_dataset("numbers", version="1.0.0").dataset.get_version("1.0.0").uuid
    assert source.kind == "datachain"
    assert source.reference["name"].endswith("numbers")
    assert (source.reference["version"], source.reference["uuid"]) == ("1.0.0", uuid)
    assert source.reference["rows"] == 2
    again = nc.read_datachain("numbers@1.0.0").map(y=lambda x: x + 1).save("more")
    assert again.version == version.version
    chain = nc.read_datachain(dc.read_dataset("numbers").filter(dc.C("x") > 1))
    assert sorted(chain.collect()["x"]) == [2, 3]
    (source,) = chain.save("fewer").lineage().sources
    assert (source.kind, source.reference["name"], source.reference["rows"]) == ("datachain", None, 2)


def test_what_is_not_there() -> None:
    dc.read_values(x=[1]).save("numbers")
    with pytest.raises(nc.DatasetNotFoundError, match=r"nope not found.*Datasets that it has: numbers"):
        nc.read_datachain("nope")
    with pytest.raises(nc.DatasetNotFoundError, match=r"version 3\.0\.0 not found"):
        nc.read_datachain("numbers", version="3.0.0")
    with pytest.raises(nc.SchemaError, match="takes a name or a DataChain, not a int"):
        nc.read_datachain(3)


def test_no_rows() -> None:
    dc.read_values(x=[1], p=[Peak(at=1)]).filter(dc.C("x") > 1).save("none")
    assert nc.read_datachain("none").collect().shape == (0, 2)
    nc.read_values(x=[1], a=[np.zeros(2)]).filter(nc.Column("x") > 1).to_datachain("empty")
    assert nc.read_datachain("empty").collect().shape == (0, 2)


def round_trip(chain: nc.Chain) -> list[nc.Row]:
    there = chain.to_datachain("trip")
    assert there.name == "trip"
    return list(nc.read_datachain("trip"))


def test_round_trip(folder: Path) -> None:
    (folder / "with space #1.txt").write_text("hello")
    file = nc.File.at(folder / "with space #1.txt")
    values: dict[str, list[Any]] = {
        "i": [1, None, -(2**62)],
        "f": [0.5, None, float("inf")],
        "s": ["ü", None, ""],
        "b": [True, None, False],
        "raw": [b"\x00\xff", None, b""],
        "at": [NOON, None, NOON],
        "file": [file, None, file],
        "names": [["a"], None, []],
        "numbers": [[1.5, 2.5], None, []],
        "deep": [[[1, 2], [3]], None, []],
        "peak": [{"at": 1.5, "channel": "Fz"}, None, {"at": 2.5, "channel": None}],
        "peaks": [[{"at": 1.5, "channel": "Fz"}], None, []],
        "nested": [{"peak": {"at": 1.5, "raw": b"x", "file": file}, "when": NOON}] * 3,
    }
    chain = nc.read_values(values)
    back = round_trip(chain)
    for mine, other in zip(chain, back, strict=True):
        for name in values:
            assert other[name] == mine[name], name
    assert back[0].file.read() == b"hello"
    assert str(nc.read_datachain("trip").schema["at"].type) == "datetime[UTC]"


def test_what_datachain_has_no_place_for(folder: Path) -> None:
    chain = nc.read_values(
        day=[dt.date(2025, 6, 1)],
        clock=[dt.time(1, 2, 3)],
        lasted=[dt.timedelta(seconds=90.5)],
        naive=[NOON.replace(tzinfo=None)],
        nan=[float("nan")],
        f32=[np.float32(0.5)],
        void=[None],
        a=[np.arange(6, dtype=np.int16).reshape(2, 3)],
        c=[np.array([1 + 2j])],
        days=[[dt.date(2025, 6, 1)]],
        raws=[[b"a"]],
        files=[[nc.File("/data/a.dcm", 3)]],
        moments=[np.array(["2025-06-01", "NaT"], "datetime64[D]")],
    ).mutate(v=nc.Column("f32"))
    (row,) = round_trip(chain)
    assert (row.day, row.clock, row.lasted) == ("2025-06-01", "01:02:03", "PT90.500000S")
    assert (row.naive, row.nan, row.f32, row.void) == (NOON, None, 0.5, None)
    assert (row.a, row.c) == ([[0, 1, 2], [3, 4, 5]], [[1.0, 2.0]])
    assert (row.days, row.raws, row.files) == (["2025-06-01"], ["YQ=="], ["/data/a.dcm"])
    assert row.moments == ["2025-06-01", None]


def test_volumes_and_headers(dicom: Path) -> None:
    scans = nc.read_storage(str(dicom)).map(v=lambda file: nc.Volume.of(np.ones((1, 2, 2)), np.eye(4)))
    (row,) = round_trip(scans)
    assert row.header.format == "dicom"
    assert row.dicom.Rows == 64
    assert row.v.data == [[[1.0, 1.0], [1.0, 1.0]]]
    assert row.file.read_range(128, 132) == b"DICM"


@pytest.fixture
def dicom(folder: Path) -> Path:
    from pydicom.data import get_testdata_file  # 0.3 s, for two tests

    path = folder / "a.dcm"
    path.write_bytes(Path(str(get_testdata_file("MR_small.dcm"))).read_bytes())
    return path


def test_two_records_of_one_name_stay_apart() -> None:
    nc.read_values(r=[{"a": 1}]).to_datachain("one")
    nc.read_values(r=[{"b": "x"}]).to_datachain("two")
    assert nc.read_datachain("one").collect()["r"].to_list() == [{"a": 1}]
    assert nc.read_datachain("two").collect()["r"].to_list() == [{"b": "x"}]
    code = "import neurochain as nc; print(nc.read_datachain('one').collect()['r'].to_list())"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "[{'a': 1}]"


def test_names_that_datachain_does_not_take() -> None:
    for column in ("a.b", "_x", "a__b", "two words"):
        with pytest.raises(nc.SchemaError, match="has no column named"):
            nc.read_values({column: [1]}).to_datachain("names")
    with pytest.raises(nc.SchemaError, match=r"'r\.a b'"):
        nc.read_values(r=[{"a b": 1}]).to_datachain("names")


def test_integers_that_datachain_cannot_hold() -> None:
    assert [r.n for r in round_trip(nc.read_values(n=[np.uint64(2**63 - 1), None]))] == [2**63 - 1, None]
    with pytest.raises(nc.SchemaError, match=r"below 2\*\*63"):
        nc.read_values(n=[np.uint64(2**63)]).to_datachain("large")


def test_a_file_for_functions_of_datachain(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "a.txt").write_text("hällo\nworld")
    ours = nc.File.at(folder / "sub" / "a.txt")
    file = as_datachain_file(ours)
    assert type(file) is dc.File
    assert (file.path, file.name, file.size, file.etag) == ("a.txt", "a.txt", ours.size, ours.etag)
    assert file.source == f"file://{folder}/sub"
    assert file.get_fs_path() == str(folder / "sub" / "a.txt")
    assert file.read() == b"h\xc3\xa4llo\nworld"
    assert file.read(3) == b"h\xc3\xa4"
    assert file.read_text(encoding="utf-8") == "hällo\nworld"
    with file.open() as stream:
        stream.seek(7)
        assert stream.read() == b"world"
    with file.open("r", encoding="utf-8") as stream:
        assert stream.readline() == "hällo\n"
    assert file.resolve().size == ours.size
    assert file.get_local_path() == str(folder / "sub" / "a.txt")
    assert as_datachain_file(ours, dc.TextFile).read(encoding="utf-8") == "hällo\nworld"
    assert as_datachain_file(None) is None
    with pytest.raises(OSError, match="read through neurochain"), file.open("wb"):
        pass
    (folder / "sub" / "a.txt").write_text("other")
    with pytest.raises(nc.FileChangedError):
        file.read()


def test_an_image_for_functions_of_datachain(folder: Path) -> None:
    image = pytest.importorskip("PIL.Image", reason="Pillow comes with datachain")
    image.new("L", (3, 2), 7).save(folder / "a.png")
    file = as_datachain_file(nc.File.at(folder / "a.png"), dc.ImageFile)
    assert np.asarray(file.read()).tolist() == [[7, 7, 7], [7, 7, 7]]


def test_a_remote_file_has_its_bucket_as_source() -> None:
    file = as_datachain_file(nc.File("s3://bucket/deep/a.nii", 3, "e", NOON))
    assert (file.source, file.path, file.last_modified) == ("s3://bucket", "deep/a.nii", NOON)
    assert file.get_fs_path() == "s3://bucket/deep/a.nii"
