"""What chains, versions and lineages show in a notebook."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nibabel
import numpy as np
import pytest

import neurochain as nc
from neurochain.chain.notebook import is_notebook

HOSTILE = '<img src=x onerror="alert(1)">'


class Shell:
    """A cell that runs: what IPython says of itself, and what was displayed."""

    kernel = "there is one"

    def __init__(self) -> None:
        self.shown: list[dict[str, str]] = []

    @property
    def module(self) -> Any:
        display = SimpleNamespace(display=lambda data, raw: self.shown.append(data))
        return SimpleNamespace(get_ipython=lambda: self, display=display)


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Shell:
    made = Shell()
    monkeypatch.setitem(sys.modules, "IPython", made.module)
    return made


def scan(path: Path) -> Path:
    values = np.random.default_rng(0).normal(100, 20, (16, 18, 20)).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), path)
    return path


def test_outside_of_a_notebook_text_is_printed(project, capsys: pytest.CaptureFixture[str]) -> None:
    assert not is_notebook()
    nc.read_values(x=[1, 2]).show()
    assert "2 rows" in capsys.readouterr().out


def test_show_displays_a_table(project, shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    chain = nc.read_values(
        x=[1.5, 2.5],
        t=[HOSTILE, None],
        spectrum=[np.arange(20.0)] * 2,
        image=[np.eye(8, dtype=np.float32)] * 2,
    )
    chain.show(1)
    assert capsys.readouterr().out == ""
    (shown,) = shell.shown
    html, text = shown["text/html"], shown["text/plain"]
    assert "1 row, and more" in html
    assert "1 row, and more" in text
    assert "float64[20]" in html
    assert html.count("<svg") == 1
    assert html.count("<img") == 1
    assert "&lt;img src=x onerror=" in html
    assert "<script" not in html


def test_columns_that_hold_nothing_are_named_below(project, shell: Shell) -> None:
    nc.read_values(x=[1, 2], nothing=[None, None]).show()
    html = shell.shown[0]["text/html"]
    assert "null in all of them: nothing" in html
    assert html.count("<th ") == 1
    nc.read_values(x=[1]).filter(nc.Column("x") > 5).show()
    assert "0 rows" in shell.shown[1]["text/html"]


def test_files_have_little_pictures(project, shell: Shell, tmp_path: Path) -> None:
    for i in range(3):
        scan(tmp_path / f"s{i}.nii")
    (tmp_path / "broken.nii").write_bytes(b"nothing")
    nc.read_storage(str(tmp_path / "*.nii")).select("file", "format").show()
    html = shell.shown[0]["text/html"]
    assert html.count("data:image/svg+xml") == 3
    assert "broken.nii" in html


def test_files_that_are_away_cost_their_pictures_alone(project, shell: Shell, tmp_path: Path) -> None:
    for i in range(3):
        scan(tmp_path / f"s{i}.nii")
    version = nc.read_storage(str(tmp_path / "*.nii")).save("scans")
    for i in range(3):
        (tmp_path / f"s{i}.nii").unlink()
    nc.read_dataset(version.reference).show()
    html = shell.shown[0]["text/html"]
    assert "data:image/svg+xml" not in html
    assert "s2.nii" in html


def test_a_chain_shows_its_plan_and_runs_nothing(project) -> None:
    def never(x: int) -> int:
        raise AssertionError

    chain = nc.read_values(x=[1, 2]).filter(nc.Column("x") > 0).mutate(y=nc.Column("x") * 2).map(z=never)
    html = chain._repr_html_()
    for said in ("Chain", "values", ".filter(x &gt; 0)", ".mutate(y = x * 2)", "Nothing has run", "int64"):
        assert said in html
    assert repr(chain).startswith("Chain(values)")


def test_a_version_shows_its_columns_and_what_made_it(project) -> None:
    def double(x: int) -> float:
        return 2.0 * x

    nc.read_values(x=[1, 2], t=[HOSTILE] * 2).save("given", description=HOSTILE, labels=["made"])
    version = nc.read_dataset("given").map(double).save("doubled")
    html = version._repr_html_()
    for said in ("doubled@1.0.0", "double()", "given@1.0.0", "float64", "2 rows"):
        assert said in html
    assert html.count("<rect") == 5
    described = nc.dataset("given")._repr_html_()
    assert "&lt;img" in described
    assert "<img" not in described
    lineage = version.lineage()._repr_html_()
    assert "return 2.0 * x" in lineage
    assert repr(version).startswith("DatasetVersion(doubled@1.0.0")


def test_a_timeline_shows_its_streams() -> None:
    timeline = nc.timeline(lfp=nc.Recording.of(np.zeros((2, 5000)), 1000.0), licks=[0.5, 3.25])
    html = timeline._repr_html_()
    assert html.count('rx="3"') == 2
    assert "[0, 5) s" in html
    assert "lfp" in html
