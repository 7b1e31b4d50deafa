"""Globs and braces: what is written means what the slow way says it means."""

import itertools
from collections.abc import Sequence

import pytest
from brute_force import meant, segment_means
from hypothesis import given
from hypothesis import strategies as st

from neurochain.errors import PatternError
from neurochain.storage.pattern import Globs, expand_braces, is_wild, segment_regex

NAMES = st.text(alphabet="abAB.-]0", min_size=1, max_size=4).filter(lambda n: n not in (".", ".."))
PIECES = st.sampled_from(
    [
        "a",
        "b",
        "A",
        "0",
        "-",
        ".",
        "*",
        "?",
        "[ab]",
        "[!a]",
        "[^b.]",
        "[a-b]",
        "[]a]",
        "[!]]",
        "[b-]",
        "[.]",
    ]
)
SEGMENTS = st.lists(PIECES, min_size=1, max_size=4).map("".join).filter(lambda s: s not in (".", ".."))
GLOBS = st.lists(st.one_of(SEGMENTS, st.just("**")), min_size=1, max_size=4).map("/".join)
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)


@given(SEGMENTS.filter(is_wild), NAMES)
def test_a_segment_means_what_brute_force_says(segment: str, name: str) -> None:
    assert (segment_regex(segment).match(name) is not None) == segment_means(segment, name)


@given(st.lists(GLOBS, min_size=1, max_size=3), PATHS)
def test_globs_mean_what_brute_force_says(globs: list[str], path: str) -> None:
    assert Globs(globs).matches(path) == any(meant(g, path) for g in globs)


@given(GLOBS, PATHS)
def test_a_folder_is_entered_if_something_below_may_match(glob: str, path: str) -> None:
    if meant(glob, path):
        folders = path.split("/")[:-1]
        for depth in range(len(folders) + 1):
            assert Globs([glob]).folder("/".join(folders[:depth])) is not None


# A brace expression as text, a choice of sequences, a range. It says itself what it stands for.
TEXT = st.text(alphabet="ab/.*?_-", min_size=1, max_size=3)


@st.composite
def ranges(draw: st.DrawFn) -> tuple[str, list[str]]:
    first, last = draw(st.integers(-12, 30)), draw(st.integers(-12, 30))
    step = draw(st.integers(1, 7))
    values = list(range(first, last + 1, step)) if first <= last else list(range(first, last - 1, -step))
    if draw(st.booleans()) and min(first, last) >= 0:
        width = draw(st.integers(len(str(max(first, last))) + 1, 4))
        text, expanded = f"{first:0{width}d}..{last:0{width}d}", [f"{v:0{width}d}" for v in values]
    else:
        text, expanded = f"{first}..{last}", [str(v) for v in values]
    return "{" + text + (f"..{step}" if step > 1 else "") + "}", expanded


def choice(parts: Sequence[tuple[str, list[str]]], spaces: Sequence[str]) -> tuple[str, list[str]]:
    padded = [
        f"{space}{text}{space}" for (text, _), space in zip(parts, itertools.cycle(spaces), strict=False)
    ]
    return "{" + ",".join(padded) + "}", [m for _, meanings in parts for m in meanings]


def sequence(parts: Sequence[tuple[str, list[str]]]) -> tuple[str, list[str]]:
    return "".join(text for text, _ in parts), [
        "".join(chosen) for chosen in itertools.product(*(meanings for _, meanings in parts))
    ]


LEAVES = st.one_of(TEXT.map(lambda t: (t, [t])), ranges())
EXPRESSIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=2).map(sequence),
        st.builds(
            choice,
            st.lists(inner, min_size=2, max_size=3),
            st.lists(st.sampled_from(["", " "]), min_size=1, max_size=2),
        ),
    ),
    max_leaves=5,
)


@given(EXPRESSIONS)
def test_braces_stand_for_what_the_tree_says(expression: tuple[str, list[str]]) -> None:
    text, meanings = expression
    assert expand_braces(text) == list(dict.fromkeys(meanings))


@pytest.mark.parametrize(
    ("pattern", "expanded"),
    [
        ("plain/*.dcm", ["plain/*.dcm"]),
        ("x.{dcm, dicom,dic}", ["x.dcm", "x.dicom", "x.dic"]),
        ("x.{ dcm ,dic }", ["x.dcm", "x.dic"]),
        ("202{5..6}", ["2025", "2026"]),
        ("{01..03}", ["01", "02", "03"]),
        ("{08..12..2}", ["08", "10", "12"]),
        ("{3..1}", ["3", "2", "1"]),
        ("{ 1 .. 2 }", ["{ 1 .. 2 }"]),
        ("{ 1..2 }", ["1", "2"]),
        ("{-1..1}", ["-1", "0", "1"]),
        ("{a..c}", ["a", "b", "c"]),
        ("{a,b{1..2}}", ["a", "b1", "b2"]),
        ("{a,{b,c}}/{1,2}", ["a/1", "a/2", "b/1", "b/2", "c/1", "c/2"]),
        ("{a,a}", ["a"]),
        ("x{,.gz}", ["x", "x.gz"]),
        ("{x}", ["{x}"]),
        ("{}", ["{}"]),
        ("[{]a,b[}]", ["[{]a,b[}]"]),
        ("{[,],x}", ["[,]", "x"]),
    ],
)
def test_braces_by_example(pattern: str, expanded: list[str]) -> None:
    assert expand_braces(pattern) == expanded


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("a{b,c", "never closed"),
        ("a}b", "not opened"),
        ("{1..3..0}", "step of 0"),
        ("{1..1000000}", "more than 100,000"),
        ("{1..400}{1..400}", "more than 100,000"),
    ],
)
def test_bad_braces_say_what_to_do(pattern: str, said: str) -> None:
    with pytest.raises(PatternError, match=said):
        expand_braces(pattern)


def test_a_bad_class_is_named() -> None:
    with pytest.raises(PatternError, match=r"\[z-a\]"):
        Globs(["[z-a]*"])


def test_going_up_behind_a_wildcard_is_refused() -> None:
    with pytest.raises(PatternError, match=r"\.\."):
        Globs(["*/../x"])


@pytest.mark.parametrize(
    ("glob", "path", "matches"),
    [
        ("**/*.dcm", "a.dcm", True),
        ("**/*.dcm", "1/2/3/a.dcm", True),
        ("**/**/*.dcm", "a.dcm", True),
        ("**", "1/2/a", True),
        ("a/**", "a/b", True),
        ("a/**", "b/b", False),
        ("a/**/z", "a/z", True),
        ("*", "a/b", False),
        ("**/*", ".git/config", False),
        ("**/*", "a/.hidden", False),
        ("**/.*", "a/.hidden", True),
        (".git/*", ".git/config", True),
        ("*.nii*", "x.nii.gz", True),
        ("sub-[0-9][0-9]", "sub-01", True),
        ("[!a]*", "abc", False),
        ("a\\b", "a\\b", True),
        ("[\\]", "\\", True),
        ("a\nb*", "a\nb\nc", True),
        ("Ä?", "Äö", True),
        ("[a", "[a", True),
        ("[a*", "[abc", True),
        ("[a/b]", "[a/b]", True),
    ],
)
def test_globs_by_example(glob: str, path: str, matches: bool) -> None:
    assert Globs([glob]).matches(path) == matches
