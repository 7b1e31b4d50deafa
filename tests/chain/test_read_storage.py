"""read_storage: one row per file, with headers that are read once."""

import json
from pathlib import Path
from typing import Any

import fsspec
import pydicom
import pytest
from pydicom.data import get_testdata_file

import neurochain as nc


def run(chain: nc.Chain) -> tuple[Any, Any]:
    """Rows, and what was pulled for them."""
    state, made = chain.execute()
    return state.frame.collect(), made.activity.counts


def test_rows_of_a_study(bids_tree: Path) -> None:
    frame = nc.read_storage("study").order_by("file.path").collect()
    assert frame.height == 8  # JSON files are files too
    rows = {r["file"]["path"].rpartition("/")[2]: r for r in frame.to_dicts()}
    image, signal = rows["sub-01_T1w.nii"], rows["sub-02_task-rest_eeg.edf"]
    assert image["header"]["format"] == "nifti"
    assert image["header"]["shape"] == [2, 3, 4]
    assert image["header"]["voxel_sizes"] == [2.0, 2.0, 2.0]
    assert image["nifti"] is not None
    assert image["edf"] is None
    assert (image["bids"]["subject"], image["bids"]["suffix"], image["bids"]["datatype"]) == (
        "01",
        "T1w",
        "anat",
    )
    assert json.loads(image["sidecar"]) == {"EchoTime": 0.03}
    assert signal["header"]["sampling_frequency"] == 100.0
    assert signal["bids"]["task"] == "rest"
    assert signal["sidecar"] is None
    assert rows["broken.nii"]["header"]["error"]
    assert rows["notes.txt"]["header"]["format"] is None
    assert rows["notes.txt"]["dicom"] is None
    assert rows["notes.txt"]["bids"]["subject"] is None


def test_files_can_be_read(bids_tree: Path) -> None:
    row = next(iter(nc.read_storage("study/**/*.nii", headers=False).limit(1)))
    assert isinstance(row.file, nc.File)
    assert len(row.file.read()) == row.file.size
    assert row.file.read_range(0, 4) == row.file.read()[:4]
    assert row.file.local_path().exists()
    with row.file.open() as opened:
        assert opened.read(4) == row.file.read()[:4]


def test_without_headers_nothing_is_read(dicom_tree: Path) -> None:
    chain = nc.read_storage("data/**/*.dcm", headers=False)
    frame, counts = run(chain)
    assert frame.height == 9
    assert (counts.bytes, counts.requests) == (0, 0)
    assert list(chain.schema) == ["file"]


def test_headers_are_remembered(dicom_tree: Path) -> None:
    chain = nc.read_storage("data/**/*.dcm")
    first, counts = run(chain)
    assert counts.requests >= 9
    again, counts = run(chain)
    assert (counts.bytes, counts.requests) == (0, 0)
    assert again.equals(first)
    # Other patterns over the same files read nothing either.
    part, counts = run(nc.read_storage("data/2025/*/*.dcm"))
    assert part.height == 6
    assert counts.bytes == 0

    changed = dicom_tree / "2026" / "series1" / "im1.dcm"
    dataset = pydicom.dcmread(changed)
    dataset.SeriesDescription = "changed"
    dataset.save_as(changed)
    frame, counts = run(chain)
    assert 0 < counts.bytes < 2 * changed.stat().st_size
    assert frame["dicom.SeriesDescription"].to_list().count("changed") == 1

    sidecar = dicom_tree / "2025" / "series0" / "im0.json"
    sidecar.write_text(json.dumps({"molecular_tag": "new"}))
    assert chain.filter(nc.Column("molecular_tag") == "new").count() == 1

    changed.unlink()
    assert chain.count() == 8
    changed.with_name("extra.dcm").write_bytes((dicom_tree / "2025/series0/im0.dcm").read_bytes())
    frame, counts = run(chain)
    assert frame.height == 9
    assert counts.bytes <= 2 * changed.with_name("extra.dcm").stat().st_size


def test_series_of_a_dicom_tree(dicom_tree: Path) -> None:
    scans = nc.read_storage("data/202{5..6}/**/*.{dcm, dicom,dic}")
    frame = scans.select("dicom.SeriesNumber", "InstanceNumber", "site.name", "dose").collect()
    assert frame.group_by("SeriesNumber").len()["len"].to_list() == [3, 3, 3]
    assert sorted(frame["name"].unique()) == ["site 0", "site 1", "site 2"]
    alpha = scans.filter(nc.Column("molecular_tag") == "target_alpha")
    assert alpha.count() == 6
    assert scans.filter(nc.Column("SeriesDescription") == "series 1").count() == 3


def test_lists_and_folders(bids_tree: Path) -> None:
    def count(uris: Any) -> int:
        return nc.read_storage(uris, headers=False).count()

    assert count(["study/sub-01", "study/sub-02/**/*.edf"]) == 4
    assert count([bids_tree / "notes.txt", "study/notes.txt"]) == 1
    assert count(iter(["study/broken.nii", "study/sub-*/*/*.nii"])) == 3
    assert count(str(bids_tree)) == 8
    assert count(bids_tree / "sub-{01..02}" / "anat") == 4


def test_nothing_matched_is_told_at_once(bids_tree: Path) -> None:
    with pytest.raises(
        nc.NothingMatchedError, match=r"nearest folder that exists is \S+/study/sub-01; it holds"
    ):
        nc.read_storage("study/sub-01/func/*.nii")
    with pytest.raises(nc.NothingMatchedError, match=r"'study/\*\.dcm'"):
        nc.read_storage("study/*.dcm")
    with pytest.raises(nc.PatternError, match="empty list"):
        nc.read_storage([])
    chain = nc.read_storage("study/*.txt")
    (bids_tree / "notes.txt").unlink()
    with pytest.raises(nc.NothingMatchedError):
        chain.collect()


def test_two_studies_of_one_folder_name(folder: Path) -> None:
    for place in ("a", "b"):
        (folder / place / "data").mkdir(parents=True)
        (folder / place / "data" / "x.dcm").write_bytes(
            Path(str(get_testdata_file("CT_small.dcm"))).read_bytes()
        )
    frame = nc.read_storage(["a/data/*.dcm", "b/data/*.dcm"]).collect()
    assert frame.height == 2
    nc.read_storage("a/data/*.dcm").save("a")
    nc.read_storage("b/data/*.dcm").save("b")
    uris = [next(iter(nc.read_dataset(name))).file.uri for name in ("a", "b")]
    assert uris == [str(folder / "a/data/x.dcm"), str(folder / "b/data/x.dcm")]


def test_files_that_lie_are_rows(folder: Path) -> None:
    data = folder / "data"
    data.mkdir()
    (data / "empty.dcm").write_bytes(b"")
    (data / "text.dcm").write_text("no DICOM " * 100)
    (data / "short.nii").write_bytes(b"\x5c\x01\0\0" + b"\0" * 40)
    (data / "good.dcm").write_bytes(Path(str(get_testdata_file("CT_small.dcm"))).read_bytes())
    (data / "bad.bin").write_bytes(b"x")
    (data / "bad.json").write_text("{not json")
    (data / "list.bin").write_bytes(b"x")
    (data / "list.json").write_text("[1, 2]")
    (data / "nan.bin").write_bytes(b"x")
    (data / "nan.json").write_text('{"a": NaN, "b": 1, "c": Infinity}')
    chain = nc.read_storage(["data/*.dcm", "data/*.nii", "data/*.bin"])
    errors: dict[str, Any] = {r.file.name: r.header.error if r.header else None for r in chain}
    assert errors.pop("good.dcm") is None
    assert errors.pop("nan.bin") is None
    assert all(errors.values()), errors
    assert "sidecar bad.json is no JSON" in errors["bad.bin"]
    assert "holds a list" in errors["list.bin"]
    assert chain.filter(nc.Column("b") == 1).count() == 1
    assert chain.filter(nc.Column("header.error").is_null()).count() == 2


def test_sidecars_that_only_python_reads(folder: Path) -> None:
    deep = '{"a":' * 200 + "1" + "}" * 200
    texts = [
        '{"x": 1, "v": NaN}', '{"x": 2, "v": 1e400}', '{"x": 3, "v": "\\ud800"}', f'{{"x": 4, "v": {deep}}}',
        '{"x": 5, "v": ' + "9" * 400 + "}", '\ufeff{"x": 6}', '{"x": 0, "x": 7}',
    ]  # fmt: skip
    for i, text in enumerate(texts):
        (folder / f"{i}.bin").write_bytes(b"x")
        (folder / f"{i}.json").write_text(text, encoding="utf-8")
    chain = nc.read_storage("*.bin")
    assert chain.select("x").collect()["x"].to_list() == [1, 2, 3, 4, 5, 6, 7]
    assert [row.sidecar["x"] for row in chain.select("sidecar")] == [1, 2, 3, 4, 5, 6, 7]
    assert chain.filter(nc.Column("header.error").is_not_null()).count() == 0


def test_settings_reuse_reads_headers_anew(dicom_tree: Path) -> None:
    chain = nc.read_storage("data/**/*.dcm")
    first, _ = run(chain)
    again, counts = run(chain.settings(reuse=False))
    assert counts.requests >= 9
    assert again.equals(first)
    assert run(chain)[0].equals(first)


def test_sidecars_of_compressed_images(folder: Path) -> None:
    (folder / "scan.nii.gz").write_bytes(b"")
    (folder / "scan.json").write_text('{"tag": "stem"}')
    (folder / "other.edf").write_bytes(b"")
    (folder / "other.edf.json").write_text('{"tag": "full"}')
    chain = nc.read_storage(["scan.nii.gz", "other.edf"])
    assert {r.name: r.tag for r in chain.map(name=lambda file: file.name).select("name", "tag")} == {
        "scan.nii.gz": "stem",
        "other.edf": "full",
    }


def test_every_row_has_a_header_and_entities(bids_tree: Path) -> None:
    row = next(r for r in nc.read_storage("study/**/notes.txt"))
    assert row.header.format is None
    assert row.header.error is None
    assert row.bids.subject is None
    assert row.dicom is None
    seen = nc.read_storage("study/**/notes.txt").map(kind=lambda header: str(header.format)).save("kinds")
    again = next(iter(nc.read_dataset(seen.reference)))
    assert (again.kind, again.header.format) == ("None", None)


def test_headers_in_memory_and_on_slow_disks_are_read_several_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = Path(str(get_testdata_file("MR_small.dcm"))).read_bytes()
    memory = fsspec.filesystem("memory")
    for i in range(120):
        memory.pipe(f"/several/{i:03d}.dcm", content)
        (folder / f"{i:03d}.dcm").write_bytes(content)
    columns = ["file.path", "header", "dicom", "bids"]
    quick = nc.read_storage("*.dcm").select(*columns).collect()
    monkeypatch.setattr("neurochain.chain.sources.heads.SLOW", 0.0)
    slow, counts = run(nc.read_storage("*.dcm").settings(reuse=False))
    assert counts.requests == slow.height == 120
    assert nc.read_storage("*.dcm").select(*columns).collect().equals(quick)
    remote = nc.read_storage("memory://several/*.dcm").settings(threads=4).select(*columns).collect()
    memory.rm("/several", recursive=True)
    assert remote.equals(quick)
