"""What volumes, recordings and videos show in a notebook: the right slices the right way round, for few bytes."""

import base64
import io
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import nibabel
import numpy as np
import pytest
from nibabel.testing import data_path
from PIL import Image
from pydicom.data import get_testdata_file
from test_budgets import Place, folder, nifti, placed
from video_files import write_video

import neurochain as nc
from neurochain.formats import open_recording, open_video, open_volume
from neurochain.formats.arrays.slicing import normalise
from neurochain.formats.arrays.stored import ByteArray
from neurochain.formats.shown import planes
from neurochain.formats.shown.little import MOST as LITTLE
from neurochain.formats.shown.little import little_picture
from neurochain.formats.shown.recordings import MOST as RECORDING
from neurochain.formats.shown.videos import MOST as VIDEO
from neurochain.formats.shown.videos import frames_html
from neurochain.formats.volumes.orientation import codes
from neurochain.storage import File
from neurochain.testing.edf import write_edf

__all__ = ["folder", "placed"]
MB = 2**20
BIG = {(1024, 1024, 1024): 2**31, (400, 400, 400): 128_000_000, (96, 96, 60, 300): 331_776_000}


def images(html: str) -> list[np.ndarray]:
    """Pictures in a piece of HTML."""
    sheets = [unquote(svg) for svg in re.findall(r'src="data:image/svg\+xml,([^"]+)"', html)]
    found = [
        data for svg in sheets for data in re.findall(r'href="data:image/(?:png|jpeg);base64,([^"]+)"', svg)
    ]
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(data)))) for data in found]


def windowed(values: np.ndarray, all_values: np.ndarray) -> np.ndarray:
    low, high = np.quantile(all_values, [0.02, 0.98])
    return np.round(np.clip((values - low) / (high - low), 0, 1) * 255)


@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, 1, 1), (1, -1, -1), (-1, -1, 1)])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_slices_stand_as_nibabel_says(flips: tuple[int, ...], order: tuple[int, ...]) -> None:
    """Left is left, front and top are above, whatever the file's own axes are."""
    values = np.random.default_rng(0).random((20, 24, 28)) * np.linspace(1, 9, 28)
    affine = np.zeros((4, 4))
    for voxel, world in enumerate(order):
        affine[world, voxel] = flips[voxel] * (voxel + 1)
    affine[3, 3] = 1
    html = nc.Volume.of(values, affine)._repr_html_()
    image = nibabel.Nifti1Image(values, affine)
    assert codes(affine) == "".join(nibabel.aff2axcodes(affine))
    canonical = nibabel.as_closest_canonical(image)
    right = np.asarray(canonical.dataobj)
    # The middle of an even number of slices is the upper one in the file, which a flip makes the lower one.
    to = nibabel.io_orientation(affine)
    middle = [0, 0, 0]
    for voxel, (world, flip) in enumerate(to):
        n = values.shape[voxel]
        middle[int(world)] = n // 2 if flip > 0 else n - 1 - n // 2
    x, y, z = middle
    wanted = [right[:, :, z].T[::-1], right[:, y].T[::-1], right[x].T[::-1]]
    together = np.concatenate([w.ravel() for w in wanted])
    found = images(html)
    assert len(found) == 3
    for a, b in zip(found, wanted, strict=True):
        assert a.shape == b.shape
        assert np.abs(a - windowed(b, together)).max() <= 1
    assert re.findall(r">([LRAPSI])</text>", unquote(html)) == list("LRAPLRSIPASI")


def test_of_an_axis_that_runs_from_front_to_back_the_letters_follow() -> None:
    html = nc.open(get_testdata_file("MR_small.dcm"))._repr_html_()
    (found,) = images(html)
    pixels = np.asarray(nc.open(get_testdata_file("MR_small.dcm")))
    assert np.abs(found - windowed(pixels, pixels)).max() <= 1  # as it is stored, rows from above to below
    assert len(re.findall(r">([LRAPSI])</text>", unquote(html))) == 4


def test_a_little_picture_pulls_less(placed: Callable[[Path], Place], folder: Path) -> None:
    """Half a MiB, and what opening takes."""
    write_edf(
        folder / "a.edf",
        np.random.default_rng(0).normal(size=(32, 500 * 60)) * 40,
        500,
        [f"{i}" for i in range(32)],
    )
    for path in (nifti(folder / "big.nii", (400, 400, 400)), folder / "a.edf"):
        place = placed(path)
        file = place.file
        nc.open(file)
        place.cost()
        assert little_picture(file).startswith(("<img", "<svg"))
        assert place.cost()[0] <= LITTLE + 64 * 1024


def test_labels_have_colours(tmp_path: Path) -> None:
    labels = np.zeros((30, 30, 30), np.int16)
    labels[5:15, 5:25, 5:25], labels[15:25, 5:25, 5:25] = 3, 17
    nibabel.save(nibabel.Nifti1Image(labels, np.eye(4)), tmp_path / "a_dseg.nii")
    html = nc.open(tmp_path / "a_dseg.nii")._repr_html_()
    assert "pixelated" in unquote(html)
    colours = {tuple(p) for p in images(html)[0].reshape(-1, 3).tolist()}
    assert len(colours) == 3


@pytest.mark.parametrize("shape", BIG)
def test_a_large_volume_pulls_few_bytes(
    placed: Callable[[Path], Place], folder: Path, shape: tuple[int, ...]
) -> None:
    """Of 2 GB under 8 MiB: 0.4 %."""
    place = placed(nifti(folder / "big.nii", shape))
    volume = open_volume(place.file)
    place.cost()
    html = volume._repr_html_()
    pulled, requests = place.cost()
    assert pulled <= planes.OPEN
    assert requests <= 3 * planes.PIECES[place.server is not None]
    assert "No picture" not in html
    assert len(images(html)) >= 2
    said, unit = re.findall(r"pulled ([\d.]+) (MB|kB) of", html)[0]
    scale = {"MB": 1e6, "kB": 1e3}[unit]
    assert pulled <= (float(said) + 0.1) * scale  # what is said is what it cost, or somewhat more
    assert len(images(html)) == 3 or "Left out: 1 of 3 slices" in html


def test_a_compressed_volume_that_is_large_is_left_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / "big.nii.gz"
    values = np.random.default_rng(0).integers(0, 2**15, (80, 80, 80)).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), path)
    assert len(images(nc.open(path)._repr_html_())) == 3
    monkeypatch.setattr(planes, "PACKED", {False: 1000, True: 1000})
    html = open_volume(File.at(path))._repr_html_()
    assert images(html) == []
    assert "Left out: 3 of 3 slices, of which a picture would pull" in html


def test_a_recording_pulls_few_bytes(placed: Callable[[Path], Place], folder: Path) -> None:
    path = folder / "night.edf"
    signals = np.random.default_rng(0).normal(size=(64, 500 * 600)) * 40
    write_edf(path, signals, 500, [f"EEG {i}" for i in range(64)])
    place = placed(path)
    recording = open_recording(place.file)
    place.cost()
    html = recording._repr_html_()
    pulled, _ = place.cost()
    assert 0 < pulled <= RECORDING
    assert "No picture" not in html
    assert html.count("<title>") == 8
    assert "8 of 64 channels, 0 to 10 s" in html


def test_traces_are_those_of_the_samples() -> None:
    rate, n = 250.0, 2500
    t = np.arange(n) / rate
    values = np.stack([50 * np.sin(2 * np.pi * 2 * t), np.full(n, 7.0), np.full(n, np.nan)])
    html = nc.Recording.of(values, rate, ["sine", "flat", "lost"], "uV")._repr_html_()
    assert "All channels, 0 to 10 s" in html
    assert "±100 uV" in html
    path = re.findall(r'<path transform="translate\(86 23\)[^"]*" d="M\d+ (-?\d+)l([^z]*)z', html)[0]
    steps = np.array([int(v) for v in re.findall(r"-?\d+", path[1])]).reshape(-1, 2)
    heights = np.cumsum(np.concatenate([[int(path[0])], steps[:, 1]]))
    assert heights.max() - heights.min() == pytest.approx(
        170, abs=4
    )  # half of a lane of 34 pixels, in tenths


@pytest.mark.parametrize("rate", [0.5, 30_000.0])
def test_slow_and_fast_recordings_are_shown(rate: float) -> None:
    values = np.random.default_rng(0).normal(size=(3, 4000))
    html = nc.Recording.of(values, rate)._repr_html_()
    assert "No picture" not in html
    assert "<svg" in html


def test_a_video_shows_frames(tmp_path: Path) -> None:
    write_video(tmp_path / "v.mp4", count=90)
    html = nc.open(tmp_path / "v.mp4")._repr_html_()
    assert 2 <= len(images(html)) <= 5
    assert "No picture" not in html
    assert re.search(r"The picture pulled [\d.]+ k?B of", html)


def test_a_video_pulls_few_bytes(placed: Callable[[Path], Place], folder: Path) -> None:
    write_video(folder / "v.mp4", count=240)
    place = placed(folder / "v.mp4")
    video = open_video(place.file)
    place.cost()
    video._repr_html_()
    pulled, _ = place.cost()
    assert pulled <= VIDEO
    assert "Frames are left out: a picture of them would pull" in frames_html(video, most=10)


def test_what_is_away_is_said_in_one_line(tmp_path: Path) -> None:
    values = np.zeros((4, 4, 4), np.int16)
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), tmp_path / "a.nii")
    volume = nc.open(tmp_path / "a.nii")
    (tmp_path / "a.nii").unlink()
    html = volume._repr_html_()
    assert "a.nii" in html
    assert html.count("No picture: ") == 1
    assert "Traceback" not in html


def test_a_missing_package_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_video(tmp_path / "v.mp4", count=9)
    video = nc.open(tmp_path / "v.mp4")
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    html = video._repr_html_()
    assert "neurochain[video]" in html
    assert "9 of" in html


def test_names_of_files_and_channels_stay_texts(tmp_path: Path) -> None:
    name = "<script>alert(1)&.nii"
    nibabel.save(nibabel.Nifti1Image(np.zeros((4, 4, 4), np.int16), np.eye(4)), tmp_path / "a.nii")
    (tmp_path / "a.nii").rename(tmp_path / name)
    for held in (nc.open(tmp_path / name), nc.Recording.of(np.zeros((1, 9)), 1.0, ["<script>"], "<script>")):
        html = held._repr_html_()
        assert "<script" not in unquote(html)
        assert "&lt;script&gt;" in html


def test_plain_text_stays() -> None:
    assert repr(nc.Volume.of(np.zeros((4, 4, 3)))) == "<Volume in memory (x: 4, y: 4, z: 3) float64>"


ODD = [
    nc.Volume.of(np.zeros((0, 4, 3))), nc.Volume.of(np.zeros((1, 1, 1))), nc.Volume.of(np.zeros(5)),
    nc.Volume.of(np.zeros((5, 1, 5))), nc.Volume.of(np.full((5, 5, 5), np.nan)), nc.Volume.of(np.ones((5, 5, 5)) * 1j),
    nc.Volume.of(np.zeros((5, 5, 5)), np.zeros((4, 4))), nc.Volume.of(np.zeros((5, 5, 5)) > 1), nc.Volume.of(np.zeros((9, 8))),
    nc.Volume.of(np.zeros((5, 6, 7, 3), np.uint8), axes=("frame", "row", "column", "sample")),
    nc.Recording.of(np.zeros((1, 0)), 10.0),
    nc.Recording.of(np.full((2, 50), np.inf), 10.0), nc.Recording.of(np.zeros((2, 1)), 10.0, start=5.0),
]  # fmt: skip


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_odd_ones_are_shown_too(odd: nc.Volume | nc.Recording) -> None:
    html = odd._repr_html_()
    assert "No picture" not in html
    little_picture(odd)


def test_real_files_are_shown(real_data: Path) -> None:
    found = [
        *(real_data / "nifti").rglob("*.nii*"),
        *(real_data / "eeg_mne").rglob("*.edf"),
        *(real_data / "dwi").rglob("*.nii.gz"),
    ]
    shown = 0
    for path in found[:40]:
        try:
            held = nc.open(path)
        except nc.NeurochainError:
            continue
        assert "No picture" not in held._repr_html_(), path
        little_picture(held)
        shown += 1
    assert shown >= 10


def test_what_nibabel_ships_is_shown() -> None:
    html = nc.open(Path(data_path) / "example4d.nii.gz")._repr_html_()
    assert len(images(html)) == 3
    assert "The first of 2 volumes" in html


def test_a_selection_of_very_many_pieces_is_not_planned_one_by_one() -> None:
    """Every 300th value of 600 million: what that costs is said from the counts."""
    array = ByteArray(File("memory://big", 2**34, ""), 0, (1000, 1000, 600, 300), np.dtype(np.int16), "C")
    axes = normalise((..., 0), array.shape)
    assert array.pulled(axes) == (1_200_000_000, 600_000_000)
    assert array.pulled(normalise((0, slice(None), slice(None), slice(None)), array.shape)) == (
        360_000_000,
        1,
    )
