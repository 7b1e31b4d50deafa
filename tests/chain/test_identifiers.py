"""Names, numbers and birth dates are not indexed unless somebody asks; hashed ones stay equal."""

import json
from pathlib import Path

import pydicom
import pytest
from pydicom.data import get_testdata_file

import neurochain as nc
from neurochain.errors import ProjectError
from neurochain.formats.identifiers import KEY, PERSONAL, Identifiers

NAME, NUMBER, BORN = "Müller^Zoë", "PAT-4711-XYZ", "19610823"
SECRETS = ("Zoë", NUMBER, BORN, "Dr^Secret", "ACC-99-1")


@pytest.fixture
def scans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two scans of one person and one of another, a sidecar and an EDF file."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "scans"
    folder.mkdir()
    for i, number in enumerate([NUMBER, NUMBER, "PAT-1"]):
        scan = pydicom.dcmread(str(get_testdata_file("MR_small.dcm")))
        scan.SpecificCharacterSet = "ISO_IR 192"
        scan.PatientName, scan.PatientID, scan.PatientBirthDate = NAME, number, BORN
        scan.ReferringPhysicianName, scan.AccessionNumber = "Dr^Secret", "ACC-99-1"
        scan.save_as(folder / f"{i}.dcm")
    sidecar = {
        "EchoTime": 0.03,
        "PatientName": NAME,
        "patientid": NUMBER,
        "InstitutionName": "Hospital",
        "global": {"const": [{"PatientBirthDate": BORN, "FlipAngle": 9}]},
    }
    (folder / "0.json").write_text(json.dumps(sidecar, ensure_ascii=False), "utf-8")
    head = b"0".ljust(8) + f"{NUMBER} F {BORN} Zoe".encode().ljust(80) + b"Startdate X X X X".ljust(80)
    head += b"01.01.2001.01.01512     " + b" " * 44 + b"1       1       1   "
    signal = (
        b"Fz".ljust(16)
        + b" " * 80
        + b"uV      -100    100     -100    100     ".ljust(40)
        + b" " * 80
        + b"4       "
        + b" " * 32
    )
    (folder / "night.edf").write_bytes(head + signal + b"\0\0" * 4)
    return folder


def everything(home: Path) -> bytes:
    """All that the project holds."""
    return b"".join(p.read_bytes() for p in home.rglob("*") if p.is_file())


def test_by_default_nothing_that_names_a_person_is_taken_over(scans: Path, home: Path) -> None:
    version = nc.read_storage("scans").save("scans")
    frame = nc.read_dataset("scans").collect()
    assert "identifiers" not in frame.columns
    text = json.dumps(frame.to_dicts(), default=str, ensure_ascii=False)
    held = everything(home)
    for secret in SECRETS:
        assert secret not in text
        assert secret.encode() not in held
        assert json.dumps(secret).strip('"').encode() not in held
    (sidecar,) = [json.loads(s) for s in frame["sidecar"] if s is not None and "EchoTime" in s][:1]
    assert sidecar == {
        "EchoTime": 0.03,
        "InstitutionName": "Hospital",
        "global": {"const": [{"FlipAngle": 9}]},
    }
    assert version.lineage().sources[0].reference["phi"] == {"mode": "drop"}


def test_they_are_kept_where_somebody_asks(scans: Path) -> None:
    version = nc.read_storage("scans/*.dcm", phi="keep").save("kept")
    rows = (
        nc.read_dataset("kept")
        .order_by("file.path")
        .select("identifiers.PatientID", "identifiers.PatientName", "identifiers.PatientBirthDate")
        .collect()
    )
    assert rows.rows() == [(NUMBER, NAME, BORN), (NUMBER, NAME, BORN), ("PAT-1", NAME, BORN)]
    kept = json.loads(nc.read_dataset("kept").collect()["identifiers"][0])
    found = pydicom.dcmread(scans / "0.dcm")
    assert kept["ReferringPhysicianName"] == "Dr^Secret"
    assert {k: str(found[k].value) for k in kept if "\\" not in kept[k]} == {
        k: v for k, v in kept.items() if "\\" not in v
    }
    assert version.lineage().sources[0].reference["phi"] == {"mode": "keep"}
    edf = json.loads(nc.read_storage("scans/*.edf", phi="keep").collect()["identifiers"][0])
    assert edf == {
        "patient_identification": f"{NUMBER} F {BORN} Zoe",
        "recording_identification": "Startdate X X X X",
    }


def test_hashed_ones_stay_equal_and_tell_nothing(
    scans: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY, "a key of many letters")
    version = nc.read_storage("scans", phi="hash").save("hashed")
    rows = nc.read_dataset("hashed").filter(nc.Column("header.format") == "dicom").order_by("file.path")
    numbers = [json.loads(t)["PatientID"] for t in rows.collect()["identifiers"]]
    assert numbers[0] == numbers[1] != numbers[2]
    assert all(len(n) == 32 and int(n, 16) >= 0 for n in numbers)
    sidecar = json.loads(rows.collect()["sidecar"][0])
    assert sidecar["patientid"] == numbers[0]
    held = everything(home)
    assert not any(secret.encode() in held for secret in (*SECRETS, "a key of many letters"))
    reference = version.lineage().sources[0].reference["phi"]
    monkeypatch.setenv(KEY, "another key of many letters")
    other = nc.read_storage("scans/0.dcm", phi="hash").collect()
    assert json.loads(other["identifiers"][0])["PatientID"] != numbers[0]
    assert Identifiers.of("hash").to_json() != reference


def test_a_choice_does_not_spoil_what_another_remembers(scans: Path) -> None:
    for phi, there in (("keep", True), ("drop", False), ("keep", True)):
        frame = nc.read_storage("scans/0.dcm", phi=phi).collect()  # type: ignore[arg-type]
        assert ("identifiers" in frame.columns) is there
        assert (NUMBER in (frame["sidecar"][0])) is there


@pytest.mark.parametrize("key", [None, "short"])
def test_hashing_needs_a_key(scans: Path, monkeypatch: pytest.MonkeyPatch, key: str | None) -> None:
    monkeypatch.delenv(KEY, raising=False)
    if key is not None:
        monkeypatch.setenv(KEY, key)
    with pytest.raises(ProjectError, match=KEY):
        nc.read_storage("scans", phi="hash")
    with pytest.raises(ProjectError, match="'drop'"):
        nc.read_storage("scans", phi="some")  # type: ignore[arg-type]


def test_a_sidecar_that_is_no_json_gives_nothing_away(scans: Path, home: Path) -> None:
    (scans / "1.json").write_text('{"PatientName": "Zoë", ')
    frame = nc.read_storage("scans/1.dcm").collect()
    assert "1.json is no JSON" in frame["header"][0]["error"]
    assert frame["sidecar"][0] is None
    nc.read_storage("scans/1.dcm").save("one")
    assert "Zoë".encode() not in everything(home)


def test_a_key_does_not_show() -> None:
    secret = Identifiers("hash", b"very secret indeed")
    assert "very secret" not in repr(secret)
    assert secret.cleaned('{"EchoTime": 1}') == '{"EchoTime": 1}'
    assert "patientid" in PERSONAL


def test_a_bids_tree_gives_nothing_away_either(
    scans: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = scans.parent / "study"
    (root / "sub-01" / "anat").mkdir(parents=True)
    (root / "dataset_description.json").write_text('{"Name": "study", "BIDSVersion": "1.9.0"}')
    (root / "T1w.json").write_text(
        json.dumps({"EchoTime": 0.03, "PatientName": "Zoe Secret", "PatientID": NUMBER})
    )
    (root / "sub-01/anat/sub-01_T1w.nii").write_bytes(b"")
    nc.read_bids(root).save("study")
    assert json.loads(nc.read_dataset("study").collect()["sidecar"][0]) == {"EchoTime": 0.03}
    assert b"Zoe Secret" not in everything(home)
    monkeypatch.setenv(KEY, "a key of many letters")
    hashed = json.loads(nc.read_bids(root, phi="hash").collect()["sidecar"][0])
    assert set(hashed) == {"EchoTime", "PatientName", "PatientID"}
    assert "Zoe Secret" not in hashed.values()
    assert json.loads(nc.read_bids(root, phi="keep").collect()["sidecar"][0])["PatientName"] == "Zoe Secret"
