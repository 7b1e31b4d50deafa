"""Files that belong to others: found by their names, and a part of what a row is."""

import shutil
from pathlib import Path

import nibabel
import numpy as np

import neurochain as nc
from neurochain.chain.sources.listing import Listing
from neurochain.storage import find_roots

ENDINGS = {".vhdr": (".eeg", ".vmrk"), ".hdr": (".img", ".IMG"), ".hdr.gz": (".img.gz",)}


def belonging(folder: Path) -> dict[str, list[str]]:
    """Names of what belongs to each file below a folder."""
    (root,) = find_roots(str(folder))
    found = Listing.of(root, (".eeg", ".IMG", ".img", ".img.gz", ".json", ".vmrk")).belonging(ENDINGS)
    names: dict[str, list[str]] = {}
    for path, name, etag in found.sort("path", "name").iter_rows():
        assert etag
        names.setdefault(path, []).append(name)
    return names


def grow(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def test_files_of_one_stem_belong_together(tmp_path: Path) -> None:
    grow(
        tmp_path,
        "s/a.vhdr",
        "s/a.eeg",
        "s/a.vmrk",
        "s/b.vhdr",
        "s/b.eeg",
        "s/a.json",
        "t/a.eeg",
        "s/c.hdr",
        "s/c.img",
    )
    assert belonging(tmp_path) == {
        "s/a.vhdr": ["a.eeg", "a.vmrk"],
        "s/b.vhdr": ["b.eeg"],
        "s/c.hdr": ["c.img"],
    }


def test_a_header_that_was_renamed_has_all_of_its_folder(tmp_path: Path) -> None:
    grow(tmp_path, "renamed.vhdr", "a.eeg", "a.vmrk", "b.eeg", "t/c.eeg", "c.img")
    assert belonging(tmp_path) == {"renamed.vhdr": ["a.eeg", "a.vmrk", "b.eeg"]}


def test_endings_of_two_parts_and_in_capitals(tmp_path: Path) -> None:
    grow(
        tmp_path, "a.hdr.gz", "a.img.gz", "b.hdr.gz", "b.img.gz", "A.HDR", "A.IMG", "B.HDR", "B.img", "c.img"
    )
    assert belonging(tmp_path) == {
        "a.hdr.gz": ["a.img.gz"],
        "b.hdr.gz": ["b.img.gz"],
        "A.HDR": ["A.IMG"],
        "B.HDR": ["B.img"],
    }


def test_a_folder_without_such_files_has_none(tmp_path: Path) -> None:
    grow(tmp_path, "a.vhdr", "a.json", "b.edf")
    assert belonging(tmp_path) == {}


def test_a_change_of_the_image_is_a_change_of_the_row(folder: Path) -> None:
    data = folder / "data"
    data.mkdir()
    values = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    nibabel.Nifti1Pair(values, np.eye(4)).to_filename(data / "a.img")
    total = nc.read_storage(data / "*.hdr").map(total=lambda volume: int(volume.read().sum()))
    assert total.collect()["total"].to_list() == [values.sum()]
    nibabel.Nifti1Pair(values + 1, np.eye(4)).to_filename(data / "b.img")
    shutil.copyfile(data / "b.img", data / "a.img")
    (data / "b.hdr").unlink()
    assert total.collect()["total"].to_list() == [values.sum() + 24]
    (data / "a.img").write_bytes(b"")
    (row,) = list(nc.read_storage(data / "*.hdr"))
    assert "voxels of int16 in a.img" in row.header.error
