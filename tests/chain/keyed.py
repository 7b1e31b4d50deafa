"""Rows with their hidden keys: what every verb has to keep unique."""

import polars as pl

import neurochain as nc
from neurochain.datasets.schema import KEY


def keyed(chain: nc.Chain) -> pl.DataFrame:
    """Flat columns of a chain with the key, which is checked."""
    state, _ = chain.execute()
    frame = state.frame.collect()
    assert frame.columns == [KEY, *state.schema.leaves()]
    assert frame.schema == {KEY: pl.Binary(), **state.schema.leaves()}
    assert frame[KEY].null_count() == 0
    assert frame[KEY].n_unique() == frame.height
    assert frame[KEY].bin.size().unique().to_list() in ([], [16])
    return frame


def keys(chain: nc.Chain) -> list[bytes]:
    """Keys of a chain's rows in order."""
    return keyed(chain)[KEY].to_list()
