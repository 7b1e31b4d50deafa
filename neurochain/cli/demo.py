"""The command ``demo``: the main job on real files, with every result shown."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.markup import escape

import neurochain as nc
from neurochain.cli.index import index_summary
from neurochain.cli.lineage import lineage_tree
from neurochain.cli.options import command_app
from neurochain.cli.printing import show
from neurochain.datasets.project import FOLDER, HOME
from neurochain.errors import MissingExtraError
from neurochain.testing.edf import write_edf

SECONDS, RATE = 30, 256  # of the made recording; Hz
app = command_app()


@app.command(epilog="Example: neurochain demo")
def demo(
    folder: Annotated[
        str, typer.Option(help="Where the demo's project and recording go.")
    ] = "neurochain-demo",
) -> None:
    """Do the main job on real files: index, compute, save, show the lineage, load a batch.

    The scans are those that the pydicom and nibabel packages carry; the EEG recording is made, and says so.
    """
    run(folder)


def run(folder: str) -> None:
    """Index, compute, save, show the lineage, load a batch.

    Raises
    ------
    MissingExtraError
        nibabel, whose files are read, is not installed.
    """
    console = Console(soft_wrap=True)
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    scans = _scans()
    recording = make_recording(target / "made_alpha.edf")
    os.chdir(target)
    os.environ.setdefault(HOME, str(Path.cwd() / FOLDER))  # and not in a project above

    def say(text: str) -> None:
        console.print(f"\n[bold]{text}[/]", highlight=False, soft_wrap=True)

    say(
        "1. Index: headers only, of the scans that the pydicom and nibabel packages carry, and one EEG recording"
    )
    console.print(
        f"   (the recording {recording.name} is made: {SECONDS} s, 10 Hz alpha on O1 and O2; no physiology)"
    )
    everything = nc.read_storage([*scans, recording.name])
    show(index_summary(everything), as_json=False)

    say("2. Filter and map: a function gets the lazy array, and pulls what it slices")
    sound = everything.filter(nc.Column("header.error").is_null(), nc.Column("header.shape").list.len() >= 2)
    images = sound.filter(
        nc.Column("header.format").is_in(["dicom", "nifti"]),
        nc.Column("header.dtype").is_in(["uint16", "int16", "float32", "float64"]),
        nc.Column("dicom.pixel_offset").is_not_null() | (nc.Column("header.format") == "nifti"),
    )
    features = images.map(middle_slice).select("file", "format", "header.modality", "shape", "mean", "spread")
    alpha = nc.read_storage(recording.name).map(alpha=alpha_ratio).select("file", "n_channels", "alpha")
    console.print(escape(repr(features)), highlight=False)

    say("3. Save: this runs the chain, and publishes an immutable version")
    version = features.save("demo/middle_slices", description="mean and spread of each scan's middle slice")
    console.print(escape(repr(version)), highlight=False)
    nc.read_dataset("demo/middle_slices").show(5)
    alpha.save("demo/alpha", description="alpha power over all power, per channel")
    nc.read_dataset("demo/alpha").show()
    again = features.save("demo/middle_slices")
    console.print(f"Saved again, nothing changed: still {again.reference}.", highlight=False)

    say("4. Lineage: what made it")
    console.print(lineage_tree(version.lineage()), highlight=False)

    say("5. A PyTorch batch")
    _batch(console)
    console.print(
        f"\nThe demo's project is in {target}. Look around: cd {target}; neurochain ls; neurochain show demo/alpha; neurochain ui",
        highlight=False,
    )


def _scans() -> list[str]:
    folders: list[str] = []
    for package, below in (
        ("pydicom", "data/test_files"),
        ("nibabel", "tests/data"),
        ("nibabel", "nicom/tests/data"),
    ):
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            raise MissingExtraError(
                f"The demo reads scans that the package {package!r} carries, and it is not installed. "
                "Install it with: pip install 'neurochain[demo]'"
            )
        found = Path(spec.origin).parent / below
        if found.is_dir():
            folders.append(f"{found}/**/*.{{dcm,nii,nii.gz}}")
    return folders


def make_recording(path: Path) -> Path:
    """Write a made EEG recording: noise on six channels, and 10 Hz on the occipital two."""
    labels = ["Fp1", "Fp2", "C3", "C4", "O1", "O2"]
    random = np.random.default_rng(7)
    time = np.arange(SECONDS * RATE) / RATE
    signals = random.normal(0, 10, (len(labels), time.size))
    signals[4:] += 30 * np.sin(2 * np.pi * 10 * time)
    if not path.exists():
        write_edf(path, signals, RATE, labels)
    return path


def middle_slice(volume: nc.Volume) -> dict[str, float]:
    """Mean and standard deviation of the middle slice along the last spatial axis."""
    image = np.asarray(
        volume[(slice(None), slice(None), *(n // 2 for n in volume.shape[2:]))], dtype=np.float64
    )
    return {"mean": float(image.mean()), "spread": float(image.std())}


def alpha_ratio(recording: nc.Recording) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Power between 8 and 13 Hz over all power, per channel, from the first ten seconds."""
    rate = recording.sampling_frequency
    signals = recording[:, : int(10 * rate)]
    power = np.abs(np.fft.rfft(signals - signals.mean(axis=1, keepdims=True))) ** 2
    frequency = np.fft.rfftfreq(signals.shape[1], 1 / rate)
    alpha = (frequency >= 8) & (frequency <= 13)
    ratio: np.ndarray[tuple[int], np.dtype[np.float64]] = power[:, alpha].sum(axis=1) / power.sum(axis=1)
    return ratio


def _batch(console: Console) -> None:
    size = nc.Column("shape").list
    alike = nc.read_dataset("demo/middle_slices").filter(
        size.len() == 2, size.get(0, null_on_oob=True) == 64, size.get(1, null_on_oob=True) == 64
    )
    try:
        dataset = alike.select("file", "format", "mean").to_pytorch()
    except MissingExtraError as error:
        console.print(str(error), highlight=False, markup=False)
        return
    from torch.utils.data import DataLoader  # an optional extra, which to_pytorch() has just found

    batch = next(iter(DataLoader(dataset, batch_size=4)))
    for name, value in batch.items():
        what = f"{value.dtype}{list(value.shape)}" if hasattr(value, "dtype") else repr(value)
        console.print(f"{name}: {what}", highlight=False, markup=False)
