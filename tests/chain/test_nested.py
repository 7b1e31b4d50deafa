"""Nested series: whatever the lengths of the lists, what goes in comes out."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochain.chain.values.nested import nested_series

LISTS = {
    pl.String: st.text(max_size=3),
    pl.Float64: st.floats(allow_nan=False) | st.none(),
    pl.Int64: st.integers(-9, 9),
    pl.List(pl.Int64): st.lists(st.integers(0, 9), max_size=2),
}


@pytest.mark.parametrize("inner", list(LISTS), ids=str)
@given(data=st.data())
def test_lists_come_out_as_they_went_in(inner: Any, data: st.DataObject) -> None:
    n = data.draw(st.integers(0, 3))
    alike = st.lists(LISTS[inner], min_size=n, max_size=n)
    values = data.draw(st.lists(alike) | st.lists(st.lists(LISTS[inner], max_size=3) | st.none()))
    made = nested_series("x", values, pl.List(inner))
    assert (made.name, made.dtype, made.to_list()) == ("x", pl.List(inner), values)
