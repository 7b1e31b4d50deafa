"""Random windows across recordings: others in each epoch, the same for any workers, ranks, and after a stop."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import neurochain as nc
from neurochain.formats.recordings.windows import Span
from neurochain.loaders.order import shares
from neurochain.testing.edf import write_edf

RATE, LENGTHS = 64, (7, 12, 9)
SPEC = nc.windows(2, random=True)


@pytest.fixture
def sessions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> nc.Chain:
    """Three recordings, whose samples say where they stand."""
    monkeypatch.chdir(tmp_path)
    for i, seconds in enumerate(LENGTHS):
        ramp = np.arange(seconds * RATE, dtype=float)
        write_edf(tmp_path / f"sub-{i:02}_eeg.edf", np.stack([ramp, -ramp]), RATE, ["up", "down"])
    return nc.read_storage("*.edf").gen(window=SPEC).select("subject", "window")


Cut = tuple[str, int]


def cuts(batches: object) -> list[Cut]:
    """Subject and first sample of each window; whole windows of one stretch are checked on the way."""
    found = []
    for batch in batches:  # type: ignore[attr-defined]
        for subject, window in zip(batch["subject"], np.asarray(batch["window"]), strict=True):
            np.testing.assert_allclose(np.diff(window[0]), 1, atol=0.05)
            np.testing.assert_allclose(window[0], -window[1], atol=0.05)
            assert window.shape == (2, 2 * RATE)
            found.append((subject, round(float(window[0, 0]))))
    return found


def test_each_epoch_draws_other_windows_that_cover_each_recording(sessions: nc.Chain) -> None:
    loader = sessions.to_pytorch(shuffle=True, seed=3).loader(batch_size=4)
    epochs = [cuts(loader) for _ in range(3)]
    assert len({tuple(sorted(epoch)) for epoch in epochs}) == 3
    for epoch in epochs:
        for i, seconds in enumerate(LENGTHS):
            starts = sorted(start for subject, start in epoch if subject == f"{i:02}")
            parts = np.linspace(0, seconds * RATE - 2 * RATE + 1, seconds // 2 + 1)
            assert len(starts) == seconds // 2
            assert [np.searchsorted(parts, s, side="right") - 1 for s in starts] == list(range(seconds // 2))


@pytest.mark.parametrize("workers", [0, 2])
def test_the_seed_alone_decides(sessions: nc.Chain, workers: int) -> None:
    def epoch(seed: int, number: int, batch_size: int, workers: int = 0, **place: int) -> list[Cut]:
        loader = sessions.to_pytorch(shuffle=True, seed=seed).loader(batch_size, workers, **place)
        loader.set_epoch(number)
        return cuts(loader)

    first = epoch(1, 5, batch_size=4)
    assert epoch(1, 5, batch_size=3, workers=workers) == first
    ranks = [epoch(1, 5, batch_size=2, workers=workers, rank=r, ranks=2) for r in range(2)]
    assert sorted(ranks[0] + ranks[1]) == sorted(first)
    assert sorted(epoch(2, 5, batch_size=4)) != sorted(first)
    assert sorted(epoch(1, 6, batch_size=4)) != sorted(first)
    numpy = sessions.to_numpy_batches(4, shuffle=True, seed=1)
    numpy.set_epoch(5)
    assert cuts(numpy) == first


def test_a_loop_goes_on_with_the_windows_of_its_epoch(sessions: nc.Chain) -> None:
    loader = sessions.to_pytorch(shuffle=True, seed=1).loader(batch_size=4)
    cuts(loader)
    whole = cuts(loader)
    loader.set_epoch(1)
    under_way = iter(loader)
    begun = cuts([next(under_way)])
    other = sessions.to_pytorch(shuffle=True, seed=1).loader(batch_size=3)
    other.load_state_dict(loader.state_dict())
    assert begun + cuts(other) == whole


def test_items_are_those_of_the_batches(sessions: nc.Chain) -> None:
    data = sessions.to_pytorch(shuffle=True, seed=9)
    data.set_epoch(2)
    loader = data.loader(batch_size=5)
    loader.set_epoch(2)
    batches = torch.cat([batch["window"] for batch in loader])
    assert torch.equal(batches, torch.stack([data[i]["window"] for i in range(len(data))]))
    assert torch.equal(data[-1]["window"], batches[-1])


def test_rows_that_are_saved_are_not_drawn(sessions: nc.Chain) -> None:
    with pytest.raises(nc.UDFError, match="begin somewhere else in each epoch"):
        sessions.save("windows")


@given(st.integers(0, 2**62), st.integers(0, 2**63))
def test_shares_are_what_is_written_of_them(number: int, seed: int) -> None:
    import hashlib

    key = int.from_bytes(hashlib.sha512(f"neurochain shares 1:{seed}".encode()).digest()[:8], "little")
    z = (number + key + 0x9E3779B97F4A7C15) % 2**64
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ z >> 27) * 0x94D049BB133111EB % 2**64
    expected = ((z ^ z >> 31) >> 11) / 2**53
    assert shares(np.array([number]), seed).tolist() == [expected]


def test_shares_fill_the_unit_interval_evenly() -> None:
    drawn = shares(np.arange(100_000), 7)
    counts = np.histogram(drawn, 100, (0, 1))[0]
    assert ((counts - 1000) ** 2 / 1000).sum() < 150  # chi-square of 99 degrees: beyond 150 once in 1,200
    assert abs(np.corrcoef(drawn[1:], drawn[:-1])[0, 1]) < 0.02
    assert SPEC.drawn(nc.Recording.of([[0.0] * 9], 1.0), Span(0, 7), float(drawn.max())).start <= 7
