"""Scans in a browser: in 3D, with regions over them, at an address that gives the same again, and where they cannot be shown."""

import base64
import io
from typing import Any

import av
import numpy as np
import pytest
from front import Front
from front_scan import READ, SMALL, row_of
from volume_made import HOSTILE


@pytest.fixture
def page(scanned: Front) -> Front:
    return scanned


def test_three_dimensions_are_drawn(page: Front) -> None:
    place, _ = row_of(page, "scans", "acq-RAS_T1w")
    script = """
        const solid = page.locator(".pane.solid canvas[data-drawn]");
        await solid.waitFor();
        await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
        const picture = async () => (await solid.screenshot({ type: "png" })).toString("base64");
        const first = await picture();
        await solid.focus();
        for (let i = 0; i < 2; i += 1) await page.keyboard.press("ArrowRight");
        await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
        const turned = await picture();
        await page.waitForURL(/turn=/);
        await page.reload();
        await solid.waitFor();
        return [first, turned, new URL(page.url()).searchParams.get("turn")];
    """
    seen = page.look(place + "&lay=3d", script, viewport={"width": 640, "height": 480})
    first, turned = (pixels(one) for one in seen.value[:2])
    assert first.std() > 5
    assert np.abs(first.astype(int) - turned).mean() > 1
    assert seen.value[2] == "120,10"
    assert seen.complaints == []


def pixels(picture: str) -> np.ndarray[Any, Any]:
    with av.open(io.BytesIO(base64.b64decode(picture))) as container:
        return next(container.decode(video=0)).to_ndarray(format="gray")


def test_without_webgl_there_are_the_planes(page: Front) -> None:
    place, _ = row_of(page, "scans", "acq-RAS_T1w")
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


def test_pointer_wheel_and_finger(page: Front) -> None:
    place, _ = row_of(page, "scans", "acq-LPS")
    script = (
        READ
        + """
        const millimetres = async () => (await page.getByLabel("mm", { exact: true }).inputValue()).split(",").map(Number);
        await drawn("axial");
        const box = await page.locator(".pane canvas").boundingBox();
        const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
        const out = {};
        await page.mouse.click(x - 60, y - 50);
        out.click = await millimetres();
        await page.touchscreen.tap(x + 60, y + 70);
        out.tap = await millimetres();
        await page.mouse.move(x, y);
        await page.mouse.wheel(0, 120);
        await page.waitForFunction((z) => !document.querySelector(".coordinate:nth-of-type(2) input").value.endsWith(z), String(out.tap[2].toFixed(1)));
        out.wheel = await millimetres();
        const before = await said(".window-button");
        await page.keyboard.down("Shift");
        await page.mouse.down(); await page.mouse.move(x + 80, y + 30, { steps: 3 }); await page.mouse.up();
        await page.keyboard.up("Shift");
        out.window = [before, await said(".window-button")];
        out.still = await millimetres();
        await page.getByRole("button", { name: "Larger" }).click();
        await page.getByRole("button", { name: "Larger" }).click();
        await frames();
        await page.mouse.click(x + 90, y);
        out.near = await millimetres();
        return out;
    """
    )
    seen = page.look(place + "&lay=axial", script, viewport=SMALL, hasTouch=True)
    found = seen.value
    assert found["click"][0] < 0 < found["click"][1]  # left is left and front is up
    assert found["tap"][0] > 0 > found["tap"][1]
    assert found["wheel"][2] < found["tap"][2]  # down the wheel, down the body
    assert found["wheel"][:2] == found["tap"][:2] == found["still"][:2]
    assert found["window"][0] != found["window"][1]
    assert 0 < found["near"][0] < found["still"][0]  # magnified, more pixels are fewer millimetres
    assert seen.complaints == []


def test_address_holds_what_is_seen(page: Front) -> None:
    place, _ = row_of(page, "scans", "acq-RAS_T1w")
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
        const after = await look();
        await page.keyboard.press("n");
        await page.waitForURL((url) => url.searchParams.get("key") !== new URL(given.base + given.place).searchParams.get("key"));
        return { before, after, url, next: page.url() };
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
    assert "lay=coronal" in found["next"]  # the next row is looked at as this one was, from its own middle
    assert "at=" not in found["next"]
    assert seen.complaints == []


def test_regions_lie_over_a_volume(page: Front) -> None:
    place, _ = row_of(page, "scans", "acq-RAS_T1w")
    with_array, _ = row_of(page, "features", "acq-RAS_T1w")
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
        const laid = async () => {
            for (let tries = 0; tries < 200; tries += 1) {
                const found = await coloured();
                if (found.left + found.right) return found;
                await page.waitForTimeout(50);
            }
            return coloured();
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
        const over = await laid();
        await page.locator(".pane canvas").first().focus();
        await page.keyboard.press("o");
        const hidden = await coloured();
        await open(given.more);
        await drawn("axial");
        await page.getByRole("button", { name: "Overlay", exact: true }).click();
        await page.getByLabel("regions").check();
        await page.keyboard.press("Escape");
        await page.waitForURL(/over=values/);
        return { without, over, hidden, array: await laid() };
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


def test_what_cannot_be_shown_says_why(page: Front) -> None:
    changed, _ = row_of(page, "scans", "changed")
    whole, _ = row_of(page, "scans", "acq-RAS_T1w")
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
    place, _ = row_of(page, "scans", "bold")
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
        await page.locator(".course[data-got='5']").waitFor();
        await check("planes");
        for (const panel of [page.locator(".window-button"), page.getByRole("button", { name: "Overlay", exact: true })]) {
            await panel.click();
            await page.locator(".panel").waitFor();
            await check("panel");
            await page.keyboard.press("Escape");
        }
        for (const width of [820, 1024]) {
            await page.setViewportSize({ width, height: 768 });
            const over = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
            for (let tries = 0; tries < 20 && (await over()) > 0; tries += 1) await frames(); // canvases follow their places
            if ((await over()) > 0) wrong[width] = await over();
        }
        return wrong;
    """
    )
    seen = page.look(place + "&course=1", script, viewport=SMALL, colorScheme="light", reducedMotion="reduce")
    assert seen.value == {}
    assert seen.complaints == []
