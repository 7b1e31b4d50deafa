"""Arrays of features, and fields of headers, as a page gets them."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from media_made import Made
from pydicom.data import get_testdata_file

import neurochain as nc
from neurochain.testing.edf import write_edf
from neurochain.web.media import array as module

SHAPES = {"a.edf": (3, 5), "b.edf": (7, 2)}


def spectrum(file: nc.File) -> np.ndarray:
    return np.arange(12, dtype=np.float32).reshape(3, 4) * (1 if file.name == "a.edf" else np.nan)


def ragged(file: nc.File) -> np.ndarray:
    shape = (3, 5) if file.name == "a.edf" else (7, 2)
    return np.arange(np.prod(shape)).reshape(shape) + 0.5


@pytest.fixture
def made(project, tmp_path: Path) -> Made:
    (tmp_path / "data").mkdir()
    for name in SHAPES:
        write_edf(tmp_path / "data" / name, np.ones((1, 100)), 100, ["Cz"])
    nc.read_storage(f"{tmp_path}/data/*").map(spectrum=spectrum).map(ragged=ragged).save("features")
    found = Made.__new__(Made)
    found.open("features")
    return found


def test_values(made: Made) -> None:
    header, values = made.packed("array", "a.edf", column="spectrum")
    assert (header["dtype"], header["shape"], header["down"]) == ("float32", [3, 4], [1, 1])
    np.testing.assert_array_equal(values, np.arange(12).reshape(3, 4))
    assert np.isnan(made.packed("array", "b.edf", column="spectrum")[1]).all()
    for name, shape in SHAPES.items():
        values = made.packed("array", name, column="ragged")[1]
        np.testing.assert_array_equal(values, np.arange(np.prod(shape)).reshape(shape) + 0.5)


def test_large_ones_are_thinned(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 6)
    header, values = made.packed("array", "a.edf", column="spectrum")
    assert (header["whole"], header["down"], values.shape) == ([3, 4], [1, 2], (3, 2))
    np.testing.assert_array_equal(values, np.arange(12).reshape(3, 4)[:, ::2])
    assert made.packed("array", "a.edf", column="spectrum", exact=1)[1].shape == (3, 4)


def test_no_such_array(made: Made) -> None:
    status, message = made.refused("array", "a.edf", column="spectrun")
    assert status == 404
    assert "spectrum" in message
    assert made.refused("array", "a.edf", column="file")[0] == 404
    assert made.refused("array", "a.edf", column="spectrum", key="zz")[0] == 400


def test_fields_of_a_header(made: Made) -> None:
    groups = {g["title"]: {f[0]: f[1:] for f in g["fields"]} for g in made.json("header", "a.edf")["groups"]}
    assert groups["file"]["name"] == ["a.edf", None]
    assert groups["header"]["sampling_frequency"] == [100.0, "Hz"]
    assert groups["header"]["n_channels"][0] == 1
    assert "edf" in groups


@pytest.mark.parametrize("phi", ["drop", "keep"])
def test_names_of_persons_are_shown_where_they_were_kept(project, tmp_path: Path, phi: str) -> None:
    (tmp_path / "data").mkdir()
    scan = pydicom.dcmread(str(get_testdata_file("MR_small.dcm")))
    scan.PatientName = "<img onerror=alert(1)>"
    scan.save_as(tmp_path / "data" / "scan.dcm")
    made = Made(tmp_path / "data/*", phi=phi)
    answer = made.get("header", "scan.dcm")
    assert ("onerror" in answer.text) == (phi == "keep")
    assert answer.headers["content-type"] == "application/json"
