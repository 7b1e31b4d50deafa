"""Scans in a browser: what is seen lies where nibabel says, has the values that nibabel reads, and costs what was promised."""

import nibabel
import numpy as np
import pydicom
import pytest
from front import Front
from front_scan import READ, SMALL, row_of
from nibabel.affines import apply_affine
from volume_made import ORIENTATIONS, POINT

BUDGET = 4e6  # bytes that a page gets to open a volume of 2 GB at a slice
ROUGH = 1.3e6  # bytes until a volume of 14 MB is seen in larger voxels


@pytest.fixture
def page(scanned: Front) -> Front:
    return scanned


@pytest.mark.parametrize("name", sorted(ORIENTATIONS))
def test_sides_and_values_are_those_of_nibabel(page: Front, name: str) -> None:
    place, path = row_of(page, "scans", f"acq-{name}")
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


def test_a_slice_of_two_gigabytes_costs_little(page: Front) -> None:
    place, path = row_of(page, "scans", "large.nii")
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
    place, path = row_of(page, "scans", "medium.nii")
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
    place, path = row_of(page, "scans", "bold")
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
        await page.getByRole("button", { name: "Over time" }).click();
        await page.locator(".course[data-got='5']").waitFor();
        const plot = page.locator(".course .plot");
        await plot.focus();
        await page.keyboard.press("End");
        const last = await said(".course .array-reading");
        await page.keyboard.press("Enter");
        await page.getByText("Volume 4 of 5").waitFor();
        return { out, last, voxel: await voxel() };
    """
    )
    found = page.look(place, script, viewport=SMALL).value
    values = nibabel.load(path).get_fdata()
    np.testing.assert_allclose(
        found["out"], [values[3, 4, 5, 0], values[3, 4, 5, 1], values[3, 4, 5, 1]], rtol=1e-5
    )
    assert found["voxel"] == "3, 4, 5"
    assert float(found["last"].partition(": ")[2]) == pytest.approx(values[3, 4, 5, 4], rel=1e-5)


def test_series_of_images(page: Front) -> None:
    place, path = row_of(page, "series", "003")
    script = (
        READ
        + """
        await page.locator(".pane canvas[data-drawn=exact]").first().waitFor();
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
    assert found["voxel"].startswith("2, 1, ")
    assert found["value"] == own[2, 1]  # the row's own slice, among five
    assert found["alone"] == own[3, 2]
