"""Patches and windows straight from raw files: what NumPy cuts of the whole, and only the bytes of it."""

from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch

import neurochain as nc
from neurochain.storage import File
from neurochain.testing.edf import write_edf


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def images(here: Path) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    stored = [rng.normal(size=(20, 16, 12)).astype(np.float32) for _ in range(4)]
    for i, image in enumerate(stored):
        nibabel.Nifti1Image(image, np.eye(4)).to_filename(
            here / f"sub-{i:02}_T1w.nii{'.gz' if i == 3 else ''}"
        )
    return stored


@pytest.fixture
def recordings(here: Path) -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    signals = [rng.normal(0, 20, (3, 100 * (5 + i))) for i in range(3)]
    for i, one in enumerate(signals):
        write_edf(here / f"sub-{i:02}_eeg.edf", one, 100, ["Fp1", "O1", "O2"])
    return signals


def test_patches_are_those_of_the_whole_images(images: list[np.ndarray]) -> None:
    chain = nc.read_storage("*.nii*").gen(patch=nc.patches((8, 8, 8), stride=4)).select("patch", "subject")
    data = chain.to_pytorch()
    expected = [
        (image[x : x + 8, y : y + 8, z : z + 8], f"{i:02}")
        for i, image in enumerate(images)
        for x in range(0, 13, 4)
        for y in range(0, 9, 4)
        for z in range(0, 5, 4)
    ]
    assert len(data) == len(expected)
    for number, (patch, subject) in enumerate(expected):
        row = data[number]
        assert list(row) == ["patch", "subject"]
        assert torch.equal(row["patch"], torch.from_numpy(patch.copy()))
        assert row["subject"] == subject


@pytest.mark.parametrize("workers", [0, 2])
def test_batches_of_patches_are_shuffled_alike(images: list[np.ndarray], workers: int) -> None:
    data = nc.read_storage("*.nii*").gen(patch=nc.patches((8, 8, 8))).select("patch").to_pytorch(shuffle=True)
    found = torch.cat([batch["patch"] for batch in data.loader(batch_size=5, num_workers=workers)])
    again = torch.stack([data[i]["patch"] for i in range(len(data))])
    assert torch.equal(found, again)


def test_windows_are_those_of_the_whole_recordings(recordings: list[np.ndarray]) -> None:
    spec = nc.windows(2, step=1, channels=["O2", "Fp1"])
    data = nc.read_storage("*.edf").gen(window=spec).select("subject", "window").to_pytorch()
    expected = [
        (i, one[[2, 0], s : s + 200])
        for i, one in enumerate(recordings)
        for s in range(0, one.shape[1] - 199, 100)
    ]
    assert len(data) == len(expected)
    for number, (subject, window) in enumerate(expected):
        row = data[number]
        assert row["subject"] == f"{subject:02}"
        np.testing.assert_allclose(row["window"].numpy(), window, atol=0.01)


def test_a_split_goes_before_the_cuts(recordings: list[np.ndarray]) -> None:
    chain = nc.read_storage("*.edf").select("file", "subject")
    chain.save("files")
    train = nc.read_dataset("files").split(train=0.67, test=0.33).train
    data = train.gen(window=nc.windows(1)).select("window", "subject").to_pytorch(shuffle=True)
    subjects = {name for batch in data.loader(batch_size=4) for name in batch["subject"]}
    assert subjects == set(train.collect()["subject"])
    assert len(data) == sum(recordings[int(s)].shape[1] // 100 for s in subjects)


def test_values_are_those_that_a_chain_would_save(recordings: list[np.ndarray]) -> None:
    chain = nc.read_storage("*.edf").gen(window=nc.windows(2)).select("window")
    lazy = chain.to_pytorch()
    kept = chain.filter(nc.Column("window.start") >= 0).to_pytorch()  # read by the chain, and mapped
    assert len(lazy) == len(kept)
    for i in range(len(kept)):
        np.testing.assert_allclose(lazy[i]["window"].numpy(), kept[i]["window"].numpy(), rtol=1e-6)


def test_files_that_cannot_be_cut_are_named(here: Path, images: list[np.ndarray]) -> None:
    with pytest.raises(nc.ShapeError, match="fewer axes than a patch"):
        nc.read_storage("*.nii").gen(patch=nc.patches((2, 2, 2, 2))).select("patch").to_pytorch()


def test_a_volume_that_is_cut_short_says_so(here: Path, images: list[np.ndarray]) -> None:
    whole = (here / "sub-01_T1w.nii").read_bytes()
    (here / "sub-01_T1w.nii").write_bytes(whole[:-9_000])
    chain = nc.read_storage("sub-01_T1w.nii").gen(patch=nc.patches((4, 4, 12))).select("patch")
    with pytest.raises(nc.FormatError, match="but the file ends at byte 6,712"):
        chain.to_pytorch()
    file = File.at("sub-01_T1w.nii")
    assert not file.fill(
        [file.size - 4], 8, memoryview(bytearray(8))
    )  # who asks for ranges hears what is wrong
