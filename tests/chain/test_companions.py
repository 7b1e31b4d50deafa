"""Files that belong to others: found by their names, and a part of what a row is."""

from pathlib import Path

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
