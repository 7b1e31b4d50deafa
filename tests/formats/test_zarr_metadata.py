"""Metadata of Zarr folders that cannot be: any of it is read, or refused in words."""

import json
import random

import numcodecs
import pytest
from zarr_files import array, edit, group, image, metadata, numbers

import neurochain as nc
from neurochain.errors import FormatError, NeurochainError
from neurochain.formats import read_header
from neurochain.formats.zarr.reader import ZarrReader
from neurochain.storage import File
from neurochain.testing.format_tests import check_record

VALUES = numbers((4, 64, 64))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda j: j.update(zarr_format=4), "zarr_format is 4"),
        (lambda j: j.update(node_type="table"), "node_type is 'table'"),
        (lambda j: j.update(shape=[-1, 64, 64]), r"its shape is \[-1"),
        (lambda j: j.update(shape=[True, 64, 64]), "its shape is"),
        (lambda j: j.update(shape=[4.0, 64, 64]), "its shape is"),
        (lambda j: j.update(shape="x"), "its shape is no list"),
        (lambda j: j.update(shape=[2**40, 2**40, 64]), "which no file holds"),
        (lambda j: j.update(shape=[1] * 40), "no list of up to 32 numbers"),
        (lambda j: j.update(shape=[64, 64]), "its chunks have 3 axes, and its shape 2"),
        (lambda j: j.update(data_type=7), "data_type is no name"),
        (lambda j: j.update(data_type="float8"), "holds no numbers, but float8"),
        (lambda j: j.update(fill_value="x"), "its fill_value is 'x', which is no uint16"),
        (lambda j: j.update(fill_value=70_000), "its fill_value is 70000"),
        (lambda j: j.update(fill_value=[1]), "its fill_value is"),
        (lambda j: j.update(codecs=[]), "lists no codecs"),
        (lambda j: j.update(codecs=[3]), "its codec has no name"),
        (lambda j: j.update(codecs=[{"name": "zstd"}]), "stored by the codec 'zstd', which is not known here"),
        (lambda j: j["codecs"].append({"name": "zip"}), "the codec 'zip', which is not known here; known are"),
        (lambda j: j.update(codecs=[{"name": "bytes"}]), "has the endian 'None'"),
        (lambda j: j.update(codecs=[{"name": "bytes", "configuration": {"endian": "little"}}] * 2), "lists both bytes and bytes"),
        (lambda j: j.update(codecs=[{"name": "transpose", "configuration": {"order": [0, 0, 1]}}]), "has the order"),
        (lambda j: j["chunk_grid"].update(name="rectilinear"), "chunk_grid is 'rectilinear'; regular ones are read"),
        (lambda j: j["chunk_grid"]["configuration"].update(chunk_shape=[1, 0, 64]), "chunks have the shape 1 x 0 x 64"),
        (lambda j: j["chunk_grid"]["configuration"].update(chunk_shape=[2**20, 2**20, 64]), "up to 2,147,483,648 are read"),
        (lambda j: j["chunk_grid"].update(configuration=3), "no configuration that is an object"),
        (lambda j: j["chunk_key_encoding"].update(name="morton"), "named by 'morton', which is not known"),
        (lambda j: j["chunk_key_encoding"]["configuration"].update(separator="../"), r"separated by '\.\./', neither"),
        (lambda j: j.update(storage_transformers=[{"name": "x"}]), "stored with storage_transformers, which is not known"),
        (lambda j: j.update(secret={"a": 1}), "stored with 'secret', which is not known"),
    ],
)  # fmt: skip
def test_metadata_that_cannot_be(tmp_path, change, message):
    path = array(tmp_path / "a.zarr", VALUES, chunks=(1, 64, 64))
    edit(path / "zarr.json", change)
    assert "unexpected" not in (read_header(File.at(path)).error or "")
    with pytest.raises(FormatError, match=message):
        nc.open(path).read()
    edit(path / "zarr.json", lambda j: j.update(zarr_format=3))


def test_metadata_without_end(tmp_path):
    path = array(tmp_path / "a.zarr", VALUES)
    for depth in (100, 100_000):
        (path / "zarr.json").write_text('{"a":' * depth + "1" + "}" * depth)
        assert "zarr.json" in str(read_header(File.at(path)).error)
    (path / "zarr.json").write_text("[]")
    assert "holds no JSON object" in str(read_header(File.at(path)).error)
    said = {"zarr_format": 3, "node_type": "group", "attributes": {},
            "consolidated_metadata": {"metadata": {f"a{i}": {} for i in range(20_000)}}}  # fmt: skip
    (path / "zarr.json").write_text(json.dumps(said))
    assert "more than 10,000 groups and arrays" in str(read_header(File.at(path)).error)
    said["consolidated_metadata"]["metadata"] = {"../../x": {"zarr_format": 3, "node_type": "group"}}
    (path / "zarr.json").write_text(json.dumps(said))
    assert "no path in it" in str(read_header(File.at(path)).error)


STRANGE = [None, True, -1, 0, 1, 3, 2**31, 2**63, 2**64, 10**30, 0.5, -0.0, 1e308, float("nan"), "", "x", "\ud800", "../x", "a" * 5000,
           "<i2", "|O", "zstd", "bytes", "sharding_indexed", "transpose", [], {}, [0], [1, 2, 3], [[]], ["c"], {"name": "x"},
           [-1, 2**62, 0], {"a": {"b": []}}, {"id": "zlib"}]  # fmt: skip


def changed(document, chosen):
    """A document of JSON with some values replaced, moved, doubled, or gone."""
    places = []

    def walk(node):
        for key in node if isinstance(node, dict) else range(len(node)):
            places.append((node, key))
            if isinstance(node[key], dict | list):
                walk(node[key])

    walk(document)
    for _ in range(chosen.choice((1, 1, 1, 2, 4))):
        node, key = chosen.choice(places)
        other, another = chosen.choice(places)
        kind = chosen.randrange(5)
        try:
            if kind == 0:
                node[key] = json.loads(json.dumps(other[another]))
            elif kind == 1:
                del node[key]
            elif kind == 2 and isinstance(node, list):
                node.append(json.loads(json.dumps(chosen.choice(STRANGE))))
            else:
                node[key] = json.loads(json.dumps(chosen.choice(STRANGE)))
        except (KeyError, IndexError):  # gone with another
            continue
    return document


@pytest.mark.parametrize("seed", [5, 12])
def test_any_metadata_is_read_or_refused(tmp_path, seed):
    """Whatever stands in the place of whatever."""
    values = numbers((4, 20, 20))
    folders = [
        image(tmp_path / "a.ome.zarr", values, version="0.4", levels=2, channels=("a", "b")),
        image(tmp_path / "b.ome.zarr", values, levels=2, chunks=(1, 10, 10), shards=(4, 20, 20), shift=(1, 2, 3)),
        array(tmp_path / "c.zarr", values, zarr_format=2, chunks=(2, 20, 20), filters=[numcodecs.Delta("<u2"), numcodecs.Shuffle(2)]),
        group(tmp_path / "d.zarr", {"a": values, "b/c": values}, consolidated=True),
        group(tmp_path / "e.zarr", {"a": values}, version=2, consolidated=True),
    ]  # fmt: skip
    chosen = random.Random(seed)
    originals = [(folder, file, file.read_text()) for folder in folders for file in metadata(folder)]
    originals = [one for one in originals if json.loads(one[2])]
    seen, longest = {"read": 0, "refused": 0}, 0
    for _ in range(1500):
        folder, file, text = chosen.choice(originals)
        file.write_text(json.dumps(changed(json.loads(text), chosen)))
        found = read_header(File.at(folder))
        assert "unexpected" not in (found.error or ""), found.error
        check_record(nc.formats.Header, found.header)
        if found.record is not None:
            check_record(ZarrReader.record, found.record)
        for part in (None, "a") if folder.name == "d.zarr" else (None,):
            try:
                lazy = nc.open(folder, part=part)
                lazy[tuple(slice(0, 1) for _ in lazy.shape)]
                if lazy.size < 2**16:
                    lazy.read()
                seen["read"] += 1
            except NeurochainError as error:
                longest = max(longest, len(str(error)))
                seen["refused"] += 1
        file.write_text(text)
    assert min(seen.values()) > 150
    assert longest < 1500
