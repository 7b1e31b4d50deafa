"""Folders of phy and Kilosort, made as they write them."""

import numpy as np
import pytest

import neurochain as nc
from neurochain.errors import ColumnNotFoundError, FormatError


@pytest.fixture
def folder(tmp_path):
    """Nine spikes of three clusters at 10 Hz."""
    (tmp_path / "params.py").write_text(
        "dat_path = r'a.dat'\nn_channels_dat = 4\ndtype = 'int16'\nsample_rate = 10.\n"
    )
    np.save(tmp_path / "spike_times.npy", np.arange(9, dtype=np.uint64)[:, None])
    np.save(tmp_path / "spike_clusters.npy", np.array([5, 2, 5, 9, 2, 5, 2, 2, 9], np.int32))
    np.save(tmp_path / "amplitudes.npy", np.linspace(1, 2, 9))
    (tmp_path / "cluster_group.tsv").write_text("cluster_id\tgroup\n2\tgood\n5\tnoise\n")
    (tmp_path / "cluster_KSLabel.tsv").write_text("cluster_id\tKSLabel\n2\tmua\n5\tgood\n9\tgood\n11\tmua\n")
    (tmp_path / "cluster_Amplitude.tsv").write_text("cluster_id\tAmplitude\n2\t1.5\n5\t\n")
    return tmp_path


def test_units(folder):
    units = nc.open_table(folder / "params.py")
    assert units["cluster_id"].to_list() == [2, 5, 9, 11]
    assert units["group"].to_list() == ["good", "noise", None, None]
    assert units["KSLabel"].to_list() == ["mua", "good", "good", "mua"]
    assert units["Amplitude"].to_list() == [1.5, None, None, None]
    assert units["n_spikes"].to_list() == [4, 3, 2, 0]
    found = nc.open_table(folder / "params.py", variable="units", columns=["spike_times"])[
        "spike_times"
    ].to_list()
    for times, expected in zip(found, [[0.1, 0.4, 0.6, 0.7], [0.0, 0.2, 0.5], [0.3, 0.8], []], strict=True):
        np.testing.assert_allclose(times, expected)


def test_spikes(folder):
    spikes = nc.open_table(folder / "params.py", variable="spikes")
    assert spikes.columns == ["time", "sample", "cluster_id", "amplitude"]
    np.testing.assert_allclose(spikes["time"].to_numpy(), np.arange(9) / 10)
    np.save(folder / "spike_templates.npy", np.zeros(9, np.int32))
    (folder / "spike_clusters.npy").unlink()  # before anyone has curated them
    assert set(nc.open_table(folder / "params.py", variable="spikes")["cluster_id"]) == {0}


def test_units_begin_a_chain(folder, project):
    good = nc.read_table(folder / "params.py").filter(nc.Column("KSLabel") == "good")
    assert good.map(rate=lambda n_spikes: n_spikes / 0.9).collect()["rate"].to_list() == [3 / 0.9, 2 / 0.9]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: (f / "params.py").write_text("sample_rate = 'fast'"), "params.py says no sample_rate"),
        (lambda f: (f / "params.py").write_text("def"), "params.py cannot be read"),
        (lambda f: (f / "spike_times.npy").unlink(), "there is no spike_times.npy beside params.py"),
        (lambda f: (f / "spike_times.npy").write_bytes(b"nothing"), "spike_times.npy is no .npy file"),
        (lambda f: np.save(f / "spike_times.npy", np.arange(8)), "spike_times.npy has 8 spikes, spike_clusters.npy 9"),
        (lambda f: np.save(f / "spike_times.npy", np.zeros((9, 2))), r"has the shape \(9, 2\)"),
        (lambda f: np.save(f / "spike_clusters.npy", np.zeros(9)), "do not hold numbers"),
        (lambda f: (f / "cluster_group.tsv").write_text("a\tb\n1\t2\n"), "cluster_group.tsv has no column cluster_id"),
        (lambda f: (f / "cluster_group.tsv").write_text("cluster_id\tb\nx\t2\n"), "a cluster_id that is no number"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said(folder, change, said):
    change(folder)
    with pytest.raises(FormatError, match=said):
        nc.open_table(folder / "params.py")


def test_tables_that_are_not_there(folder):
    with pytest.raises(ColumnNotFoundError, match="has no table 'trials'"):
        nc.open_table(folder / "params.py", variable="trials")
    with pytest.raises(ColumnNotFoundError, match="have no column 'depth'"):
        nc.open_table(folder / "params.py", columns=["depth"])
