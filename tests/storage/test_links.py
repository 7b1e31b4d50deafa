"""LinkMeter: what is concluded from requests."""

import pytest

from neurochain.storage.links import ENOUGH, LinkMeter
from neurochain.storage.planner import Link, plan

KNOWN = Link(latency=0.03, bandwidth=100e6, at_once=16)


def test_nothing_is_concluded_from_little() -> None:
    meter = LinkMeter(KNOWN)
    for _ in range(ENOUGH - 1):
        meter.note(1_000, 0.5, 1)
        meter.note(10_000_000, 0.5, 1)
    assert meter.link == KNOWN


def test_small_requests_tell_the_latency_and_large_ones_the_bandwidth() -> None:
    meter = LinkMeter(KNOWN)
    for _ in range(20):
        meter.note(1_000, 0.002, 1)
        meter.note(200_000, 9.0, 1)  # of a size that tells neither
    for _ in range(20):
        meter.note(10_000_000, 0.102, 2)
    assert meter.link.latency == 0.002
    assert meter.link.bandwidth == pytest.approx(200e6)
    assert meter.link.at_once == 16


def test_what_is_far_off_counts_little() -> None:
    meter = LinkMeter(KNOWN)
    for seconds in [0.002] * 20 + [30.0] * 5:
        meter.note(1_000, seconds, 1)
    assert meter.link.latency == 0.002
    for _ in range(200):
        meter.note(1_000, 1e-9, 1)
    assert meter.link.latency == 100e-6


def test_a_request_that_fails_tells_nothing() -> None:
    meter = LinkMeter(KNOWN)
    for _ in range(50):
        with pytest.raises(OSError, match="gone"), meter.request(1_000):
            raise OSError("gone")
    assert meter.link == KNOWN
    for _ in range(50):
        with meter.request(1_000):
            pass
    assert meter.link.latency == 100e-6


def test_a_quick_link_reads_less_along() -> None:
    slow, quick = LinkMeter(KNOWN), LinkMeter(KNOWN)
    for _ in range(10):
        slow.note(1_000, 0.2, 1)
        quick.note(1_000, 0.0002, 1)
    wanted = [(i * 100_000, i * 100_000 + 1_000) for i in range(40)]
    assert len(plan(wanted, slow.link)) == 1
    assert len(plan(wanted, quick.link)) == 40
