"""What tests of scans in a browser share: what stands at the crosshair, and how bright the quarters of a plane are."""

from pathlib import Path

from front import Front

SMALL = {"width": 1010, "height": 600}  # a software renderer takes a second for a large picture in 3D
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


def row_of(page: Front, version: str, name: str) -> tuple[str, Path]:
    """Address of the row of a file, and the file."""
    rows = page.api(f"/api/rows?ref={version}@1.0.0&columns=file.path,file.uri")["rows"]
    key, uri = next((one["key"], one["cells"][1]) for one in rows if name in one["cells"][0])
    return f"/v/row?ref={version}@1.0.0&key={key}", Path(uri)
