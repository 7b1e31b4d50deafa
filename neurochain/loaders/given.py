"""Given: the rows of a chain that somebody asks for in batches, looked at first."""

from neurochain.chain.chain import Chain
from neurochain.loaders.expansion import expand
from neurochain.loaders.leakage import check_splits
from neurochain.loaders.rows import Rows
from neurochain.loaders.shapes import Ways, check_ways


def rows_of(chain: Chain, ragged: Ways, seed: int = 0) -> Rows:
    """Run a chain, as far as its rows are not mapped already.

    Parameters
    ----------
    chain : Chain
        Of any kind.
    ragged : mapping of str to str
        What becomes of arrays of several shapes, by column.
    seed : int
        Of what is drawn anew in each epoch.

    Raises
    ------
    SchemaError
        A column can become neither a tensor nor a text, or holds nulls.
    LoaderError
        The chain is a part of a split whose parts share a subject, a session or content; `ragged` cannot be.
    """
    check_splits(chain)
    rows = expand(chain, seed)
    check_ways(ragged, rows.columns)
    rows.ragged = ragged
    return rows
