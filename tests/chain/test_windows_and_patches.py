"""Windows and patches as functions of gen."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import neurochain as nc
from neurochain.chain.functions.udf import as_udf
from neurochain.testing.edf import write_edf

RATE = 64


@pytest.fixture
def night(folder: Path) -> nc.Chain:
    data = folder / "data"
    data.mkdir()
    rng = np.random.default_rng(0)
    for name, seconds in (("a", 5), ("b", 7)):
        write_edf(data / f"{name}.edf", rng.normal(size=(3, seconds * RATE)), RATE, ["Fz", "Cz", "Pz"])
    return nc.read_storage(data)


def test_a_row_for_each_window(night: nc.Chain) -> None:
    chain = night.gen(window=nc.windows(2, step=1, channels=["Cz", "Fz"])).map(
        power=lambda window: float(window.read().var())
    )
    rows = list(chain)
    assert [(r.file.name, r.window.start) for r in rows] == [
        *(("a.edf", float(k)) for k in range(4)),
        *(("b.edf", float(k)) for k in range(6)),
    ]
    assert all(r.window.shape == (2, 2 * RATE) and r.window.channels == ("Cz", "Fz") for r in rows)
    whole = nc.open(rows[0].file).pick(["Cz", "Fz"]).read()
    np.testing.assert_allclose(rows[1].window, whole[:, RATE : 3 * RATE])
    assert rows[1].power == pytest.approx(whole[:, RATE : 3 * RATE].var())
    assert chain.save("windows").rows == 10


def test_a_row_for_the_times_of_each_window(night: nc.Chain) -> None:
    chain = night.gen(window=nc.windows(2, step=1.5).times).map(
        power=lambda recording, window: float(recording.window(window.start, window.end).channel("Cz").var())
    )
    assert {"window.start", "window.end"} <= set(chain.schema.leaves())
    rows = list(chain)
    assert [(r.window.start, r.window.end) for r in rows if r.file.name == "a.edf"] == [
        (0, 2),
        (1.5, 3.5),
        (3, 5),
    ]
    whole = nc.open(rows[1].file).pick(["Cz"]).read()
    assert rows[1].power == pytest.approx(whole[:, 96:224].var())


def test_windows_are_reused_and_other_windows_are_not(night: nc.Chain) -> None:
    def fingerprint(spec: object) -> str:
        return str(as_udf(spec).fingerprint().digest)

    assert fingerprint(nc.windows(2, step=1)) == fingerprint(nc.windows(2.0, 1.0))
    others = [nc.windows(2), nc.windows(2, 1, ["a"]), nc.windows(2, 1, drop_last=False), nc.patches((2, 1))]
    assert len({fingerprint(s) for s in [nc.windows(2, 1), *others]}) == 5
    assert not as_udf(nc.windows(2)).fingerprint().problems


def test_the_fingerprint_is_the_same_in_another_process() -> None:
    code = (
        "import neurochain as nc\n"
        "from neurochain.chain.functions.udf import as_udf\n"
        "print(as_udf(nc.windows(2, 1, ['Fz'])).fingerprint().digest)"
    )
    found = [
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
        for _ in range(2)
    ]
    assert found[0] == found[1] == f"{as_udf(nc.windows(2, 1, ['Fz'])).fingerprint().digest}\n"


def test_a_row_for_each_patch(folder: Path) -> None:
    def image(i: int) -> nc.Volume:
        return nc.Volume.of(np.full((4, 4, 2), i, np.int16), np.diag([2.0, 2, 2, 1]))

    chain = nc.read_values(i=[1, 2]).map(volume=image).gen(patch=nc.patches((2, 2, 2)))
    rows = list(chain)
    assert [(r.i, r.patch.affine[0, 3], r.patch.affine[1, 3]) for r in rows] == [
        (i, x, y) for i in (1, 2) for x in (0, 4) for y in (0, 4)
    ]
    assert all((np.asarray(r.patch) == r.i).all() and r.patch.shape == (2, 2, 2) for r in rows)
