"""Take the screens of the documentation: ``python docs/screens/take.py`` (needs Chromium, NEUROCHAIN_REAL_DATA).

The scan is one that nibabel ships (MIT), the EEG one of MNE's test data (BSD-3-Clause).
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nibabel
from PIL import Image

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tests"))

from browser.chromium import Chromium

STUDY = '''
import numpy as np
import neurochain as nc


def brain(volume: nc.Volume) -> dict[str, object]:
    """Signal, noise and the profile of the first volume, and what of it is head."""
    head = np.asarray(volume[..., 0], "f4")
    inside = head > 0.25 * np.quantile(head, 0.98)
    return {
        "snr": float(head[inside].mean() / head[~inside].std()),
        "profile": head.mean(axis=(0, 1)),
        "middle": np.rot90(head[:, :, head.shape[2] // 2]).copy(),
    }


def alpha(recording: nc.Recording) -> dict[str, float]:
    """Power from 8 to 12 Hz, of the whole."""
    signal = recording.pick([0]).read()[0]
    power = np.abs(np.fft.rfft(signal - signal.mean())) ** 2
    frequency = np.fft.rfftfreq(signal.size, 1 / recording.sampling_frequency)
    return {"alpha": float(power[(frequency >= 8) & (frequency < 12)].sum() / power[frequency > 1].sum())}


nc.read_storage("study/**/*_bold.nii.gz").save("scans")
nc.read_storage("study/**/*_eeg.edf").save("recordings")
nc.read_dataset("scans").map(brain).save("heads")
nc.read_dataset("recordings").map(alpha).save("alpha")
heads = nc.read_dataset("heads").filter(nc.Column("snr") > 1)
heads.merge(nc.read_dataset("alpha"), on="bids.subject").select("file", "snr", "profile", "alpha").save("features")
'''
STILL = """
await page.goto(given.base);
const still = () => document.querySelector("main") && !document.querySelector(".skeleton, .grid-row .bar, .stale");
const go = async (place) => { await page.goto(new URL(place, given.base).href); await page.waitForFunction(still); await page.waitForTimeout(4000); };
const rows = async (reference) => (await page.evaluate(async (place) => (await fetch(place)).json(), `/api/rows?ref=${reference}`)).rows;
"""
PICTURES = {
    "scan": 'await go(`/v/row?ref=heads@1.0.0&array=middle&key=${(await rows("heads@1.0.0"))[0].key}`);',
    "recording": 'await go(`/v/row?ref=alpha@1.0.0&ch=0-31&spec=6&key=${(await rows("alpha@1.0.0"))[0].key}`);',
    "lineage": 'await go("/lineage?ref=features@1.0.0"); await page.locator(".node", { hasText: "brain" }).first().click(); await page.waitForTimeout(2000);',
}


def main() -> None:
    """Make a study, serve it, look at it."""
    real = Path(os.environ["NEUROCHAIN_REAL_DATA"])
    with tempfile.TemporaryDirectory() as name:
        study = Path(name) / "study"
        scan = Path(nibabel.__file__).parent / "tests/data/example4d.nii.gz"
        signals = real / "eeg_mne/mne/io/edf/tests/data/test.edf"
        for subject in ("sub-01", "sub-02", "sub-03"):
            for source, kind in (
                (scan, "func/{}_task-rest_bold.nii.gz"),
                (signals, "eeg/{}_task-rest_eeg.edf"),
            ):
                target = study / "study" / subject / kind.format(subject)
                target.parent.mkdir(parents=True)
                shutil.copy(source, target)
        (study / "study.py").write_text(STUDY)
        home = {**os.environ, "NEUROCHAIN_HOME": str(study / ".neurochain"), "NEUROCHAIN_TOKEN": "pictures"}
        subprocess.run([sys.executable, "study.py"], cwd=study, env=home, check=True)
        command = [sys.executable, "-m", "neurochain.cli", "ui", "--port", "0", "--no-browser"]
        with subprocess.Popen(command, cwd=study, env=home, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            address = next(line.strip() for line in server.stdout if "/?token=" in line)
            try:
                with Chromium() as chromium:
                    for picture, script in PICTURES.items():
                        file = str(HERE / f"{picture}.png")
                        script = f"{STILL}{script} await page.screenshot({{ path: given.file }});"
                        chromium.run(
                            None,
                            script,
                            {"base": address, "file": file},
                            viewport={"width": 1280, "height": 800},
                        )
                        Image.open(file).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
                            file, optimize=True
                        )
                        print(file)
            finally:
                server.terminate()


if __name__ == "__main__":
    main()
