"""MAT-files of the versions 5 to 7, against scipy and the files that scipy's wheel carries."""

import random
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import scipy.io
import scipy.sparse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from scipy.io.matlab import MatlabFunction, MatlabObject, MatlabOpaque

from neurochain.errors import FormatError
from neurochain.formats.arrays.slicing import Axis
from neurochain.formats.matlab.mat5 import Variable, children, is_hdf5, is_mat5, variables
from neurochain.formats.matlab.mat5_bytes import FileBytes, TooFar
from neurochain.formats.matlab.mat5_values import Unread, lazy, read
from neurochain.storage import File
from neurochain.testing import CountingFile
from neurochain.testing.format_tests import mutated

SCIPY = Path(scipy.io.matlab.__file__).parent / "tests" / "data"
REFUSED = {  # by both
    "bad_miuint32.mat": "x 10 values",
    "malformed1.mat": "cut short",
    "corrupted_zlib_data.mat": "damaged",
    "corrupted_zlib_checksum.mat": "damaged",
}
ALONE = {  # scipy takes no such name, or gives another one to the second field of one name
    "bad_miutf8_array_name.mat": "äray_name",
    "nasty_duplicate_fieldnames.mat": "Summary",
}
SOUND = [
    path
    for path in sorted(SCIPY.glob("*.mat"))
    if is_mat5(path.read_bytes()[:128]) and path.name not in {*REFUSED, *ALONE}
]


def load(path):
    return {v.name: read(v) for v in variables(File.at(path))}


def plain(value):
    """A value of scipy in the form that `read` gives."""
    if scipy.sparse.issparse(value):
        return Unread("sparse")
    if isinstance(value, MatlabFunction | MatlabOpaque | MatlabObject):
        return Unread("other")
    if value.dtype.names is not None:
        rows = [{n: plain(row[n]) for n in value.dtype.names} for row in value.reshape(-1, order="F")]
        return (rows[0] if rows else {}) if value.size == 1 else rows
    if value.dtype.kind == "O" and value.size == 1 and value.item() is None:  # a struct without fields
        return {}
    if value.dtype.kind == "O":
        return [plain(v) for v in value.reshape(-1, order="F")]
    if value.dtype.kind == "U":
        texts = [str(v) for v in value]
        return "" if not any(texts) else texts[0] if len(texts) == 1 else [t.rstrip() for t in texts]
    return value


def same(found, expected):
    if isinstance(expected, Unread):
        assert isinstance(found, Unread)
    elif isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for key in expected:
            same(found[key], expected[key])
    elif isinstance(expected, list):
        assert len(found) == len(expected)
        for a, b in zip(found, expected, strict=True):
            same(a, b)
    elif isinstance(expected, str):
        assert found == expected
    else:
        assert isinstance(found, np.ndarray)
        # scipy gives the stored numbers, which are often narrower.
        assert np.can_cast(expected.dtype, found.dtype) or found.dtype == bool
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("path", SOUND, ids=lambda p: p.name)
def test_every_file_of_scipy_reads_as_with_scipy(path):
    expected = scipy.io.loadmat(path)
    found = load(path)
    names = [name for name in expected if not name.startswith("__")]
    assert list(found) == names
    for name in names:
        same(found[name], plain(expected[name]))


@pytest.mark.parametrize("name", REFUSED)
def test_what_scipy_refuses_is_refused(name):
    with pytest.raises(FormatError, match=REFUSED[name]):
        load(SCIPY / name)


@pytest.mark.parametrize("name", ALONE)
def test_what_scipy_reads_otherwise_is_read(name):
    assert list(load(SCIPY / name)) == [ALONE[name]]


def test_variables_are_listed_as_by_whosmat():
    listed = 0
    for path in SOUND:
        found = {v.name: v for v in variables(File.at(path))}
        for name, shape, kind in scipy.io.whosmat(path):
            if kind in ("char", "function") or name.startswith("__"):  # scipy counts texts, not characters
                continue
            listed += 1
            assert found[name].shape == shape, path.name
            assert found[name].kind == kind or found[name].kind == "sparse", path.name
    assert listed > 60


def test_other_files_are_told():
    for path in SCIPY.glob("*4*.mat"):
        head = path.read_bytes()[:1024]
        if is_hdf5(head):
            assert path.name == "testhdf5_7.4_GLNX86.mat"
        if not is_mat5(head):
            with pytest.raises(FormatError, match="no MAT-file of version 5 to 7"):
                load(path)


VALUES = {
    "double": np.arange(12.0).reshape(3, 4),
    "wide": np.random.default_rng(0).normal(size=(7, 5)),
    "single": np.ones((2, 3, 4), np.float32),
    "small": np.array([[1, 2]], np.int8),
    "big": np.array([[2**40, -1]], np.int64),
    "flag": np.array([[True, False]]),
    "complex": np.array([[1 + 2j, 3 - 4j]]),
    "tiny": np.array([[1 + 2j]], np.complex64),
    "text": "häßlich ½ 日本",
    "texts": np.array(["one", "three"]),
    "nothing": np.zeros((0, 0)),
    "cells": np.array([[np.arange(3.0), "x"], [np.zeros((0, 0)), True]], object),
    "nested": {"a": {"b": {"c": np.eye(2)}}, "d": "e"},
    "sparse": scipy.sparse.eye(3, format="csc"),
    "rows": np.array([(1.0, "a"), (2.0, "b")], dtype=[("n", object), ("t", object)]),
}


@pytest.mark.parametrize("compressed", [False, True])
def test_what_scipy_writes(tmp_path, compressed):
    path = tmp_path / "a.mat"
    scipy.io.savemat(path, VALUES, do_compression=compressed)
    found, expected = load(path), scipy.io.loadmat(path)
    assert list(found) == list(VALUES)
    for name in VALUES:
        same(found[name], plain(expected[name]))
    assert [v.compressed for v in variables(File.at(path))] == [compressed] * len(VALUES)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    npst.arrays(
        st.sampled_from(["f8", "f4", "i1", "u2", "i4", "u8", "c16", "?"]),
        npst.array_shapes(min_dims=2, max_dims=4, min_side=0, max_side=4),
    ),
    st.booleans(),
)
def test_arrays_come_back(tmp_path, array, compressed):
    scipy.io.savemat(tmp_path / "a.mat", {"a": array}, do_compression=compressed)
    (found,) = variables(File.at(tmp_path / "a.mat"))
    assert found.shape == array.shape
    np.testing.assert_array_equal(read(found), array)
    assert read(found).dtype == array.dtype


def test_the_place_of_values_is_known(tmp_path):
    array = np.random.default_rng(0).normal(size=(40, 500)).astype(np.float32)
    scipy.io.savemat(tmp_path / "a.mat", {"first": np.arange(9), "array": array})
    _, found = variables(File.at(tmp_path / "a.mat"))
    data = (tmp_path / "a.mat").read_bytes()[found.start : found.end]
    np.testing.assert_array_equal(np.frombuffer(data, found.stored).reshape(found.shape, order="F"), array)
    axes = (Axis(3, 2, 10), Axis(100, 1, 50))
    np.testing.assert_array_equal(lazy(found).select(axes), array[3:23:2, 100:150])
    scipy.io.savemat(tmp_path / "b.mat", {"array": array}, do_compression=True)
    (packed,) = variables(File.at(tmp_path / "b.mat"))
    np.testing.assert_array_equal(lazy(packed).select(axes), array[3:23:2, 100:150])
    scipy.io.savemat(tmp_path / "c.mat", {"array": array * 1j})
    (complex_,) = variables(File.at(tmp_path / "c.mat"))
    with pytest.raises(FormatError, match="no real numbers"):
        lazy(complex_)


def test_numbers_may_be_stored_narrower():
    path = SCIPY / "testmatrix_7.4_GLNX86.mat"
    (found,) = variables(File.at(path))
    assert (found.kind, found.dtype, found.stored) == ("double", np.float64, np.uint8)
    assert read(found).dtype == np.float64


@pytest.mark.parametrize("compressed", [False, True])
def test_listing_does_not_read_values(tmp_path, compressed):
    noise = np.random.default_rng(0).normal(size=(1000, 1000))
    path = tmp_path / "a.mat"
    scipy.io.savemat(
        path, {"a": noise, "s": {"b": noise, "label": "x"}, "c": noise}, do_compression=compressed
    )
    file = CountingFile.at(path)
    assert [str(v) for v in variables(file)] == [
        "a (1000 x 1000 double)",
        "s (1 x 1 struct)",
        "c (1000 x 1000 double)",
    ]
    assert file.bytes_read <= 3 * 32 * 1024 < path.stat().st_size / 100
    file = CountingFile.at(path)
    second = next(v for v in variables(file) if v.name == "s")
    label = next(v for _, name, v in children(second) if name == "label")
    assert read(label) == "x"
    if not compressed:
        assert file.bytes_read <= 3 * 32 * 1024


def test_fields_that_are_not_wanted_are_passed_over(tmp_path):
    rows = np.array([(1.0, "a"), (2.0, "b")], dtype=[("n", object), ("t", object)])
    scipy.io.savemat(tmp_path / "a.mat", {"rows": rows})
    (found,) = variables(File.at(tmp_path / "a.mat"))
    assert [(i, name, read(v)) for i, name, v in children(found, ("t",))] == [(0, "t", "a"), (1, "t", "b")]


def test_small_variables_come_in_few_requests(tmp_path):
    for compressed in (False, True):
        scipy.io.savemat(
            tmp_path / "a.mat", {f"v{i}": np.arange(i) for i in range(200)}, do_compression=compressed
        )
        file = CountingFile.at(tmp_path / "a.mat")
        for found in variables(file):
            assert read(found).size == int(found.name[1:])
        assert file.requests <= 5


def test_a_walk_may_be_limited(tmp_path):
    scipy.io.savemat(
        tmp_path / "a.mat",
        {"s": {"a": np.random.default_rng(0).normal(size=10**6), "b": 1}},
        do_compression=True,
    )
    file = CountingFile.at(tmp_path / "a.mat")
    source = FileBytes(file)
    source.limit = 100_000
    (found,) = variables(file, source=source)
    walk = children(found)
    assert next(walk)[1] == "a"
    with pytest.raises(TooFar):
        next(walk)
    assert file.bytes_read <= 100_000


def matrix(kind, shape, *parts, name=b"x", flags=0):
    """Bytes of a variable's element."""
    body = tagged(6, struct.pack("<II", kind | flags, 0)) + tagged(5, struct.pack(f"<{len(shape)}i", *shape))
    return tagged(14, body + tagged(1, name) + b"".join(parts))


def tagged(kind, data):
    return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)


def made(tmp_path, *elements):
    (tmp_path / "made.mat").write_bytes(b"MATLAB 5.0".ljust(124) + b"\0\1IM" + b"".join(elements))
    return tmp_path / "made.mat"


def test_what_cannot_be_is_refused(tmp_path):
    number = tagged(9, struct.pack("<d", 1))
    deep = matrix(6, (1, 1), number, name=b"")
    for _ in range(40):
        deep = matrix(1, (1, 1), deep, name=b"")
    bomb = zlib.compress(
        struct.pack("<II", 14, 10**4) + matrix(6, (30, 30), name=b"x")[8:] + struct.pack("<II", 9, 7200)
    )
    for pattern, element in {
        "promised need": matrix(6, (10**9, 10**9), number),
        "-5 x 2 values": matrix(6, (-5, 2), number),
        "class 99": matrix(99, (1, 1), number),
        "numbers of type 77": matrix(6, (1, 1), tagged(77, bytes(8))),
        "characters of type 9": matrix(4, (1, 1), number),
        "type 3": tagged(3, bytes(16)),
        "what holds it ends": matrix(6, (1, 1), struct.pack("<II", 9, 800)),
        "nested more than 32": matrix(1, (1, 1), deep),
        r"should hold 1,000,000,000 times 1": matrix(1, (10**5, 10**4)),
        "lengths of 2 to 32 axes": matrix(6, (1,) * 33, number),
        "names of -1 bytes": matrix(2, (1, 1), tagged(5, struct.pack("<i", -1)), tagged(1, b"abc")),
        "small element of 9": matrix(6, (1, 1), struct.pack("<HH", 9, 9) + bytes(4)),
        "cut short": struct.pack("<II", 14, 10**6),
        "compressed bytes end": tagged(15, bomb),
        "damaged": tagged(15, b"nonsense"),
    }.items():
        with pytest.raises(FormatError, match=pattern):
            load(made(tmp_path, element))


def test_a_struct_without_fields_costs_nothing(tmp_path):
    empty = matrix(2, (2**30, 2**30), tagged(5, struct.pack("<i", 32)), tagged(1, b""))
    assert load(made(tmp_path, empty)) == {"x": []}


def test_skipping_holds_little(tmp_path):
    """A million times as much inflates from few bytes; what is skipped of it is not held."""
    import tracemalloc  # for this test alone

    inner = matrix(2, (1, 1), tagged(5, struct.pack("<i", 4)), tagged(1, b"big\0end\0"),
                   matrix(6, (2**12, 2**11), tagged(9, bytes(2**26)), name=b""),
                   matrix(6, (1, 1), tagged(9, struct.pack("<d", 7)), name=b""))  # fmt: skip
    path = made(tmp_path, struct.pack("<II", 15, len(packed := zlib.compress(inner, 9))) + packed)
    del inner, packed
    tracemalloc.start()
    (found,) = variables(File.at(path))
    last = [child for _, _, child in children(found)][-1]
    assert float(read(last)[0, 0]) == 7
    assert tracemalloc.get_traced_memory()[1] < 2**24
    tracemalloc.stop()


def test_mutated_files_raise_format_errors_alone(tmp_path):
    chosen = random.Random(4)
    originals = [p.read_bytes() for p in SOUND if p.stat().st_size < 20_000]
    scipy.io.savemat(tmp_path / "a.mat", VALUES)
    originals += [(tmp_path / "a.mat").read_bytes()] * 20
    refused = 0
    for _ in range(3000):
        path = tmp_path / "m.mat"
        path.write_bytes(mutated(chosen.choice(originals), chosen))
        try:
            load(path)
        except FormatError:
            refused += 1
    assert 500 < refused < 3000


def test_variables_say_what_they_are(tmp_path):
    scipy.io.savemat(tmp_path / "a.mat", {"a": np.zeros((2, 3))})
    (found,) = variables(File.at(tmp_path / "a.mat"))
    assert isinstance(found, Variable)
    assert str(found) == "a (2 x 3 double)"
    assert len(repr(found)) < 300
