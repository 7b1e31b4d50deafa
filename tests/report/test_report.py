"""The report: whole, the same each time, small, and nothing that others wrote becomes a part of it."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from report_made import HOSTILE, make_recordings, make_scans
from typer.testing import CliRunner

import neurochain as nc
from neurochain.cli.app import app
from neurochain.report.page import LARGEST, page_of

TAGS = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "div",
        "header",
        "h1",
        "h2",
        "h3",
        "span",
        "p",
        "nav",
        "a",
        "main",
        "section",
    ),
    *(
        "dl",
        "dt",
        "dd",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "small",
        "code",
        "pre",
        "figure",
        "figcaption",
        "ul",
        "li",
        "br",
    ),
    *("svg", "g", "path", "rect", "text", "tspan", "image", "img", "footer", "details", "summary"),
}
VOID = {"meta", "br", "img"}


class Tree(HTMLParser):
    """Checks that what is opened is closed, and notes tags, attributes and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.text = ""
        self.feed(page)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name in ("href", "src", "xlink:href", "action", "data"):
                self.addresses.append(value or "")
            if name == "id":
                self.ids.append(value or "")
        if tag not in VOID and not (self.rawdata[self.offset_of() :].split(">", 1)[0]).endswith("/"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if self.open and self.open[-1] == tag and tag not in VOID:
            self.open.pop()

    def offset_of(self) -> int:
        line, column = self.getpos()
        return sum(len(one) + 1 for one in self.rawdata.split("\n")[: line - 1]) + column

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Iterator[nc.DatasetVersion]:
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("NEUROCHAIN_HOME", str(folder / ".neurochain"))
        patch.setenv("NEUROCHAIN_PROGRESS", "0")
        yield make_scans(folder)


@pytest.fixture
def at_home(scans: nc.DatasetVersion, monkeypatch: pytest.MonkeyPatch) -> nc.DatasetVersion:
    monkeypatch.setenv("NEUROCHAIN_HOME", str(scans.project.folder))
    return scans


@pytest.fixture(scope="module")
def page(scans: nc.DatasetVersion) -> str:
    return page_of(scans, 8, 4, False)


def test_the_page_is_whole_and_small(page: str) -> None:
    tree = Tree(page)
    assert tree.tags <= TAGS
    assert len(page.encode()) <= LARGEST
    assert len(set(tree.ids)) == len(tree.ids)
    sections = ["made", "checks", "columns", "rows", "figures", "lineage", "inputs", "again", "packages"]
    assert tree.ids == sections
    inner = [a for a in tree.addresses if a.startswith("#")]
    assert inner == [f"#{name}" for name in sections]
    assert {a.partition(",")[0] for a in tree.addresses if not a.startswith("#")} == {
        "data:image/png;base64",
        "data:image/svg+xml",
    }


def test_it_asks_for_nothing(page: str) -> None:
    assert "default-src 'none'; img-src data:; style-src 'unsafe-inline'" in page
    said = page.replace("&quot;", "'").replace(
        "http://www.w3.org/2000/svg", ""
    )  # a name, which nobody asks for
    assert not re.search(r"url\(|@import|https?://|<script|<link|<iframe|\bon\w+\s*=\s*\"", said)


def test_it_tells_everything(page: str, scans: nc.DatasetVersion) -> None:
    text = Tree(page).text
    for said in (
        scans.reference, scans.content_hash, "def snr(volume: nc.Volume) -> float:", "18 computed",
        "neurochain reproduce scans@1.0.0", "sub-00_T1w.nii.gz", "snr()", "*.nii.gz", "float32[48, 48]",
        "Headers took", "numpy", "person-1",
    ):  # fmt: skip
        assert said in text, said
    assert "Slices through the middle: axial, 24, coronal, 24, sagittal, 24" in page
    values = scans.scan().select("snr").collect().to_series()
    assert f"{values.min():.5g} to {values.max():.5g}" in text
    assert page.count("<figure>") >= 4 + 2
    assert page.count('class="bars"') >= 3


def test_the_same_version_gives_the_same_bytes(page: str, scans: nc.DatasetVersion) -> None:
    assert page_of(scans, 8, 4, False) == page


def test_what_others_wrote_stays_text(page: str) -> None:
    tree = Tree(page)
    assert "script" not in tree.tags
    assert not [a for a in tree.attributes if a.startswith("on")]
    assert (
        HOSTILE.replace("\x07", "\ufffd") in tree.text.replace("\n", " ") or "<img src=x onerror" in tree.text
    )
    assert "Signal over noise: <b>of the middle slice</b>" in tree.text
    assert "\x07" not in page
    assert page.count("<b>") == 0


def test_it_names_nobody_unless_asked(page: str, scans: nc.DatasetVersion) -> None:
    a = scans.lineage().activity
    text = Tree(page).text
    for private in (a["host"], str(scans.project.folder), str(Path.home())):
        assert not re.search(rf"(?<!\w){re.escape(private)}(?!\w)", text)
    assert f"{a['user']} on {a['host']}" in Tree(page_of(scans, 1, 0, True)).text


def test_rows_and_figures_can_be_left_out(scans: nc.DatasetVersion) -> None:
    bare = Tree(page_of(scans, 0, 0, False))
    assert "figures" not in bare.ids
    assert "rows" not in bare.ids


def test_the_file_is_written_whole_and_not_over_another(
    at_home: nc.DatasetVersion, tmp_path: Path, page: str
) -> None:
    path = at_home.report(tmp_path / "report.html")
    assert path.read_text("utf-8") == page
    with pytest.raises(nc.StorageError, match="there is such a file"):
        at_home.report(path)
    path.write_text("other")
    assert at_home.report(path, force=True, rows=0).read_text("utf-8").startswith("<!DOCTYPE html>")
    assert [p.name for p in tmp_path.iterdir() if p.suffix != ""] == ["report.html"]
    with pytest.raises(nc.StorageError, match="no folder"):
        at_home.report(tmp_path / "none" / "report.html")


def test_the_command(at_home: nc.DatasetVersion, tmp_path: Path) -> None:
    out = tmp_path / "r.html"
    asked = ["report", "scans", "--out", str(out), "--rows", "2"]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    assert "wrote scans@1.0.0" in done.output.replace("\n", " ")
    with pytest.raises(nc.StorageError):
        CliRunner().invoke(app, asked, catch_exceptions=False)
    assert CliRunner().invoke(app, [*asked, "--force", "--json"]).exit_code == 0


def test_help_fits_a_terminal() -> None:
    shown = CliRunner().invoke(app, ["report", "--help"], env={"COLUMNS": "80", "NO_COLOR": "1"})
    last = [line for line in shown.output.splitlines() if line.strip()][-1].strip()
    assert last == "Example: neurochain report alpha_roi_tags --out report.html"
    assert len(last) <= 80


def test_recordings_are_drawn(project, tmp_path: Path) -> None:
    text = page_of(make_recordings(tmp_path), 3, 2, False)
    tree = Tree(text)
    assert "All channels" in tree.text or "8 of 10 channels" in tree.text
    assert "night0.edf" in tree.text


def test_files_that_are_gone_cost_their_figure_alone(project, tmp_path: Path) -> None:
    version = make_recordings(tmp_path)
    for file in (tmp_path / "eeg").iterdir():
        file.unlink()
    text = Tree(page_of(version, 3, 2, False)).text
    assert text.count("No picture: …/night") == 2
    assert str(tmp_path) not in text
    assert "Make it again" in text


def fails(x: int) -> float:
    if x == 2:
        raise ValueError(f"/data/lab/a.nii is bad {HOSTILE}")
    return 1.0 / x


def test_failures_and_problems_are_said(project) -> None:
    version = nc.read_values(x=[1, 2, 3]).settings(on_error="keep").map(y=fails).save("kept")
    text = Tree(page_of(version, 3, 2, False)).text
    assert "1 row failed" in text
    assert "…/a.nii is bad" in text
    assert "/data/lab" not in text.partition("def fails")[0]


def test_wide_and_long_versions_stay_small(project, tmp_path: Path) -> None:
    rows = 20_000
    columns = {
        f"column_{i}": list(range(rows)) if i % 2 else [f"text {i} {n}" * 3 for n in range(rows)]
        for i in range(60)
    }
    pl.DataFrame(columns).write_parquet(tmp_path / "wide.parquet")
    version = nc.read_table(str(tmp_path / "wide.parquet")).save("wide")
    made = page_of(version, 20, 4, False)
    assert len(made.encode()) < 600_000
    Tree(made)


def test_empty_versions_have_a_page(project) -> None:
    version = nc.read_values(x=[1], v=["a"]).filter(nc.Column("x") > 5).save("empty")
    assert "It has no rows." in Tree(page_of(version, 3, 2, False)).text


def test_what_a_version_was_made_of_is_told_to_the_end(project, tmp_path: Path) -> None:
    make_recordings(tmp_path)
    nc.read_dataset("nights").filter(nc.Column("peak") > 0).save("loud")
    text = Tree(
        page_of(nc.read_dataset("loud").mutate(p2=nc.Column("peak") * 2).save("louder"), 3, 0, False)
    ).text
    assert "def peak(recording: nc.Recording) -> float:" in text
    assert "loud@1.0.0" in text
    assert "*.edf" in text


def test_withdrawn_versions_say_so(project, tmp_path: Path) -> None:
    version = nc.read_values(subject=["01", "02"], x=[1.0, 2.0]).save("people")
    nc.withdraw(subject="01", reason="asked to")
    text = Tree(page_of(nc.dataset(version.reference), 3, 2, False)).text
    assert "withdrawn" in text
    assert "asked to" in text


def test_arrays_without_numbers_are_told(project) -> None:
    rows = [np.full(9, np.nan), np.arange(9.0)]
    version = nc.read_values(a=rows, b=[np.full((3, 3), np.nan)] * 2, c=[v * 1j for v in rows]).save("odd")
    assert "of the first 2 rows; from no numbers; 0 to 8" in Tree(page_of(version, 3, 2, False)).text
