"""Listings of an object store, as S3 and Azure write them."""

import bisect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate
from xml.sax.saxutils import escape

PAGE = 1000  # keys of one answer, as in S3


@dataclass
class Found:
    """One page of a listing.

    Attributes
    ----------
    objects : dict of str to (int, str, float)
        Size, etag and time of change (seconds since 1970) of each key.
    folders : set of str
        With the delimiter.
    order : list of str
        Names of both, as they come.
    next : str or None
        Where the next page begins.
    """

    objects: dict[str, tuple[int, str, float]] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)
    order: list[str] = field(default_factory=list)
    next: str | None = None


def find(
    keys: list[tuple[str, int]],
    prefix: str,
    delimiter: str,
    after: str,
    stamp: Callable[[str, int], tuple[str, float]],
    most: int = PAGE,
) -> Found:
    """One page of the keys with a prefix, those behind a delimiter taken together.

    Parameters
    ----------
    keys : list of (str, int)
        All keys with their sizes, in order.
    prefix, delimiter, after : str
        As in a request.
    stamp : callable
        Etag and time of change of a key, given its size.
    most : int
        Names on a page.
    """
    found = Found()
    for key, size in _behind(keys, max(prefix, after)):
        if not key.startswith(prefix):
            break
        if key <= after or (after.endswith("/") and delimiter and key.startswith(after)):
            continue
        rest = key[len(prefix) :]
        folder = prefix + rest[: rest.index(delimiter) + 1] if delimiter and delimiter in rest else None
        if folder in found.folders:
            continue
        if len(found.order) == most:
            found.next = found.order[-1]
            break
        found.order.append(folder or key)
        if folder:
            found.folders.add(folder)
        else:
            found.objects[key] = (size, *stamp(key, size))
    return found


def s3_page(found: Found, query: Mapping[str, str]) -> str:
    """As ListObjectsV2 gives it: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html."""

    def entry(name: str) -> str:
        if name in found.folders:
            return f"<CommonPrefixes><Prefix>{escape(name)}</Prefix></CommonPrefixes>"
        size, etag, time = found.objects[name]
        stamp = datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        return (
            f"<Contents><Key>{escape(name)}</Key><LastModified>{stamp}</LastModified><ETag>{escape(etag)}</ETag>"
            f"<Size>{size}</Size><StorageClass>STANDARD</StorageClass></Contents>"
        )

    more = found.next is not None
    token = f"<NextContinuationToken>{escape(found.next or '')}</NextContinuationToken>" if more else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<Name>bucket</Name><Prefix>{escape(query.get('prefix', ''))}</Prefix><KeyCount>{len(found.order)}</KeyCount>"
        f"<MaxKeys>{PAGE}</MaxKeys><IsTruncated>{str(more).lower()}</IsTruncated>{token}"
        f"{''.join(map(entry, found.order))}</ListBucketResult>"
    )


def azure_page(found: Found, query: Mapping[str, str]) -> str:
    """As List Blobs gives it: https://learn.microsoft.com/en-us/rest/api/storageservices/list-blobs."""

    def entry(name: str) -> str:
        if name in found.folders:
            return f"<BlobPrefix><Name>{escape(name)}</Name></BlobPrefix>"
        size, etag, time = found.objects[name]
        return (
            f"<Blob><Name>{escape(name)}</Name><Properties><Last-Modified>{formatdate(time, usegmt=True)}</Last-Modified>"
            f"<Etag>{escape(etag)}</Etag><Content-Length>{size}</Content-Length>"
            "<Content-Type>application/octet-stream</Content-Type><BlobType>BlockBlob</BlobType></Properties></Blob>"
        )

    return (
        '<?xml version="1.0" encoding="utf-8"?><EnumerationResults>'
        f"<Prefix>{escape(query.get('prefix', ''))}</Prefix><Blobs>{''.join(map(entry, found.order))}</Blobs>"
        f"<NextMarker>{escape(found.next or '')}</NextMarker></EnumerationResults>"
    )


def _behind(keys: list[tuple[str, int]], at: str) -> Iterable[tuple[str, int]]:
    """Keys from a name on."""
    start = bisect.bisect_left(keys, at.encode(), key=lambda k: k[0].encode())
    return (keys[i] for i in range(start, len(keys)))
