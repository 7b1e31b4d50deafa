"""Two processes of one training, under torch.distributed (gloo): together they see each row once."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import neurochain as nc
from neurochain.loaders.order import Order

ROWS = 101

SCRIPT = """
import json, sys
import torch
from torch import distributed
import neurochain as nc

rank, folder = int(sys.argv[1]), sys.argv[2]
distributed.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
loader = nc.read_dataset("rows").to_pytorch(shuffle=True, seed=5).loader(batch_size=8, drop_last=json.loads(sys.argv[3]))
epochs = []
for epoch in range(2):
    seen = []
    for batch in loader:
        total = batch["i"].sum()
        distributed.all_reduce(total)  # both have as many batches, or this would wait for ever
        seen.append((batch["i"].tolist(), int(total)))
    epochs.append(seen)
with open(f"{folder}/{rank}.json", "w") as file:
    json.dump(epochs, file)
distributed.destroy_process_group()
"""


@pytest.mark.parametrize("drop_last", [False, True])
def test_ranks_see_each_row_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drop_last: bool) -> None:
    monkeypatch.chdir(tmp_path)
    nc.read_values(i=list(range(ROWS))).save("rows")
    arguments = [str(tmp_path), json.dumps(drop_last)]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(rank), *arguments], stderr=subprocess.PIPE, text=True
        )
        for rank in range(2)
    ]
    for process in processes:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
    ranks = [json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(2)]
    for epoch in range(2):
        order = Order(ROWS, 5, epoch).between(0, ROWS).tolist()
        wanted = order[: ROWS // 16 * 16] if drop_last else order
        seen = []
        for left, right in zip(ranks[0][epoch], ranks[1][epoch], strict=True):
            assert left[1] == right[1] == sum(left[0]) + sum(right[0])
            seen += left[0] + right[0]
        assert seen == wanted
