"""TorchDataset: the columns of a chain as a dataset for ``torch.utils.data.DataLoader``."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from neurochain.loaders.values import RowValues, check_shapes


class TorchDataset(Dataset[dict[str, Any]]):
    """Rows as dicts by column; numbers and arrays are tensors, texts are texts.

    Map-style, so that a ``DataLoader`` shuffles and splits it among workers, each row exactly once.

    Parameters
    ----------
    columns : dict of str to RowValues
        Values by column.
    rows : sequence of str
        Name of each row, for messages.
    """

    def __init__(self, columns: dict[str, RowValues], rows: Sequence[str]) -> None:
        self.columns = columns
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return f"TorchDataset({len(self):,} rows: {', '.join(self.columns)})"

    def __getitem__(self, index: int) -> dict[str, Any]:
        if not -len(self) <= index < len(self):
            raise IndexError(f"Row {index} is not there: the dataset has {len(self):,} rows.")
        return {name: _tensor(column[index % len(self)]) for name, column in self.columns.items()}

    def __getitems__(self, indices: list[int]) -> list[dict[str, Any]]:
        """Rows of a batch, whose shapes agree (ShapeError otherwise)."""
        batch = [self[i] for i in indices]
        names = [self.rows[i] for i in indices]
        for name in self.columns:
            _check(name, [row[name] for row in batch], names)
        return batch


def _check(name: str, values: list[Any], rows: Sequence[str]) -> None:
    if isinstance(values[0], dict):
        for key in values[0]:
            _check(f"{name}.{key}", [v[key] for v in values], rows)
    elif isinstance(values[0], torch.Tensor):
        check_shapes(name, values, rows)


def _tensor(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value.copy())  # a transform in place must not reach the dataset's own values
    if isinstance(value, np.generic):
        return torch.as_tensor(value.item(), dtype=_DTYPES.get(value.dtype.name))
    if isinstance(value, dict):
        return {k: _tensor(v) for k, v in value.items()}
    return value


_DTYPES = {
    "bool": torch.bool,
    "int8": torch.int8,
    "int16": torch.int16,
    "int32": torch.int32,
    "int64": torch.int64,
    "uint8": torch.uint8,
    "uint16": torch.uint16,
    "uint32": torch.uint32,
    "uint64": torch.uint64,
    "float32": torch.float32,
    "float64": torch.float64,
}
