"""Patches and windows from a bucket: the bytes of the cuts alone, read ahead, with workers too."""

import warnings
from collections.abc import Iterator
from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch

import neurochain as nc
from neurochain.storage.links import LinkMeter
from neurochain.storage.planner import Link
from neurochain.testing import ObjectServer
from neurochain.testing.edf import write_edf

SHAPE, RATE, SECONDS = (64, 64, 48), 128, 60
HEADERS = 4 * (352 + 4096) + 3 * 256 * 9


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectServer]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(LinkMeter, "link", Link(latency=0.02, bandwidth=100e6))  # not this machine's own
    bucket = tmp_path / "served" / "lab"
    bucket.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for i in range(4):
        image = nibabel.Nifti1Image(rng.normal(size=SHAPE).astype(np.float32), np.eye(4))
        image.to_filename(bucket / f"sub-{i:02}_T1w.nii")
    for i in range(3):
        waves = rng.normal(0, 20, (8, RATE * SECONDS))
        write_edf(bucket / f"sub-{i:02}_eeg.edf", waves, RATE, [f"E{c}" for c in range(8)])
    with ObjectServer(tmp_path / "served", latency=0.01) as server, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*multi-threaded.*", category=DeprecationWarning)
        yield server


def there(server: ObjectServer, pattern: str) -> nc.Chain:
    return nc.read_storage(f"s3://lab/{pattern}", anon=True, storage_options={"endpoint": server.url})


def here(tmp_path: Path, pattern: str) -> nc.Chain:
    return nc.read_storage(f"{tmp_path}/served/lab/{pattern}")


@pytest.mark.parametrize("workers", [0, 2])
def test_patches_from_a_bucket(server: ObjectServer, tmp_path: Path, workers: int) -> None:
    def batches(chain: nc.Chain, workers: int) -> torch.Tensor:
        data = chain.gen(patch=nc.patches((32, 32, 24))).select("patch").to_pytorch(shuffle=True, seed=2)
        return torch.cat([batch["patch"] for batch in data.loader(batch_size=4, num_workers=workers)])

    found = batches(there(server, "*.nii"), workers)
    pulled, most = server.traffic.bytes, server.traffic.most_at_once
    assert torch.equal(found, batches(here(tmp_path, "*.nii"), 0))
    assert len(found) == 4 * 8
    # Lines of a patch lie apart, so what is between them is pulled with them; but no process pulls anything twice.
    assert pulled <= (2 if workers else 1.05) * 4 * 4 * np.prod(SHAPE) + HEADERS
    assert most > 1, "patches of one batch, and of those behind it, are asked for together"


@pytest.mark.parametrize("workers", [0, 2])
def test_windows_from_a_bucket(server: ObjectServer, tmp_path: Path, workers: int) -> None:
    spec = nc.windows(2, step=20)  # three of each minute

    def batches(chain: nc.Chain, workers: int) -> torch.Tensor:
        data = chain.gen(window=spec).select("window").to_pytorch(shuffle=True, seed=2)
        return torch.cat([batch["window"] for batch in data.loader(batch_size=2, num_workers=workers)])

    found = batches(there(server, "*.edf"), workers)
    pulled = server.traffic.bytes
    assert torch.equal(found, batches(here(tmp_path, "*.edf"), 0))
    assert len(found) == 3 * 3
    assert pulled <= 1.3 * found.numel() * 2 + HEADERS  # 16 bits a sample
    assert torch.equal(found, batches(there(server, "*.edf"), workers))
    assert server.traffic.bytes - pulled < HEADERS, "what was pulled is in the cache"


def test_a_bucket_that_fails_is_an_error_of_the_loop(server: ObjectServer) -> None:
    data = there(server, "*.edf").gen(window=nc.windows(2)).select("window").to_pytorch()
    (server.folder / "lab" / "sub-01_eeg.edf").unlink()
    with pytest.raises(nc.StorageError, match="sub-01_eeg"):
        list(data.loader(batch_size=4))
