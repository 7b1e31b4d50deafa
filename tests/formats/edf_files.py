"""Made EDF and BDF files, byte by byte, for tests of what writers refuse to write."""

import numpy as np


def edf_bytes(signals, n_records, duration=1, *, bdf=False, reserved="", **fixed):
    """Bytes of a file.

    `signals`: dicts with label, samples (ints, shape (n_records, n)), and any field of the header.
    """

    def field(value, width):
        return str(value).encode("latin-1").ljust(width)[:width]

    n = len(signals)
    head = (b"\xffBIOSEMI" if bdf else b"0".ljust(8)) + field(fixed.get("patient", "X X X X"), 80)
    head += field(fixed.get("recording", "Startdate X X X X"), 80)
    head += field(fixed.get("date", "02.03.04"), 8) + field(fixed.get("time", "05.06.07"), 8)
    head += field(fixed.get("header_bytes", 256 + 256 * n), 8) + field(reserved, 44)
    head += (
        field(fixed.get("stated", n_records), 8) + field(duration, 8) + field(fixed.get("n_signals", n), 4)
    )
    low, high = (-(2**23), 2**23 - 1) if bdf else (-32768, 32767)
    for name, width, default in (
        ("label", 16, ""), ("transducer", 80, ""), ("unit", 8, "uV"), ("physical_min", 8, -100), ("physical_max", 8, 100),
        ("digital_min", 8, low), ("digital_max", 8, high), ("prefiltering", 80, ""), ("n", 8, None), ("reserved", 32, ""),
    ):  # fmt: skip
        for signal in signals:
            head += field(
                np.shape(signal["samples"])[1] if default is None else signal.get(name, default), width
            )
    body = b""
    for record in range(n_records):
        for signal in signals:
            values = np.asarray(signal["samples"])[record]
            wide = values.astype("<i4").view(np.uint8).reshape(-1, 4)
            body += wide[:, :3].tobytes() if bdf else values.astype("<i2").tobytes()
    return head + body


def noise(n_records, n, seed=0, bdf=False):
    """Digital samples, the extremes among them."""
    limit = 2**23 if bdf else 2**15
    values = np.random.default_rng(seed).integers(-limit, limit, (n_records, n))
    values.flat[:2] = -limit, limit - 1
    return values


def write(path, *args, **kwargs):
    path.write_bytes(edf_bytes(*args, **kwargs))
    return path


ANNOTATIONS = {"label": "EDF Annotations", "unit": "", "physical_min": -1, "physical_max": 1}
TALS = np.frombuffer(b"+0\x14\x14\0".ljust(20, b"\0") + b"+1\x14\x14\0".ljust(20, b"\0"), "<i2").reshape(
    2, 10
)


def tal(onset, *texts, duration=None):
    """Time-stamped annotations list; without texts, the time of a data record."""
    lasting = "" if duration is None else f"\x15{duration}"
    return (
        f"{onset:+.12g}{lasting}\x14".encode() + b"".join(t.encode() + b"\x14" for t in texts or [""]) + b"\0"
    )


def annotation_signal(records, bdf=False, label=None):
    """Annotation signal of `edf_bytes`, from the bytes of each of its data records."""
    width = 3 if bdf else 2
    n = max(-(-max(map(len, records)) // width), 1)
    raw = np.frombuffer(b"".join(r.ljust(n * width, b"\0") for r in records), np.uint8).reshape(-1, width)
    wide = np.zeros((len(raw), 4), np.uint8)
    wide[:, :width] = raw
    samples = wide.view("<i4").reshape(len(records), n)
    samples = samples if bdf else samples.astype(np.uint16).view(np.int16)
    return {**ANNOTATIONS, "label": label or f"{'BDF' if bdf else 'EDF'} Annotations", "samples": samples}


def with_gaps(starts, duration=1, n=8, notes=(), **fixed):
    """EDF+D file whose data records begin at some times, and its digital samples in order."""
    samples = noise(len(starts), n)
    records = [tal(start) for start in starts]
    for onset, text in notes:
        records[0] += tal(onset, text)
    signals = [{"label": "Cz", "samples": samples}, annotation_signal(records)]
    return edf_bytes(signals, len(starts), duration, **{"reserved": "EDF+D", **fixed}), samples.ravel()
