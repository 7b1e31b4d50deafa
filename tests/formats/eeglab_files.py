"""EEGLAB files in all their layouts, made for tests."""

import eeglabio.epochs
import eeglabio.raw
import h5py
import numpy as np
import scipy.io

from neurochain.formats.eeglab.reader import found_in
from neurochain.storage import File

LABELS = ["Fp1", "Fz", "Cz", "Pz", "EOG"]


def signal(n_channels=5, pnts=1000, trials=1, dtype=np.float32, seed=0):
    """Microvolts, shape (n_channels, pnts[, trials])."""
    shape = (n_channels, pnts) if trials == 1 else (n_channels, pnts, trials)
    return (np.random.default_rng(seed).normal(size=shape) * 30).astype(dtype)


def structs(**columns):
    """Array of structs, one for each entry of the columns."""
    names = list(columns)
    rows = list(zip(*columns.values(), strict=True))
    out = np.empty((1, len(rows)), [(n, object) for n in names])
    for i, row in enumerate(rows):
        out[0, i] = row
    return out


EVENTS = structs(
    type=["square", "rt", 5.0, "boundary"],
    latency=[1.0, 126.5, 500.0, 700.5],
    duration=[0.0, 12.5, np.zeros((0, 0)), 40.0],
    urevent=[1.0, 2.0, 3.0, 4.0],
)


def fields(data):
    """Fields of EEG, in EEGLAB's order, with what is of no use here between them."""
    n, pnts = data.shape[:2]
    labels = LABELS[:n] if n <= len(LABELS) else [f"E{i}" for i in range(n)]
    return {
        "setname": "made", "filename": "made.set", "filepath": "/elsewhere", "subject": "S01", "group": "",
        "condition": "", "session": np.zeros((0, 0)), "comments": np.array(["one line", "another"]), "nbchan": float(n),
        "trials": float(data.shape[2] if data.ndim > 2 else 1), "pnts": float(pnts), "srate": 250.0, "xmin": 0.0,
        "xmax": (pnts - 1) / 250, "times": np.arange(pnts) * 4.0, "data": data, "icaact": np.zeros((0, 0)),
        "icawinv": np.eye(n), "icasphere": np.eye(n), "icaweights": np.eye(n), "icachansind": np.arange(n) + 1.0,
        "chanlocs": structs(labels=labels, type=["EEG"] * n, X=[0.1] * n, theta=[np.zeros((0, 0))] * n),
        "urchanlocs": np.zeros((0, 0)), "chaninfo": {"plotrad": np.zeros((0, 0)), "icachansind": np.zeros((0, 0))},
        "ref": "common", "event": EVENTS, "urevent": EVENTS, "eventdescription": np.zeros((0, 0)),
        "epoch": np.zeros((0, 0)), "reject": {"rejjp": np.zeros((0, 0))}, "history": "EEG = pop_loadset('made.set');" * 20,
        "saved": "yes", "etc": {"eeglabvers": "2024.0"}, "datfile": "",
    }  # fmt: skip


def write(path, samples, one_struct=True, beside=False, compressed=False, named=None, **changes):
    """A ``.set`` file, and its ``.fdt`` where the samples lie beside it."""
    stored = samples
    if beside:
        fdt = path.with_suffix(".fdt")
        fdt.write_bytes(samples.astype("<f4").tobytes(order="F"))
        stored = named or fdt.name
    values = fields(samples) | {"data": stored} | changes
    scipy.io.savemat(
        path,
        {"EEG": values} if one_struct else values,
        appendmat=False,
        do_compression=compressed,
        long_field_names=True,
    )
    return path


def by_eeglabio(path, data, version="v5"):
    """File as eeglabio writes it; `data` in microvolts."""
    notes = [["square", "rt"], np.array([0.1, 1.5]), np.array([0.0, 0.25])]
    eeglabio.raw.export_set(path, data * 1e-6, 250, LABELS[: len(data)], annotations=notes, fmt=version)
    return path


def epochs_by_eeglabio(path, data, version="v5"):
    """Epochs as eeglabio writes them; `data` of shape (n_channels, pnts, trials) in microvolts."""
    trials = data.shape[2]
    events = np.stack([np.arange(trials) * 500, np.zeros(trials), np.ones(trials)], axis=1).astype(int)
    eeglabio.epochs.export_set(
        path,
        np.moveaxis(data, 2, 0) * 1e-6,
        250,
        events,
        -0.2,
        -0.2 + (data.shape[1] - 1) / 250,
        LABELS[: len(data)],
        {"go": 1},
        ch_locs=np.ones((len(data), 3)),
        fmt=version,
    )
    return path


def chunked(path):
    """The same file with its samples in compressed chunks, as MATLAB writes them."""
    with h5py.File(path, "r+") as root:
        data = root["data"][()]
        del root["data"]
        made = root.create_dataset("data", data=data, chunks=True, compression="gzip")
        made.attrs["MATLAB_class"] = np.bytes_("single")
    return path


def nested(path):
    """The same file with all fields in one struct EEG."""
    with h5py.File(path, "r+") as root:
        group = root.create_group("EEG")
        for name in [n for n in root if n not in ("EEG", "#refs#")]:
            root.move(name, f"EEG/{name}")
        group.attrs["MATLAB_class"] = np.bytes_("struct")
    return path


def events_of(path):
    """Events of a file, as they are read."""
    file = File.at(path)
    return found_in(file, file.read_range(0, 4096)).annotations()
