"""Zarr and OME-Zarr, made by zarr-python, which is the oracle too."""

import json
import pickle
import random
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from zarr.codecs import BytesCodec, ShardingCodec, TransposeCodec
from zarr_files import array, edit, group, held, image, metadata, numbers

import neurochain as nc
from neurochain.errors import FormatError, NeurochainError
from neurochain.formats import read_header
from neurochain.formats.zarr.reader import ZarrReader
from neurochain.storage import File
from neurochain.testing import CountingFile, FormatTests
from neurochain.testing.format_tests import check_record, mutated, random_index

MUTATIONS = 1500


def oracle(path: Path, part: str | None = None) -> np.ndarray:
    """All values of an array, or of an image's finest level, as zarr-python reads them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = zarr.open(str(path), mode="r")
        if isinstance(found, zarr.Group):
            found = found[part or "0"]
        return np.asarray(found[...])


class TestZarr(FormatTests):
    reader = ZarrReader()

    @pytest.fixture
    def files(self, tmp_path):
        """Folders of both versions, with and without shards, of which all chunks or some are there."""
        values = numbers((7, 20, 33))
        some = (slice(0, 3), slice(5, 12), slice(0, 30))
        found = [
            array(tmp_path / "v3.zarr", values, chunks=(2, 8, 10)),
            array(tmp_path / "v2.zarr", values, zarr_format=2, chunks=(2, 8, 10), order="F"),
            array(tmp_path / "sparse.zarr", values, some, chunks=(2, 8, 10), fill_value=7),
            array(tmp_path / "shards.zarr", values, some, chunks=(1, 5, 10), shards=(4, 10, 20)),
            array(
                tmp_path / "long.zarr",
                numbers((500,), "float32"),
                chunks=(64,),
                zarr_format=2,
                compressors=None,
            ),
            array(tmp_path / "deep.zarr", numbers((2, 3, 4, 5, 6), "int16"), chunks=(1, 2, 4, 2, 6)),
            array(tmp_path / "complex.zarr", numbers((6, 5), "complex64"), chunks=(4, 4)),
            array(tmp_path / "bool.zarr", numbers((6, 50), "bool"), chunks=(4, 40)),
            image(tmp_path / "old.ome.zarr", values, version="0.4"),
            image(tmp_path / "new.ome.zarr", values, chunks=(1, 8, 8), shards=(7, 24, 40)),
            group(tmp_path / "one.zarr", {"0": values}, consolidated=True, chunks=(7, 20, 33)),
        ]
        return found  # noqa: RET504

    def oracle(self, path):
        return oracle(path)

    def header_budget(self, path):
        return sum(p.stat().st_size for p in metadata(path))

    def test_cut_file_is_an_error_row(self, files, tmp_path):
        chosen = random.Random(1)
        for path in files:
            for file in metadata(path):
                data = file.read_bytes()
                for n in {0, 1, len(data) - 2, *(chosen.randrange(len(data) - 1) for _ in range(5))}:
                    file.write_bytes(data[:n])
                    found = read_header(File.at(path))
                    if file.name != ".zmetadata" and not (path.name == "one.zarr" and file.parent != path):
                        assert found.error, (file, n)
                    assert "unexpected" not in (found.error or ""), found.error
                    assert found.header["format"] in self.reader.formats
                file.write_bytes(data)

    def test_mutated_file_never_raises(self, files, tmp_path):
        """Metadata, chunks, shards and their indices."""
        chosen = random.Random(2)
        originals = [(path, file, file.read_bytes()) for path in files
                     for file in (*metadata(path) * 4, *held(path)[:6], *held(path)[-2:])]  # fmt: skip
        seen = {"read": 0, "refused": 0}
        for i in range(MUTATIONS):
            path, file, data = chosen.choice(originals)
            wrong = mutated(data, chosen)
            if file.name.startswith(("c", "0", "1")) and chosen.random() < 0.5:  # indices stand at the end
                wrong = mutated(data[::-1], chosen)[::-1]
            file.write_bytes(wrong)
            found = read_header(File.at(path))
            assert "unexpected" not in (found.error or ""), (i, found.error)
            check_record(nc.formats.Header, found.header)
            if found.record is not None:
                check_record(self.reader.record, found.record)
            try:
                lazy = self.open(path)
                lazy[tuple(slice(0, 1) for _ in lazy.shape)]
                if lazy.size < 2**20:
                    np.asarray(lazy[random_index(lazy.shape, chosen)] if lazy.shape else lazy)
                seen["read"] += 1
            except NeurochainError:
                seen["refused"] += 1
            file.write_bytes(data)
        assert min(seen.values()) > MUTATIONS / 20


V2 = [
    {"id": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 1, "blocksize": 0},
    {"id": "blosc", "cname": "zstd", "clevel": 3, "shuffle": 2, "blocksize": 256},
    {"id": "blosc", "cname": "blosclz", "clevel": 9, "shuffle": 0, "blocksize": 0},
    {"id": "zlib", "level": 1},
    {"id": "gzip", "level": 5},
    {"id": "zstd", "level": 1},
    {"id": "bz2", "level": 1},
    {"id": "lzma", "format": 1, "check": -1, "preset": 1, "filters": None},
    {"id": "lz4", "acceleration": 1},
    None,
]
FILTERS = [
    [{"id": "delta", "dtype": "<i4", "astype": "<i4"}],
    [{"id": "shuffle", "elementsize": 4}],
    [{"id": "delta", "dtype": "<i4"}, {"id": "shuffle", "elementsize": 4}, {"id": "zlib", "level": 1}],
    [{"id": "astype", "encode_dtype": "<f8", "decode_dtype": "<i4"}],
    [{"id": "fixedscaleoffset", "dtype": "<i4", "astype": "<i4", "scale": 1, "offset": 3}],
    [{"id": "crc32"}],
    [{"id": "adler32"}],
    [{"id": "fletcher32"}],
]


@pytest.mark.parametrize("compressor", V2, ids=lambda c: "-".join(map(str, c.values())) if c else "none")
@pytest.mark.parametrize("dtype", ["<i4", ">i2", "|u1", ">f8"])
def test_compressors_of_version_2(tmp_path, compressor, dtype):
    import numcodecs

    made = None if compressor is None else numcodecs.get_codec(dict(compressor))
    values = numbers((9, 30), dtype)
    path = array(tmp_path / "a.zarr", values, zarr_format=2, chunks=(4, 16), compressors=made)
    same(nc.open(path), oracle(path))


@pytest.mark.parametrize("filters", FILTERS, ids=lambda f: "-".join(c["id"] for c in f))
def test_filters_of_version_2(tmp_path, filters):
    import numcodecs

    made = [numcodecs.get_codec(dict(one)) for one in filters]
    path = array(
        tmp_path / "a.zarr", numbers((9, 30), "<i4"), zarr_format=2, chunks=(4, 16), filters=made, order="F"
    )
    same(nc.open(path), oracle(path))


V3 = [
    {"name": "blosc", "configuration": {"cname": "zstd", "clevel": 3, "shuffle": "bitshuffle", "typesize": 4}},
    {"name": "gzip", "configuration": {"level": 5}},
    {"name": "zstd", "configuration": {"level": 1, "checksum": True}},
    {"name": "zstd", "configuration": {"level": 1}},
    {"name": "crc32c"},
    *({"name": f"numcodecs.{name}", "configuration": said} for name, said in (
        ("zlib", {"level": 1}), ("bz2", {"level": 1}), ("lzma", {"preset": 1}), ("lz4", {}), ("zstd", {}), ("blosc", {}),
        ("shuffle", {"elementsize": 4}), ("crc32", {}), ("crc32c", {}), ("adler32", {}), ("fletcher32", {}),
    )),
]  # fmt: skip


@pytest.mark.parametrize("codec", V3, ids=lambda c: c["name"])
@pytest.mark.parametrize("endian", ["little", "big"])
def test_codecs_of_version_3(tmp_path, codec, endian):
    for name, more in (("plain", {}), ("shards", {"shards": (8, 32)})):
        path = array(tmp_path / f"{name}.zarr", numbers((9, 30), "int32"), chunks=(4, 16), compressors=[codec],
                     serializer=BytesCodec(endian=endian), **more)  # fmt: skip
        same(nc.open(path), oracle(path))


@pytest.mark.parametrize(
    "codec",
    [
        {"name": "transpose", "configuration": {"order": [2, 0, 1]}},
        {"name": "numcodecs.delta", "configuration": {"dtype": "<i4"}},
        {
            "name": "numcodecs.fixedscaleoffset",
            "configuration": {"offset": 3, "scale": 2, "dtype": "<i4", "astype": "<f8"},
        },
        {"name": "numcodecs.astype", "configuration": {"encode_dtype": "<f8", "decode_dtype": "<i4"}},
        {"name": "numcodecs.quantize", "configuration": {"digits": 3, "dtype": "<f4"}},
        {"name": "numcodecs.bitround", "configuration": {"keepbits": 9}},
    ],
    ids=lambda c: c["name"],
)
def test_filters_of_version_3(tmp_path, codec):
    kind = "float32" if codec["name"].endswith(("quantize", "bitround")) else "int32"
    path = array(tmp_path / "a.zarr", numbers((5, 9, 30), kind), chunks=(2, 4, 16), filters=[codec])
    same(nc.open(path), oracle(path))


@pytest.mark.parametrize("place", ["start", "end"])
@pytest.mark.parametrize("outside", ["alone", "turned", "packed", "nested"])
def test_shards_of_all_kinds(tmp_path, place, outside):
    inner = ShardingCodec(chunk_shape=(2, 4, 8), index_location=place)
    more = {}
    if outside == "turned":
        inner = ShardingCodec(chunk_shape=(4, 4, 8), index_location=place)
        more["filters"] = [TransposeCodec(order=(2, 0, 1))]
    if outside == "packed":
        more["compressors"] = [{"name": "gzip", "configuration": {"level": 1}}]
    if outside == "nested":
        inner = ShardingCodec(chunk_shape=(4, 8, 16), codecs=[inner], index_location=place)
    values = numbers((9, 20, 30), "int32")
    path = tmp_path / "a.zarr"
    array(path, values, (slice(0, 5), slice(2, 9), slice(None)), chunks=(4, 8, 16), serializer=inner,
          **{"compressors": None, "fill_value": -3, **more})  # fmt: skip
    lazy = nc.open(path)
    same(lazy, oracle(path))
    chosen = random.Random(4)
    for _ in range(10):
        index = random_index(values.shape, chosen)
        np.testing.assert_array_equal(lazy[index], oracle(path)[index])


@settings(max_examples=30)
@given(data=st.data())
def test_any_grid_of_chunks_and_shards(tmp_path_factory, data):
    shape = tuple(data.draw(st.lists(st.integers(1, 9), min_size=1, max_size=3)))
    chunks = tuple(data.draw(st.integers(1, n + 2)) for n in shape)
    shards = data.draw(st.none() | st.tuples(*(st.integers(1, 3).map(lambda k, c=c: k * c) for c in chunks)))
    path = tmp_path_factory.mktemp("grid") / "a.zarr"
    values = numbers(shape, "int16")
    array(path, values, chunks=chunks, **({} if shards is None else {"shards": shards}))
    lazy = nc.open(path)
    for seed in range(4):
        index = random_index(shape, random.Random(seed))
        np.testing.assert_array_equal(lazy[index], values[index])
    mask = values > 0
    np.testing.assert_array_equal(lazy.roi(mask), values[mask])


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize(
    ("dtype", "fill"),
    [("float32", np.nan), ("float64", -np.inf), ("int8", -5), ("uint64", 2**64 - 1), ("bool", True), ("complex64", 2 - 3j),
     ("float16", 1.5)],
)  # fmt: skip
def test_what_was_never_written_is_the_fill_value(tmp_path, version, dtype, fill):
    values = numbers((6, 6), dtype)
    path = array(
        tmp_path / "a.zarr",
        values,
        (slice(0, 2), slice(0, 2)),
        zarr_format=version,
        chunks=(2, 3),
        fill_value=fill,
    )
    same(nc.open(path), oracle(path))
    assert len(held(path)) == 1
    assert nc.open(path).bytes_needed((slice(2, 6), slice(3, 6))) == 0


def test_fill_values_by_their_bits(tmp_path):
    path = array(tmp_path / "a.zarr", numbers((4,), "float32"), slice(0, 0), chunks=(2,), fill_value=0)
    for said, value in (("0x7fc00000", np.nan), ("0x3f800000", 1.0), ("-Infinity", -np.inf)):
        edit(path / "zarr.json", lambda j, said=said: j.update(fill_value=said))
        np.testing.assert_array_equal(nc.open(path).read(), np.full(4, value, np.float32))


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (3, 0, 2)])
def test_arrays_of_one_value_or_none(tmp_path, version, shape):
    path = array(tmp_path / "a.zarr", numbers(shape, "float32"), zarr_format=version)
    lazy = nc.open(path)
    assert lazy.shape == shape
    np.testing.assert_array_equal(lazy.read(), oracle(path))
    assert read_header(File.at(path)).header["shape"] == list(shape)
    if not shape:
        assert lazy[()] == oracle(path)[()]


def test_arrays_of_a_group_are_told_and_chosen(tmp_path):
    inside = {"a": numbers((4, 5)), "deep/er/b": numbers((6,), "float32"), "deep/c": numbers((3, 3), "int8")}
    for version in (2, 3):
        for consolidated in (False, True):
            path = group(
                tmp_path / f"{version}{consolidated}.zarr", inside, version, consolidated, chunks="auto"
            )
            file = CountingFile.at(path)
            found = read_header(file)
            assert found.error is None
            assert file.requests <= (20 if version == 2 and not consolidated else 12)
            assert found.header["shape"] is None
            assert found.record["array_paths"] == ["a", "deep/c", "deep/er/b"]
            assert found.record["array_shapes"] == ["4x5", "3x3", "6"]
            assert found.record["array_dtypes"] == ["uint16", "int8", "float32"]
            with pytest.raises(
                FormatError, match=r"it has 3 arrays: a, deep/c, deep/er/b\. Say which: nc\.open"
            ):
                nc.open(path)
            with pytest.raises(FormatError, match=r"it has 2 arrays: deep/c, deep/er/b"):
                nc.open(path, part="deep")
            with pytest.raises(FormatError, match="nothing at 'e'"):
                nc.open(path, part="e")
            for name, values in inside.items():
                lazy = nc.open(path, part=name)
                np.testing.assert_array_equal(lazy.read(), values)
                np.testing.assert_array_equal(pickle.loads(pickle.dumps(lazy)).read(), values)
            np.testing.assert_array_equal(nc.open(path, part="deep/er").read(), inside["deep/er/b"])


def test_axes_have_the_names_that_the_array_gives_them(tmp_path):
    new = array(tmp_path / "a.zarr", numbers((2, 3, 4)), dimension_names=["time", None, "x"])
    assert nc.open(new).axes == ("time", "dim2", "x")
    old = array(
        tmp_path / "b.zarr", numbers((2, 3)), zarr_format=2, attributes={"_ARRAY_DIMENSIONS": ["y", "x"]}
    )
    assert nc.open(old).axes == ("y", "x")
    assert read_header(File.at(old)).record["axis_names"] == ["y", "x"]
    assert nc.open(array(tmp_path / "c.zarr", numbers((2, 3)))).axes == ("dim1", "dim2")


def test_an_array_may_be_opened_as_a_recording(tmp_path):
    path = group(tmp_path / "a.zarr", {"raw": numbers((1000, 4), "int16")})
    recording = nc.open(path, part="raw", sampling_frequency=100, channels=4, gain=0.5, unit="uV")
    assert recording.duration == 10
    np.testing.assert_array_equal(recording.window(1, 2).read(), numbers((1000, 4), "int16")[100:200].T * 0.5)
    with pytest.raises(FormatError, match="open it as a volume"):
        nc.formats.open_recording(File.at(path))


def test_what_is_no_number_is_told_and_refused(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        top = zarr.create_group(str(tmp_path / "a.zarr"))
        top.create_array("text", shape=(3,), dtype="string")
        top.create_array("pairs", shape=(3,), dtype=[("a", "i4"), ("b", "f4")])
    found = read_header(File.at(tmp_path / "a.zarr"))
    assert found.record["array_dtypes"] == ["structured", "string"] or found.record["array_dtypes"] == [
        "struct",
        "string",
    ]
    with pytest.raises(FormatError, match="text holds no numbers, but string"):
        nc.open(tmp_path / "a.zarr", part="text")


def test_a_folder_of_something_else_is_an_error(tmp_path):
    (tmp_path / "a.zarr").mkdir()
    with pytest.raises(nc.StorageError, match="holds no files"):
        File.at(tmp_path / "a.zarr")
    with pytest.raises(nc.StorageError, match="cannot be read: No such file"):
        nc.open(tmp_path / "gone.zarr")
    (tmp_path / "a.zarr" / "x.txt").write_text("x")
    with pytest.raises(FormatError, match=r"it holds no zarr\.json, and no \.zarray or \.zgroup"):
        nc.open(tmp_path / "a.zarr")
    (tmp_path / "b.zarr").write_bytes(b"no folder")
    assert "holds no zarr.json" in str(read_header(File.at(tmp_path / "b.zarr")).error)


def test_metadata_needs_no_packages(tmp_path, monkeypatch):
    """And neither do values that are stored as they are, or by gzip."""
    values = numbers((8, 8))
    paths = [array(tmp_path / f"{i}.zarr", values, compressors=c) for i, c in enumerate((None, V3[1]))]
    zstd = array(tmp_path / "z.zarr", values)
    monkeypatch.setitem(__import__("sys").modules, "numcodecs", None)
    for path in (*paths, zstd):
        assert read_header(File.at(path)).error is None
    for path in paths:
        np.testing.assert_array_equal(nc.open(path).read(), values)
    with pytest.raises(nc.MissingExtraError, match=r"pip install 'neurochain\[zarr\]'"):
        nc.open(zstd).read()


def test_a_copy_under_another_name_is_the_same(tmp_path):
    path = image(tmp_path / "a.ome.zarr", numbers((3, 20, 20)))
    shutil.copytree(path, tmp_path / "b.ome.zarr")
    first, second = (read_header(File.at(p)) for p in (path, tmp_path / "b.ome.zarr"))
    assert (first.header, first.record) == (second.header, second.record)
    assert json.dumps(first.record)


def same(lazy: nc.Volume, whole: np.ndarray) -> None:
    """All values, and a part of them."""
    assert lazy.dtype == whole.dtype.newbyteorder("=")
    np.testing.assert_array_equal(lazy.read(), whole)
    np.testing.assert_array_equal(lazy[1:5:2, ..., ::-3], whole[1:5:2, ..., ::-3])
