"""Listing: from what a user writes to the files that lie there, on real trees."""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from brute_force import all_meant
from hypothesis import given
from hypothesis import strategies as st
from listed import beside, files

from neurochain.errors import NothingMatchedError, PatternError, StorageError
from neurochain.storage import any_match, find_roots, nothing_matched

Grow = Callable[..., Path]


@pytest.fixture
def grow(tmp_path: Path) -> Grow:
    """Make files, each with its path as content, under a fresh folder."""

    def make(*paths: str) -> Path:
        return grown(tmp_path / "tree", paths)

    return make


def grown(root: Path, paths: tuple[str, ...] | set[str]) -> Path:
    root.mkdir(exist_ok=True)
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(path)
    return root


def listed(*patterns: str | Path) -> list[str]:
    """Paths of all files that the patterns mean, as they come."""
    return [e.path for root in find_roots(list(patterns)) for e in files(root)]


def below(root: Path, *patterns: str) -> list[str]:
    """The same, patterns and paths relative to a folder."""
    return [os.path.relpath(p, root) for p in listed(*(f"{root}/{pattern}" for pattern in patterns))]


# The law: a walk finds what brute force finds among all files.

FILE_NAMES = st.sampled_from(["a", "b", "ab", "a.x", "b.x", ".h", "c.x.gz"])
FOLDER_NAMES = st.sampled_from(["a", "b", "d1", "d2", ".g"])
FILES = st.builds(
    lambda folders, name: "/".join(
        [*(f"{f}_" for f in folders), name]
    ),  # a file and a folder never share a name
    st.lists(FOLDER_NAMES, max_size=3),
    FILE_NAMES,
)
SEGMENTS = st.sampled_from(
    ["**", "*", "?_", "a_", "d[12]_", "[!d]*", ".g_", ".*", "*.x", "a", "a.x", "?.x", "a*", "*.x*"]
)
GLOBS = st.lists(SEGMENTS, min_size=1, max_size=4).map("/".join)


@given(st.sets(FILES, min_size=1, max_size=12), st.lists(GLOBS, min_size=1, max_size=3))
def test_a_walk_finds_what_brute_force_finds(files: set[str], globs: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = grown(Path(folder) / "tree", files)
        plain = [f"{g}/**" if (root / g).is_dir() else g for g in globs]  # a folder means all below it
        found = below(root, *globs)
        assert sorted(found) == sorted(all_meant(plain, files)), "as sets, and no file twice"


@given(st.sets(FILES, min_size=1, max_size=12), GLOBS)
def test_a_file_matches_if_one_is_listed(files: set[str], glob: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = grown(Path(folder) / "tree", files)
        roots = find_roots(f"{root}/{glob}")
        assert any(any_match(r) for r in roots) == bool(listed(f"{root}/{glob}"))


def test_a_folder_means_all_files_below_it(grow: Grow) -> None:
    root = grow("a.dcm", "1/b.dcm", "1/2/c", ".git/config", "1/._b.dcm", ".neurochain/parts/p.parquet")
    assert [os.path.relpath(p, root) for p in listed(root)] == ["1/2/c", "1/b.dcm", "a.dcm"]
    assert listed(f"{root}/") == listed(root)


def test_entries_are_sorted_by_path(grow: Grow) -> None:
    root = grow("b", "a/z", "a.x", "A")
    assert listed(root) == sorted(listed(root))


def test_the_pattern_of_the_issue(grow: Grow) -> None:
    root = grow(
        *("data/2025/a.dcm", "data/2025/s/t/b.dicom", "data/2026/c.dic"),
        *("data/2024/d.dcm", "data/2025/e.nii", "data/20255/f.dcm"),
    )
    assert below(root, "data/202{5..6}/**/*.{dcm, dicom,dic}") == [
        *("data/2025/a.dcm", "data/2025/s/t/b.dicom", "data/2026/c.dic"),
    ]


def test_a_relative_pattern_starts_at_the_current_folder(grow: Grow, monkeypatch: pytest.MonkeyPatch) -> None:
    root = grow("x/a.dcm")
    monkeypatch.chdir(root)
    assert listed("x/*.dcm") == listed("./x/../x/*.dcm") == [str(root / "x/a.dcm")]
    assert listed(".") == [str(root / "x/a.dcm")]


def test_a_tilde_is_the_home_folder(grow: Grow, monkeypatch: pytest.MonkeyPatch) -> None:
    root = grow("x/a.dcm")
    monkeypatch.setenv("HOME", str(root))
    assert listed("~/x/*") == [str(root / "x/a.dcm")]


def test_named_files_share_a_root_and_come_once(grow: Grow) -> None:
    root = grow("1/a", "1/b", "2/c")
    roots = find_roots([root / "1/a", root / "2/c", root / "1/a"])
    assert [(r.uri, r.name) for r in roots] == [(str(root), "tree")]
    assert below(root, "1/a", "2/c", "1/a") == ["1/a", "2/c"]


def test_a_hidden_file_can_be_named(grow: Grow) -> None:
    root = grow(".hidden/.scan.dcm")
    assert below(root, ".hidden/.scan.dcm") == [".hidden/.scan.dcm"]
    assert below(root, ".hidden") == []
    assert below(root, ".hidden/.*") == [".hidden/.scan.dcm"]


@pytest.mark.parametrize(
    "name", ["scan[1].nii", "scan*.nii", "what?.nii", "{a,b}.nii", "[ab]", "a b.nii", "{x}.nii", "]"]
)
def test_a_name_that_exists_is_literal(grow: Grow, name: str) -> None:
    root = grow(f"d/{name}", "d/scan1.nii", "d/whatx.nii", "d/a.nii", "d/a")
    assert below(root, f"d/{name}") == [f"d/{name}"]


@pytest.mark.parametrize("name", ["run[1]", "run*", "{a,b}"])
def test_a_folder_that_exists_is_literal(grow: Grow, name: str) -> None:
    root = grow(f"{name}/a.nii", "run1/b.nii", "a/c.nii")
    assert below(root, name) == [f"{name}/a.nii"]


def test_a_literal_bracket_above_a_wildcard_is_written_in_brackets(grow: Grow) -> None:
    root = grow("run[1]/a.nii", "run1/b.nii")
    assert below(root, "run[[]1]/*.nii") == ["run[1]/a.nii"]
    assert below(root, "run[1]/*.nii") == ["run1/b.nii"]


def test_roots_inside_another_are_folded_into_it(grow: Grow) -> None:
    root = grow("a/x.nii", "a/b/y.nii", "c/z.nii")
    roots = find_roots([f"{root}/a/b/*", f"{root}/**/*.nii", f"{root}/c/*"])
    assert [r.uri for r in roots] == [str(root)]
    assert below(root, "a/b/*", "**/*.nii", "c/*") == ["a/b/y.nii", "a/x.nii", "c/z.nii"]


def test_roots_that_would_share_a_name_get_numbers(grow: Grow) -> None:
    root = grow("1/data/a", "2/data/b")
    first, second = find_roots([f"{root}/1/data/*", f"{root}/2/data/*"])
    assert (first.name, second.name) == ("data", "data-2")


def test_a_relative_path_is_relative_to_the_root(grow: Grow) -> None:
    root = grow("a/b/x.nii")
    (found,) = find_roots(f"{root}/a/**/*.nii")
    assert [found.relative(e.path) for e in files(found)] == ["b/x.nii"]


def test_companions_come_from_the_same_folders(grow: Grow) -> None:
    root = grow("s/a.dcm", "s/a.json", "s/other.json", "t/b.json", "top.json", "s/.hidden.json")
    (found,) = find_roots(f"{root}/s/*.dcm")
    assert [os.path.relpath(e.path, root) for e in files(found, (".json",))] == ["s/a.dcm"]
    assert sorted(os.path.relpath(p, root) for p in beside(found, ".json")) == ["s/a.json", "s/other.json"]


def test_a_companion_that_is_meant_itself_is_both(grow: Grow) -> None:
    root = grow("a.dcm", "a.json")
    (found,) = find_roots(root)
    assert [os.path.relpath(e.path, root) for e in files(found, (".json",))] == ["a.dcm", "a.json"]
    assert [os.path.relpath(p, root) for p in beside(found, ".json")] == ["a.json"]


def test_links_are_followed_but_never_in_circles(grow: Grow) -> None:
    root = grow("a/x.nii", "elsewhere/y.nii")
    (root / "a/up").symlink_to(root)
    (root / "a/self").symlink_to(root / "a")
    (root / "a/there").symlink_to(root / "elsewhere")
    (root / "dangling.nii").symlink_to(root / "nowhere")
    (root / "link.nii").symlink_to(root / "a/x.nii")
    found = below(root, "**/*.nii")
    assert {"a/x.nii", "elsewhere/y.nii", "a/there/y.nii", "link.nii"} <= set(found)
    assert len(found) < 40
    assert "dangling.nii" not in found


def test_what_is_no_file_is_left_out(grow: Grow) -> None:
    root = grow("a.nii")
    os.mkfifo(root / "pipe.nii")
    assert below(root, "*.nii") == ["a.nii"]
    assert below(root, "pipe.nii") == []


@pytest.fixture
def closed_folder() -> Iterator[Path]:
    """Folder with a file in it that this process may not list, whoever runs the tests."""
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        folder = grown(Path(made) / "tree", ("open/a.nii", "closed/b.nii")) / "closed"
        folder.chmod(0)
        root = os.geteuid() == 0
        if root:
            try:
                os.seteuid(65534)  # nobody: root could list it
            except PermissionError:
                pytest.skip("runs as a root that may not become another user, and lists every folder")
        try:
            yield folder
        finally:
            if root:
                os.seteuid(0)
            folder.chmod(0o755)


def test_a_folder_that_cannot_be_listed_is_an_error_that_names_it(closed_folder: Path) -> None:
    with pytest.raises(StorageError, match=f"{closed_folder} cannot be listed"):
        listed(f"{closed_folder.parent}/**/*.nii")


def test_a_closed_folder_that_no_pattern_means_does_not_matter(closed_folder: Path) -> None:
    assert len(listed(f"{closed_folder.parent}/open/*.nii")) == 1


def test_a_link_to_itself_is_an_error_that_names_it(grow: Grow) -> None:
    root = grow("a")
    (root / "loop").symlink_to(root / "loop")
    with pytest.raises(StorageError, match="loop"):
        listed(f"{root}/loop/*")


@pytest.mark.parametrize(
    ("pattern", "nearest", "holds"),
    [
        ("a/b/*.dcm", "a/b", "3 .nii"),
        ("a/b/c/d/*.dcm", "a/b", "and 1 folders"),
        ("a/x{1..3}/**/*.dcm", "a", "no files and 1 folders"),
        ("empty/*.dcm", "empty", "it is empty"),
        ("a/b/1.dcm", "a/b", "3 .nii"),
        ("**/*.dcm", "", "no files and 2 folders"),
    ],
)
def test_nothing_matched_names_the_nearest_folder(grow: Grow, pattern: str, nearest: str, holds: str) -> None:
    root = grow("a/b/1.nii", "a/b/2.nii", "a/b/3.nii", "a/b/sub/x")
    (root / "empty").mkdir()
    roots = find_roots(f"{root}/{pattern}")
    assert not any(any_match(r) for r in roots)
    error = nothing_matched(roots)
    assert isinstance(error, NothingMatchedError)
    assert isinstance(error, FileNotFoundError)
    assert repr(f"{root}/{pattern}") in str(error)
    assert f"The nearest folder that exists is {(root / nearest)}; " in str(error)
    assert holds in str(error)


def test_an_empty_list_and_an_empty_path_are_refused() -> None:
    with pytest.raises(PatternError, match="empty list"):
        find_roots([])
    with pytest.raises(PatternError, match="empty path"):
        find_roots("  ")


def test_an_unknown_scheme_is_refused() -> None:
    with pytest.raises(PatternError, match="nosuchscheme"):
        find_roots("nosuchscheme://bucket/*.nii")
    with pytest.raises(PatternError, match="no scheme"):
        find_roots("://bucket")


def test_an_entry_says_what_the_file_is(grow: Grow) -> None:
    root = grow("a.nii")
    (entry,) = (e for r in find_roots(root) for e in files(r))
    status = (root / "a.nii").stat()
    assert entry.size == status.st_size
    assert entry.mtime is not None
    assert abs(entry.mtime.timestamp() - status.st_mtime) < 1e-5
    assert entry.mtime.utcoffset() is not None
    os.utime(root / "a.nii", ns=(status.st_atime_ns, status.st_mtime_ns))  # only ctime moves
    (again,) = (e for r in find_roots(root) for e in files(r))
    assert again.etag != entry.etag


def test_pattern_that_matches_folders_says_so(tmp_path: Path) -> None:
    (tmp_path / "sub-01").mkdir()
    (tmp_path / "sub-01" / "a.nii").write_bytes(b"x")
    roots = find_roots(f"{tmp_path}/sub-*")
    assert not any(any_match(r) for r in roots)
    assert f"write '{tmp_path}/sub-*/**' for the files" in str(nothing_matched(roots))
    assert any(any_match(r) for r in find_roots(f"{tmp_path}/sub-*/**"))
