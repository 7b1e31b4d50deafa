"""Servers that tables are read from: a PostgreSQL of its own, and moto's S3, which counts what it is asked for."""

from collections.abc import Iterator

import pytest
from begun_postgres import begun
from counting_s3 import CountingS3


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Address of a PostgreSQL that is begun for the tests, in a folder and on a port of its own."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: it speaks to PostgreSQL")
    with begun() as url:
        yield url


@pytest.fixture(scope="session")
def s3() -> Iterator[CountingS3]:
    """An S3 server, with a bucket ``lab``."""
    with CountingS3() as server:
        server.client.create_bucket(Bucket="lab")
        yield server
