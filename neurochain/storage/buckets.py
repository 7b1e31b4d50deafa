"""Connecting to a bucket, or a web server: what was said of it, in obstore's words."""

import os
from datetime import timedelta
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from obstore.store import from_url

from neurochain.errors import StorageError
from neurochain.storage.access import Access, profile_keys

WAIT = "30s"  # for an answer, before it is asked for again
RETRY: Any = {
    "max_retries": 8,
    "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=10), "base": 2},
    "retry_timeout": timedelta(minutes=3),
}
S3 = ("s3", "s3a")
NOT_SECRET = "AWS_REGION", "AWS_DEFAULT_REGION"


def connect(scheme: str, bucket: str, access: Access) -> Any:
    """Obstore's store for a bucket.

    Parameters
    ----------
    scheme, bucket : str
        Of a web server, its host.
    access : Access
        What was said of it.

    Raises
    ------
    StorageError
        What was said of it cannot be.
    """
    more = access.driver_options()
    client = {"timeout": WAIT, **more.pop("client_options", {})}
    retry = {**RETRY, **more.pop("retry_config", {})}
    if scheme == "http" or (access.endpoint or _endpoint()).startswith("http://"):
        client["allow_http"] = True
    options: dict[str, Any] = {}
    if scheme in S3:
        options = _s3(bucket, access)
    elif scheme not in ("http", "https"):
        options |= {"skip_signature": True} if access.anon else {}
        if access.endpoint:
            options["base_url" if scheme in ("gs", "gcs") else "endpoint"] = access.endpoint
    url = f"{'s3' if scheme in S3 else 'gs' if scheme == 'gcs' else scheme}://{bucket}"
    try:
        reach: Any = from_url
        return reach(url, client_options=client, retry_config=retry, **options, **more)
    except Exception as error:
        reason = str(error).split("\n")[0]
        raise StorageError(
            f"{url} cannot be reached with the storage_options that were given: {reason}."
        ) from error


def _s3(bucket: str, access: Access) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if access.endpoint:
        options["endpoint"] = access.endpoint
    if access.requester_pays:
        options["request_payer"] = True
    region = access.region or next((v for n in NOT_SECRET if (v := os.environ.get(n))), None)
    options["region"] = region or (
        "us-east-1" if access.endpoint or _endpoint() else bucket_region(bucket) or "us-east-1"
    )
    if access.anon:
        options["skip_signature"] = True
    elif access.key and access.secret:
        options |= {"access_key_id": access.key, "secret_access_key": access.secret}
        if access.token:
            options["session_token"] = access.token
    elif profile := access.profile or os.environ.get("AWS_PROFILE"):
        options |= _of_profile(profile)
    return options


def _of_profile(name: str) -> dict[str, Any]:
    keys = profile_keys(name)
    if keys is not None:
        found = {"access_key_id": keys[0], "secret_access_key": keys[1]}
        return found | ({"session_token": keys[2]} if keys[2] else {})
    try:  # single sign-on, a role, a process: boto3 knows them all, and renews what ends
        import boto3  # an extra of the user's
        from obstore.auth.boto3 import Boto3CredentialProvider  # imports boto3
    except ImportError as error:
        raise StorageError(
            f"The profile {name!r} has no keys of its own, but says where to get them. That needs boto3: pip install boto3."
        ) from error
    return {"credential_provider": Boto3CredentialProvider(boto3.Session(profile_name=name))}


def _endpoint() -> str:
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""


def bucket_region(bucket: str, address: str = "https://{}.s3.amazonaws.com") -> str | None:
    """Region of a bucket of Amazon's, which tells it to anybody; None where nobody answers."""
    try:
        with urlopen(Request(address.format(bucket), method="HEAD"), timeout=5) as answer:
            headers = answer.headers
    except HTTPError as error:  # 301 and 403 tell it too
        headers = error.headers
    except (URLError, OSError):
        return None
    found = headers.get("x-amz-bucket-region")
    return str(found) if found else None
