"""RecentHeads: first bytes that are at hand, as many as there is room for."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from neurochain.storage import forget_heads, recent_heads
from neurochain.storage.recent import RecentHeads


def test_no_more_than_is_known():
    heads = RecentHeads()
    heads.keep("s3://b/a.edf", "1", b"0123456789")
    assert heads.find("s3://b/a.edf", "1", 4) == b"0123"
    assert heads.find("s3://b/a.edf", "1", 10) == b"0123456789"
    assert heads.find("s3://b/a.edf", "1", 11) is None
    assert heads.find("s3://b/a.edf", "2", 4) is None  # another content
    assert heads.find("s3://b/b.edf", "1", 4) is None


def test_what_was_not_used_for_longest_goes_first():
    heads = RecentHeads(limit=30, longest=20)
    for name in "abc":
        heads.keep(name, "1", b"x" * 10)
    assert heads.find("a", "1", 10) is not None
    heads.keep("d", "1", b"y" * 10)
    assert [name for name in "abcd" if heads.find(name, "1", 1)] == ["a", "c", "d"]
    heads.keep("a", "1", b"z" * 20)  # in place of the shorter one
    assert heads.find("a", "1", 20) == b"z" * 20
    assert [name for name in "acd" if heads.find(name, "1", 1)] == ["a", "d"]


@pytest.mark.parametrize(("etag", "head"), [("", b"x"), ("1", b""), ("1", b"x" * 21)])
def test_what_is_not_kept(etag, head):
    heads = RecentHeads(longest=20)
    heads.keep("a", etag, head)
    assert heads.find("a", etag, 1) is None


def test_threads_leave_the_count_right():
    heads = RecentHeads(limit=100, longest=10)

    def use(number):
        for i in range(500):
            heads.keep(str((number * 7 + i) % 40), "1", b"x" * (1 + (i + number) % 10))
            found = heads.find(str(i % 40), "1", 1)
            assert found in (None, b"x")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(use, range(8)))
    kept = [len(head) for head in heads._heads.values()]
    assert kept
    assert sum(kept) == heads._held <= 100


def test_nothing_is_kept_where_the_cache_is_off(monkeypatch):
    recent = recent_heads()
    assert recent is not None
    recent.keep("s3://b/a.edf", "1", b"0123")
    forget_heads()
    assert recent.find("s3://b/a.edf", "1", 1) is None
    monkeypatch.setenv("NEUROCHAIN_CACHE_BYTES", "0")
    assert recent_heads() is None
