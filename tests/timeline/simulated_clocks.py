"""Simulated clocks: two clocks of which the truth is known, and the pulses that both have seen, with all that goes wrong.

A device has run for a time tau, its clock shows ``tau + ahead`` and the common one ``h(tau) + stood``: `h` is offset and drift,
`ahead` grows where the device's clock jumps, and `stood` where it stands still.
"""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Jump:
    """What happens to the device's clock when it has run for `at` seconds."""

    at: float
    stands_still: float = 0.0
    jumps_ahead: float = 0.0


@dataclass(frozen=True)
class Setting:
    """What a simulation is made of; times in seconds."""

    offset: float = 12.3
    drift_ppm: float = 50.0
    jitter: float = 1e-3  # of the difference between both clocks, standard deviation
    lost: float = 0.2  # of the pulses, on each side
    spurious: float = 0.2
    n_pulses: int = 600
    interval: float = 1.0
    irregular: float = 0.5  # of the interval: 0 for regular pulses
    jumps: tuple[Jump, ...] = ()
    wander_ppm: float = 0.0  # amplitude of a slow change of the drift
    wander_period: float = 1800.0
    zero: float = 0.0  # of the device's clock when it starts
    seed: int = 0


@dataclass(frozen=True)
class Simulated:
    """Pulses on both clocks, and the truth."""

    setting: Setting
    device: Floats
    common: Floats
    edges: Floats = field(repr=False)  # running times at which stretches begin
    ahead: Floats = field(repr=False)
    stood: Floats = field(repr=False)
    partners: frozenset[tuple[float, float]] = field(repr=False, default=frozenset())

    def truth(self, device: Floats) -> Floats:
        """Common seconds of device seconds; NaN where the device's clock never was."""
        shown = np.asarray(device, np.float64) - self.setting.zero
        k = np.clip(np.searchsorted(self.edges + self.ahead, shown, side="right") - 1, 0, None)
        ran = shown - self.ahead[k]
        ends = np.append(self.edges[1:], np.inf)
        found = _h(self.setting, ran) + self.stood[k]
        return np.where(ran < ends[k], found, np.nan)

    @property
    def jumps_at(self) -> Floats:
        """Device times just before each jump."""
        return self.setting.zero + self.edges[1:] + self.ahead[:-1]


def _h(setting: Setting, ran: Floats) -> Floats:
    swing = setting.wander_ppm * 1e-6 * setting.wander_period / (2 * np.pi)
    bent = swing * np.sin(2 * np.pi * ran / setting.wander_period) if swing else 0.0
    return setting.zero + setting.offset + ran + setting.drift_ppm * 1e-6 * ran + bent


def _ran(setting: Setting, common: Floats) -> Floats:
    """The inverse of `_h`."""
    ran = common - setting.zero - setting.offset
    for _ in range(30):
        ran = ran - (_h(setting, ran) - common)
    return ran


def simulate(setting: Setting) -> Simulated:
    """Pulses of a setting, drawn with its seed."""
    rng = np.random.default_rng(setting.seed)
    spread = setting.irregular * setting.interval
    apart = setting.interval + rng.uniform(-spread, spread, setting.n_pulses)
    pulses = setting.zero + setting.offset + np.cumsum(apart)
    edges = np.array([0.0, *(j.at for j in setting.jumps)])
    ahead = np.cumsum([0.0, *(j.jumps_ahead for j in setting.jumps)])
    stood = np.cumsum([0.0, *(j.stands_still for j in setting.jumps)])
    begins = _h(setting, edges) + stood
    ends = np.append(_h(setting, edges[1:]) + stood[:-1], np.inf)
    k = np.clip(np.searchsorted(begins, pulses, side="right") - 1, 0, None)
    seen = pulses < ends[k]  # while its clock stands still a device sees nothing
    ran = _ran(setting, pulses - stood[k])
    device = np.where(seen, setting.zero + ran + ahead[k], np.nan)
    sigma = setting.jitter / np.sqrt(2)
    on_device = seen & (rng.random(len(pulses)) >= setting.lost)
    on_common = rng.random(len(pulses)) >= setting.lost
    device = device + rng.normal(0, sigma, len(pulses))
    common = pulses + rng.normal(0, sigma, len(pulses))
    pairs = frozenset(
        zip(device[on_device & on_common].tolist(), common[on_device & on_common].tolist(), strict=True)
    )
    bare = Simulated(setting, device[on_device], common[on_common], edges, ahead, stood, pairs)
    device, common = (_with_spurious(times, setting.spurious, rng) for times in (bare.device, bare.common))
    return replace(bare, device=device[~np.isnan(bare.truth(device))], common=common)


def _with_spurious(times: Floats, share: float, rng: np.random.Generator) -> Floats:
    n = int(share * len(times))
    return np.sort(np.concatenate([times, rng.uniform(times.min(), times.max(), n)]))


def frame_times(simulated: Simulated, rate: float, jitter: float = 0.0) -> tuple[Floats, Floats]:
    """When a camera took its frames, while the clocks ran: on its own clock as it stamps them, and truly on the common one.

    It takes none while its clock stands still.
    """
    setting = simulated.setting
    rng = np.random.default_rng(setting.seed + 1)
    ran = np.arange(0, setting.n_pulses * setting.interval, 1 / rate)
    k = np.searchsorted(simulated.edges, ran, side="right") - 1
    stamps = setting.zero + ran + simulated.ahead[k]
    return np.sort(stamps + rng.normal(0, jitter, len(ran))), _h(setting, ran) + simulated.stood[k]
