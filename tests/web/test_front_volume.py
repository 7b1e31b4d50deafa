"""Scans in a browser: what is seen lies where nibabel says, has the values that nibabel reads, and costs what was promised."""

import base64
import io
from pathlib import Path
from typing import Any

import av
import nibabel
import numpy as np
import pydicom
import pytest
from front import Front
from nibabel.affines import apply_affine
from volume_made import HOSTILE, ORIENTATIONS, POINT

SMALL = {"width": 1010, "height": 600}  # a software renderer takes a second for a large picture in 3D
BUDGET = 4e6  # bytes that a page gets to open a volume of 2 GB at a slice
ROUGH = 1.3e6  # bytes until a volume of 14 MB is seen in larger voxels
# Where the crosshair stands, what stands there, and how bright the four quarters of a plane are.
READ = """
const drawn = (name) => page.locator(`.pane[data-plane=${name}] canvas[data-drawn=exact]`).waitFor();
const value = async () => { await page.locator(".readout output[data-about=false]").waitFor(); return Number((await said(".readout output")).replace("−", "-").replace(/,/g, "")); };
const voxel = () => page.getByLabel("Voxel", { exact: true }).inputValue();
const go = async (label, to) => { const field = page.getByLabel(label, { exact: true }); await field.fill(to); await field.press("Enter"); };
const frames = () => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 30)))));
const quarters = async (name) => {
    await frames();
    return page.locator(`.pane[data-plane=${name}] canvas`).evaluate((own) => {
        const { width, height } = own;
        const { data } = own.getContext("2d").getImageData(0, 0, width, height);
        const found = { "top left": 0, "top right": 0, "bottom left": 0, "bottom right": 0 };
        for (let y = 0; y < height; y += 1) for (let x = 0; x < width; x += 1) {
            const at = 4 * (y * width + x);
            if (data[at] > 180 && data[at] === data[at + 1]) found[`${y < height / 2 ? "top" : "bottom"} ${x < width / 2 ? "left" : "right"}`] += 1;
        }
        return Object.entries(found).sort((a, b) => b[1] - a[1])[0][0];
    });
};
"""


@pytest.fixture
def page(scanned: Front) -> Front:
    return scanned


def row(page: Front, version: str, name: str) -> tuple[str, Path]:
    """Address of the row of a file, and the file."""
    rows = page.api(f"/api/rows?ref={version}@1.0.0&columns=file.path,file.uri")["rows"]
    key, uri = next((one["key"], one["cells"][1]) for one in rows if name in one["cells"][0])
    return f"/v/row?ref={version}@1.0.0&key={key}", Path(uri)


@pytest.mark.parametrize("name", sorted(ORIENTATIONS))
def test_sides_and_values_are_those_of_nibabel(page: Front, name: str) -> None:
    place, path = row(page, "scans", f"acq-{name}")
    image = nibabel.load(path)
    voxel = [round(v) for v in apply_affine(np.linalg.inv(image.affine), POINT)]
    script = (
        READ
        + """
        for (const one of ["axial", "coronal", "sagittal"]) await drawn(one);
        await go("mm", given.more.point);
        const out = { voxel: await voxel(), value: await value() };
        for (const one of ["axial", "coronal", "sagittal"]) out[one] = await quarters(one);
        out.letters = await page.locator(".pane[data-plane=axial] .edge-letter").allInnerTexts();
        await page.getByRole("button", { name: "L | R" }).click();
        out.turned = [await quarters("axial"), await quarters("sagittal"), (await page.locator(".pane[data-plane=axial] .edge-letter").allInnerTexts()).slice(0, 2)];
        await go("Voxel", "3, 5, 7");
        out.corner = await value();
        out.millimetres = (await page.getByLabel("mm", { exact: true }).inputValue()).split(",").map(Number);
        return out;
    """
    )
    seen = page.look(place, script, {"point": ", ".join(map(str, POINT))}, viewport=SMALL)
    found = seen.value
    assert found["voxel"] == ", ".join(map(str, voxel))
    assert found["value"] == image.dataobj[tuple(voxel)] > 800
    assert found["corner"] == image.dataobj[3, 5, 7]
    np.testing.assert_allclose(found["millimetres"], apply_affine(image.affine, [3, 5, 7]), atol=0.051)
    # Its place is left, in front and above: the left of the body is on the left, unless one looks as radiologists do.
    assert (found["axial"], found["coronal"], found["sagittal"]) == ("top left", "top left", "top right")
    assert found["letters"] == ["L", "R", "A", "P"]
    assert found["turned"] == ["top right", "top right", ["R", "L"]]
    assert seen.complaints == []


def test_three_dimensions_are_drawn(page: Front) -> None:
    place, _ = row(page, "scans", "acq-RAS_T1w")
    script = """
        const solid = page.locator(".pane.solid canvas[data-drawn]");
        await solid.waitFor();
        await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
        const picture = async () => (await solid.screenshot({ type: "png" })).toString("base64");
        const first = await picture();
        await solid.focus();
        for (let i = 0; i < 2; i += 1) await page.keyboard.press("ArrowRight");
        await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
        return [first, await picture()];
    """
    seen = page.look(place + "&lay=3d", script, viewport=SMALL)
    first, turned = (pixels(one) for one in seen.value)
    assert first.std() > 5
    assert np.abs(first.astype(int) - turned).mean() > 1
    assert seen.complaints == []


def pixels(picture: str) -> np.ndarray[Any, Any]:
    with av.open(io.BytesIO(base64.b64decode(picture))) as container:
        return next(container.decode(video=0)).to_ndarray(format="gray")


def test_without_webgl_there_are_the_planes(page: Front) -> None:
    place, _ = row(page, "scans", "acq-RAS_T1w")
    script = (
        READ
        + """
        await context.addInitScript(() => {
            const own = HTMLCanvasElement.prototype.getContext;
            HTMLCanvasElement.prototype.getContext = function (kind, ...more) { return kind.startsWith("webgl") ? null : own.call(this, kind, ...more); };
        });
        await open(given.more);
        await drawn("axial");
        await page.getByText("This browser has no WebGL2").waitFor();
        return [await value(), await page.evaluate(() => performance.getEntriesByType("resource").some((one) => one.name.includes("solid")))];
    """
    )
    value, loaded = page.look("", script, place).value
    assert value >= 0
    assert not loaded


def test_a_slice_of_two_gigabytes_costs_little(page: Front) -> None:
    place, path = row(page, "scans", "large.nii")
    script = (
        READ
        + """
        await drawn("axial");
        const first = await value();
        await page.keyboard.press("Tab");
        await page.locator(".pane canvas").focus();
        await page.keyboard.press("PageUp");
        await page.waitForFunction(() => document.querySelector(".pane canvas").getAttribute("aria-valuenow") === "506");
        await drawn("axial");
        const second = await value();
        const sizes = await page.evaluate(() => performance.getEntriesByType("resource").filter((one) => one.name.includes("/media/volume")).map((one) => one.encodedBodySize));
        await page.getByRole("button", { name: "All", exact: true }).click();
        const waits = await page.getByText("cuts through all of the volume").count();
        return { first, second, sizes, waits, said: Number(await page.locator("[data-fetched]").getAttribute("data-fetched")), planes: await page.locator(".pane").count() };
    """
    )
    found = page.look(place, script, viewport=SMALL).value
    plane = np.memmap(path, "<i2", "r", 352, (1000, 1000, 1010), order="F")
    assert path.stat().st_size > 2e9
    assert (found["first"], found["second"]) == (plane[500, 500, 505], plane[500, 500, 506])
    assert sum(found["sizes"]) < BUDGET + 2e6 < path.stat().st_size / 100  # the second slice is two megabytes
    assert found["said"] < BUDGET + 2e6
    assert (found["waits"], found["planes"]) == (2, 4)


def test_first_rough_then_fine(page: Front) -> None:
    place, path = row(page, "scans", "medium.nii")
    script = (
        READ
        + """
        const order = [];
        let wait;
        const held = new Promise((done) => { wait = done; });
        await page.route("**/media/volume?*", async (route) => {
            const asked = new URL(route.request().url()).searchParams;
            order.push(asked.get("down") ?? asked.get("axis") ?? "all");
            if (!asked.get("down")) await held;
            await route.continue();
        });
        await open(given.more);
        await page.locator(".pane canvas[data-drawn=rough]").first().waitFor();
        await page.locator(".readout output[data-about=true]").waitFor();
        const rough = [Number(await page.locator("[data-fetched]").getAttribute("data-fetched")), await said(".readout output")];
        wait();
        await drawn("axial");
        const fine = await value();
        await page.waitForFunction(() => !document.querySelector(".fetched progress"));
        return { order, rough, fine };
    """
    )
    found = page.look("", script, place + "&lay=axial", viewport=SMALL).value
    image = nibabel.load(path)
    assert found["rough"][0] < ROUGH
    assert found["rough"][1].startswith("≈")
    assert found["fine"] == image.dataobj[95, 95, 95]
    assert {"2", "all"} <= set(found["order"])
    assert found["order"][0] not in ("0", "1", "2", "all")


def test_volumes_of_a_series_in_time(page: Front) -> None:
    place, path = row(page, "scans", "bold")
    script = (
        READ
        + """
        await drawn("axial");
        await go("Voxel", "3, 4, 5");
        const out = [await value()];
        await page.locator(".pane canvas").first().focus();
        await page.keyboard.press(".");
        await page.getByText("Volume 1 of 5").waitFor();
        await drawn("axial");
        out.push(await value());
        await page.waitForURL(/[?&]t=1/);
        await page.reload();
        await drawn("axial");
        out.push(await value());
        return { out, voxel: await voxel() };
    """
    )
    found = page.look(place, script, viewport=SMALL).value
    values = nibabel.load(path).get_fdata()
    np.testing.assert_allclose(
        found["out"], [values[3, 4, 5, 0], values[3, 4, 5, 1], values[3, 4, 5, 1]], rtol=1e-5
    )
    assert found["voxel"] == "3, 4, 5"


def test_address_holds_what_is_seen(page: Front) -> None:
    place, _ = row(page, "scans", "acq-RAS_T1w")
    script = (
        READ
        + """
        await drawn("axial");
        await page.getByRole("button", { name: "Coronal" }).click();
        await drawn("coronal");
        await page.locator(".pane canvas").focus();
        for (const key of ["ArrowLeft", "ArrowLeft", "ArrowUp", "PageDown", "+", "x"]) await page.keyboard.press(key);
        await page.locator(".window-button").click();
        await page.getByLabel("Colours", { exact: true }).selectOption("viridis");
        for (const [label, to] of [["From", "40"], ["To", "700"]]) { const field = page.getByLabel(label, { exact: true }); await field.fill(to); await field.press("Enter"); }
        await page.keyboard.press("Escape");
        await page.waitForURL(/win=40/);
        await page.waitForURL(/map=viridis/);
        const look = async () => {
            await drawn("coronal"); await frames();
            return { voxel: await voxel(), scale: await said(".window-button"), letters: await page.locator(".edge-letter").allInnerTexts(),
                picture: await page.locator(".pane canvas").evaluate((own) => own.toDataURL()) };
        };
        const before = await look();
        const url = page.url();
        await page.reload();
        return { before, after: await look(), url };
    """
    )
    seen = page.look(place, script, viewport=SMALL)
    found = seen.value
    assert found["before"] == found["after"]
    assert found["before"]["voxel"] == "18, 23, 19"  # two to the left, one up, one back
    assert found["before"]["scale"] == "40 … 700"
    assert found["before"]["letters"] == ["R", "L", "S", "I"]
    for part in ("lay=coronal", "win=40%2C700", "map=viridis", "rad=1", "zoom=1.5"):
        assert part in found["url"]
    assert seen.complaints == []


def test_regions_lie_over_a_volume(page: Front) -> None:
    place, _ = row(page, "scans", "acq-RAS_T1w")
    with_array, _ = row(page, "features", "acq-RAS_T1w")
    script = (
        READ
        + """
        const coloured = async () => {
            await frames();
            return page.locator(".pane[data-plane=axial] canvas").evaluate((own) => {
                const { data } = own.getContext("2d").getImageData(0, 0, own.width, own.height);
                const found = { left: 0, right: 0 };
                for (let at = 0; at < data.length; at += 4) if (Math.max(data[at], data[at + 1], data[at + 2]) - Math.min(data[at], data[at + 1], data[at + 2]) > 40 && data[at + 2] < 190) found[(at / 4) % own.width < own.width / 2 ? "left" : "right"] += 1;
                return found;
            });
        };
        await drawn("axial");
        await go("Voxel", "8, 35, 25");
        const without = await coloured();
        await page.getByRole("button", { name: "Overlay", exact: true }).click();
        await page.getByLabel("sub-01_acq-RAS_dseg").check();
        await page.getByLabel("Opacity").waitFor();
        await page.keyboard.press("Escape");
        await page.getByText("Overlay on").waitFor();
        await page.waitForFunction(() => !document.querySelector(".overlay-panel"));
        await page.waitForURL(/over=row/);
        await page.waitForLoadState("networkidle");
        const over = await coloured();
        await page.locator(".pane canvas").first().focus();
        await page.keyboard.press("o");
        const hidden = await coloured();
        await open(given.more);
        await drawn("axial");
        await page.getByRole("button", { name: "Overlay", exact: true }).click();
        await page.getByLabel("regions").check();
        await page.keyboard.press("Escape");
        await page.waitForURL(/over=values/);
        await page.waitForLoadState("networkidle");
        return { without, over, hidden, array: await coloured() };
    """
    )
    seen = page.look(place, script, with_array, viewport=SMALL)
    found = seen.value
    assert found["without"] == {"left": 0, "right": 0}
    assert found["over"]["left"] > 150
    assert found["over"]["right"] < 0.2 * found["over"]["left"]  # the other region lies in another slice
    assert found["hidden"] == found["without"]
    assert sum(found["array"].values()) > 300
    assert seen.complaints == []


def test_series_of_images(page: Front) -> None:
    place, path = row(page, "series", "003")
    script = (
        READ
        + """
        await drawn("axial").catch(() => null);
        const out = { voxel: await voxel(), value: await value(), text: await said(".facts-line") };
        await page.getByRole("button", { name: "This image" }).click();
        await page.getByText("6 × 4 × 1 voxels").waitFor();
        out.alone = await value();
        return out;
    """
    )
    found = page.look(place, script, viewport=SMALL).value
    own = pydicom.dcmread(path).pixel_array
    assert "6 × 4 × 5 voxels" in found["text"]
    i, j, _ = map(int, found["voxel"].split(","))
    assert found["value"] in own
    assert found["alone"] in own
    assert (i, j) == (3, 2) or (i, j) == (2, 1)


def test_what_cannot_be_shown_says_why(page: Front) -> None:
    changed, _ = row(page, "scans", "changed")
    whole, _ = row(page, "scans", "acq-RAS_T1w")
    script = """
        const out = {};
        await open(given.more.changed);
        await page.getByRole("alert").waitFor();
        out.changed = await said("[role=alert]");
        for (const [status, what, message] of given.more.answers) {
            await page.route("**/media/volume/info*", (route) => route.fulfill({ status, json: { error: { what, message } } }));
            await open(given.more.whole);
            await page.getByRole("alert").waitFor();
            out[status] = [await said("[role=alert]"), status === 422 ? await audit(page) : []];
            await page.unroute("**/media/volume/info*");
        }
        await page.getByRole("button", { name: "Try again" }).click();
        await page.locator(".pane canvas[data-drawn=exact]").first().waitFor();
        return out;
    """
    answers = [
        [422, "FormatError", f"It is no volume {HOSTILE}."],
        [501, "MissingExtraError", "This needs x. Install it with: pip install 'neurochain[dicom]'"],
        [503, "BusyError", "Too many pictures."],
    ]
    seen = page.look("", script, {"changed": changed, "whole": whole, "answers": answers}, viewport=SMALL)
    assert "The file has changed" in seen.value["changed"]
    assert "Run the chain again" in seen.value["changed"]
    assert HOSTILE in seen.value["422"][0]
    assert "Download" in seen.value["422"][0]
    assert "pip install 'neurochain[dicom]'" in seen.value["501"][0]
    for status in ("422", "501", "503"):
        assert seen.value[status][1] == []


def test_volumes_can_be_looked_at_by_everybody(page: Front) -> None:
    place, _ = row(page, "scans", "acq-RAS_T1w")
    bold, _ = row(page, "scans", "bold")
    script = (
        READ
        + """
        const wrong = {};
        const dark = () => page.evaluate(async () => (await axe.run(document.querySelector(".source"), { runOnly: ["color-contrast"] })).violations.flatMap((one) => one.nodes.map((node) => node.html)));
        const check = async (what) => {
            const found = await audit(page);
            await page.emulateMedia({ colorScheme: "dark" });
            await frames();
            found.push(...await dark());
            await page.emulateMedia({ colorScheme: "light" });
            if (found.length) wrong[what] = found;
        };
        await drawn("axial");
        await check("planes");
        for (const panel of [page.locator(".window-button"), page.getByRole("button", { name: "Overlay", exact: true })]) {
            await panel.click();
            await page.locator(".panel").waitFor();
            await check("panel");
            await page.keyboard.press("Escape");
        }
        for (const width of [820, 1024]) {
            await page.setViewportSize({ width, height: 768 });
            const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
            if (over > 0) wrong[width] = over;
        }
        await open(given.more);
        await drawn("axial");
        await check("time");
        return wrong;
    """
    )
    seen = page.look(place, script, bold, viewport=SMALL, colorScheme="light", reducedMotion="reduce")
    assert seen.value == {}
    assert seen.complaints == []
