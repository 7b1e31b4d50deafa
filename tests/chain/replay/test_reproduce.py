"""reproduce: a version made again from what was recorded, from other code, in another folder, or not at all."""

import importlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import nibabel
import numpy as np
import polars as pl
import pytest

import neurochain as nc
from neurochain.errors import ReplayError

SCALE = 2
MODEL = object()

MODULE = """
import nibabel
import numpy as np
import neurochain as nc
from helpers import centred
import helpers as h

SCALE = 2.5
TABLE = {"a": (1, 2), "b": [0.5]}


class Gain:
    def __init__(self, by):
        self.by = by

    def __call__(self, x: int) -> float:
        return float(x * self.by)


def noisy(x: int, rng) -> float:
    return float(rng.normal()) * SCALE + TABLE["b"][0]


def feature(x: int, power: int = 2) -> float:
    return float(np.power(centred(x), power)) + h.offset() * SCALE
"""
HELPERS = """
MIDDLE = 5


def centred(x):
    return x - MIDDLE


def offset():
    return 0.25
"""


@pytest.fixture
def study(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder with two modules of the user's."""
    monkeypatch.syspath_prepend(str(folder))
    (folder / "features.py").write_text(MODULE)
    (folder / "helpers.py").write_text(HELPERS)
    for name in ("features", "helpers"):
        sys.modules.pop(name, None)
    importlib.invalidate_caches()
    return folder


def saved(study: Path) -> nc.DatasetVersion:
    features = importlib.import_module("features")
    chain = nc.read_values(x=list(range(40))).map(feature=features.feature).map(gain=features.Gain(3))
    return chain.filter(nc.Column("feature") > 3).map(noise=features.noisy).settings(seed=7).save("f")


def test_identical(study: Path) -> None:
    version = saved(study)
    found = version.reproduce(yes=True)
    assert (found.outcome, found.exit_code, found.rows) == ("identical", 0, version.rows)
    assert bool(found)
    assert nc.datasets().height == 1  # nothing is saved
    assert not list((study / ".neurochain" / "scratch").iterdir())


def test_the_code_that_was_recorded_runs_whatever_lies_there_now(study: Path) -> None:
    version = saved(study)
    (study / "features.py").unlink()
    (study / "helpers.py").write_text(
        "MIDDLE = 1\n\n\ndef centred(x):\n    return 0\n\n\ndef offset():\n    return 9\n"
    )
    for name in ("features", "helpers"):
        sys.modules.pop(name)
    importlib.invalidate_caches()
    assert version.reproduce(yes=True).outcome == "identical"


def test_every_step(folder: Path) -> None:
    table = folder / "people.csv"
    table.write_text("name,site\na,x\nb,y\nc,x\n")
    rows = nc.read_values(name=list("abcabc"), x=[1.0, 2, 3, 4, None, 6], day=[1, 1, 1, 2, 2, 2])
    first = rows.filter(nc.Column("x").is_not_null() & ~(nc.Column("x") == 6)).save("first")
    chain = (
        nc.read_dataset(first.reference)
        .mutate(
            big=nc.when(nc.Column("x") > 2).then("big").otherwise("small"), twice=nc.Column("x") * 2, one=1
        )
        .mutate(half=pl.col("x") / 2)
        .merge(
            nc.read_table(table, key="name").filter(nc.Column("site").is_in(["x", "y"])),
            on="name",
            how="left",
        )
        .union(
            nc.read_values(
                name=["z"], x=[9.0], day=[3], big=["big"], twice=[18.0], one=[1], half=[4.5], site=["x"]
            )
        )
        .map(lambda x, twice: x + twice)
        .gen(piece=lambda x: [x, x + 1])
        .map_batches(mean=lambda piece: piece - piece.mean(), batch_size=3)
        .agg(total=lambda mean: float(np.sum(mean)), partition_by=["name", "day"])
        .order_by("total", descending=True)
        .distinct("name", "day")
        .sample(fraction=0.9, seed=3)
        .limit(4)
        .group_by("day", n=nc.Column("name").len(), most=nc.Column("total").max())
        .persist()
        .mutate(again=nc.Column("most") + 1)
        .drop("n")
        .select("day", "again", "most")
    )
    version = chain.save("all")
    assert version.reproduce(yes=True).outcome == "identical"
    table.write_text("name,site\na,x\nb,y\nc,y\n")
    found = version.reproduce(yes=True)
    assert found.outcome == "impossible"
    assert found.reasons == (f"{table} has changed since it was read.",)


def test_files_elsewhere(dicom_tree: Path, tmp_path: Path) -> None:
    version = (
        nc.read_storage(f"{dicom_tree}/**/*.dcm").map(pixel=lambda volume: float(volume[0, 0])).save("v")
    )
    moved = tmp_path / "elsewhere"
    shutil.copytree(dicom_tree, moved)
    shutil.rmtree(dicom_tree)
    gone = version.reproduce(yes=True)
    assert gone.outcome == "impossible"
    assert "Say where it lies: --root data=…" in gone.reasons[0]
    found = version.reproduce(yes=True, roots={"data": str(moved)})
    assert found.outcome == "identical"
    assert found.notes == (
        "18 files have another identity than it had then, and the same bytes where they were read",
    )
    wrong = version.reproduce(yes=True, roots={"dta": str(moved)})
    assert "Did you mean 'data'?" in wrong.reasons[0]


def test_files_that_came_later_are_not_looked_at(dicom_tree: Path) -> None:
    version = nc.read_storage(f"{dicom_tree}/**/*.dcm").select("file.path", "dose").save("v")
    first = next(dicom_tree.rglob("im0.dcm"))
    shutil.copy(first, first.with_name("im9.dcm"))
    assert version.reproduce().outcome == "identical"  # no code of anybody's: nothing to ask


@pytest.mark.parametrize("what", ["pixel", "header", "sidecar", "shorter", "gone"])
def test_one_changed_byte_is_named(dicom_tree: Path, what: str) -> None:
    version = (
        nc.read_storage(f"{dicom_tree}/**/*.dcm").map(pixel=lambda volume: float(volume[0, 0])).save("v")
    )
    path = next(dicom_tree.rglob("im1.dcm"))
    changed = path.with_suffix(".json") if what == "sidecar" else path
    content = bytearray(changed.read_bytes())
    at = 5
    if what in ("pixel", "header"):
        at = content.rindex(b"\xe0\x7f\x10\x00") + 12 if what == "pixel" else content.index(b"series")
    content[at] ^= 1
    if what == "shorter":
        del content[-1]
    changed.write_bytes(content)
    if what == "gone":
        changed.unlink()
    found = version.reproduce(yes=True)
    assert found.outcome == "impossible"
    assert len(found.reasons) == 1
    assert str(changed.relative_to(dicom_tree)) in found.reasons[0]
    assert ("missing" if what == "gone" else "has changed") in found.reasons[0]


def test_a_byte_that_nothing_read_does_not_matter(folder: Path) -> None:
    path = folder / "scan.nii"
    image = nibabel.Nifti1Image(np.ones((40, 40, 20), np.int16), np.eye(4))  # type: ignore[no-untyped-call]
    nibabel.save(image, path)
    version = nc.read_storage(path).map(first=lambda volume: float(volume[..., 0].sum())).save("v")
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    found = version.reproduce(yes=True)
    assert found.outcome == "identical"
    assert found.notes == (
        "1 file has another identity than it had then, and the same bytes where they were read",
    )


def test_differs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsteady(x: int) -> float:
        return x + float(os.environ.get("DRIFT", "0"))

    version = nc.read_values(x=[1, 2, 3]).map(y=unsteady).save("v", tolerance={"y": 0.01})
    assert version.reproduce(yes=True).outcome == "identical"
    monkeypatch.setenv("DRIFT", "0.005")
    near = version.reproduce(yes=True)
    assert (near.outcome, near.exit_code) == ("within tolerance", 0)
    assert near.reasons == ("farthest apart: y 0.005",)
    monkeypatch.setenv("DRIFT", "0.5")
    far = version.reproduce(yes=True)
    assert (far.outcome, far.exit_code) == ("differs", 1)
    assert far.reasons == ("y differs in 3 rows by 0.5 at most (0.01 is allowed)",)
    assert far.examples is not None
    assert far.examples.columns == ["row", "y (old)", "y"]
    assert far.examples.rows() == [(0, 1.0, 1.5), (1, 2.0, 2.5), (2, 3.0, 3.5)]


def test_rows_that_are_not_made_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def few(x: int) -> list[int]:
        return list(range(x if os.environ.get("FEW") is None else x - 1))

    version = nc.read_values(x=[1, 2]).gen(y=few).save("v")
    monkeypatch.setenv("FEW", "1")
    found = version.reproduce(yes=True)
    assert found.exit_code == 1
    assert found.reasons == ("rows: 2 were not made again, 0 are new",)


def test_the_clock(folder: Path) -> None:
    version = nc.read_values(x=[1, 2]).map(at=lambda x: time.time()).save("v")
    found = version.reproduce(yes=True)
    assert found.exit_code == 2
    assert found.reasons[0] == "result() uses time.time: the result may depend on the clock"


def test_what_was_not_recorded(folder: Path) -> None:
    version = nc.read_values(x=[1, 2]).map(y=lambda x: x if MODEL else 0).save("v")
    found = version.reproduce(yes=True)
    assert found.exit_code == 2
    assert found.reasons == (
        "result() cannot be made as it was: MODEL: it uses a builtins.object, which is not recorded.",
    )

    big = np.zeros(2_000_000)
    version = nc.read_values(x=[1, 2]).map(y=lambda x: float(big[x])).save("v")
    found = version.reproduce(yes=True)
    assert found.exit_code == 2
    assert "big: it uses an array of 16,000,000 bytes, and 4,000,000 are recorded at most" in found.reasons[0]


def test_secrets_are_not_recorded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_SERVICE", "sesame-open-up")
    word = "sesame-open-up"
    version = nc.read_values(x=[1]).map(y=lambda x: len(word)).save("v")
    assert "sesame-open-up" not in json.dumps(
        version.lineage().functions[0].detail["recipe"]["items"][0]["cells"]
    )
    found = version.reproduce(yes=True)
    assert "looks like a secret" in found.reasons[0]


def test_another_package_version(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    version = nc.read_values(x=[1, 4]).map(y=lambda x: float(np.sqrt(x))).save("v")
    from neurochain.chain.fingerprint import origin

    monkeypatch.setitem(origin._known, "numpy", {"numpy": "9.9.9"})
    found = version.reproduce(yes=True)
    assert found.exit_code == 2
    assert f"numpy {np.__version__} became 9.9.9" in found.reasons[0]
    again = version.reproduce(yes=True, any_environment=True)
    assert again.outcome == "identical"


def test_nothing_runs_without_being_asked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = folder / "ran"

    def touch(x: int) -> int:
        (folder / "ran").touch()
        return x

    version = nc.read_values(x=[1]).map(y=touch).save("v")
    ran.unlink()
    with pytest.raises(ReplayError, match="Nothing was run"):
        version.reproduce()
    assert "def touch(x: int) -> int:" in capsys.readouterr().out
    assert not ran.exists()


def test_a_record_cannot_ask_for_more_than_columns_have(folder: Path) -> None:
    version = nc.read_values(x=[1]).mutate(y=nc.Column("x") + 1).save("v")
    from sqlalchemy import update

    from neurochain.datasets import tables

    node = ["call", ["column", "x"], "map_elements", [["literal", "os.system"]], {}]
    evil = {**version.plan, "steps": [{**version.plan["steps"][0], "columns": {"y": node}}]}
    with version.project.database.write() as connection:
        connection.execute(update(tables.versions).values(plan=evil))
    found = nc.dataset("v").reproduce()
    assert found.exit_code == 2
    assert "it asks for what a column does not have" in found.reasons[0]


def test_bids(bids_tree: Path, tmp_path: Path) -> None:
    (bids_tree / "dataset_description.json").write_text('{"Name": "x", "BIDSVersion": "1.8.0"}')
    (bids_tree / "participants.tsv").write_text("participant_id\tage\nsub-01\t30\nsub-02\t40\n")
    (bids_tree / "T1w.json").write_text('{"Manufacturer": "Acme"}')
    version = nc.read_bids(bids_tree).select("file.path", "EchoTime", "Manufacturer", "age").save("v")
    tables = nc.read_bids(bids_tree, table="participants").save("t")
    assert version.reproduce().outcome == "identical"
    assert tables.reproduce().outcome == "identical"
    moved = tmp_path / "there"
    shutil.move(bids_tree, moved)
    (moved / "sub-01" / "anat" / "sub-01_acq-late_T1w.json").write_text('{"EchoTime": 99}')
    assert version.reproduce(roots={"study": str(moved)}).outcome == "identical"
    (moved / "T1w.json").write_text('{"Manufacturer": "Bcme"}')
    found = version.reproduce(roots={"study": str(moved)})
    assert found.reasons[0].startswith("study/T1w.json has changed: bytes [0, 24) is not what was read")


def test_the_command(folder: Path) -> None:
    script = folder / "make.py"
    script.write_text(
        "import neurochain as nc\n\n\ndef double(x: int) -> int:\n    return x * 2\n\n\n"
        'nc.read_values(x=[1, 2]).map(y=double).save("v")\n'
    )
    subprocess.run([sys.executable, script], check=True, cwd=folder)
    script.unlink()

    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "neurochain.cli", *arguments],
            capture_output=True,
            text=True,
            cwd=folder,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    refused = command("reproduce", "v")
    assert refused.returncode == 2
    assert "def double" in refused.stderr
    assert "Nothing was run" in refused.stderr
    done = command("reproduce", "v@1.0.0", "--yes", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["outcome"] == "identical"
    assert command("verify", "v", "--rows", "1", "--yes").returncode == 0
    assert "every bit is the same" in command("verify", "v", "--yes").stdout
    assert command("reproduce", "v", "--yes", "--root", "x").returncode == 2


def test_rows_that_differ_are_named_by_their_files(dicom_tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def odd(file: nc.File) -> int:
        return int(file.uri.endswith("series1/im2.dcm") and os.environ.get("ODD") is not None)

    version = nc.read_storage(f"{dicom_tree}/**/*.dcm").map(odd=odd).select("file", "odd").save("v")
    monkeypatch.setenv("ODD", "1")
    found = version.reproduce(yes=True)
    assert found.reasons == ("odd differs in 1 row",)
    assert found.examples is not None
    assert found.examples.columns == ["row", "file.path", "odd (old)", "odd"]
    ((row, path, before, now),) = found.examples.rows()
    assert (path, before, now) == ("2026/series1/im2.dcm", 0, 1)
    assert nc.read_dataset("v").collect()["file"].struct.field("path")[row] == path
