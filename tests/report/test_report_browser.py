"""The report and the notebook's pictures in a real browser: nothing asked for, nothing to complain of, readable by everybody."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from report_made import HOSTILE, make_recordings, make_scans

import neurochain as nc

if TYPE_CHECKING:
    from browser.chromium import Chromium

SIZES = {
    "desk": {"width": 1280, "height": 800},
    "tablet": {"width": 1024, "height": 768},
    "phone": {"width": 390, "height": 844},
}
# As Jupyter shows them: text in the theme's colour, tables with its own rules, no style of ours.
NOTEBOOK = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>notebook</title>
<style>body {{ color-scheme: light dark; background: light-dark(#fff, #111); color: light-dark(#000d, #fffd); font: 13px sans-serif; margin: 24px; }}
td, th {{ text-align: right; }}</style></head><body><main><h1>out</h1>{body}</main></body></html>"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with two reports, and a page as a notebook shows it."""
    folder = tmp_path_factory.mktemp("reports")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("NEUROCHAIN_HOME", str(folder / ".neurochain"))
        patch.setenv("NEUROCHAIN_PROGRESS", "0")
        scans = make_scans(folder)
        scans.report(folder / "scans.html")
        nights = make_recordings(folder)
        nights.report(folder / "nights.html")
        shown: list[Any] = [
            nc.open(folder / "data/sub-00_T1w.nii.gz"), nc.open(folder / "eeg/night0.edf"), scans, scans.lineage(),
            nc.read_dataset("scans").filter(nc.Column("snr") > 0).map(x=lambda snr: snr),
            nc.timeline(lfp=nc.Recording.of(np.zeros((2, 500)), 100.0), licks=[0.5, 3.25]),
            nc.Recording.of(np.zeros((2, 500)), 100.0, [HOSTILE, "b"], HOSTILE),
        ]  # fmt: skip
        body = "".join(f"<section>{one._repr_html_()}</section>" for one in shown)
    (folder / "notebook.html").write_text(NOTEBOOK.format(body=body), "utf-8")
    return folder


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["scans", "nights", "notebook"])
def test_everybody_can_read_it(chromium: "Chromium", made: Path, name: str, scheme: str) -> None:
    """Names, roles, headings and contrast, by axe; no request and no complaint."""
    page = (made / f"{name}.html").as_uri()
    seen = chromium.run(page, "return audit(page)", colorScheme=scheme)
    assert seen.value == []
    assert seen.complaints == []
    assert [r for r in seen.requests if not r.startswith("data:")] == [page]


@pytest.mark.parametrize("size", SIZES)
def test_nothing_is_wider_than_the_page(chromium: "Chromium", made: Path, size: str) -> None:
    script = "return page.evaluate(() => document.documentElement.scrollWidth)"
    for name in ("scans", "nights"):
        seen = chromium.run((made / f"{name}.html").as_uri(), script, viewport=SIZES[size])
        assert seen.value == SIZES[size]["width"]


def test_pictures_show_something(chromium: "Chromium", made: Path) -> None:
    """Each picture has been decoded, and is not of one colour."""
    script = """return page.evaluate(async () => {
      const addresses = [...document.querySelectorAll("main img")].map((e) => e.src);
      const found = [];
      for (const address of addresses) {
        const image = new Image(); image.src = address; await image.decode();
        const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight); const to = canvas.getContext("2d"); to.drawImage(image, 0, 0);
        found.push(new Set(new Uint32Array(to.getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size);
      }
      return found })"""
    colours = chromium.run((made / "scans.html").as_uri(), script).value
    assert len(colours) >= 4 + 6 + 1
    assert min(colours) > 3


def test_keyboards_reach_what_scrolls(chromium: "Chromium", made: Path) -> None:
    script = """const focused = [];
    for (let i = 0; i < 14; i += 1) { await page.keyboard.press("Tab"); focused.push(await page.evaluate(() => document.activeElement.tagName)); }
    return focused"""
    seen = chromium.run((made / "scans.html").as_uri(), script)
    assert seen.value[:9] == ["A"] * 9
    assert "DIV" in seen.value[9:]


def test_it_prints(chromium: "Chromium", made: Path) -> None:
    script = """await page.emulateMedia({media: "print", colorScheme: "dark"});
    return page.evaluate(() => ({ground: getComputedStyle(document.body).backgroundColor, nav: getComputedStyle(document.querySelector("nav")).display}))"""
    seen = chromium.run((made / "scans.html").as_uri(), script)
    assert seen.value["nav"] == "none"
    assert seen.value["ground"] == "rgb(255, 255, 255)"
