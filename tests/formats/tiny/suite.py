"""What the package's own tests say: run by test_installed.py in a process where the package is installed."""

import warnings

import numpy as np
import pytest
from neurochain_tiny import HEAD, TinyReader, write_tiny

import neurochain as nc
from neurochain.formats import RECORDS, reader_for, readers
from neurochain.testing import FormatTests

VALUES = np.random.default_rng(0).integers(-99, 99, (4, 5, 6), np.int16)


class TestTiny(FormatTests):
    reader = TinyReader()

    @pytest.fixture
    def files(self, tmp_path):
        made = tmp_path / "made"
        made.mkdir()
        return [write_tiny(made / "a.tiny", VALUES), write_tiny(made / "without_ending", VALUES[:2])]

    def oracle(self, path):
        lengths = HEAD.unpack_from(path.read_bytes())[1:4]
        return np.fromfile(path, "<i2", offset=HEAD.size).reshape(lengths, order="F")

    def header_budget(self, path):
        return HEAD.size if path.suffix else 64 * 1024

    def test_cut_file_is_an_error_row(self, files, tmp_path):
        super().test_cut_file_is_an_error_row(
            files[:1], tmp_path
        )  # without an ending, a cut mark is of no format


def test_it_comes_behind_the_built_in_formats():
    assert readers()[-2].name == "tiny"
    assert isinstance(reader_for("tiny"), TinyReader)
    assert list(RECORDS)[-3:] == ["tiny", "binary", "bids"]


def test_its_record_is_a_column(tmp_path, monkeypatch):
    monkeypatch.setenv("NEUROCHAIN_HOME", str(tmp_path / ".neurochain"))
    (tmp_path / "data").mkdir()
    write_tiny(tmp_path / "data" / "a.tiny", VALUES)
    write_tiny(tmp_path / "data" / "b.tiny", VALUES, spacing=3.0)
    chain = nc.read_storage(tmp_path / "data").filter(nc.Column("tiny.spacing") > 2.5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (row,) = list(chain.map(total=lambda volume: int(volume.read().sum())))
    assert (row.header.format, row.tiny.flavour, row.tiny.lengths) == ("tiny", "1", [4, 5, 6])
    assert row.total == VALUES.sum()
    assert isinstance(nc.open(tmp_path / "data" / "a.tiny"), nc.Volume)
