"""Results that are larger than memory should hold: they go on in pieces, and nothing of them is lost."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neurochain as nc
from neurochain.chain.functions import batch, calling, gathering, memory
from neurochain.datasets.project import project


@pytest.fixture(params=["small", "tiny"])
def limits(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds that a handful of results reaches."""
    results, outcome = (300, 200) if request.param == "small" else (1, 1)
    monkeypatch.setattr(batch, "RESULT_BYTES", results)
    for module in (gathering, calling):
        monkeypatch.setattr(module, "OUTCOME_BYTES", outcome)
    monkeypatch.setattr(calling, "BLOCK", 3)
    monkeypatch.setattr(memory, "HELD_BYTES", 500)


def left_behind() -> list[str]:
    return [p.name for p in project().staging.glob("*")] if project().staging.exists() else []


def some(x: int) -> Iterator[int]:
    for i in range(x):
        if x == 13 and i == 11:
            raise ValueError("thirteen")
        yield x * 100 + i


def expected(counts: list[int], keep: bool) -> list[tuple[int, int | None]]:
    rows: list[tuple[int, int | None]] = []
    for x in counts:
        if x != 13:
            rows += [(x, x * 100 + i) for i in range(x)]
        elif keep:
            rows.append((x, None))
    return rows


COUNTS = st.lists(st.sampled_from([0, 1, 2, 5, 13, 40, 90]), min_size=1, max_size=12)


@settings(max_examples=25)
@given(counts=COUNTS, again=COUNTS, keep=st.booleans())
def test_gen_in_pieces_against_a_loop(
    folder: Any, limits: None, counts: list[int], again: list[int], keep: bool
) -> None:
    how = "keep" if keep else "skip"
    for given_counts in (counts, again + counts):  # the second time, some is known
        chain = nc.read_values(x=given_counts).settings(on_error=how).gen(i=some)
        frame = chain.select("x", "i").collect()
        assert frame.rows() == expected(given_counts, keep)
    assert not left_behind()


@settings(max_examples=25)
@given(
    values=st.lists(st.integers(0, 9), min_size=1, max_size=60),
    more=st.lists(st.integers(0, 12), max_size=60),
)
def test_map_in_pieces_against_a_list(folder: Any, limits: None, values: list[int], more: list[int]) -> None:
    def grown(x: int) -> np.ndarray:
        return np.arange(x * 10)

    for given_values in (values, more + values):
        got = [row.y for row in nc.read_values(x=given_values).map(y=grown)]
        assert [len(y) for y in got] == [x * 10 for x in given_values]
        assert all((y == np.arange(len(y))).all() for y in got)


def test_a_generator_that_fails_late_takes_back_what_lay_on_disk(folder: Any, limits: None) -> None:
    chain = nc.read_values(x=[5, 13, 5, 40]).gen(i=some)
    with pytest.raises(nc.UDFError, match="row 1: ValueError: thirteen"):
        chain.collect()
    assert not left_behind()
    assert chain.settings(on_error="skip").collect()["x"].to_list() == [5] * 10 + [40] * 40


def test_agg_in_pieces(folder: Any, limits: None) -> None:
    keys = [i // 3 for i in range(60)]
    chain = nc.read_values(k=keys, v=list(range(60))).agg(s=lambda v: np.array(v), partition_by="k")
    frame = chain.collect()
    assert frame["k"].to_list() == list(range(20))
    assert frame["s"].to_list() == [[3 * k, 3 * k + 1, 3 * k + 2] for k in range(20)]


def test_in_workers(folder: Any, limits: None) -> None:
    counts = [40, 2, 90, 13, 0, 90, 7] * 3
    chain = nc.read_values(x=counts).settings(workers=2, on_error="skip")
    frame = chain.gen(i=some).select("x", "i").collect()
    assert frame.rows() == expected(counts, keep=False)
    assert not left_behind()


SCRIPT = """
import functools, sys, threading, time
import numpy as np
import neurochain as nc
from neurochain.chain import run, saving
from neurochain.chain.functions import batch, calling, gathering, memory
from neurochain.datasets import ledger, parts

verb, count = sys.argv[1], int(sys.argv[2])
for module, name in [(batch, "RESULT_BYTES"), (calling, "OUTCOME_BYTES"), (gathering, "OUTCOME_BYTES"), (calling, "BLOCK_BYTES"),
                     (memory, "HELD_BYTES"), (run, "BATCH_BYTES"), (saving, "PART_BYTES"), (parts, "ROW_GROUP_BYTES"), (ledger, "LARGE_BYTES")]:
    setattr(module, name, getattr(module, name) // 8)
run.Run.__init__ = functools.partialmethod(run.Run.__init__, spool_limit=8_000_000)
peak = 0

def watch():
    global peak
    while True:
        anonymous = next(line for line in open("/proc/self/status") if line.startswith("RssAnon"))
        peak = max(peak, int(anonymous.split()[1]) // 1024)
        time.sleep(0.005)

def windows(x: int):
    for i in range(count):
        yield np.full((512, 512), i, np.float32)

def volume(x: int) -> np.ndarray:
    return np.full((512, 512), x, np.float32)

def mean(w: np.ndarray) -> float:
    return float(w.mean())

threading.Thread(target=watch, daemon=True).start()
if verb == "gen":
    nc.read_values(x=[0]).gen(w=windows).save("out")
else:
    nc.read_values(x=list(range(count))).map(w=volume).save("out")
again = nc.read_dataset("out").map(m=mean).select("m").collect()
assert again["m"].to_list() == list(range(count))
print(peak)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the memory is read from /proc")
@pytest.mark.parametrize("verb", ["gen", "map"])
def test_twice_the_results_take_no_more_memory(tmp_path: Path, verb: str) -> None:
    """With all bounds an eighth of what they are, so that it need not be gigabytes."""
    (tmp_path / "script.py").write_text(SCRIPT)
    peaks = []
    for count in (150, 300):
        ran = subprocess.run(
            [sys.executable, "script.py", verb, str(count)],
            cwd=tmp_path,
            env={
                **os.environ,
                "NEUROCHAIN_HOME": str(tmp_path / str(count)),
                "NEUROCHAIN_PROGRESS": "0",
                "_RJEM_MALLOC_CONF": "dirty_decay_ms:0,muzzy_decay_ms:0",  # what is freed is gone at once
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        peaks.append(int(ran.stdout))
    assert (
        peaks[1] < peaks[0] + 100
    )  # MB, of 150 that came more; Polars reads some ahead, as many as it has time for
