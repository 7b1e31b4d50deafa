"""Strategies: random types, fields and schemas."""

import string

from hypothesis import strategies as st

from neurochain.datasets.schema import Schema
from neurochain.datasets.types import SCALARS, Array, DataType, Field, Json, List, Ragged, Record, Scalar

ARRAY_DTYPES = (
    *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64", "complex64", "complex128"),
    *(f"{kind}[{unit}]" for kind in ("datetime64", "timedelta64") for unit in ("D", "s", "ms", "us", "ns")),
    *("datetime64[M]", "datetime64[25s]", "timedelta64[h]", "timedelta64[ps]"),
)
UNITS = st.none() | st.sampled_from(["mm", "uV", "s"])
NAMES = st.text(string.ascii_letters + string.digits + "_ é-", min_size=1, max_size=8)
KEY_TYPES = ("int64", "float64", "string", "bool", "null", "json", "list[int64]", "list[float64]")

scalars = st.sampled_from(sorted(SCALARS)).map(Scalar)
jsons = st.none() | st.dictionaries(NAMES, st.sampled_from(KEY_TYPES), max_size=3)
arrays = st.builds(
    Array, st.sampled_from(ARRAY_DTYPES), st.lists(st.integers(0, 4), max_size=3).map(tuple)
) | st.builds(Ragged, st.sampled_from(ARRAY_DTYPES), st.integers(0, 3))


def _fields(kinds: st.SearchStrategy[DataType], axes: bool = True) -> st.SearchStrategy[tuple[Field, ...]]:
    names = st.lists(NAMES, min_size=1, max_size=4, unique=True)
    return names.flatmap(
        lambda ns: st.tuples(
            *(
                st.builds(
                    Field,
                    st.just(n),
                    kinds,
                    UNITS,
                    st.just(()) | st.just(("x", "y")) if axes else st.just(()),
                )
                for n in ns
            )
        )
    )


def _records(kinds: st.SearchStrategy[DataType]) -> st.SearchStrategy[DataType]:
    return st.builds(Record, st.sampled_from(["Header", "dict", ""]), _fields(kinds))


flat = scalars | st.builds(Json, jsons)
inside_lists: st.SearchStrategy[DataType] = st.recursive(
    flat, lambda inner: st.builds(List, inner) | _records(inner), max_leaves=4
)
types: st.SearchStrategy[DataType] = st.recursive(
    flat | arrays | st.builds(List, inside_lists), _records, max_leaves=6
)
fields = st.builds(Field, NAMES, types, UNITS, st.just(()) | st.just(("row", "column")))
schemas = _fields(types).map(Schema)
