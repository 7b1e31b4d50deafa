"""Reach: what was said of an address, in the words of object_store, which reads for Polars and for Delta Lake."""

import os
from typing import Any

from neurochain.errors import StorageError
from neurochain.storage import CLOUDS, Access, access_to, address, profile_keys, remember, split_uri

__all__ = ["local_or_uri", "object_store_options", "reach"]


def reach(uri: str, storage_options: Any) -> None:
    """Keep in mind how what lies below an address is reached.

    Raises
    ------
    StorageError
        The options cannot be, or neither Polars nor Delta Lake reads from there.
    """
    scheme, found, _ = uri.partition("://")
    if found and scheme != "file" and scheme not in CLOUDS:
        raise _elsewhere(uri)
    if storage_options and (place := address(uri)) is not None:
        remember(place, Access.of(storage_options))


def object_store_options(uri: str) -> dict[str, str]:
    """Options of object_store for an address; none for a local one.

    Raises
    ------
    StorageError
        Neither Polars nor Delta Lake reads from there.
    """
    scheme, found, _ = uri.partition("://")
    if not found or scheme == "file":
        return {}
    if scheme not in CLOUDS:
        raise _elsewhere(uri)
    access = access_to(uri)
    options = {k: v if isinstance(v, str) else str(v).lower() for k, v in access.driver_options().items()}
    if scheme in ("s3", "s3a"):
        options |= _s3(access)
    elif scheme in ("http", "https"):
        options |= {"allow_http": "true"} if scheme == "http" else {}
    elif access.anon:
        options["google_skip_signature" if scheme in ("gs", "gcs") else "azure_skip_signature"] = "true"
    return options


def _elsewhere(uri: str) -> StorageError:
    scheme = uri.partition("://")[0]
    return StorageError(
        f"{uri}: tables lie on local disks, s3://, gs://, az:// or http(s)://, not on {scheme}://."
    )


def _s3(access: Access) -> dict[str, str]:
    options: dict[str, str] = {}
    endpoint = access.endpoint or os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if endpoint:
        options["aws_endpoint_url"] = endpoint
        if endpoint.startswith("http://"):
            options["aws_allow_http"] = "true"
    region = access.region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if region or endpoint:
        options["aws_region"] = region or "us-east-1"
    if access.requester_pays:
        options["aws_request_payer"] = "true"
    if access.anon:
        options["aws_skip_signature"] = "true"
        return options
    key, secret, token = access.key, access.secret, access.token
    if not key and (profile := access.profile or os.environ.get("AWS_PROFILE")):
        key, secret, token = profile_keys(profile) or (None, None, None)
    for name, value in (("access_key_id", key), ("secret_access_key", secret), ("session_token", token)):
        if value:
            options[f"aws_{name}"] = value
    return options


def local_or_uri(uri: str) -> str:
    """A path as Polars and Delta Lake take it: without ``file://``.

    Examples
    --------
    >>> local_or_uri("file:///data/a.parquet"), local_or_uri("s3://bucket/a.parquet")
    ('/data/a.parquet', 's3://bucket/a.parquet')
    """
    return split_uri(uri)[1] if uri.startswith("file:") else uri
