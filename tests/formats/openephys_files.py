"""Open Ephys recordings made for tests, as its manual describes them; samples from a seed."""

import json
from pathlib import Path

import numpy as np

PROBE, BESIDE = "Neuropix-PXI-100.ProbeA-AP", "NI-DAQmx-102.PXIe-6341"


def samples(n: int, n_samples: int = 1000) -> np.ndarray:
    return np.random.default_rng(n).integers(-999, 999, (n_samples, n)).astype("<i2")


def stream(
    folder: Path, name: str, n: int, rate: float, first: int = 5000, jumps=(), n_samples: int = 1000
) -> dict:
    """Write a stream of n channels, and give what structure.oebin says of it."""
    place = folder / "continuous" / name
    place.mkdir(parents=True)
    samples(n, n_samples).tofile(place / "continuous.dat")
    numbers = first + np.arange(n_samples, dtype="<i8")
    for jump in jumps:
        numbers[jump:] += 90
    np.save(place / "sample_numbers.npy", numbers)
    np.save(place / "timestamps.npy", numbers / rate)
    kind, step, unit = ("AP", 0.195, "uV") if name == PROBE else ("AI", 0.00015, "V")
    return {
        "folder_name": f"{name}/",
        "stream_name": name.rpartition(".")[2],
        "sample_rate": rate,
        "num_channels": n,
        "channels": [
            {"channel_name": f"{kind}{i + 1}", "bit_volts": step * (i + 1), "units": unit} for i in range(n)
        ],
    }


def structure(folder: Path, streams: list[dict], events: list[dict] | None = None) -> Path:
    path = folder / "structure.oebin"
    said = {"GUI version": "0.6.4", "continuous": streams, "events": events or [], "spikes": []}
    path.write_text(json.dumps(said))
    return path


def block(first: int, values: np.ndarray) -> bytes:
    front = first.to_bytes(8, "little") + (1024).to_bytes(2, "little") + bytes(2)
    return front + values.astype(">i2").tobytes() + bytes([*range(9), 255])


def channel(path: Path, firsts=(2048, 3072, 4096), label: str = "CH7", **other) -> Path:
    """Write a file of one channel."""
    path.parent.mkdir(parents=True, exist_ok=True)
    said = {
        "format": "'Open Ephys Data Format'", "version": 0.4, "header_bytes": 1024,
        "description": "'each record contains one 64-bit timestamp, one 16-bit sample count (N), 1 uint16 recordingNumber'",
        "date_created": "'3-May-2017 153305'", "channel": f"'{label}'", "channelType": "'Continuous'",
        "sampleRate": 30000, "blockLength": 1024, "bufferSize": 1024, "bitVolts": 0.195, **other,
    }  # fmt: skip
    head = "".join(f"header.{key} = {value};\n" for key, value in said.items()).encode().ljust(1024)
    values = samples(1, 1024 * len(firsts))[:, 0].reshape(-1, 1024)
    path.write_bytes(head + b"".join(block(first, some) for first, some in zip(firsts, values, strict=True)))
    return path


def lines(
    folder: Path, stream: str, numbers: list[int], states: list[int], rate: float, before: bool = False
) -> dict:
    """Write the digital lines of a stream, and give what structure.oebin says of them; as before GUI 0.6, or since."""
    name = f"{stream}/{'TTL_1' if before else 'TTL'}"
    place = folder / "events" / name
    place.mkdir(parents=True)
    if before:
        np.save(place / "timestamps.npy", np.array(numbers, "<i8"))
        np.save(place / "channel_states.npy", np.array(states, "<i2"))
        np.save(place / "channels.npy", np.abs(np.array(states, "<i2")))
    else:
        np.save(place / "sample_numbers.npy", np.array(numbers, "<i8"))
        np.save(place / "timestamps.npy", np.array(numbers) / rate)
        np.save(place / "states.npy", np.array(states, "<i2"))
    np.save(place / "full_words.npy", np.zeros(len(numbers), "<u8"))
    said = {"folder_name": f"{name}/", "channel_name": "TTL", "source_processor": "100", "sample_rate": rate}
    return said | {
        "stream_name": stream.rpartition(".")[2],
        "type": "int16",
        "num_channels": 8,
        "identifier": "x",
    }
