"""Gains of SpikeGLX channels: from stored steps to microvolts and volts.

Source: SpikeGLX's own conversion (https://github.com/jenniferColonell/SpikeGLX_Datafile_Tools, readSGLX.py).
"""

import math
import re
from collections.abc import Callable

from neurochain.formats.spikeglx.meta import Saved, SpikeglxMeta

__all__ = ["amplified", "max_int", "physical"]

# Types of probes whose table of sites (imroTbl) has the gains of each channel: Neuropixels 1.0 and its like.
BY_CHANNEL = frozenset(
    [0, 1015, 1020, 1021, 1022, 1030, 1031, 1032, 1100, 1120, 1121, 1122, 1123, 1200, 1300]
)
ACTIVE_UHD = 1110  # whose table begins with the gains of all
# Before SpikeGLX wrote imChan0apGain.
FIXED = {21: 80.0, 24: 80.0, 2003: 100.0, 2004: 100.0, 2013: 100.0, 2014: 100.0, 2020: 100.0, 2021: 100.0}
STEPS_2_0 = 8192  # of the probes of type 21 and 24, which have 14 bits
STEPS_1_0, STEPS_ELSE = 512, 32_768
DIGITAL = ("SY", "XD")

_ENTRY = re.compile(r"\(([^()]*)\)")


def max_int(meta: SpikeglxMeta) -> int:
    """Number that stands for the largest voltage."""
    stated = meta.whole(meta.keys.steps)
    if stated:
        return stated
    if meta.stream != "imec":
        return STEPS_ELSE
    return STEPS_2_0 if meta.whole("imDatPrb_type") in (21, 24) else STEPS_1_0


def amplified(meta: SpikeglxMeta) -> list[float]:
    """Gain of the amplifier of each saved channel; 1 for digital ones, NaN where nobody knows."""
    of_kind = _of_probe(meta) if meta.stream == "imec" else _beside(meta)
    return [1.0 if c.kind in DIGITAL else of_kind(c) for c in meta.channels]


def physical(meta: SpikeglxMeta) -> tuple[list[float], list[str]]:
    """Physical value of one stored step, and its unit, of each saved channel: uV of probes, V of what was recorded beside.

    Digital channels are not scaled, and have no unit.
    """
    largest = meta.number(meta.keys.range)
    volts = math.nan if largest is None else largest / max_int(meta)
    factor, unit = (1e6, "uV") if meta.stream == "imec" else (1.0, "V")
    found = zip(meta.channels, amplified(meta), strict=True)
    steps = [1.0 if c.kind in DIGITAL else factor * volts / gain for c, gain in found]
    return steps, ["" if c.kind in DIGITAL else unit for c in meta.channels]


def _of_probe(meta: SpikeglxMeta) -> Callable[[Saved], float]:
    kind = meta.whole("imDatPrb_type") or 0
    entries = _ENTRY.findall(meta.values.get("imroTbl", ""))
    where = {"AP": 3, "LF": 4}

    def by_channel(channel: Saved) -> float:
        entry = entries[channel.place + 1].split() if channel.place + 1 < len(entries) else []
        return _positive(entry[where[channel.kind]]) if len(entry) > where[channel.kind] else math.nan

    def of_all(channel: Saved) -> float:
        stated = meta.number("imChan0apGain" if channel.kind == "AP" else "imChan0lfGain")
        if stated is not None:
            return _positive(str(stated))
        if kind == ACTIVE_UHD and entries:
            head = entries[0].split(",")
            return _positive(head[where[channel.kind]]) if len(head) > where[channel.kind] else math.nan
        return FIXED.get(kind, math.nan)

    return by_channel if kind in BY_CHANNEL else of_all


def _beside(meta: SpikeglxMeta) -> Callable[[Saved], float]:
    gains = {"MN": meta.number("niMNGain"), "MA": meta.number("niMAGain")}
    return lambda channel: _positive(str(gains.get(channel.kind, 1.0)))


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if 0 < value < math.inf else math.nan
