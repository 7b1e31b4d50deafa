"""FolderMemo: what is remembered comes back as it was, or not at all."""

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from neurochain.storage import FolderMemo

values = st.lists(st.binary(max_size=40), max_size=6)


@given(values, st.text(max_size=8))
def test_each_value_comes_back_alone(kept: list[bytes], key: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        memo = FolderMemo(Path(folder))
        memo.put_many(key, kept)
        assert [memo.get_one(key, i) for i in range(len(kept) + 1)] == [*kept, None]
        assert memo.get(key) == (kept[0] if kept else None)
        assert memo.get_one(f"{key}x", 0) is None


@given(values.filter(bool), st.floats(0, 1), st.integers(0, 255))
def test_no_damage_gives_another_value(kept: list[bytes], at: float, byte: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        memo = FolderMemo(Path(folder))
        memo.put_many("key", kept)
        (path,) = [p for p in Path(folder).rglob("*") if p.is_file()]
        whole = path.read_bytes()
        place = int(at * (len(whole) - 1))
        for damaged in (whole[:place], whole[:place] + bytes([byte]) + whole[place + 1 :], whole + b"x", b""):
            path.write_bytes(damaged)
            found = [memo.get_one("key", i) for i in range(len(kept))]
            assert all(f is None or f == k for f, k in zip(found, kept, strict=True))
