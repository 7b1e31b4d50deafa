"""SpikeGLX recordings made for tests: the .meta as SpikeGLX writes it, samples from a seed."""

from pathlib import Path
from typing import Any

import numpy as np

COMMON = {
    "appVersion": "20230905",
    "fileCreateTime": "2024-03-13T12:16:32",
    "fileName": "D:/Subjects/somebody/run_g0_t0.imec0.ap.bin",
    "fileSHA1": "B42FFA9796A7E17FA9B3BE4BA7A223B942724AC7",
    "firstSample": "1738008",
    "userNotes": "seen by somebody",
}


def imro(kind: int, gains: list[tuple[int, int]]) -> str:
    """Table of sites of a probe of the first kind, a gain for the AP and for the LF band of each channel."""
    return f"({kind},{len(gains)})" + "".join(f"({i} 0 0 {ap} {lf} 1)" for i, (ap, lf) in enumerate(gains))


def mapped(kinds: list[str], counts: list[int], numbers: list[int]) -> str:
    """Channel map of some channels."""
    names = [f"{kind}{i}" for kind, count in zip(kinds, counts, strict=True) for i in range(count)]
    return f"({','.join(map(str, counts))})" + "".join(f"({names[n]};{n}:{n})" for n in numbers)


def probe(n: int = 8, band: str = "ap", **more: Any) -> dict[str, Any]:
    """Keys of a Neuropixels 1.0 probe of n sites, whose gains are 500 + 10 i and 250 + 5 i."""
    gains = [(500 + 10 * i, 250 + 5 * i) for i in range(n)]
    first = 0 if band == "ap" else n
    numbers = [*range(first, first + n), 2 * n]
    counts = [n, 0, 1] if band == "ap" else [0, n, 1]
    return {
        "typeThis": "imec",
        "acqApLfSy": f"{n},{n},1",
        "snsApLfSy": ",".join(map(str, counts)),
        "snsSaveChanSubset": f"{first}:{first + n - 1},{2 * n}",
        "nSavedChans": n + 1,
        "imAiRangeMax": 0.6,
        "imMaxInt": 512,
        "imSampRate": 30000.390639481 if band == "ap" else 2500.0325532900833,
        "imDatPrb_type": 0,
        "imDatPrb_pn": "PRB_1_4_0480_1",
        "imDatPrb_sn": "18005116811",
        "~imroTbl": imro(0, gains),
        "~snsChanMap": mapped(["AP", "LF", "SY"], [n, n, 1], numbers),
        **more,
    }


def second(n: int = 8, **more: Any) -> dict[str, Any]:
    """Keys of a Neuropixels 2.0 probe, whose gain is the same for all."""
    return {
        "typeThis": "imec",
        "acqApLfSy": f"{n},0,1",
        "snsApLfSy": f"{n},0,1",
        "snsSaveChanSubset": f"0:{n}",
        "nSavedChans": n + 1,
        "imAiRangeMax": 0.5,
        "imMaxInt": 8192,
        "imSampRate": 30000,
        "imDatPrb_type": 24,
        "imDatPrb_pn": "NP2010",
        "~imroTbl": f"(24,{n})" + "".join(f"({i} 0 0 0 {i})" for i in range(n)),
        "~snsChanMap": mapped(["AP", "LF", "SY"], [n, 0, 1], [*range(n + 1)]),
        **more,
    }


def beside(**more: Any) -> dict[str, Any]:
    """Keys of a NI device with two channels of each kind, but one digital word."""
    return {
        "typeThis": "nidq",
        "acqMnMaXaDw": "2,2,2,1",
        "snsMnMaXaDw": "2,2,2,1",
        "snsSaveChanSubset": "all",
        "nSavedChans": 7,
        "niAiRangeMax": 5,
        "niSampRate": 30003.0003,
        "niMNGain": 200,
        "niMAGain": 2,
        "~snsChanMap": "(2,2,1,2,1)(MN0C0;0:0)(MN0C1;1:1)(MA0C0;2:2)(MA0C1;3:3)(XA0;4:4)(XA1;5:5)(XD0;6:6)",
        **more,
    }


def onebox(**more: Any) -> dict[str, Any]:
    """Keys of what a OneBox records beside probes."""
    return {
        "typeThis": "obx",
        "acqXaDwSy": "3,1,1",
        "snsXaDwSy": "3,1,1",
        "snsSaveChanSubset": "0:4",
        "nSavedChans": 5,
        "obAiRangeMax": 5,
        "obMaxInt": 32768,
        "obSampRate": 30303.02,
        **more,
    }


def write(path: Path, keys: dict[str, Any], n_samples: int = 100, **how: Any) -> Path:
    """Write a recording, and its .meta, which is given back; keys that are None are left out.

    Parameters
    ----------
    path : Path
        Of the .meta.
    keys : dict
        Beside those that all have.
    n_samples : int
        Of each channel.
    how
        Further keys.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    data = path.with_suffix(".bin")
    samples(path, int(keys["nSavedChans"]), n_samples).tofile(data)
    said = {**COMMON, "fileSizeBytes": data.stat().st_size, **keys, **how}
    lines = [f"{key}={value}" for key, value in said.items() if value is not None]
    path.write_text("\r\n".join(lines) + "\r\n")
    return path


def samples(path: Path, n_channels: int, n_samples: int) -> np.ndarray[Any, Any]:
    """Samples as stored, shape (n_samples, n_channels), from a seed that follows from the file's name."""
    rng = np.random.default_rng(sum(map(ord, path.name)))
    return rng.integers(-512, 512, (n_samples, n_channels), dtype=np.int16)
