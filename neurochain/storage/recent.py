"""RecentHeads: first bytes of files elsewhere that this process read not long ago, for who opens the files next."""

import threading
from collections import OrderedDict

LIMIT = 32 * 2**20  # bytes, together
LONGEST = 64 * 2**10  # of one file


class RecentHeads:
    """First bytes of files, by address and etag, in memory; what was not used for longest goes first.

    Safe to use from several threads.

    Parameters
    ----------
    limit, longest : int, bytes
        Together, and of one file.
    """

    def __init__(self, limit: int = LIMIT, longest: int = LONGEST) -> None:
        self.limit, self.longest = limit, longest
        self._heads: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._held = 0
        self._lock = threading.Lock()

    def keep(self, uri: str, etag: str, head: bytes) -> None:
        """Keep a file's first bytes, unless they are long, or nothing tells one content of the file from the next."""
        if not etag or not head or len(head) > self.longest:
            return
        with self._lock:
            self._held += len(head) - len(self._heads.pop((uri, etag), b""))
            self._heads[uri, etag] = head
            while self._held > self.limit:
                self._held -= len(self._heads.popitem(last=False)[1])

    def find(self, uri: str, etag: str, end: int) -> bytes | None:
        """The first `end` bytes of a file; None where fewer are known."""
        with self._lock:
            head = self._heads.get((uri, etag))
            if head is None or len(head) < end:
                return None
            self._heads.move_to_end((uri, etag))
        return head[:end]

    def clear(self) -> None:
        """Forget them all."""
        with self._lock:
            self._heads.clear()
            self._held = 0


RECENT = RecentHeads()
