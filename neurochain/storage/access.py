"""Access: how stores are reached: credentials, address, region, who pays.

What a program says with ``storage_options`` holds for everything below the address it said it of, for as long as
the process lives; worker processes get it by their environment. Credentials are written nowhere.
"""

import json
import os
from collections.abc import Mapping
from configparser import ConfigParser
from dataclasses import dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from neurochain.errors import StorageError, suggestion

ENVIRONMENT = "NEUROCHAIN_STORAGE_OPTIONS"  # JSON: options by address
CLOUDS = frozenset(
    ["s3", "s3a", "gs", "gcs", "az", "azure", "adl", "abfs", "abfss", "http", "https"]
)  # schemes that obstore reaches

# As fsspec's drivers, boto3 and obstore call them.
ALIASES = {
    "endpoint_url": "endpoint",
    "aws_endpoint_url": "endpoint",
    "region_name": "region",
    "default_region": "region",
    "access_key_id": "key",
    "aws_access_key_id": "key",
    "secret_access_key": "secret",
    "aws_secret_access_key": "secret",
    "session_token": "token",
    "aws_session_token": "token",
    "skip_signature": "anon",
    "request_payer": "requester_pays",
}


@dataclass(frozen=True)
class Access:
    """How a store is reached.

    Attributes
    ----------
    anon : bool
        Without credentials.
    profile : str or None
        Of the AWS configuration files.
    endpoint : str or None
        Address of the server, ``"http://localhost:9000"``, where it is not the cloud's own.
    region : str or None
    requester_pays : bool
        The reader agrees to pay for what is read.
    key, secret, token : str or None
        Credentials. By default those of the environment, or of the machine's role.
    more : str
        Anything else, handed to the driver as it is; JSON.
    """

    anon: bool = False
    profile: str | None = None
    endpoint: str | None = None
    region: str | None = None
    requester_pays: bool = False
    key: str | None = field(default=None, repr=False)
    secret: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    more: str = field(default="{}", repr=False)

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> "Access":
        """Access that options describe; names as fsspec's drivers, boto3 and obstore have them are known.

        Raises
        ------
        StorageError
            A value is of another type than it should be.
        """
        known = {f.name for f in fields(cls)} - {"more"}
        found: dict[str, Any] = {}
        more: dict[str, Any] = {}
        options = dict(options)
        client = options.pop("client_kwargs", None)  # of s3fs
        if isinstance(client, Mapping):
            options = {**client, **options}
        for name, value in options.items():
            plain = ALIASES.get(name, name)
            (found if plain in known else more)[plain] = value
        for name, value in found.items():
            wanted = bool if name in ("anon", "requester_pays") else str
            if value is not None and not isinstance(value, wanted):
                raise StorageError(
                    f"storage_options: {name} is a {type(value).__name__}; a {wanted.__name__} is needed."
                )
        if found.get("anon") and found.get("requester_pays"):
            raise StorageError(
                "storage_options: requester_pays with anon=True: without credentials nobody can pay."
            )
        try:
            return cls(**found, more=json.dumps(more, sort_keys=True))
        except TypeError as error:
            raise StorageError(
                f"storage_options: {', '.join(more)} must be texts, numbers, true or false ({error})."
            ) from error

    def driver_options(self) -> dict[str, Any]:
        """What the driver gets as it is."""
        return dict(json.loads(self.more))

    def public(self) -> dict[str, Any]:
        """What may be written down: everything but credentials and what is not known."""
        names = ("anon", "profile", "endpoint", "region", "requester_pays")
        return {n: value for n in names if (value := getattr(self, n))}

    def credentials(self) -> dict[str, str]:
        """Those that were given."""
        return {n: value for n in ("key", "secret", "token") if (value := getattr(self, n))}


_said: dict[str, Access] = {}


def remember(address: str, access: Access) -> None:
    """Reach everything below an address (``s3://bucket/folder``) so."""
    _inherited()
    _said[address.rstrip("/")] = access
    _nearest.cache_clear()


def suggest(address: str, access: Access) -> None:
    """As `remember`, unless something was said of the address before."""
    _inherited()
    if access_to(address) == Access():
        remember(address, access)


def access_to(uri: str) -> Access:
    """What was said of the nearest address above a URI; by default nothing."""
    _inherited()
    if not _said:
        return Access()
    return _said.get(uri.rstrip("/")) or _nearest(uri.rpartition("/")[0])


def said() -> str:
    """All that was said, for the environment of a worker process."""
    _inherited()
    return json.dumps({a: dict(_plain(x)) for a, x in _said.items()}, sort_keys=True)


def _plain(access: Access) -> dict[str, Any]:
    return {**access.public(), **access.credentials(), **access.driver_options()}


@lru_cache(maxsize=10_000)
def _nearest(folder: str) -> Access:
    while folder:
        if folder in _said:
            return _said[folder]
        folder = folder.rpartition("/")[0]
    return Access()


@lru_cache(maxsize=1)
def _inherited() -> None:
    """Take what the environment says."""
    text = os.environ.get(ENVIRONMENT, "")
    if not text:
        return
    try:
        given = json.loads(text)
        found = {address.rstrip("/"): Access.of(options) for address, options in given.items()}
    except (ValueError, AttributeError, TypeError) as error:
        raise StorageError(
            f'{ENVIRONMENT} is not read: {error}. It holds JSON: {{"s3://bucket": {{"anon": true}}}}.'
        ) from error
    _said.update(found)


def profile_keys(name: str) -> tuple[str, str, str | None] | None:
    """Key, secret and token of a profile in the AWS configuration files; None where it says where to get them.

    Raises
    ------
    StorageError
        There is no such profile.
    """
    home = Path.home() / ".aws"
    paths = [
        Path(os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or home / "credentials"),
        Path(os.environ.get("AWS_CONFIG_FILE") or home / "config"),
    ]
    parser = ConfigParser(interpolation=None)
    try:
        parser.read(paths, "utf-8")
    except (OSError, ValueError) as error:
        raise StorageError(f"The AWS configuration cannot be read: {error}.") from error
    names = {s.removeprefix("profile ").strip() for s in parser.sections()}
    if name not in names:
        places = " or ".join(str(p) for p in paths)
        raise StorageError(f"There is no profile {name!r} in {places}. {suggestion(name, names)}")
    for section in (name, f"profile {name}"):
        key = parser.get(section, "aws_access_key_id", fallback=None)
        secret = parser.get(section, "aws_secret_access_key", fallback=None)
        if key and secret:
            return key, secret, parser.get(section, "aws_session_token", fallback=None)
    return None
