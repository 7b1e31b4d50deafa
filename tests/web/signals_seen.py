"""What tests of signals in a browser share: where files are, and what is on the screen."""

from urllib.parse import quote

from front import Front

SEEN = """
const ready = () => page.waitForFunction(() => {
    const drawn = document.querySelector(".plot canvas[data-drawn]:not([hidden])");
    return drawn && drawn.width > 1 && !document.querySelector(".recording-status [role=status]") && document.querySelector(".fetched").textContent !== "0 B";
});
const calm = async () => { await ready(); await page.waitForTimeout(240); await ready(); };
const plot = async () => page.locator(".plot").boundingBox();
const at = (name) => new URL(page.url()).searchParams.get(name);
const told = (name, value) => page.waitForFunction(([name, value]) => new URL(location.href).searchParams.get(name) === value, [name, value]);
const picture = () => page.evaluate(() => document.querySelector(".plot canvas[data-drawn]:not([hidden])").toDataURL());
const values = () => page.locator(".lane-label .value").allInnerTexts();
await calm();
"""


def place(page: Front, name: str, **asked: object) -> str:
    """Address of the row of a file."""
    rows = page.api("/api/rows?ref=files@1.0.0&columns=file.path")["rows"]
    key = next(row["key"] for row in rows if row["cells"][0] == name)
    more = "".join(f"&{k}={quote(str(v))}" for k, v in asked.items())
    return f"/v/row?ref=files@1.0.0&key={key}{more}"


def source(page: Front, name: str) -> str:
    """Path of a file."""
    rows = page.api("/api/rows?ref=files@1.0.0&columns=file.path,file.uri")["rows"]
    return str(next(row["cells"][1] for row in rows if row["cells"][0] == name))


def number(text: str) -> float:
    return float(text.replace("−", "-").replace(",", ""))
