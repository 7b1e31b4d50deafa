"""Tensors over the arrays of a batch."""

from typing import Any

import numpy as np
import torch


def tensors(values: Any) -> Any:
    """Values with tensors over their arrays; texts stay."""
    if isinstance(values, np.ndarray):
        return torch.from_numpy(values)
    if isinstance(values, dict):
        return {name: tensors(inner) for name, inner in values.items()}
    if isinstance(values, list) and values and isinstance(values[0], np.ndarray):
        return [torch.from_numpy(array) for array in values]
    return values
