"""Chains over S3, as moto speaks it, with signed requests: headers, slices, workers, and a version read elsewhere."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import nibabel
import numpy as np
import pydicom.data
import pytest
import zarr
from moto.server import ThreadedMotoServer

import neurochain as nc
from neurochain.chain.executors import processes
from neurochain.testing import ObjectServer

KEYS = {"key": "someone", "secret": "very-secret-indeed"}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=KEYS["key"],
        aws_secret_access_key=KEYS["secret"],
    )
    client.create_bucket(Bucket="lab")
    for name in ("MR_small.dcm", "CT_small.dcm"):
        body = Path(str(pydicom.data.get_testdata_file(name))).read_bytes()
        client.put_object(Bucket="lab", Key=f"study/scans/{name}", Body=body)
    client.put_object(Bucket="lab", Key="study/notes.txt", Body=b"nothing to see")
    yield url
    server.stop()


def mean(file: nc.Volume) -> float:
    return float(file.read().mean())


def test_headers_slices_and_a_version_that_is_read_elsewhere(endpoint: str, folder: Path) -> None:
    options: dict[str, Any] = {"endpoint": endpoint, **KEYS}
    scans = nc.read_storage("s3://lab/study/**/*.dcm", storage_options=options)
    found = scans.select("header.modality", "file.path").order_by("path").collect()
    assert found.rows() == [("CT", "scans/CT_small.dcm"), ("MR", "scans/MR_small.dcm")]
    version = scans.map(mean=mean).save("means")
    (value,) = (
        nc.read_dataset("means").filter(nc.Column("header.modality") == "MR").collect()["mean"].to_list()
    )
    pixels = pydicom.dcmread(str(pydicom.data.get_testdata_file("MR_small.dcm"))).pixel_array
    np.testing.assert_allclose(value, pixels.mean())
    assert version.lineage().activity["requests"] > 0
    home = Path(os.environ["NEUROCHAIN_HOME"])
    assert not any(KEYS["secret"].encode() in p.read_bytes() for p in home.rglob("*") if p.is_file())

    script = (
        "import neurochain as nc\n"
        "def size(file: nc.File) -> int:\n    return len(file.read_range(0, 132))\n"
        "print(nc.read_dataset('means').map(n=size).collect()['n'].to_list())\n"
    )
    (folder / "script.py").write_text(script)
    keys = {"AWS_ACCESS_KEY_ID": KEYS["key"], "AWS_SECRET_ACCESS_KEY": KEYS["secret"]}
    ran = subprocess.run(
        [sys.executable, "script.py"],
        cwd=folder,
        env={**os.environ, **keys},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout.strip() == "[132, 132]", ran.stderr


def test_workers_have_the_credentials(endpoint: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurochain.chain.executors.local.WORTH", -1.0)

    def where(i: int, file: nc.File) -> int:
        assert file.read_range(128, 132) == b"DICM"
        time.sleep(0.2)
        return os.getpid()

    scans = nc.read_storage(
        "s3://lab/study/**/*.dcm", headers=False, storage_options={"endpoint": endpoint, **KEYS}
    )
    rows = nc.read_values(i=list(range(20))).merge(scans, how="cross")
    found = rows.settings(workers=2, threads=1).map(pid=where).collect()
    assert set(found["pid"]) - {os.getpid()}
    processes.drop()


def test_a_profile(endpoint: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "credentials").write_text(
        f"[lab]\naws_access_key_id = {KEYS['key']}\naws_secret_access_key = {KEYS['secret']}\n"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "credentials"))
    options = {"endpoint": endpoint, "profile": "lab"}
    assert nc.read_storage("s3://lab/study/notes.txt", storage_options=options).count() == 1
    with pytest.raises(nc.StorageError, match=r"no profile 'lob'.*Did you mean 'lab'"):
        nc.read_storage("s3://lab/study/notes.txt", storage_options={**options, "profile": "lob"})


def test_who_reads_pays_where_that_was_said(folder: Path) -> None:
    (folder / "served/shop").mkdir(parents=True)
    (folder / "served/shop/a.txt").write_text("text")
    with ObjectServer(folder / "served") as server:
        options: dict[str, Any] = {"endpoint": server.url, "requester_pays": True, **KEYS}
        assert nc.read_storage("s3://shop/*", storage_options=options).count() == 1
        assert {r.headers.get("x-amz-request-payer") for r in server.traffic.requests} == {"requester"}
    with pytest.raises(nc.StorageError, match="without credentials nobody can pay"):
        nc.read_storage("s3://shop/*", anon=True, storage_options=options)


def test_options_that_cannot_be(folder: Path) -> None:
    with pytest.raises(nc.StorageError, match="anon is a str; a bool is needed"):
        nc.read_storage("s3://x/*", storage_options={"anon": "yes"})
    with pytest.raises(nc.StorageError, match="wrong_name"):
        nc.read_storage(
            "s3://x/*", anon=True, storage_options={"wrong_name": 1, "endpoint": "http://localhost:1"}
        )


def test_what_is_said_of_one_file_holds_for_those_that_belong_to_it(folder: Path) -> None:
    """In a bucket that no other test speaks of."""
    place = folder / "served/alone/study"
    place.mkdir(parents=True)
    (place / "a.txt").write_text("text")
    (place / "a.json").write_text('{"EchoTime": 1}')
    with ObjectServer(folder / "served") as server:
        there: dict[str, Any] = {"storage_options": {"endpoint": server.url, **KEYS}}
        chain = nc.read_storage("s3://alone/study/a.txt", **there)
        assert chain.select("sidecar.EchoTime").collect().rows() == [(1,)]
    pair = nibabel.Nifti1Pair(np.arange(24, dtype=np.int16).reshape(2, 3, 4), np.eye(4))
    nibabel.save(pair, place.parent / "pair.hdr")
    with ObjectServer(folder / "served") as server:
        there = {"storage_options": {"endpoint": server.url, **KEYS}}
        assert nc.open("s3://alone/pair.hdr", **there)[1, 2, 3] == 23


def test_a_zarr_folder(endpoint: str, folder: Path) -> None:
    values = np.arange(4 * 32 * 32, dtype=np.uint16).reshape(4, 32, 32)
    made = zarr.create_array(
        str(folder / "made"), shape=values.shape, dtype=values.dtype, chunks=(1, 16, 16), shards=(2, 32, 32)
    )
    made[:2] = values[:2]
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=KEYS["key"],
        aws_secret_access_key=KEYS["secret"],
    )
    for path in (folder / "made").rglob("*"):
        if path.is_file():
            key = f"images/a.zarr/{path.relative_to(folder / 'made').as_posix()}"
            client.put_object(Bucket="lab", Key=key, Body=path.read_bytes())
    options: dict[str, Any] = {"endpoint": endpoint, **KEYS}
    rows = nc.read_storage("s3://lab/images/", storage_options=options)
    assert rows.select("header.shape", "file.path").collect().rows() == [([4, 32, 32], "a.zarr")]
    assert rows.map(mean=mean).collect()["mean"].to_list() == [values[:2].sum() / values.size]
    np.testing.assert_array_equal(nc.open("s3://lab/images/a.zarr")[1, ::3], values[1, ::3])
