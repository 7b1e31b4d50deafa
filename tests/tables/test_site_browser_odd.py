"""Sites of other kinds in a real browser: served, large, empty, not whole."""

from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import nbformat
from site_catalog import write_spikes

import neurochain as nc
from neurochain.tables.site.building import build_site
from neurochain.tables.site.code import Code
from neurochain.tables.site.serving import site_server

if TYPE_CHECKING:
    from browser.chromium import Chromium


def test_the_link_to_a_hub(chromium: "Chromium", tmp_path: Path) -> None:
    table = nc.ParquetTable(name="t", uri=str(tmp_path / "none"), columns={"a": "int64"})
    built = build_site(nc.Catalog({"db": [table]}, jupyterhub="https://hub.example.org/"), tmp_path / "site")
    with site_server(built.folder, 0) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        base = f"http://localhost:{server.server_address[1]}"
        script = 'await page.waitForSelector("#hub"); return page.getAttribute("#hub", "href")'
        address = chromium.run(f"{base}/#/db/t", script)
        server.shutdown()
    assert address.complaints == []
    notebook = f"{base}/notebooks/db.t.ipynb".replace(":", "%3A").replace("/", "%2F")
    assert address.value == f"https://hub.example.org/hub/user-redirect/lab?fromURL={notebook}"
    assert Code("db", table).python() in "".join(_sources(built.folder / "notebooks" / "db.t.ipynb"))


def _sources(path: Path) -> str:
    cells = nbformat.read(path, as_version=4).cells
    return "\n\n".join(c.source for c in cells if c.cell_type == "code").replace(
        "\ndf.head()\n\ndf.describe()", ""
    )


def test_more_values_of_a_partition(chromium: "Chromium", tmp_path: Path) -> None:
    table = nc.ParquetTable(
        name="t",
        uri=str(write_spikes(tmp_path / "spikes", hours=60)),
        partitioning=[
            nc.Partition("implant_id", "int64"),
            nc.Partition("date"),
            nc.Partition("hour", "int32"),
        ],
    )
    built = build_site(nc.Catalog({"db": [table]}), tmp_path / "site")
    script = """await page.waitForSelector("#s-partitions");
    const chips = page.locator(".partition").nth(2).locator(".chips li"); const before = await chips.allInnerTexts();
    await page.click(".partition button"); return [before, await chips.allInnerTexts()]"""
    before, after = chromium.run((built.folder / "index.html").as_uri() + "#/db/t", script).value
    assert before == [*map(str, range(59, 47, -1)), "48 more"]
    assert after == [*map(str, range(59, 19, -1)), "and 20 more"]


def test_many_tables_are_drawn_when_they_are_asked_for(chromium: "Chromium", tmp_path: Path) -> None:
    tables = [
        nc.ParquetTable(name=f"t{i}", uri=str(tmp_path / "none"), columns={"a": "int64"}) for i in range(90)
    ]
    built = build_site(nc.Catalog({"db": tables}), tmp_path / "site", preview=False)
    script = """const count = () => page.locator("a.open").count(); await page.waitForSelector("a.more");
    const found = [await count(), await page.innerText("a.more")];
    await page.click("a.more"); await page.waitForSelector(".crumbs"); found.push(await count());
    await page.fill("#find", "int"); found.push(await page.innerText("main h2"));
    await page.fill("#find", "a"); found.push(await page.innerText(".count"), await count());
    await page.click("button.more"); found.push(await count(), await page.locator(".more").count());
    return found"""
    seen = chromium.run((built.folder / "index.html").as_uri(), script)
    assert seen.complaints == []
    assert seen.value == [
        80, "All 90 tables of db", 90, "Nothing is called “int”", "90 tables for “a”", 80, 90, 0
    ]  # fmt: skip


def test_a_folder_that_is_not_whole_says_so(chromium: "Chromium", tmp_path: Path) -> None:
    table = nc.ParquetTable(name="t", uri=str(tmp_path / "none"), columns={"a": "int64"})
    built = build_site(nc.Catalog({"db": [table]}), tmp_path / "site")
    address = (built.folder / "index.html").as_uri()
    (built.folder / "tables" / "db.t.js").unlink()
    said = chromium.run(
        f"{address}#/db/t", 'await page.waitForSelector("[role=alert]"); return page.innerText("main")'
    ).value
    assert "The rest of this page is missing" in said
    (built.folder / "data.js").unlink()
    said = chromium.run(address, 'await page.waitForSelector("h1"); return page.innerText("main")').value
    assert "data.js, which lies beside this page, cannot be read" in said


def test_a_catalog_without_tables(chromium: "Chromium", tmp_path: Path) -> None:
    built = build_site(nc.Catalog({}), tmp_path / "site")
    seen = chromium.run(
        (built.folder / "index.html").as_uri(),
        'await page.waitForSelector("h2"); return page.innerText("main")',
    )
    assert seen.complaints == []
    assert "There are no tables yet" in seen.value
