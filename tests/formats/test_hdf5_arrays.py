"""HDF5: arrays and tables of any file, against h5py."""

import io
import pickle
import shutil

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import neurochain as nc
from neurochain.errors import ColumnNotFoundError, FormatError
from neurochain.formats import read_header
from neurochain.formats.hdf5.columns import read_columns
from neurochain.formats.hdf5.filters import fletcher32
from neurochain.formats.hdf5.layout import Layout, layout_of
from neurochain.formats.hdf5.reader import Hdf5Reader
from neurochain.storage import File
from neurochain.testing import FormatTests

RNG = np.random.default_rng(3)
ARRAY = RNG.integers(-500, 500, (60, 7, 5)).astype(np.int16)
WAYS = {
    "plain": {},
    "chunked": {"chunks": (16, 3, 5)},
    "gzip": {"chunks": (16, 3, 5), "compression": "gzip"},
    "shuffled": {"chunks": (60, 1, 2), "compression": "gzip", "shuffle": True, "fletcher32": True},
    "summed": {"chunks": (7, 7, 5), "fletcher32": True},
    "lzf": {"chunks": (16, 3, 5), "compression": "lzf", "shuffle": True},
}


def made(path, values=ARRAY, **how):
    with h5py.File(path, "w") as file:
        file.create_dataset("data", data=values, **how)
    return path


class TestHdf5(FormatTests):
    reader = Hdf5Reader()

    @pytest.fixture
    def files(self, tmp_path):
        found = [made(tmp_path / f"{name}.h5", **how) for name, how in WAYS.items()]
        found.append(
            made(tmp_path / "floats.hdf5", ARRAY.astype(">f4"), chunks=(9, 2, 4), compression="gzip")
        )
        latest = tmp_path / "latest.h5"
        with h5py.File(latest, "w", libver="latest") as file:
            file.create_dataset(
                "data", data=ARRAY, chunks=(16, 3, 5), maxshape=(None, 7, None), compression="gzip"
            )
        return [*found, latest]

    def header_budget(self, path):
        return path.stat().st_size + self.reader.head_size

    def oracle(self, path):
        with h5py.File(path) as file:
            return file["data"][()]


def test_filters_that_a_package_brings(tmp_path):
    hdf5plugin = pytest.importorskip("hdf5plugin", reason="hdf5plugin brings zstd and blosc")
    for i, how in enumerate(
        [hdf5plugin.Zstd(), hdf5plugin.Blosc(), hdf5plugin.LZ4(), hdf5plugin.Bitshuffle()]
    ):
        path = made(tmp_path / f"{i}.h5", chunks=(16, 7, 5), **how)
        np.testing.assert_array_equal(nc.open(path)[3:40, 1], ARRAY[3:40, 1])


def test_filters_that_may_do_harm_are_refused(tmp_path):
    path = made(tmp_path / "a.h5", chunks=(16, 3, 5), scaleoffset=0)
    with pytest.raises(
        FormatError, match=r"/data was stored by filter 6 of HDF5, which is not read\. Read are deflate"
    ):
        nc.open(path)
    with pytest.raises(FormatError, match="filter 6"):
        nc.open_table(path, variable="data")


def test_what_was_never_written_is_the_fill_value(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        sparse = file.create_dataset("sparse", (1000, 1000), "f4", chunks=(100, 100), fillvalue=2.5)
        sparse[250:260, 250:260] = 1
        file.create_dataset("never", (3, 4), "i4", fillvalue=-9)
        few = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        few.set_layout(h5py.h5d.COMPACT)
        space = h5py.h5s.create_simple((5,))
        h5py.h5d.create(file.id, b"compact", h5py.h5t.NATIVE_INT16, space, few).write(
            h5py.h5s.ALL, h5py.h5s.ALL, np.arange(5, dtype=np.int16)
        )
    volume = nc.open(path, part="sparse")
    found = volume[240:270, 245:265]
    assert (found == 1).sum() == 100
    assert set(np.unique(found)) == {1.0, 2.5}
    assert volume.bytes_needed() == 40_000
    assert (np.asarray(nc.open(path, part="/never")) == -9).all()
    np.testing.assert_array_equal(nc.open(path, part="compact")[1:], [1, 2, 3, 4])


def test_arrays_are_listed_and_chosen(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["one/a"] = np.arange(3.0)
        file["one/b"] = np.zeros((2, 2), np.uint8)
        file["text"] = ["x", "y"]
        file["single"] = 5
        file["loop"] = file["one"]
    found = read_header(File.at(path))
    assert found.error is None
    assert found.record == {
        "datasets": ["/loop/a", "/loop/b", "/single", "/text"],
        "dataset_shapes": ["3", "2x2", "", "2"],
        "dataset_dtypes": ["float64", "uint8", "int64", "text"],
    }
    with pytest.raises(FormatError, match=r"it has 2 arrays: /loop/a, /loop/b. Say which: nc.open"):
        nc.open(path)
    with pytest.raises(ColumnNotFoundError, match=r"there is no /one/c. /one has: Existing: 'a', 'b'"):
        nc.open(path, part="one/c")
    with pytest.raises(FormatError, match="one is a group"):
        nc.open(path, part="one")
    with pytest.raises(FormatError, match="holds no numbers"):
        nc.open(path, part="text")
    volume = nc.open(path, part="one/a")
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(volume))[:], np.arange(3.0))


def test_an_array_is_a_recording_where_someone_says_so(tmp_path):
    path = made(tmp_path / "a.h5", ARRAY[:, :, 0], chunks=(20, 2))
    recording = nc.open(
        path, part="data", sampling_frequency=20.0, channels=7, gain=0.5, offset=1, unit="kPa"
    )
    assert (recording.shape, recording.duration, recording.units[0]) == ((7, 60), 3.0, "kPa")
    np.testing.assert_array_equal(
        recording.window(1.0, 2.0, channels=["6", "2"]).read(), (ARRAY[20:40, [6, 2], 0] * 0.5 + 1).T
    )
    again = pickle.loads(pickle.dumps(recording.window(1.0, 2.0)))
    np.testing.assert_array_equal(again.read(), (ARRAY[20:40, :, 0] * 0.5 + 1).T)
    turned = made(tmp_path / "b.h5", ARRAY[:, :, 0].T)
    np.testing.assert_array_equal(
        nc.open(turned, sampling_frequency=20.0, channels=list("abcdefg")).read(), ARRAY[:, :, 0].T
    )
    with pytest.raises(FormatError, match="say channels"):
        nc.open(path, sampling_frequency=20.0)
    with pytest.raises(
        FormatError, match=r"8 channels are said, and no axis has as many: its shape is \(60, 7\)"
    ):
        nc.open(path, sampling_frequency=20.0, channels=8)
    with pytest.raises(FormatError, match="is no positive number of Hz"):
        nc.open(path, sampling_frequency=-1, channels=7)


def test_tables(tmp_path):
    path = tmp_path / "a.h5"
    records = np.array([(1, 2.5, b"x"), (2, 3.5, b"y")], [("n", "i4"), ("value", "f8"), ("name", "S1")])
    with h5py.File(path, "w") as file:
        file["records"] = records
        file["genes/name"] = ["a", "b", "c"]
        file["genes/count"] = np.array([3, 4, 5])
        file["genes/profile"] = np.arange(6.0).reshape(3, 2)
        file["bad/x"], file["bad/y"] = np.arange(2), np.arange(3)
        large = file.create_dataset("large/x", data=np.arange(100_000), chunks=(1000,), compression="gzip")
        assert large.nbytes > 64 * 1024
    assert nc.open_table(path, variable="records").to_dicts() == [
        {"n": 1, "value": 2.5, "name": "x"},
        {"n": 2, "value": 3.5, "name": "y"},
    ]
    genes = nc.open_table(path, variable="genes")
    assert genes["name"].to_list() == ["a", "b", "c"]
    np.testing.assert_array_equal(genes["profile"].to_numpy(), np.arange(6.0).reshape(3, 2))
    assert nc.open_table(path, variable="large")["x"].sum() == 4_999_950_000
    assert nc.open_table(path, variable=["genes/name", "genes/count"]).height == 3
    with pytest.raises(FormatError, match="bad is no table: it has datasets of x: 2, y: 3"):
        nc.open_table(path, variable="bad")


def test_data_frames_of_anndata(tmp_path):
    path = tmp_path / "a.h5ad"
    with h5py.File(path, "w") as file:
        obs = file.create_group("obs")
        obs.attrs["_index"], obs.attrs["column-order"] = "cell", ["kind", "depth"]
        obs["cell"], obs["depth"] = ["c1", "c2", "c3"], [0.5, 1.5, 2.5]
        obs["kind/codes"], obs["kind/categories"] = np.array([1, -1, 0], np.int8), ["glia", "neuron"]
    assert nc.open_table(path).to_dict(as_series=False) == {
        "cell": ["c1", "c2", "c3"],
        "kind": ["neuron", None, "glia"],
        "depth": [0.5, 1.5, 2.5],
    }


def test_a_damaged_index_of_a_ragged_column_is_said(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        table = file.create_group("t")
        table.attrs["colnames"] = ["x"]
        table["id"], table["x"], table["x_index"] = np.arange(2), np.arange(5), [4, 9]
    with pytest.raises(FormatError, match="the index of column 'x' does not ascend up to its 5 values"):
        nc.open_table(path, variable="t")


def test_values_in_other_files_are_not_followed(tmp_path):
    path = tmp_path / "a.h5"
    (tmp_path / "raw.bin").write_bytes(bytes(80))
    with h5py.File(path, "w") as file:
        file.create_dataset("outside", (10,), "f8", external=[(str(tmp_path / "raw.bin"), 0, 80)])
        virtual = h5py.VirtualLayout((60, 7, 5), "i2")
        virtual[:] = h5py.VirtualSource(str(made(tmp_path / "b.h5")), "data", (60, 7, 5))
        file.create_virtual_dataset("virtual", virtual)
        file["elsewhere"] = h5py.ExternalLink("../b.h5", "/data")
        file["beside"] = h5py.ExternalLink("b.h5", "/data")
    for part, said in [
        ("outside", "in another file"),
        ("virtual", "in another file"),
        ("elsewhere", "not in its folder"),
    ]:
        with pytest.raises(FormatError, match=said):
            nc.open(path, part=part)
    np.testing.assert_array_equal(nc.open(path, part="beside")[:], ARRAY)


def test_a_damaged_chunk_is_said(tmp_path):
    path = made(tmp_path / "a.h5", **WAYS["shuffled"])
    volume = nc.open(path)
    with h5py.File(path) as file:
        info = file["data"].id.get_chunk_info(0)
    data = bytearray(path.read_bytes())
    data[info.byte_offset + 5] ^= 0xFF
    other = tmp_path / "b.h5"
    other.write_bytes(data)
    with pytest.raises(FormatError, match=r"b\.h5: (a chunk of it|the checksum)"):
        nc.open(other)[:, 0, 0]
    assert volume[:1, 0, 0] == ARRAY[:1, 0, 0]


def test_a_layout_is_remembered_as_it_was(tmp_path):
    for name, how in WAYS.items():
        path = made(tmp_path / f"{name}.h5", **how)
        with h5py.File(path) as file:
            layout = layout_of(file["data"], path.stat().st_size)
        again = Layout.unpacked(layout.packed())
        np.testing.assert_array_equal(again.table, layout.table)
        assert repr(again) == repr(layout)


@given(st.binary(max_size=300))
def test_checksums_are_those_of_hdf5(data):
    with h5py.File(io.BytesIO(), "w") as file:
        values = np.frombuffer(data + b"x", np.uint8)
        node = file.create_dataset("a", data=values, chunks=(len(values),), fletcher32=True)
        file.flush()
        _, stored = node.id.read_direct_chunk((0,))
    assert int.from_bytes(stored[-4:], "little") == fletcher32(stored[:-4])


def test_columns_of_a_file_that_moved(tmp_path):
    (tmp_path / "in").mkdir()
    with h5py.File(tmp_path / "in" / "a.h5", "w") as file:
        file["t"] = h5py.ExternalLink("b.h5", "/u")
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["u/x"] = np.arange(4)
    with pytest.raises(FormatError, match="bring it there"):
        read_columns(File.at(tmp_path / "in" / "a.h5"), "t")
    shutil.move(tmp_path / "b.h5", tmp_path / "in" / "b.h5")
    assert read_columns(File.at(tmp_path / "in" / "a.h5"), "t")["x"].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("front", [0, 512])
def test_a_tree_of_chunks_is_read_as_hdf5_reads_it(tmp_path, front):
    path = tmp_path / "a.h5"
    chosen = np.random.default_rng(4)
    with h5py.File(path, "w", userblock_size=front) as file:
        for name, shape, chunks in [
            ("few", (10, 4), (3, 4)),
            ("many", (5000, 40), (10, 7)),
            ("none", (9,), (2,)),
        ]:
            node = file.create_dataset(name, shape, "i2", chunks=chunks, compression="gzip")
            node.attrs.update(
                {f"note{i}": "x" * 200 for i in range(20)}
            )  # so that the header goes on elsewhere
            for at in chosen.permutation(shape[0])[: shape[0] // 2] if name != "none" else ():
                node[at] = at
    size = path.stat().st_size
    for name in ("few", "many", "none"):
        with h5py.File(path) as file:
            known, growing = layout_of(file[name], size), layout_of(file[name], size, tree=True)
        np.testing.assert_array_equal(growing.grown(File.at(path)).table, known.table)
    assert len(known.table) == 0
    made(tmp_path / "b.h5", chunks=(16, 3, 5))
    with h5py.File(tmp_path / "c.h5", "w", libver="latest") as file:
        latest = file.create_dataset("data", data=ARRAY, chunks=(16, 3, 5))
        assert layout_of(latest, 2**30, tree=True).grown(File.at(tmp_path / "b.h5")) is None


def test_a_damaged_tree_is_said(tmp_path):
    path = made(tmp_path / "a.h5", chunks=(16, 3, 5))
    with h5py.File(path) as file:
        growing = layout_of(file["data"], path.stat().st_size, tree=True)
    data = bytearray(path.read_bytes())
    at = data.index(b"TREE\x01")
    for change, said in [
        (lambda d: d.__setitem__(slice(at, at + 4), b"EERT"), "a node of the tree of its chunks is damaged"),
        (lambda d: d.__setitem__(slice(at + 6, at + 8), b"\xff\xff"), "goes beyond the file"),
        (lambda d: d.__setitem__(at + 5, 9), "no end|is damaged"),
        (lambda d: d.__setitem__(slice(at + 24 + 8, at + 24 + 16), b"\xff" * 8), "says that its chunk at"),
    ]:
        other = bytearray(data)
        change(other)
        path.write_bytes(other)
        with pytest.raises(FormatError, match=said):
            growing.grown(File.at(path))
