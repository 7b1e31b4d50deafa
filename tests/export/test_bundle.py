"""Bundles: a version in a folder that travels, taken over and made again elsewhere."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest

import neurochain as nc
from neurochain.errors import StorageError, VersionError

STUDY = """
import neurochain as nc
from tools import centre


def first(volume) -> float:
    return centre(float(volume[..., 0].mean()))


scans = nc.read_storage("scans/*.nii").map(first=first).select("file", "first").save("first", description="first slices")
nc.read_dataset("first").map(twice=lambda first: first * 2).merge(
    nc.read_values(path=["a.nii", "b.nii"], group=["x", "y"]), on={"file.path": "path"}
).save("twice")
"""
TOOLS = """
SHIFT = 10


def centre(x):
    return x - SHIFT
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with a bundle and with the sources, moved; the study that made it and its project are gone."""
    here = tmp_path_factory.mktemp("made")
    study = here / "study"
    (study / "scans").mkdir(parents=True)
    for i, name in enumerate("ab"):
        voxels = np.full((30, 30, 30), 7 + i, np.int16)
        nibabel.save(nibabel.Nifti1Image(voxels, np.eye(4)), study / "scans" / f"{name}.nii")  # type: ignore[no-untyped-call]
    (study / "study.py").write_text(STUDY)
    (study / "tools.py").write_text(TOOLS)
    environment = {k: v for k, v in os.environ.items() if k != "NEUROCHAIN_HOME"}
    export = "import neurochain as nc; nc.dataset('twice').export('../bundle')"
    for arguments in (["study.py"], ["-c", export]):
        subprocess.run([sys.executable, *arguments], cwd=study, env=environment, check=True)
    shutil.move(study / "scans", here / "moved")
    shutil.rmtree(study)
    return here


@pytest.fixture
def bundle(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The bundle, of which a test may do what it wants, in a folder that has no project yet."""
    monkeypatch.delenv("NEUROCHAIN_HOME")
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return tmp_path / "bundle"


def test_made_again_elsewhere_with_only_the_sources(bundle: Path, tmp_path: Path) -> None:
    first, twice = nc.import_versions(bundle)
    assert (first.reference, twice.reference) == ("first@1.0.0", "twice@1.0.0")
    assert first.description == "first slices"
    moved = {"scans": str(tmp_path / "moved")}
    assert twice.reproduce(yes=True, roots=moved).outcome == "identical"
    assert first.reproduce(yes=True, roots=moved).outcome == "identical"
    assert first.verify(1, yes=True, roots=moved).outcome == "identical"
    assert nc.read_dataset("twice").collect()["group"].to_list() == ["x", "y"]
    lineage = str(twice.lineage())
    assert "def first(volume) -> float" in lineage
    assert "by not given on not given" in lineage


def test_one_changed_byte_in_a_source_is_named(bundle: Path, tmp_path: Path) -> None:
    first, _ = nc.import_versions(bundle)
    path = tmp_path / "moved" / "b.nii"
    content = bytearray(path.read_bytes())
    content[360] ^= 1
    path.write_bytes(content)
    found = first.reproduce(yes=True, roots={"scans": str(tmp_path / "moved")})
    assert found.exit_code == 2
    assert len(found.reasons) == 1
    assert found.reasons[0].startswith("scans/b.nii has changed: bytes [0, ")


def test_roots_at_the_import(bundle: Path, tmp_path: Path) -> None:
    first, _ = nc.import_versions(bundle, roots={"scans": str(tmp_path / "moved")})
    assert first.reproduce(yes=True).outcome == "identical"
    with pytest.raises(VersionError, match=r"lies at .*moved here"):
        nc.import_versions(bundle, into="again/")
    with pytest.raises(VersionError, match="no root 'scan'"):
        nc.import_versions(bundle, roots={"scan": str(tmp_path)})


def test_twice_is_once_and_under_other_names_is_another(bundle: Path) -> None:
    nc.import_versions(bundle)
    nc.import_versions(bundle)
    assert nc.datasets().height == 2
    found = nc.import_versions(bundle, into="lab2/")
    assert [v.reference for v in found] == ["lab2/first@1.0.0", "lab2/twice@1.0.0"]
    assert found[1].lineage().sources[0].lineage is not None
    assert found[1].lineage().sources[0].lineage.name == "lab2/first"  # type: ignore[union-attr]


def test_another_version_of_that_number_is_refused(bundle: Path) -> None:
    nc.read_values(x=[1]).save("twice")
    with pytest.raises(VersionError, match=r"twice@1\.0\.0 is another version here.*--into"):
        nc.import_versions(bundle)
    assert nc.datasets()["name"].to_list() == ["twice"]


def test_the_sums_and_the_readme(bundle: Path) -> None:
    subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=bundle, check=True)
    listed = {line.split("  ")[1] for line in (bundle / "SHA256SUMS").read_text().splitlines()}
    assert listed == {str(p.relative_to(bundle)) for p in bundle.rglob("*") if p.is_file()} - {"SHA256SUMS"}
    text = (bundle / "README.md").read_text()
    assert "neurochain reproduce twice@1.0.0 --root scans=…" in text
    assert "| twice | float64 |" in text
    assert (
        os.environ.get("USER", "root")
        not in json.loads((bundle / "bundle.json").read_text())["versions"][0]["activity"]["user"]
    )


@pytest.mark.parametrize("what", ["part", "gone", "record", "json", "path", "later", "hash", "unknown"])
def test_a_damaged_bundle_is_refused_and_nothing_is_taken_over(bundle: Path, what: str) -> None:
    record = bundle / "bundle.json"
    said = json.loads(record.read_text())
    part = (
        bundle / "parts" / said["versions"][0]["parts"][0][:2] / f"{said['versions'][0]['parts'][0]}.parquet"
    )
    expected = "damaged"
    if what == "part":
        content = bytearray(part.read_bytes())
        content[30] ^= 1
        part.write_bytes(content)
    elif what == "gone":
        part.unlink()
    elif what == "json":
        record.write_text("{")
    elif what == "record":
        del said["versions"][0]["plan"]
    elif what == "path":
        said["versions"][0]["parts"] = ["../../etc/passwd"]
    elif what == "later":
        said["layout"] = 9
        expected = "later neurochain"
    elif what == "hash":
        said["versions"][0]["content_hash"] = hashlib.sha256(b"").hexdigest()
    elif what == "unknown":
        said["versions"][0]["activity"]["environment"] = "0" * 64
    if what not in ("part", "gone", "json"):
        record.write_text(json.dumps(said))
    with pytest.raises(VersionError, match=expected):
        nc.import_versions(bundle)
    assert nc.datasets().is_empty()


def test_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(VersionError, match=r"is no bundle: bundle.json cannot be read"):
        nc.import_versions(tmp_path)


def test_an_export_overwrites_nothing(bundle: Path) -> None:
    version = nc.import_versions(bundle)[-1]
    with pytest.raises(StorageError, match="exists and is not empty"):
        version.export(bundle)


def test_a_lost_part_is_not_exported(bundle: Path, tmp_path: Path) -> None:
    version = nc.import_versions(bundle)[-1]
    for path in (tmp_path / "elsewhere" / ".neurochain" / "parts").rglob("*.parquet"):
        path.unlink()
    with pytest.raises(VersionError, match=r"cannot be exported: part .* cannot be read"):
        version.export(tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_the_commands(bundle: Path, tmp_path: Path) -> None:
    def command(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "neurochain.cli", *arguments], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "first@1.0.0: 2 rows" in command("import", str(bundle), "--root", f"scans={tmp_path / 'moved'}")
    assert "every bit is the same" in command("reproduce", "twice", "--yes")
    assert "its README.md says how to use it" in command(
        "export", "dataset", "first", "--to", str(tmp_path / "one")
    )
    assert len(json.loads((tmp_path / "one" / "bundle.json").read_text())["versions"]) == 1
