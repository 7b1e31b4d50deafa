"""Ignore rules, against git's own."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from neurochain.formats.bids.ignore import IgnoreRules


@pytest.mark.parametrize(
    ("text", "path", "ignored"),
    [
        ("", "sub-01/a.nii", False),
        ("# sub-01\n\n  \n", "sub-01/a.nii", False),
        ("a.nii", "sub-01/a.nii", True),
        ("/a.nii", "sub-01/a.nii", False),
        ("sub-01/*.nii", "sub-01/a.nii", True),
        ("sub-01/*.nii", "x/sub-01/a.nii", False),
        ("sub-01/", "sub-01/anat/a.nii", True),
        ("a.nii/", "sub-01/a.nii", False),
        ("*.ds/", "sub-01/meg/a.ds/x/y", True),
        ("**/anat/a.*", "sub-01/ses-1/anat/a.nii", True),
        ("sub-01/**/a.nii", "sub-01/a.nii", True),
        ("sub-01/**", "sub-01/x/a.nii", True),
        ("sub-01/**", "sub-01", False),
        ("*.nii\n!a.nii", "sub-01/a.nii", False),
        ("sub-01/\n!sub-01/a.nii", "sub-01/a.nii", True),
        ("?.nii", "sub-01/a.nii", True),
        ("?.nii", "sub-01/ab.nii", False),
        ("[ab].nii", "b.nii", True),
        ("[!ab].nii", "b.nii", False),
        ("[z-a].nii", "b.nii", False),
        ("[.nii", "[.nii", True),
        ("\\#a", "#a", True),
        ("a\\*", "a*", True),
        ("a\\*", "ab", False),
        ("a.nii   ", "a.nii", True),
        ("*a*b*", "xaxbx", True),
        ("*a*b*", "xbxax", False),
        ("/", "a", False),
    ],
)
def test_lines(text: str, path: str, ignored: bool) -> None:
    assert IgnoreRules(text).ignores(path) is ignored


SEGMENT = st.text("ab*?.", min_size=1, max_size=5).filter(lambda s: set(s) != {"."} and "**" not in s)
LINE = st.builds(
    lambda negated, slash, segments, end: f"{negated}{slash}{'/'.join(segments)}{end}",
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "/"]),
    st.lists(st.one_of(SEGMENT, st.just("**")), min_size=1, max_size=3).filter(lambda parts: parts != ["**"]),
    st.sampled_from(["", "", "/"]),
)
PATH = st.lists(
    st.text("ab.", min_size=1, max_size=4).filter(lambda s: set(s) != {"."}), min_size=1, max_size=4
)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Empty git repository."""
    if shutil.which("git") is None:
        pytest.skip("git is not there to be asked")
    folder = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q", folder], check=True)
    return folder


@given(st.lists(LINE, max_size=4), st.lists(PATH, min_size=1, max_size=20))
@example(["??", "!?"], [["a", "aa", "a"]])
def test_as_git_does(repository: Path, lines: list[str], paths: list[list[str]]) -> None:
    (repository / ".gitignore").write_text("\n".join(lines))
    named = sorted({"/".join(names) for names in paths})
    asked = subprocess.run(
        ["git", "check-ignore", "--no-index", "--stdin"],
        cwd=repository,
        input="\n".join(named),
        capture_output=True,
        text=True,
        check=False,
    )
    rules = IgnoreRules("\n".join(lines))
    assert [path for path in named if rules.ignores(path)] == asked.stdout.splitlines()


def test_hostile_lines_take_no_time() -> None:
    text = "*a" * 60 + "b\n" + "**/" * 60 + "*a*a*a*a*a*a*a*b\n" + "[" * 500 + "\n" + "[a-\n[]\n[!]\n\\"
    rules = IgnoreRules(text)
    assert not rules.ignores("/".join(["a" * 250] * 40))


@given(st.text(), st.text())
def test_any_text_has_an_answer(text: str, path: str) -> None:
    assert IgnoreRules(text).ignores(path) in (True, False)
