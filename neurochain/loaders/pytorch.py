"""To PyTorch: a chain as a map-style dataset, one dict per row."""

from collections.abc import Callable
from typing import Any

from neurochain.chain.chain import Chain
from neurochain.errors import require
from neurochain.loaders.given import rows_of
from neurochain.loaders.shapes import Ways


def to_pytorch(
    chain: Chain, transform: Callable[[dict[str, Any]], Any] | None, shuffle: bool, seed: int, ragged: Ways
) -> Any:
    """Run a chain and give its rows as a ``torch.utils.data.Dataset``; see `Chain.to_pytorch`.

    Raises
    ------
    MissingExtraError
        torch is not installed.
    SchemaError
        A column cannot become a tensor or text.
    LoaderError
        The chain is a part of a split whose parts share a subject, a session or content.
    """
    require("torch", "torch", "to_pytorch()")
    from neurochain.loaders.dataset import TorchDataset  # its base class is torch's, an optional extra

    return TorchDataset(rows_of(chain, ragged, seed), transform, shuffle, seed)
