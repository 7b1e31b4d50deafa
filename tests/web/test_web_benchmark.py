"""The benchmark's cases of the browser view run, and find what is there: small amounts, nothing is timed."""

import sys
from pathlib import Path

import numpy as np
import pytest

import neurochain as nc
from benchmarks.contestant import Contestant, Measurement
from benchmarks.report import section
from benchmarks.scale import Scale
from benchmarks.web import CASES, PAGES, web
from benchmarks.web.files import CHANNELS, RATE, make_hour, make_volume

OURS = Path(sys.executable)


def ran(case: str, *arguments: object) -> dict[str, object]:
    contestant = Contestant(case, OURS, case, tuple(map(str, arguments)), 1, folder=CASES)
    contestant.run()
    return contestant.runs[-1].facts


@pytest.mark.parametrize("what", ["first page", "filtered", "histogram"])
def test_pages(tmp_path: Path, what: str) -> None:
    assert what in PAGES
    found = ran("pages", tmp_path, 10_000, what)
    x = np.random.default_rng(0).normal(size=10_000)
    expected = {
        "first page": {"matched": 10_000, "rows": 100},
        "filtered": {"matched": int((x > 1).sum()), "rows": 100},
        "histogram": {"count": 10_000},
    }
    assert found == expected[what]


def test_a_slice_of_a_scan(tmp_path: Path) -> None:
    size = make_volume(tmp_path / "lab", 0.02)
    volume = nc.open(tmp_path / "lab/large.nii")
    assert volume.shape == (1000, 1000, 20)
    assert size == 352 + 2 * 1000 * 1000 * 20
    found = ran("scan", tmp_path)
    assert found["bytes"] == 352 + 2 * 1000 * 1000
    assert 2_000_000 < int(str(found["pulled"])) < size


def test_the_first_screen_of_a_recording(tmp_path: Path) -> None:
    make_hour(tmp_path / "lab", 60)
    recording = nc.open(tmp_path / "lab/hour.edf")
    assert recording.duration == 60
    assert len(recording.channels) == CHANNELS
    near, far = ran("recording", tmp_path, "here"), ran("recording", tmp_path, "far")
    assert near["bytes"] == far["bytes"]
    assert near["wanted"] == 2 * CHANNELS * RATE * 10
    assert near["pulled"] == 0 < int(str(far["pulled"])) < 2 * int(str(far["wanted"]))


def test_the_page_weighs_little() -> None:
    found = ran("weight")
    assert 10 < float(str(found["kb"])) < 400  # kB, compressed, before a viewer is needed


def test_all_of_it_can_be_reported() -> None:
    facts: dict[str, object] = {"kb": 40, "pulled": 1, "wanted": 2}
    titles = []
    for comparison in web(OURS, Scale(0.001)):
        for contestant in comparison.contestants:
            contestant.runs.append(Measurement(0.1, 0.1, 10.0, facts))
        known = {c.name: c for c in comparison.contestants}
        assert all(goal.measure(known)[1] for goal in comparison.goals)
        assert section(comparison).startswith(f"## {comparison.title}")
        titles.append(comparison.title)
    assert len(titles) == 4
