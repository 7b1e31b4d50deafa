"""Numbers of versions, and which of them a reference means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochain.datasets.numbers import Number, format_number, matching, next_number, parse_number
from neurochain.errors import VersionError

EXISTING: list[Number] = [(1, 0, 0), (1, 0, 1), (1, 1, 0), (1, 2, 5), (1, 10, 0), (2, 0, 0), (2, 1, 0)]
numbers = st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(0, 12))


@pytest.mark.parametrize(
    ("text", "newest"),
    [
        ("", "2.1.0"),
        ("latest", "2.1.0"),
        ("1", "1.10.0"),
        ("1.0", "1.0.1"),
        ("1.2", "1.2.5"),
        ("^1", "1.10.0"),
        ("^1.1", "1.10.0"),
        ("^1.2.6", "1.10.0"),
        ("~1.0", "1.0.1"),
        ("~1.2.1", "1.2.5"),
        ("~2", "2.1.0"),
        ("1.2.5", "1.2.5"),
        ("1.2.4", None),
        ("^3", None),
        ("~1.3", None),
    ],
)
def test_the_newest_of_a_range(text: str, newest: str | None) -> None:
    found = matching(text, EXISTING)
    assert (format_number(found[-1]) if found else None) == newest


@pytest.mark.parametrize("text", ["v1", "1.2.3.4", "01", ">1", "1.x", "^", "1.", " 1", "1.0.0-beta"])
def test_what_names_no_version(text: str) -> None:
    with pytest.raises(VersionError, match="names no version"):
        matching(text, EXISTING)


@given(st.lists(numbers, unique=True), numbers)
def test_ranges_against_their_definition(existing: list[Number], least: Number) -> None:
    text = format_number(least)
    assert matching(f"^{text}", existing) == sorted(n for n in existing if n >= least and n[0] == least[0])
    assert matching(f"~{text}", existing) == sorted(n for n in existing if n >= least and n[:2] == least[:2])
    assert matching(text, existing) == [n for n in existing if n == least]
    assert matching(str(least[0]), existing) == sorted(n for n in existing if n[0] == least[0])


@given(numbers, st.integers(0, 2))
def test_the_next_number_is_greater_and_reads_back(number: Number, level: int) -> None:
    following = next_number(number, level)
    assert following > number
    assert following[:level] == number[:level]
    assert parse_number(format_number(following)) == following
