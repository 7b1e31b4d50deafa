"""Lineage of files that lie in a bucket: they are named by their places, and no credential is."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from lineages import grow_study, slice_mean
from moto.server import ThreadedMotoServer

import neurochain as nc

KEYS = {"key": "someone", "secret": "very-secret-indeed"}


@pytest.fixture
def version(folder: Path) -> Iterator[nc.DatasetVersion]:
    """``means@1.0.0`` of a study in a bucket."""
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    options: dict[str, Any] = {"endpoint": f"http://{host}:{port}", **KEYS}
    client = boto3.client(
        "s3",
        endpoint_url=options["endpoint"],
        region_name="us-east-1",
        aws_access_key_id=KEYS["key"],
        aws_secret_access_key=KEYS["secret"],
    )
    client.create_bucket(Bucket="lab")
    study = grow_study(folder / "study")
    for file in study.rglob("*.nii.gz"):
        client.upload_file(str(file), "lab", f"a study/{file.relative_to(study).as_posix()}")
    images = nc.read_storage("s3://lab/a study/**/*.nii.gz", storage_options=options)
    yield images.map(slice_mean).select("file", "slice_mean").save("means")
    server.stop()


def test_places_stand_in_every_format(version: nc.DatasetVersion, folder: Path) -> None:
    lineage = version.lineage()
    prov = json.loads(str(lineage.export("prov")))
    (storage,) = (e for e in prov["entity"].values() if "nc:files" in e)
    assert storage["prov:location"] == ["s3://lab/a%20study"]

    end = json.loads(str(lineage.export("openlineage")).splitlines()[-1])
    (found,) = end["inputs"]
    assert (found["namespace"], found["name"]) == ("s3://lab", "a study")
    assert found["facets"]["dataSource"]["uri"] == "s3://lab/a%20study"

    described = json.loads(str(lineage.export("bids")))
    assert described["SourceDatasets"] == [{"URL": "s3://lab/a%20study"}]

    lineage.export("rocrate", folder / "crate")
    graph = json.loads((folder / "crate" / "ro-crate-metadata.json").read_text("utf-8"))["@graph"]
    names = {e["@id"] for e in graph}
    assert "s3://lab/a%20study/sub-01/anat/sub-01_T1w.nii.gz" in names
    written = [p.read_text("utf-8") for p in (folder / "crate").rglob("*") if p.is_file()]
    written += [json.dumps(prov), json.dumps(end), json.dumps(described)]
    assert not any(secret in text for text in written for secret in KEYS.values())
