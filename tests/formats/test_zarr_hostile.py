"""Zarr folders that lie: bombs, indices that lead outside, shapes that cannot be, links to nothing."""

import bz2
import gzip
import lzma
import os
import struct
import tracemalloc
import zlib
from pathlib import Path

import google_crc32c
import numcodecs
import numpy as np
import pytest
from zarr_files import array, edit, held, numbers

import neurochain as nc
from neurochain.errors import FileChangedError, FormatError, StorageError
from neurochain.formats import read_header
from neurochain.storage import File
from neurochain.testing import CountingFile

VALUES = numbers((4, 64, 64))  # chunks of 8 KB
LARGE = bytes(64 * 2**20)
PEAK = 24 * 2**20  # bytes that may be taken meanwhile


def stored(path: Path, codec: dict | None, data: bytes) -> Path:
    """A folder of version 2 whose first chunk holds some bytes."""
    made = None if codec is None else numcodecs.get_codec(codec)
    array(path, VALUES, zarr_format=2, chunks=(1, 64, 64), compressors=made)
    (path / "0.0.0").write_bytes(data)
    return path


def blosc(n_bytes: int, block: int, stored: int, rest: bytes, flags: int = 1) -> bytes:
    return struct.pack("<4B3I", 2, 1, flags, 2, n_bytes, block, stored) + rest


RLE = (1 << 1 | 2**17 << 3).to_bytes(3, "little") + b"\0"  # 128 KB by four bytes
UNSAID = b"\x28\xb5\x2f\xfd\x00\x58" + RLE * 2000 + (1 | 1 << 1 | 1 << 3).to_bytes(3, "little") + b"\0"
SAID = b"\x28\xb5\x2f\xfd\xe0" + (2**40).to_bytes(8, "little") + RLE
BOMBS = {
    "gzip": ({"id": "gzip"}, gzip.compress(LARGE)),
    "gzip of many": ({"id": "gzip"}, gzip.compress(bytes(4096)) * 2000),
    "zlib": ({"id": "zlib"}, zlib.compress(LARGE)),
    "bz2": ({"id": "bz2"}, bz2.compress(LARGE)),
    "xz": ({"id": "lzma"}, lzma.compress(LARGE)),
    "zstd": ({"id": "zstd"}, numcodecs.Zstd().encode(LARGE)),
    "zstd that says 1 TB": ({"id": "zstd"}, SAID),
    "zstd that does not say": ({"id": "zstd"}, UNSAID),
    "zstd of many frames": ({"id": "zstd"}, bytes(numcodecs.Zstd().encode(bytes(4096))) * 200),
    "lz4": ({"id": "lz4"}, struct.pack("<i", 2**31 - 1) + b"\0" * 40),
    "lz4 of less than nothing": ({"id": "lz4"}, struct.pack("<i", -5) + b"\0" * 40),
    "blosc": ({"id": "blosc"}, bytes(numcodecs.Blosc("zstd").encode(LARGE))),
    "blosc that says 4 GB": ({"id": "blosc"}, blosc(2**32 - 1, 2**20, 60, bytes(44))),
    "blosc beyond its end": ({"id": "blosc"}, blosc(8192, 8192, 2**30, bytes(44))),
    "blosc with blocks outside": ({"id": "blosc"}, blosc(8192, 8192, 60, struct.pack("<i", 2**30) + bytes(40))),
    "blosc with blocks before": ({"id": "blosc"}, blosc(8192, 8192, 60, struct.pack("<i", -8) + bytes(40))),
    "blosc of no blocks": ({"id": "blosc"}, blosc(8192, 0, 60, bytes(44))),
    "blosc of a million blocks": ({"id": "blosc"}, blosc(8192, 1, 60, bytes(44))),
    "blosc of plain bytes": ({"id": "blosc"}, blosc(8192, 8192, 60, bytes(44), 2)),
    "blosc of nothing": ({"id": "blosc"}, b"\x02"),
    "empty": ({"id": "zstd"}, b""),
    "empty blosc": ({"id": "blosc"}, b""),
    "empty and plain": (None, b""),
    "short and plain": (None, bytes(8191)),
    "long and plain": (None, bytes(8193)),
    **{f"noise as {name}": ({"id": name}, bytes(range(256)) * 4)
       for name in ("zstd", "gzip", "zlib", "bz2", "lzma", "lz4", "blosc")},
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_chunk_is_never_larger_than_it_may_be(tmp_path, name):
    path = stored(tmp_path / "a.zarr", *BOMBS[name])
    volume = nc.open(path)
    np.testing.assert_array_equal(volume[1:], VALUES[1:])
    tracemalloc.start()
    try:
        with pytest.raises(FormatError, match=r"a\.zarr/0\.0\.0"):
            volume[0]
        assert tracemalloc.get_traced_memory()[1] < PEAK
    finally:
        tracemalloc.stop()


def test_frames_that_do_not_say_their_size_are_read(tmp_path):
    """As those who compress a stream write them."""
    data = VALUES[0].tobytes()
    blocks = [(len(data[i : i + 3000]) << 3 | (i + 3000 >= len(data))).to_bytes(3, "little") + data[i : i + 3000]
              for i in range(0, len(data), 3000)]  # fmt: skip
    path = stored(tmp_path / "a.zarr", {"id": "zstd"}, b"\x28\xb5\x2f\xfd\x00\x58" + b"".join(blocks))
    np.testing.assert_array_equal(nc.open(path).read(), VALUES)


def test_files_that_are_too_large_are_not_read(tmp_path):
    path = stored(tmp_path / "a.zarr", {"id": "zstd"}, b"")
    os.truncate(path / "0.0.0", 10**11)
    file = CountingFile.at(path)
    volume = nc.formats.open_volume(file)
    before = file.bytes_read
    with pytest.raises(
        FormatError, match=r"0\.0\.0 has 100,000,000,000 bytes; no chunk of its array takes more than"
    ):
        volume[0]
    assert file.bytes_read == before
    os.truncate(path / ".zarray", 10**11)
    assert "has 100,000,000,000 bytes; metadata has some thousands" in str(read_header(File.at(path)).error)


def shards(path: Path, **more) -> Path:
    """One shard of four chunks, whose index stands at its end."""
    array(path, VALUES, chunks=(1, 64, 64), shards=(4, 64, 64), compressors=None, **more)
    return held(path)[0]


def reindexed(shard: Path, table: list[list[int]], summed: bool = True) -> None:
    data = shard.read_bytes()[: -4 * 16 - 4]
    index = np.array(table, "<u8").tobytes()
    shard.write_bytes(data + index + (google_crc32c.value(index) if summed else 7).to_bytes(4, "little"))


NONE = 2**64 - 1


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            [[0, 8192], [8192, 8192], [16384, 8192], [40_000, 8192]],
            r"lies at \[40,000, 48,192\), and it has 32,836 bytes",
        ),
        ([[0, 8192], [8192, 8192], [16384, 8192], [NONE - 1, 8192]], "lies at"),
        ([[0, 8192], [8192, 8192], [16384, 8192], [24576, NONE]], "lies at"),
        (
            [[0, 8192], [8192, 8192], [16384, 8192], [0, 32_000]],
            "takes 32,000 bytes; up to 8,192 are possible",
        ),
        (
            [[0, 8192], [8192, 8192], [16384, 8192], [24576, 0]],
            r"chunk 3 in it: it holds 0 bytes instead of 8,192",
        ),
        ([[0, 8192], [8192, 8192], [16384, 8192], [NONE, 8192]], "lies at"),
    ],
)
def test_an_index_that_lies(tmp_path, table, message):
    shard = shards(tmp_path / "a.zarr")
    reindexed(shard, table)
    with pytest.raises(FormatError, match=message):
        nc.open(tmp_path / "a.zarr").read()
    with pytest.raises(FormatError, match=message):
        nc.open(tmp_path / "a.zarr")[3]


def test_an_index_that_is_damaged(tmp_path):
    path = tmp_path / "a.zarr"
    shard = shards(path)
    data = shard.read_bytes()
    chunks = [[8192 * i, 8192] for i in (3, 2, 1, 0)]
    reindexed(shard, chunks)
    np.testing.assert_array_equal(nc.open(path).read(), VALUES[::-1])  # in any order
    reindexed(shard, [[NONE, NONE], *chunks[1:]])
    np.testing.assert_array_equal(nc.open(path)[0], 0)
    reindexed(shard, chunks, summed=False)
    with pytest.raises(FormatError, match="its checksum is wrong"):
        nc.open(path)[0]
    for cut, message in (
        (60, "and its index alone takes 68"),
        (0, "index alone takes 68"),
        (1000, "its checksum is wrong"),
    ):
        shard.write_bytes(data[:cut])
        with pytest.raises(FormatError, match=message):
            nc.open(path)[0]


def test_chunks_that_are_all_the_same_bytes_do_not_fill_memory(tmp_path):
    """Tiny chunks that all claim a large piece of their shard."""
    path = array(
        tmp_path / "a.zarr",
        numbers((64, 64, 64), "uint8"),
        chunks=(1, 1, 1),
        shards=(64, 64, 64),
        compressors=None,
    )
    (shard,) = held(path)
    table = np.zeros((64**3, 2), "<u8")
    table[:, 1] = 1
    index = table.tobytes()
    data = shard.read_bytes()[: -len(index) - 4]
    shard.write_bytes(data + index + google_crc32c.value(index).to_bytes(4, "little"))
    assert len(np.unique(nc.open(path)[0])) == 1
    table[:, 1] = 2
    index = table.tobytes()
    shard.write_bytes(data + index + google_crc32c.value(index).to_bytes(4, "little"))
    with pytest.raises(FormatError, match="takes 2 bytes; up to 1 are possible"):
        nc.open(path)[0]


def sharding(**changes):
    return lambda j: j["codecs"][0]["configuration"].update(changes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (sharding(chunk_shape=[1, 64]), r"its shards of \(4, 64, 64\) hold chunks of \(1, 64\)"),
        (sharding(chunk_shape=[3, 64, 64]), "hold no whole number of chunks"),
        (sharding(chunk_shape=[0, 64, 64]), "hold chunks of the shape"),
        (sharding(chunk_shape=[8, 64, 64]), "hold no whole number"),
        (sharding(index_location="middle"), "neither start nor end"),
        (sharding(index_codecs=[{"name": "gzip"}]), "the index of its shards is stored by"),
        (sharding(index_codecs=[{"name": "bytes"}]), "has the endian"),
        (sharding(codecs=[]), "are no list"),
        (sharding(codecs=[{"name": "x"}]), "the codec 'x'"),
        (lambda j: (j["chunk_grid"]["configuration"].update(chunk_shape=[4, 2**14, 2**14]), sharding(chunk_shape=[1, 1, 1])(j)),
         "its shards hold 1,073,741,824 chunks each"),
    ],
)  # fmt: skip
def test_shards_that_cannot_be(tmp_path, change, message):
    shards(tmp_path / "a.zarr")
    edit(tmp_path / "a.zarr" / "zarr.json", change)
    with pytest.raises(FormatError, match=message):
        nc.open(tmp_path / "a.zarr").read()


def test_numcodecs_gets_no_types_that_are_no_numbers(tmp_path):
    for said in ({"id": "delta", "dtype": "O"}, {"id": "astype", "encode_dtype": "S999999999", "decode_dtype": "<u2"},
                 {"id": "pickle", "protocol": 5}, {"id": "vlen-utf8"}, {"id": 3}, {}):  # fmt: skip
        path = stored(tmp_path / f"{len(str(said))}.zarr", None, b"")
        edit(path / ".zarray", lambda j, said=said: j.update(filters=[said]))
        with pytest.raises(FormatError, match=r"none of numbers|which is not known here"):
            nc.open(path)


def test_what_is_no_file_is_no_chunk(tmp_path):
    path = array(tmp_path / "a.zarr", VALUES, chunks=(1, 64, 64))
    for i, make in enumerate((Path.mkdir, os.mkfifo)):
        place = path / "c" / str(i) / "0" / "0"
        place.unlink()
        make(place)
    volume = nc.open(path)
    np.testing.assert_array_equal(volume[:2], 0)
    np.testing.assert_array_equal(volume[2:], VALUES[2:])


def test_a_link_to_nothing_is_no_fill_value(tmp_path):
    """As of a checkout whose content was not fetched."""
    path = array(tmp_path / "a.zarr", VALUES, chunks=(1, 64, 64))
    place = path / "c" / "1" / "0" / "0"
    place.unlink()
    place.symlink_to(tmp_path / "annex" / "object")
    volume = nc.open(path)
    np.testing.assert_array_equal(volume[2], VALUES[2])
    with pytest.raises(
        StorageError, match=r"c/1/0/0 is a link to nothing: its content is not here\. Fetch it"
    ):
        volume[1]


def test_a_file_that_cannot_be_read_is_no_fill_value(tmp_path, monkeypatch):
    path = array(tmp_path / "a.zarr", VALUES, chunks=(1, 64, 64))
    volume = nc.open(path)
    opened = os.open

    def refused(name, *rest):
        if str(name).endswith("c/1/0/0"):
            raise PermissionError(13, "Permission denied", name)
        return opened(name, *rest)

    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(StorageError, match="cannot be opened: Permission denied"):
        volume[1]


def test_a_chunk_that_changed_since_is_an_error(tmp_path):
    path = array(tmp_path / "a.zarr", VALUES, chunks=(1, 64, 64))
    before = (path / "c" / "1" / "0" / "0").stat().st_mtime_ns
    volume = nc.formats.open_volume(File.at(path))
    place = path / "c" / "1" / "0" / "0"
    os.utime(place, ns=(before + 10**9, before + 10**9))
    with pytest.raises(FileChangedError, match=r"c/1/0/0 was written since a\.zarr was listed"):
        volume[1]
    np.testing.assert_array_equal(nc.open(path)[1], VALUES[1])
    again = nc.formats.open_volume(File.at(path))
    place.unlink()
    os.utime(place.parent, ns=(before + 2 * 10**9, before + 2 * 10**9))
    with pytest.raises(FileChangedError, match=r"has changed since a\.zarr was listed, and 0 is not in it"):
        again[1]
    np.testing.assert_array_equal(nc.open(path)[1], 0)
