"""A rig: a probe, a camera, a scanner and a task, each on its own clock, of which the truth is known."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "formats"))
from video_files import X264, write_video

RATE, CHANNELS, SECONDS = 1000, 8, 20
TR = 2.5


@dataclass(frozen=True)
class Rig:
    """Files, and what is true of them.

    The camera's clock reads ``(t - OFFSET) / (1 + DRIFT)`` at the time t of the probe's.
    """

    probe: Path
    film: Path
    scan: Path
    events: Path
    behavior: Path
    ttl: Path
    samples: np.ndarray
    volumes: np.ndarray
    frames: np.ndarray  # times on the camera's clock, seconds
    pulses: np.ndarray  # times on the probe's clock, seconds

    OFFSET, DRIFT = 1.5, 8e-5

    def of_camera(self, times):
        """The camera's times at times of the probe."""
        return (np.asarray(times) - self.OFFSET) / (1 + self.DRIFT)

    @property
    def raw(self) -> dict:
        """How the probe's samples lie."""
        return {"channels": CHANNELS, "sampling_frequency": RATE, "dtype": "int16"}


def make_rig(folder: Path) -> Rig:
    """Write a rig's files."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(7)
    pulses = np.sort(rng.uniform(1.6, 19.9, 60).round(3))
    samples = rng.integers(-300, 300, (SECONDS * RATE, CHANNELS)).astype(np.int16)
    samples[:, -1] = 0
    for t in pulses:
        samples[round(t * RATE) : round(t * RATE) + 5, -1] = 1000
    probe = folder / "probe.bin"
    samples.tofile(probe)
    steps = rng.integers(30, 60, 400)
    steps[50] = 700  # dropped frames
    frames = np.cumsum(steps)
    frames = frames[frames < (SECONDS - 1.6) * 1000]
    film = write_video(folder / "cam.mp4", len(frames), options=X264, times=(frames - frames[0]).tolist())
    ttl = folder / "ttl.csv"
    seen = np.delete((pulses - Rig.OFFSET) / (1 + Rig.DRIFT), [3, 17])
    ttl.write_text("time\n" + "\n".join(f"{t:.6f}" for t in seen) + "\n")
    volumes = rng.integers(0, 900, (5, 4, 3, 8)).astype(np.int16)
    scan = folder / "sub-01_task-x_bold.nii.gz"
    image = nib.Nifti1Image(volumes, np.diag([3.0, 3, 4, 1]))
    image.header.set_xyzt_units("mm", "sec")
    image.header.set_zooms((3, 3, 4, 9.0))  # the sidecar wins
    nib.save(image, scan)
    said = {"RepetitionTime": TR, "SliceTiming": [0.0, 1.2, 0.6]}
    (folder / "sub-01_task-x_bold.json").write_text(json.dumps(said))
    events = folder / "events.tsv"
    rows = [(2.0, 1.0, "go"), (6.0, 1.0, "stop"), (11.25, 1.0, "go"), (19.8, 1.0, "go")]
    events.write_text("onset\tduration\ttrial_type\n" + "".join("\t".join(map(str, r)) + "\n" for r in rows))
    times = np.arange(0, SECONDS, 0.02)
    behavior = folder / "behavior.csv"
    lines = [f"{t:.2f},{np.sin(t):.6f},{int(t) % 2}" for t in times]
    behavior.write_text("time,velocity,lick\n" + "\n".join(lines) + "\n")
    shown = (frames - frames[0]) / 1000
    return Rig(probe, film, scan, events, behavior, ttl, samples, volumes, shown, pulses)
