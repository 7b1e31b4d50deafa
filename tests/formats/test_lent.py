"""Bytes that a file lends are its own, and whoever would change them waits until they are given back."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochain.formats.arrays import lent as module
from neurochain.formats.arrays.lent import lent
from neurochain.storage import File

CONTENT = np.random.default_rng(0).integers(0, 256, 30_000, np.uint8)
WRITER = """
import os, sys
print("here", flush=True)
with open(sys.argv[1], "r+b") as file:
    file.truncate(10)
print("done", flush=True)
"""
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="leases are Linux's")


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    path = tmp_path_factory.mktemp("lent") / "a.bin"
    CONTENT.tofile(path)
    return str(path)


@pytest.fixture
def path(tmp_path):
    CONTENT.tofile(tmp_path / "a.bin")
    return str(tmp_path / "a.bin")


@given(st.integers(0, len(CONTENT) - 1), st.data())
def test_bytes_are_those_of_the_file(kept, start, data):
    end = data.draw(st.integers(start + 1, len(CONTENT)))
    with lent(kept, File.at(kept).etag, start, end) as found:
        np.testing.assert_array_equal(found, CONTENT[start:end])
        assert not found.flags.writeable


def test_who_would_write_waits_until_they_are_given_back(path):
    with lent(path, "", 0, 30_000) as found:
        with pytest.raises(BlockingIOError):
            os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        writer = subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE, text=True)
        assert writer.stdout.readline() == "here\n"
        with lent(path, "", 0, 10) as another:
            assert another is None  # while somebody waits nobody else is lent anything
        with pytest.raises(subprocess.TimeoutExpired):
            writer.wait(0.3)
        np.testing.assert_array_equal(found, CONTENT)
    assert writer.communicate(timeout=30)[0] == "done\n"
    assert os.path.getsize(path) == 10


def test_leases_end_whatever_happens_and_several_are_had_at_a_time(path):
    with lent(path, "", 0, 100), pytest.raises(ZeroDivisionError), lent(path, "", 50, 200) as found:
        1 / (len(found) - 150)
    os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))


def test_what_cannot_be_lent_is_to_be_read(path, tmp_path, monkeypatch):
    def refused(path, etag="", end=30_000):
        with lent(str(path), etag, 0, end) as found:
            return found is None

    etag = File.at(path).etag
    assert not refused(path, etag)
    assert refused(path, end=30_001)
    assert refused(tmp_path / "absent")
    assert refused(tmp_path)
    assert refused("memory://a.bin")
    with open(path, "r+b") as file:
        assert refused(path)
        file.write(bytes([CONTENT[0] ^ 1]))
    assert refused(path, etag)
    assert not refused(path)
    with monkeypatch.context() as patch:
        patch.setattr(module, "_advise", lambda *_: -1)  # a disk that fails, or an older kernel
        assert refused(path)
    with monkeypatch.context() as patch:
        patch.setattr(module.mmap, "mmap", no_memory)
        assert refused(path)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert refused(path)
    os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))


def no_memory(*args, **kwargs):
    raise OSError("no memory")
