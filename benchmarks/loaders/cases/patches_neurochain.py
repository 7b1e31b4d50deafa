"""Patches of any file of a folder: neurochain. See `patches`."""

from collections.abc import Iterator
from typing import Any

from patches import BATCH, PATCH, timed

import neurochain as nc
from neurochain.formats.registry import readers

readers()  # imports are not what is timed
next(iter(nc.read_values(x=[0]).to_pytorch().loader()))


def batches(folder: str) -> Iterator[Any]:
    cut = nc.read_storage(folder).gen(patch=nc.patches((PATCH, PATCH, PATCH), stride=PATCH // 2))
    for batch in cut.select("patch").to_pytorch(shuffle=True).loader(BATCH):
        yield batch["patch"]


timed(batches)
