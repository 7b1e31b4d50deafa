"""Arrays of features, headers and tables in a browser."""

from pathlib import Path

import numpy as np
import pytest
from front import Front
from volume_made import HOSTILE

SMALL = {"width": 1010, "height": 700}
ARRAY = """
const opened = async (name) => {
    await page.locator(".features > div, .fields > div").filter({ has: page.locator(`dt:text-is("${name}")`) }).locator(".array-open").click();
    await page.locator(".array-viewer .array-foot").waitFor();
};
const reading = () => said(".array-viewer .array-reading");
const foot = () => said(".array-viewer .array-foot");
"""


@pytest.fixture
def page(scanned: Front) -> Front:
    return scanned


def row(page: Front, version: str, name: str) -> str:
    rows = page.api(f"/api/rows?ref={version}@1.0.0&columns=file.path")["rows"]
    key = next(one["key"] for one in rows if name in one["cells"][0])
    return f"/v/row?ref={version}@1.0.0&key={key}"


def test_a_line_is_read_where_the_pointer_stands(page: Front) -> None:
    script = (
        ARRAY
        + """
        await opened("line");
        const plot = page.locator(".line-plot .plot");
        await plot.focus();
        await page.keyboard.press("End");
        const last = await reading();
        await page.keyboard.press("Home");
        await page.keyboard.press("ArrowRight");
        const second = await reading();
        const box = await plot.boundingBox();
        await page.mouse.move(box.x + 54 + (box.width - 64) / 2, box.y + 60);
        const middle = await reading();
        const url = page.url();
        await page.reload();
        await page.locator(".values-line").waitFor();
        return { last, second, middle, url, foot: await foot(), drawn: await page.locator(".values-line").getAttribute("d") };
    """
    )
    seen = page.look(row(page, "features", "RAS") + "&lay=axial", script, viewport=SMALL)
    found = seen.value
    values = np.sin(np.arange(400) / 20)
    assert found["last"].startswith("[399]: ")
    shown = float(found["last"].rpartition(": ")[2].replace("−", "-"))
    assert shown == pytest.approx(values[399], rel=1e-5)
    assert float(found["second"].rpartition(": ")[2]) == pytest.approx(values[1], rel=1e-5)
    place = int(found["middle"].partition("]")[0].lstrip("["))
    assert abs(place - 199.5) < 2
    assert "array=line" in found["url"]
    assert found["drawn"].count("L") == 399
    assert "400 float64" in found["foot"]
    assert seen.complaints == []


def test_maps_and_slices_have_the_values_of_the_array(page: Front) -> None:
    script = (
        ARRAY
        + """
        await opened("spectrum");
        const map = page.locator(".heat-map canvas");
        await map.and(page.locator("[data-drawn]")).waitFor();
        const box = await map.boundingBox();
        await page.mouse.move(box.x + box.width * 0.99, box.y + box.height * 0.99);
        const corner = await reading();
        const colours = await map.evaluate((own) => Array.from(own.getContext("2d").getImageData(0, 0, own.width, own.height).data));
        await opened("cube");
        await page.waitForURL(/array=cube/);
        await page.getByLabel("axis 0 of cube").fill("2");
        await page.waitForURL(/slice=2/);
        await page.locator(".heat-map canvas").focus();
        await page.keyboard.press("ArrowRight");
        await page.keyboard.press("ArrowDown");
        await page.keyboard.press("ArrowRight");
        const deep = await reading();
        return { corner, colours, deep, foot: await foot(), wrong: await audit(page) };
    """
    )
    seen = page.look(row(page, "features", "RAS") + "&lay=axial", script, viewport=SMALL)
    found = seen.value
    values = np.arange(12).reshape(3, 4) - 4
    assert found["corner"] == f"[2, 3]: {values[2, 3]}"
    pixels = np.array(found["colours"]).reshape(3, 4, 4)
    assert pixels[0, 0, 2] > pixels[0, 0, 0]  # below zero blue, above it red
    assert pixels[2, 3, 0] > pixels[2, 3, 2]
    cube = np.arange(60).reshape(3, 4, 5)
    assert found["deep"] == f"[2, 1, 1]: {cube[2, 1, 1]}"
    assert "3 × 4 × 5 int64" in found["foot"]
    assert found["wrong"] == []
    assert seen.complaints == []


def test_what_is_thinned_or_stands_for_something_else_is_said(page: Front) -> None:
    script = (
        ARRAY
        + """
        const out = {};
        for (const name of ["long", "waves", "passed"]) {
            await opened(name);
            await page.waitForURL((url) => url.searchParams.get("array") === name);
            await page.waitForFunction((name) => document.querySelector(".line-plot .plot")?.getAttribute("aria-label") === name, name);
            await page.locator(".line-plot .plot").focus();
            await page.keyboard.press("End");
            out[name] = [await foot(), await reading()];
        }
        return out;
    """
    )
    found = page.look(row(page, "features", "RAS") + "&lay=axial", script, viewport=SMALL).value
    assert "thinned to 1,048,576: every 2th entry" in found["long"][0]
    assert found["long"][1] == "[2097150]: 2,097,150"
    assert "sizes of complex numbers" in found["waves"][0]
    assert found["waves"][1].endswith(": 35")
    assert found["passed"][1].endswith(": no")


def test_fields_of_a_header_are_found_and_stay_text(page: Front) -> None:
    script = """
        await page.getByRole("button", { name: "Header" }).click();
        await page.locator(".header-box tbody").first().waitFor();
        const all = await page.locator(".header-box td").count();
        const hostile = (await said(".header-box")).includes(given.more);
        await page.getByLabel("Find a field").fill("onerror");
        await page.waitForURL(/field=onerror/);
        const found = await page.locator(".header-box tr:not(.group)").allInnerTexts();
        await page.reload();
        await page.locator(".header-box tbody").first().waitFor();
        const again = await page.locator(".header-box tr:not(.group)").count();
        const wrong = await audit(page);
        await page.getByLabel("Find a field").fill("zzzz");
        await page.getByText("No field is called so").waitFor();
        return { all, hostile, found, again, wrong, made: await page.locator("main img").count() };
    """
    seen = page.look(row(page, "dicom", "scan"), script, HOSTILE)
    found = seen.value
    assert found["hostile"]
    assert found["all"] > 30
    assert 0 < len(found["found"]) < 6
    assert any(HOSTILE in line for line in found["found"])
    assert found["again"] == len(found["found"])
    assert found["made"] == 0
    assert found["wrong"] == []
    assert seen.complaints == []  # a dialog would stand here


def test_first_rows_of_tables_and_lines_of_texts(page: Front) -> None:
    places = {
        name: row(page, "tables", name) for name in ("events.tsv", "many.parquet", "notes.json", "blob.bin")
    }
    script = """
        const out = {};
        for (const [name, place] of Object.entries(given.more)) {
            await open(place);
            await page.locator(".first-foot, .viewer-failed, .placeholder").first().waitFor();
            out[name] = await said(".source");
        }
        await open(given.more["many.parquet"]);
        await page.getByRole("button", { name: "Show 200" }).click();
        await page.waitForFunction(() => document.querySelectorAll(".first-box tbody tr").length > 50);
        out.rows = await page.locator(".first-box tbody tr").count();
        out.wrong = await audit(page);
        out.made = await page.locator("main img").count();
        return out;
    """
    seen = page.look("", script, places)
    found = seen.value
    assert HOSTILE in found["events.tsv"]
    assert "2 rows, 3 columns" in found["events.tsv"]
    assert "The first 50 of 120 rows" in found["many.parquet"]
    assert '"EchoTime": 0.03' in found["notes.json"]
    assert "Download" in found["blob.bin"]
    assert found["rows"] == 120
    assert found["made"] == 0
    assert found["wrong"] == []
    assert seen.complaints == []


def test_viewers_are_loaded_when_they_are_needed(page: Front) -> None:
    script = """
        const loaded = () => page.evaluate(() => performance.getEntriesByType("resource").map((one) => one.name).filter((name) => name.includes("/assets/")));
        const before = await loaded();
        await page.locator("main a").first().waitFor();
        await open(given.more);
        await page.locator(".header-box, .pane canvas[data-drawn=exact]").first().waitFor();
        return [before, await loaded()];
    """
    before, after = page.look(
        "/v?ref=features@1.0.0", script, row(page, "features", "RAS") + "&lay=axial"
    ).value
    named = ("VolumeViewer", "ArrayViewer", "HeaderTable", "TableViewer", "solid")
    assert not [one for one in before if any(name in one for name in named)]
    assert [one for one in after if "VolumeViewer" in one]
    assert not [one for one in after if any(name in one for name in ("ArrayViewer", "HeaderTable", "solid"))]


def test_volume_viewer_is_small(page: Front) -> None:
    static = Path(__file__).parents[2] / "neurochain" / "web" / "static" / "assets"
    (own,) = static.glob("VolumeViewer-*.js")
    assert own.stat().st_size < 60_000
    (solid,) = static.glob("solid-*.js")
    assert solid.stat().st_size < 1_600_000
