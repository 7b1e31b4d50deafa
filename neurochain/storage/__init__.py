"""Bytes where they lie: listing, files, ranges, and who read what.

The lowest layer: it knows no format, no dataset and no chain.
"""

from neurochain.storage.access import CLOUDS, Access, access_to, profile_keys, remember, said, suggest
from neurochain.storage.arrival import file_with_head, forget_heads, recent_heads
from neurochain.storage.cache import cache_folder
from neurochain.storage.file import File
from neurochain.storage.folders import is_whole
from neurochain.storage.listing import (
    Root,
    address,
    any_match,
    find_roots,
    folder_root,
    list_root,
    nothing_matched,
)
from neurochain.storage.members import Member, Members, unlisted
from neurochain.storage.memo import FolderMemo, Memo, cache_memo
from neurochain.storage.pattern import Globs
from neurochain.storage.planner import Cost
from neurochain.storage.rangeio import RangeIO
from neurochain.storage.reads import FileRead, NotFetchedError, ReadLog, recording_reads
from neurochain.storage.scheme import split_uri, store_for
from neurochain.storage.store import Entry, Store

__all__ = [
    "CLOUDS",
    "Access",
    "Cost",
    "Entry",
    "File",
    "FileRead",
    "FolderMemo",
    "Globs",
    "Member",
    "Members",
    "Memo",
    "NotFetchedError",
    "RangeIO",
    "ReadLog",
    "Root",
    "Store",
    "access_to",
    "address",
    "any_match",
    "cache_folder",
    "cache_memo",
    "file_with_head",
    "find_roots",
    "folder_root",
    "forget_heads",
    "is_whole",
    "list_root",
    "nothing_matched",
    "profile_keys",
    "recent_heads",
    "recording_reads",
    "remember",
    "said",
    "split_uri",
    "store_for",
    "suggest",
    "unlisted",
]
