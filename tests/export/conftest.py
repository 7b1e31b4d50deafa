"""Chains with a column of every kind, in a folder of their own."""

import dataclasses
import datetime as dt
from pathlib import Path

import numpy as np
import pytest

import neurochain as nc

ZONE = dt.timezone(dt.timedelta(hours=2))
NOON = dt.datetime(2025, 6, 1, 12, 0, 0, 123456)


@dataclasses.dataclass
class Peak:
    at: float
    channel: str | None


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Empty folder that is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def everything(folder: Path) -> nc.Chain:
    """Two rows of every kind of column, the second mostly null."""
    (folder / "a.txt").write_text("hello")
    file = nc.File.at(folder / "a.txt")
    return nc.read_values(
        i=[1, None],
        big=[np.uint64(2**63), np.uint64(1)],
        f=[0.1, float("nan")],
        f32=[np.float32(0.1), np.float32("inf")],
        s=['quo"te,\nline', ""],
        b=[True, None],
        raw=[b"\x00\xff", None],
        day=[dt.date(2025, 6, 1), None],
        at=[NOON, None],
        zoned=[NOON.replace(tzinfo=ZONE), None],
        clock=[dt.time(1, 2, 3, 4), None],
        lasted=[dt.timedelta(days=1, seconds=90.5), None],
        nothing=[None, None],
        file=[file, None],
        peak=[Peak(1.5, "Fz"), None],
        deep=[{"peak": Peak(2.5, None), "when": [NOON]}, {"peak": None, "when": []}],
        names=[["a", "ü"], []],
        peaks=[[Peak(1.0, "Cz"), Peak(float("nan"), None)], None],
        files=[[file], []],
        raws=[[b"a"], [None]],
        days=[[dt.date(2025, 1, 2)], None],
        trace=[np.array([0.1, np.nan, 2], np.float32), None],
        matrix=[np.arange(6).reshape(2, 3), np.zeros((2, 3), np.int64)],
        flags=[np.array([True, False]), None],
        ragged=[np.arange(4.0).reshape(2, 2), np.zeros((0, 2))],
        line=[np.arange(3, dtype=np.int8), np.array([7], np.int8)],
        waves=[np.array([1 + 2j]), np.array([0j])],
        waves_ragged=[np.array([1 + 2j]), np.zeros(0, complex)],
        times=[np.array(["2025-06-01T12", "NaT"], "datetime64[s]"), None],
        times_ragged=[np.array(["2025-06-01"], "datetime64[D]"), np.array([], "datetime64[D]")],
        steps=[np.array([1, 2], "timedelta64[ms]"), None],
    )
