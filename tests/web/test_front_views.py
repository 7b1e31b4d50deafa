"""The page in a browser: every view is drawn, can be read by everybody, and shows texts as texts."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from front import Front, front

HOSTILE = "<img src=x onerror=alert(1)>"
VIEWS = {
    "/": "Datasets",
    "/?search=cohort": "Datasets",
    "/?search=nowhere": "Nothing matches",
    "/d/study/anatomy": "3 versions",
    "/v?ref=numbers@1.0.0": "1,000,000 rows",
    "/v?ref=study/anatomy@1.2.0": "middle",
    "/v?ref=study/anatomy@1.2.0&tab=columns": "different values",
    "/v?ref=study/anatomy@1.2.0&tab=lineage": "storage",
    "/v?ref=study/anatomy@1.2.0&tab=versions": "+ slabs",
    "/v?ref=study/anatomy@1.2.0&tab=code": "def slabs",
    "/compare?old=study/anatomy@1.1.0&new=study/anatomy@1.2.0": "+def slabs",
    "/lineage?ref=study/chosen@1.0.0": "Lineage of study/chosen@1.0.0",
    "/jobs": "front_made.py",
    "/v?ref=people@1.0.0": HOSTILE,
    "/v?ref=left@1.0.0": "asked for it",
    "/v?ref=left@1.0.0&tab=columns": "person",
    "/v?ref=numbers@1.0.0&filter=" + quote('[["x","<",-1]]'): "No row meets these filters",
}
WRONG = {
    "/v?ref=none@1.0.0": "is not found",
    "/v?ref=numbers@1.0.0&sort=zz": "has no column 'zz'",
    "/lineage?ref=none@1.0.0": "is not found",
    "/zzz": "There is no such page",
}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with front(tmp_path_factory.mktemp("front")) as found:
        yield found


def test_views_can_be_read_by_everybody_and_fit_a_tablet(page: Front) -> None:
    script = """
        const found = {};
        for (const [place, text] of Object.entries(given.more)) {
            await open(place);
            await page.waitForFunction((text) => document.body.innerText.includes(text), text, { timeout: 5000 }).catch(() => null);
            const shown = await page.locator("body").innerText();
            const light = await audit(page);
            await page.emulateMedia({ colorScheme: "dark" });
            await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
            const dark = await page.evaluate(async () => (await axe.run(document, { runOnly: ["color-contrast"] })).violations.flatMap((one) => one.nodes.map((node) => node.html)));
            await page.emulateMedia({ colorScheme: "light" });
            const over = [];
            for (const width of [820, 1280]) {
                await page.setViewportSize({ width, height: 860 });
                over.push(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth));
            }
            if (!shown.includes(text) || light.length || dark.length || Math.max(...over) > 0) found[place] = { shown, light, dark, over };
        }
        return found;
    """
    seen = page.look("", script, VIEWS, colorScheme="light", reducedMotion="reduce")
    assert seen.value == {}
    assert seen.complaints == []


def test_panels_can_be_read_by_everybody(page: Front) -> None:
    script = """
        const wrong = [];
        await page.keyboard.press("f");
        await page.getByLabel("Condition").waitFor();
        wrong.push(...await audit(page));
        await page.keyboard.press("Escape");
        await page.locator(".pick-columns").click();
        await page.getByPlaceholder("Find a column").fill("shape");
        wrong.push(...await audit(page));
        await page.keyboard.press("Escape");
        await page.locator("h1").click();
        await page.keyboard.press("?");
        await page.getByText("Everywhere", { exact: true }).waitFor();
        wrong.push(...await audit(page));
        await page.keyboard.press("Escape");
        await open("/lineage?ref=study/chosen@1.0.0");
        await page.locator(".node.failed-node").click();
        await page.getByText("Why this was computed").waitFor();
        wrong.push(...await audit(page));
        const panel = await said(".side");
        await page.locator(".side .failure summary").click();
        return { wrong, panel, failure: await said(".side .failure"), url: page.url() };
    """
    seen = page.look("/v?ref=study/anatomy@1.2.0", script)
    assert seen.value["wrong"] == []
    assert seen.complaints == []
    assert "this function is new" in seen.value["panel"]
    assert "1 failed" in seen.value["panel"]
    assert f"ValueError: a slice has no slabs {HOSTILE}" in seen.value["failure"]
    assert "node=activity" in seen.value["url"]


def test_what_is_wrong_is_said_with_what_to_do(page: Front) -> None:
    script = """
        const found = {};
        for (const place of Object.keys(given.more)) { await open(place); found[place] = [await said("main"), await page.locator("main a").count()]; }
        return found;
    """
    seen = page.look("", script, WRONG)
    for place, text in WRONG.items():
        said, links = seen.value[place]
        assert text in said
        assert links
    assert [c for c in seen.complaints if "404" not in c] == []


def test_server_that_has_gone_and_comes_again(page: Front) -> None:
    script = """
        await page.route("**/api/datasets*", (route) => route.abort());
        await page.getByLabel("Search datasets").fill("people");
        await page.getByRole("alert").waitFor();
        const gone = await said("main");
        await page.unroute("**/api/datasets*");
        await page.getByRole("button", { name: "Try again" }).click();
        await page.getByRole("link", { name: "people" }).waitFor();
        return gone;
    """
    assert "Is neurochain ui still running?" in page.look("/", script).value


def test_texts_of_data_stay_texts(page: Front) -> None:
    key = page.api("/api/rows?ref=people@1.0.0")["rows"][1]["key"]
    files = page.api("/api/rows?ref=study/anatomy@1.2.0&columns=file.path")["rows"]
    scan = next(row["key"] for row in files if "onerror" in row["cells"][0])
    places = [
        "/",
        f"/?search={quote(HOSTILE)}",
        "/v?ref=people@1.0.0",
        "/v?ref=people@1.0.0&tab=columns",
        f"/v/row?ref=people@1.0.0&key={key}",
        "/v?ref=study/anatomy@1.2.0",
        f"/v/row?ref=study/anatomy@1.2.0&key={scan}",
        f"/d/{quote(HOSTILE, safe='')}",
        f"/compare?old={quote(HOSTILE)}&new={quote(HOSTILE)}",
        "/v?ref=people@1.0.0&filter=" + quote('[["name","=","' + HOSTILE + '"]]'),
    ]
    script = """
        const found = [];
        for (const place of given.more) {
            await open(place);
            found.push([place, (await page.locator("body").innerText()).includes("onerror"), await page.locator("main img, main script, main b:text-is('bold')").count()]);
        }
        return found;
    """
    seen = page.look("", script, places)
    assert [one for one in seen.value if not one[1] or one[2]] == []
    assert [c for c in seen.complaints if "404" not in c] == []  # a dialog would stand here


def test_works_by_keyboard_alone(page: Front) -> None:
    script = """
        const at = () => page.evaluate(() => document.activeElement.textContent || document.activeElement.getAttribute("aria-label"));
        await page.keyboard.press("/");
        await page.keyboard.type("anatomy");
        await page.getByText("1 match").waitFor();
        await page.keyboard.press("ArrowDown");
        const first = await at();
        await page.keyboard.press("Enter");
        await page.waitForURL(/\\/v\\?ref=study/);
        await page.locator(".grid-row .right").first().waitFor();
        await page.keyboard.press("[");
        await page.waitForURL(/1\\.1\\.0/);
        await page.keyboard.press("5");
        await page.getByText("def profile").waitFor();
        await page.keyboard.press("g"); await page.keyboard.press("j");
        await page.waitForURL(/jobs/);
        await page.keyboard.press("?");
        await page.getByLabel("Single keys work").uncheck();
        await page.keyboard.press("Escape");
        await page.keyboard.press("g"); await page.keyboard.press("d");
        await settled();
        return { first, url: page.url() };
    """
    seen = page.look("/", script)
    assert seen.value["first"] == "study/anatomy"
    assert seen.value["url"].endswith("/jobs")  # single keys were turned off


def test_colours_are_chosen_and_remembered(page: Front) -> None:
    script = """
        const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        const out = [await ground()];
        await page.getByRole("button", { name: /Colours/ }).click();
        await page.getByRole("button", { name: /Colours/ }).click();
        out.push(await ground());
        await page.reload();
        out.push(await ground());
        return out;
    """
    light, dark, again = page.look("/", script, colorScheme="light").value
    assert light != dark == again


def test_lineage_goes_from_version_to_storage(page: Front) -> None:
    script = """
        await page.locator(".node").first().waitFor();
        const nodes = await page.locator(".node").evaluateAll((all) => all.map((one) => one.textContent));
        await page.locator(".node.top-node").focus();
        const way = [];
        for (let i = 0; i < 4; i += 1) {
            await page.keyboard.press("ArrowLeft");
            way.push(await page.evaluate(() => document.activeElement.textContent.split(" ")[0]));
        }
        await page.keyboard.press("Enter");
        await page.locator(".side").waitFor();
        const url = page.url();
        await page.reload();
        const panel = await said(".side");
        await page.goBack();
        await page.locator(".edge .hit").first().dispatchEvent("click");
        await page.locator(".side").waitFor();
        return { nodes, way, url, panel };
    """
    seen = page.look("/lineage?ref=study/chosen@1.0.0", script)
    assert len(seen.value["nodes"]) == 5
    assert seen.value["way"] == ["activity", "version", "activity", "storage"]
    assert "node=storage" in seen.value["url"]
    assert "files\n6" in seen.value["panel"]
    assert seen.complaints == []


def test_large_lineage_is_folded_and_opens(page: Front) -> None:
    # Two thousand nodes take an hour to save: what the page gets is made here, nothing else.
    nodes = [
        {
            "id": f"n{i}",
            "kind": ("version", "activity")[i % 2],
            "title": f"step {i}",
            "reference": "a@1.0.0",
            "facts": {"rows": i},
        }
        for i in range(900)
    ]
    edges = [{"from": f"n{i + 1}", "to": f"n{i}", "kind": "used"} for i in range(899)]
    nodes += [
        {
            "id": f"s{i}",
            "kind": "storage",
            "title": f"root {i}",
            "reference": None,
            "facts": {"files": 1, "bytes": 1},
        }
        for i in range(200)
    ]
    edges += [{"from": f"s{i}", "to": "n1", "kind": "used"} for i in range(200)]
    script = """
        await page.route("**/api/lineage*", (route) => route.fulfill({ json: given.more }));
        await open("/lineage?ref=study/chosen@1.0.0");
        await page.locator(".node").first().waitFor();
        const first = await page.locator(".node").count();
        const folded = await page.locator(".kind-group[data-node]").first().locator("title").textContent();
        await page.locator(".kind-more[data-node]").first().dispatchEvent("click");
        await page.waitForFunction((n) => document.querySelectorAll(".node").length > n, first);
        return { first, folded, then: await page.locator(".node").count() };
    """
    seen = page.look("", script, {"top": "n0", "nodes": nodes, "edges": edges})
    assert 250 < seen.value["first"] <= 310
    assert seen.value["folded"] == "group 200 × storage, open"
    assert seen.value["then"] > seen.value["first"] + 50


def test_row_shows_values_features_and_bytes(page: Front) -> None:
    rows = page.api("/api/rows?ref=study/chosen@1.0.0&columns=file.path,middle&sort=middle&descending=1")[
        "rows"
    ]
    order = "&sort=middle&descending=1"
    script = """
        await page.locator(".byte-map .read").first().waitFor();
        const first = await said("main");
        const lanes = await page.locator(".lane svg").evaluateAll((all) => all.map((one) => one.getAttribute("aria-label")));
        await page.keyboard.press("n");
        await page.waitForURL((url) => url.searchParams.get("key") === given.more[0]);
        await page.getByText("Row 2 of").waitFor();
        await page.getByRole("heading", { name: given.more[1] }).first().waitFor();
        const second = await said("main");
        const link = await page.locator("a[download]").getAttribute("href");
        await page.keyboard.press("u");
        await page.waitForURL(/sort=middle/);
        return { first, second, lanes, link };
    """
    seen = page.look(
        f"/v/row?ref=study/chosen@1.0.0&key={rows[0]['key']}{order}",
        script,
        [rows[1]["key"], rows[1]["cells"][0]],
    )
    first, second = seen.value["first"], seen.value["second"]
    assert "Row 1 of" in first
    assert "Row 2 of" in second
    assert rows[1]["cells"][0] in second
    assert f"{rows[0]['cells'][1]:.2f}"[:5] in first
    assert "by middle in study/anatomy@1.2.0" in first
    assert {lane.split(" ")[0] for lane in seen.value["lanes"]} == {"headers", "middle", "profile", "slabs"}
    assert rows[1]["key"] in seen.value["link"]


def test_page_loads_little(page: Front) -> None:
    static = Path(__file__).parents[2] / "neurochain" / "web" / "static"
    index = (static / "index.html").read_text()
    assert "style=" not in index
    assert "<script>" not in index
    seen = page.look("/", "return performance.getEntriesByType('resource').map((one) => one.name)")
    loaded = [name for name in seen.value if "/assets/" in name]
    assert not [name for name in loaded if "worker" in name or "Placeholder" in name]
