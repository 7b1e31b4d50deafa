"""To PyTorch: a chain as a map-style dataset, one dict per row."""

from typing import Any

from neurochain.chain.chain import Chain
from neurochain.errors import require
from neurochain.loaders.values import columns_of


def to_pytorch(chain: Chain) -> Any:
    """Run a chain and give its rows as a ``torch.utils.data.Dataset``; see `Chain.to_pytorch`.

    Raises
    ------
    MissingExtraError
        torch is not installed.
    SchemaError
        A column cannot become a tensor or text.
    """
    require("torch", "torch", "to_pytorch()")
    from neurochain.loaders.dataset import TorchDataset  # its base class is torch's, an optional extra

    return TorchDataset(*columns_of(*chain.physical()))
