"""Groups: channels of a recording that were sampled alike, and so have a common array."""

from dataclasses import dataclass

from neurochain.formats import Recording
from neurochain.formats.recordings.storedsamples import StoredSamples

__all__ = ["Group", "groups_of"]


@dataclass(frozen=True)
class Group:
    """Channels that were sampled alike.

    Attributes
    ----------
    number : int
        Among those of the recording.
    channels : tuple of int
        Indices.
    rate : float, Hz
    n_samples : int
        Of each.
    samples : StoredSamples
        Of these channels.
    """

    number: int
    channels: tuple[int, ...]
    rate: float
    n_samples: int
    samples: StoredSamples


def groups_of(recording: Recording) -> list[Group]:
    """Groups of a recording, in the order of their first channels."""
    found: dict[tuple[float, int], list[int]] = {}
    for i, kind in enumerate(zip(recording.sampling_frequencies, recording.lengths, strict=True)):
        found.setdefault(kind, []).append(i)
    return [
        Group(number, tuple(channels), rate, n, StoredSamples.of(recording.stored.pick(channels)))
        for number, ((rate, n), channels) in enumerate(found.items())
    ]
