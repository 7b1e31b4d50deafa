"""Saving: versions, and what their lineage can prove."""

import functools
import hashlib
import json
import shutil
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import update

import neurochain as nc
from neurochain.datasets import tables
from neurochain.datasets.project import project


def test_versions_follow_the_change(folder: Path) -> None:
    chain = nc.read_values(x=[1, 2])
    first = chain.save("d", description="first", labels=["a", "b"])
    assert (first.version, first.rows, first.description, first.labels) == ("1.0.0", 2, "first", ("a", "b"))
    assert chain.save("d").version == "1.0.0"  # same plan, same rows
    assert nc.read_values(x=[1, 3]).save("d").version == "1.0.1"  # rows
    assert chain.save("d").version == "1.0.2"  # the latest one is another
    assert nc.read_values(x=[1], y=[2]).save("d").version == "1.1.0"  # column added
    assert nc.read_values(x=[1]).save("d").version == "2.0.0"  # column removed
    assert nc.read_values(x=["1"]).save("d").version == "3.0.0"  # column retyped
    assert chain.save("d", version="7.1.2").version == "7.1.2"
    with pytest.raises(nc.VersionError, match=r"d@7.1.2 exists already.*7\.1\.3"):
        chain.save("d", version="7.1.2")
    assert nc.datasets().filter(pl.col("name") == "d")["version"].to_list()[-1] == "7.1.2"
    assert nc.read_dataset("d@1.0.1").collect()["x"].to_list() == [1, 3]
    assert nc.dataset("d").version == "7.1.2"


def test_names_and_versions_that_cannot_be(folder: Path) -> None:
    chain = nc.read_values(x=[1])
    for name in ("", "a@1", "../x", "ü", " a"):
        with pytest.raises(nc.VersionError, match="cannot name a dataset"):
            chain.save(name)
    with pytest.raises(nc.VersionError, match="three numbers"):
        chain.save("d", version="1.2")
    with pytest.raises(nc.DatasetNotFoundError, match="'missing'"):
        nc.read_dataset("missing")


def test_an_equal_plan_in_another_order_of_settings_is_no_new_version(folder: Path) -> None:
    def double(x: int) -> int:
        return x * 2

    chain = nc.read_values(x=[1]).map(double)
    assert chain.save("d").version == "1.0.0"
    assert chain.settings(reuse=False, threads=1).save("d").version == "1.0.0"
    assert chain.settings(reuse=False).persist().save("e").rows == 1


def test_lineage_of_a_feature(bids_tree: Path) -> None:
    images = nc.read_storage("study/**/*.{nii,edf}").filter(nc.Column("header.error").is_null())

    def corner(volume: nc.Volume) -> float:
        return float(volume[0, 0, 0])

    features = images.filter(nc.Column("format") == "nifti").map(corner)
    features.save("corners")
    lineage = nc.dataset("corners").lineage()

    assert [s["step"] for s in lineage.plan["steps"]] == ["filter", "filter", "map"]
    assert lineage.plan["source"] == "storage"
    (function,) = lineage.functions
    assert function.name == "corner"
    assert "float(volume[0, 0, 0])" in (function.source or "")
    assert "float(volume[0, 0, 0])" in nc.dataset("corners").source
    (source,) = lineage.sources
    assert source.reference["files"] == 5
    for key in ("started", "ended", "host", "user", "command", "python", "platform", "computed", "bytes"):
        assert lineage.activity[key] is not None, key
    assert lineage.activity["computed"] == 2
    assert lineage.packages["polars"] == pl.__version__
    assert lineage.problems == ()
    json.dumps(lineage.to_json())

    # Every file that was listed, with its identity; what was read of it can be hashed again.
    files = lineage.files()
    assert files.height == 5
    assert set(files.columns) >= {"root", "path", "size", "etag", "header_reads"}
    for row in files.to_dicts():
        path = bids_tree / row["path"]
        assert path.stat().st_size == row["size"]
        assert row["header_reads"]
        for read in row["header_reads"]:
            assert again(path.with_name(read["name"]), read["ranges"]) == read["sha256"]
    assert {r["name"] for r in files["header_reads"].explode().to_list()} >= {
        "sub-01_T1w.nii",
        "sub-01_T1w.json",
    }
    reads = lineage.reads()
    assert set(reads["function"]) == {"corner"}
    assert reads["path"].to_list() == [f"sub-{s}/anat/sub-{s}_T1w.nii" for s in ("01", "02")]
    assert reads["bytes"].to_list() == [sum(b - a for a, b in ranges) for ranges in reads["ranges"].to_list()]
    (function,) = lineage.functions
    assert function.bytes >= sum(reads["bytes"])
    assert function.requests >= 2
    assert f"{function.bytes:,} bytes in {function.requests} reads" in str(lineage)
    for read in reads.to_dicts():
        assert again(bids_tree / read["path"], read["ranges"]) == read["sha256"]
        assert any(start >= 352 or end > 352 for start, end in read["ranges"])  # the voxel itself

    # Rows that were reused carry what they were made from, too.
    features.mutate(twice=nc.Column("corner") * 2).save("twice")
    later = nc.dataset("twice").lineage()
    assert (later.activity["computed"], later.activity["reused"]) == (0, 2)
    assert later.reads().equals(reads)
    assert later.files().drop("header_reads").equals(files.drop("header_reads"))


def again(path: Path, ranges: list[list[int]]) -> bytes:
    content = path.read_bytes()
    return hashlib.sha256(b"".join(content[start:end] for start, end in ranges)).digest()


def test_versions_nest_in_lineage(folder: Path) -> None:
    nc.read_values(x=[1, 2, 3]).save("raw")
    nc.read_dataset("raw").map(y=lambda x: x * 2).save("middle")
    version = nc.read_dataset("middle").filter(nc.Column("y") > 2).save("last")
    middle = version.lineage().sources[0]
    assert (middle.kind, middle.reference["name"], middle.reference["version"]) == (
        "version",
        "middle",
        "1.0.0",
    )
    assert middle.lineage is not None
    raw = middle.lineage.sources[0]
    assert raw.lineage is not None
    assert raw.lineage.sources[0].kind == "values"
    text = str(version.lineage())
    assert (
        text.index("last@1.0.0")
        < text.index("middle@1.0.0")
        < text.index("raw@1.0.0")
        < text.index("values: 3 rows")
    )


def test_the_content_does_not_depend_on_how_it_came(folder: Path) -> None:
    a = nc.read_values(x=[1, 2, 3]).filter(nc.Column("x") > 1).save("a")
    b = nc.read_values(x=[2, 3]).save("b")
    assert a.content_hash == b.content_hash
    assert nc.read_values(x=[3, 2]).save("c").content_hash != a.content_hash


def test_data_that_moved(dicom_tree: Path) -> None:
    scans = nc.read_storage("data/**/*.dcm").filter(nc.Column("molecular_tag") == "target_beta")
    saved = scans.map(size=lambda file: len(file.read())).save("sizes")
    shutil.move(dicom_tree, dicom_tree.with_name("elsewhere"))
    moved = dicom_tree.with_name("elsewhere") / "2026"
    with project().database.write() as connection:
        connection.execute(update(tables.roots).values(uri=str(moved.parent)))
    rows = list(nc.read_dataset("sizes"))
    assert [r.file.uri for r in rows] == [str(moved / "series1" / f"im{i}.dcm") for i in range(3)]
    assert [len(Path(r.file.uri).read_bytes()) for r in rows] == [r["size"] for r in rows]
    assert nc.read_dataset("sizes").save("again").content_hash == saved.content_hash


def test_what_cannot_be_reproduced_says_so(folder: Path) -> None:
    log = (folder / "log").open("w")

    def writes(x: int) -> int:
        log.write("x")
        return x

    with log:
        with pytest.warns(
            nc.NotReproducibleWarning, match=r"writes\(\) cannot be fingerprinted: .*open file"
        ):
            version = nc.read_values(x=[1, 2]).map(writes).save("writes")
        assert any("writes" in p for p in version.problems), version.problems
        assert "not reproducible" in repr(version)
        assert "not reproducible" in str(version.lineage())
        with pytest.warns(nc.NotReproducibleWarning):
            nc.read_values(x=[1, 2]).map(writes).collect()
    assert (folder / "log").read_text() == "x" * 4


def test_a_version_word_stands_for_the_code(folder: Path) -> None:
    seen: list[int] = []
    handle = (folder / "log").open("w")

    def model(x: int) -> int:
        seen.append(x)
        handle.flush()
        return x

    with handle:
        chain = nc.read_values(x=[1, 2])
        version = chain.map(nc.udf(model, version="weights-1")).save("m")
        assert version.problems == ()
        chain.map(nc.udf(model, version="weights-1")).collect()
        assert len(seen) == 2
        chain.map(nc.udf(model, version="weights-2")).collect()
        assert len(seen) == 4


def test_the_plan_is_that_of_the_function_before_it_ran(folder: Path) -> None:
    total = [0]

    def running(x: int) -> int:
        total[0] += x
        return x

    version = nc.read_values(x=[1, 2]).map(running).save("running")
    assert total == [3]
    (used,) = version.lineage().functions
    assert version.plan["steps"][0]["fingerprint"] == used.fingerprint


def test_what_was_given_to_a_function_stands_in_the_plan(folder: Path) -> None:
    def scaled(x: float, by: float, token: str = "") -> float:
        return x * by

    given = functools.partial(scaled, by=2.5, token="Xq7Zk29fLmPq83RtVw")
    version = nc.read_values(x=[1.0]).map(y=given).save("scaled")
    text = str(version.lineage())
    assert "y = scaled(by=2.5, token=" in text
    assert "Xq7Zk29fLmPq83RtVw" not in text
    (folder / "data").mkdir()
    (folder / "data" / "a.bin").write_bytes(b"")
    files = nc.read_storage("data", headers=False)
    chain = files.gen(window=nc.windows(2, step=1, channels=["Cz", "Pz"]))
    said = "window = Windows(seconds=2.0, step=1.0, channels=('Cz', 'Pz'), drop_last=True, random=False)"
    assert said in repr(chain)
    patches = files.gen(patch=nc.patches((8, 8), stride=4))
    assert "patch = Patches(shape=(8, 8), stride=(4, 4), drop_last=True)" in repr(patches)
