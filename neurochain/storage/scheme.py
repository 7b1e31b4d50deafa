"""Scheme: the way from a URI to the store that serves it."""

from contextlib import suppress
from functools import lru_cache

from neurochain.errors import PatternError
from neurochain.storage.access import CLOUDS
from neurochain.storage.local import LocalStore
from neurochain.storage.store import Store


def split_uri(uri: str) -> tuple[str, str]:
    """Split a URI into its scheme (``"file"`` for a plain path) and the rest.

    Examples
    --------
    >>> split_uri("s3://bucket/key")
    ('s3', 'bucket/key')
    """
    scheme, separator, rest = uri.partition("://")
    if not separator:
        return "file", uri
    if not scheme or not scheme.replace("+", "").replace("-", "").replace(".", "").isalnum():
        raise PatternError(f"{uri!r} is no URI: {scheme!r} is no scheme. Write s3://bucket/key or a path.")
    return scheme.lower(), rest


@lru_cache(maxsize=64)
def store_for(scheme: str) -> Store:
    """Store that serves a scheme; one per process."""
    if scheme == "file":
        return LocalStore()
    if scheme in CLOUDS:
        with suppress(ImportError):  # an extra; without it, the drivers of fsspec, where they are installed
            from neurochain.storage.objects import ObjectStore  # obstore is an extra

            return ObjectStore(scheme)
    from neurochain.storage.remote import FsspecStore  # fsspec costs 60 ms to import

    return FsspecStore(scheme)


@lru_cache(maxsize=1024)
def place_of(uri: str) -> tuple[Store, str]:
    """Store that a URI lies in, and the path there; asked for at every read."""
    scheme, path = split_uri(uri)
    return store_for(scheme), path
