"""Delta tables on S3, as moto speaks it, with signed requests."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import boto3
import deltalake
import polars as pl
import pytest
from moto.server import ThreadedMotoServer

import neurochain as nc

KEYS = {"key": "someone", "secret": "very-secret-indeed"}
ROWS = pl.DataFrame(
    {
        "implant_id": [4595, 4595, 4600],
        "day": ["2024-04-28", "a b/%20é", None],
        "ts": [dt.datetime(2024, 4, 28, h) for h in range(3)],
        "ohm": [210.0, 220.0, 230.0],
    }
)


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
    written: dict[str, str] = {
        "aws_endpoint_url": url,
        "aws_allow_http": "true",
        "aws_region": "us-east-1",
        "aws_access_key_id": KEYS["key"],
        "aws_secret_access_key": KEYS["secret"],
    }
    for _ in range(2):
        deltalake.write_deltalake(
            "s3://lab/impedance", ROWS, mode="append", partition_by=["day"], storage_options=written
        )
    yield url
    server.stop()


def table(endpoint: str, uri: str = "s3://lab/impedance", **declared: Any) -> nc.DeltaTable:
    return nc.DeltaTable(
        name="impedance", uri=uri, storage_options={"endpoint": endpoint, **KEYS}, **declared
    )


def test_rows_of_a_table_on_s3(endpoint: str) -> None:
    found = table(endpoint)
    assert found().collect().height == 6
    assert (
        found(nc.Filter("day", "=", "a b/%20é"), ["ohm", "day"]).collect().rows() == [(220.0, "a b/%20é")] * 2
    )
    assert found(nc.Filter("ts", "<", "2024-04-28T01:00"), ["ohm"]).collect()["ohm"].to_list() == [210.0] * 2
    assert found(version=0).collect().height == 3
    assert found(timestamp=dt.datetime(2100, 1, 1)).collect().height == 6
    assert table(endpoint, unique_columns=["ts"])().collect().height == 3
    facts = found.facts()
    assert (facts.rows, facts.version) == (6, "1")
    assert facts.partitions == {"day": [None, "2024-04-28", "a b/%20é"]}
    assert found.reference()["version"] == 1
    assert KEYS["secret"] not in repr(found) + str(found.reference())


def test_what_is_not_there_on_s3(endpoint: str) -> None:
    with pytest.raises(nc.StorageError, match="there is no Delta table at s3://lab/nowhere"):
        table(endpoint, "s3://lab/nowhere")()
    with pytest.raises(nc.VersionError, match=r"no version 9\. Existing: 0 to 1\."):
        table(endpoint)(version=9)
    with pytest.raises(nc.StorageError, match=r"Table 'impedance': .*s3://nobody/impedance") as caught:
        table(endpoint, "s3://nobody/impedance")()
    assert "\n" not in str(caught.value)
