"""Identities: the columns that say whose rows are, by the names that data sets give them."""

from collections.abc import Sequence

from neurochain.chain.expressions.resolve import Resolved, resolve
from neurochain.datasets.schema import Schema
from neurochain.errors import ColumnError

SUBJECT = ("subject", "subject_id", "participant", "participant_id")
SESSION = ("session", "session_id")


def identity(names: Sequence[str], schema: Schema) -> Resolved | None:
    """The first column of some names; None where there is none, or nobody can tell which."""
    for name in names:
        try:
            found = resolve(name, schema)
        except ColumnError:
            continue
        if found is not None:
            return found
    return None
