"""To Arrow: a chain as a pyarrow Table."""

from typing import TYPE_CHECKING, Any

import numpy as np

from neurochain.chain.chain import Chain
from neurochain.chain.values.row import presented
from neurochain.datasets import arrays
from neurochain.datasets.types import Array
from neurochain.errors import require

if TYPE_CHECKING:
    import pyarrow as pa


def to_arrow(chain: Chain) -> "pa.Table":
    """All rows as a Table; arrays are ``fixed_shape_tensor`` where Arrow has the dtype.

    Raises
    ------
    MissingExtraError
        pyarrow is not installed.
    """
    pa: Any = require("pyarrow", "arrow", "to_arrow()")
    frame, schema = chain.physical()
    columns: dict[str, Any] = {}
    shown = presented(frame, schema)
    for name, field in schema.items():
        kind = field.type
        tensor = (
            isinstance(kind, Array)
            and np.dtype(kind.dtype).kind in "iuf"
            and kind.shape
            and 0 not in kind.shape
        )
        if isinstance(kind, Array) and tensor and not frame[name].null_count():
            block = arrays.decode(frame[name], kind)
            columns[name] = pa.FixedShapeTensorArray.from_numpy_ndarray(np.ascontiguousarray(block))
        else:
            columns[name] = shown[name].to_arrow()
    return pa.table(columns)
