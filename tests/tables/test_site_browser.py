"""The catalog site as its readers have it: in a real browser, from a disk, by mouse, by keyboard, on a phone."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from site_catalog import HOSTILE, make_catalog

from neurochain.tables.site.building import Built, build_site

if TYPE_CHECKING:
    from browser.chromium import Chromium, Seen

PHONE = {"viewport": {"width": 390, "height": 844}}
VIEWS = [
    "#/",
    "#/?q=impedance",
    "#/?q=nothing+like+it",
    "#/implant",
    "#/implant/normalized_binned_spikes",
    "#/implant/implant_diagnostics",
    "#/implant/gone",
    "#/implant/old_spikes",
    "#/features/alpha_roi_tags",
    "#/odd/hostile",
    "#/implant/impedence_series",
]
SPIKES = "#/implant/normalized_binned_spikes"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """One site for all tests of this file, which only read it."""
    folder = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEUROCHAIN_HOME", str(folder / ".neurochain"))
        patch.setenv("NEUROCHAIN_PROGRESS", "0")
        patch.chdir(folder)
        (folder / "data").mkdir()
        return build_site(make_catalog(folder / "data"), folder / "site")


@pytest.fixture
def look(chromium: "Chromium", site: Built) -> Any:
    """Run a script in a view; nothing may be complained of, and nothing asked for outside of the folder."""

    def run(view: str, script: str, given: Any = None, **options: Any) -> Any:
        address = (site.folder / "index.html").as_uri() + view
        seen: Seen = chromium.run(address, SETTLE + script, given, **options)
        assert seen.complaints == []
        outside = [r for r in seen.requests if not r.startswith((site.folder.as_uri() + "/", "blob:"))]
        assert outside == []
        return seen.value

    return run


SETTLE = """
const text = (css) => page.locator(css).innerText();
const settled = () => page.waitForFunction(() => app.drawn !== null);
await settled();
"""


def test_the_overview_lists_everything(look: Any) -> None:
    found = look(
        "",
        """return {title: await page.title(), h1: await text("h1"),
        names: await page.locator("a.open").allInnerTexts(), tags: await page.locator("main .tag").allInnerTexts()}""",
    )
    assert found["title"] == found["h1"] == "Lab catalog"
    assert set(found["names"]) == {
        *("alpha_roi_tags", "gone", "impedance_series", "implant_diagnostics", "normalized_binned_spikes"),
        *("old_spikes", "hostile"),
    }
    assert sorted(found["tags"]) == ["deprecated", "deprecated", "not reached"]


FOUND = {
    "normalized": "implant.normalized_binned_spikes",
    "KOHM": "implant.impedance_series",
    "mri": "features.alpha_roi_tags",
    "spikes 2024-04-28": "implant.normalized_binned_spikes",
    "alpha_roi_tags@1.1": "features.alpha_roi_tags",
    "impedance electrodes": "implant.impedance_series",
    "drift": "implant.implant_diagnostics",
    "scales@": "",
}


def test_search_finds_by_everything(look: Any) -> None:
    found = look(
        "",
        """const found = {};
        for (const query of given) {
          await page.keyboard.press("Escape"); await page.evaluate(() => document.activeElement.blur());
          await page.keyboard.press("/"); await page.keyboard.type(query);
          found[query] = {names: await page.locator("a.open").allInnerTexts(), hash: await page.evaluate(() => location.hash),
            said: await page.locator("#said").textContent(), focus: await page.evaluate(() => document.activeElement.id)};
        }
        return found""",
        list(FOUND),
    )
    for query, seen in found.items():
        assert (seen["names"] or [""])[0] == FOUND[query], query
        assert seen["hash"].startswith("#/?q=")
        assert seen["said"].startswith(f"{len(seen['names'])} table")
        assert seen["focus"] == "find"


def test_the_keyboard_alone(look: Any) -> None:
    found = look(
        "",
        """
        const focus = () => page.evaluate(() => document.activeElement.innerText || document.activeElement.id);
        const steps = [];
        await page.keyboard.press("/"); await page.keyboard.type("spikes");
        await page.keyboard.press("ArrowDown"); steps.push(await focus());
        await page.keyboard.press("ArrowDown"); steps.push(await focus());
        await page.keyboard.press("ArrowUp"); await page.keyboard.press("ArrowUp"); steps.push(await focus());
        await page.keyboard.press("ArrowDown"); await page.keyboard.press("Enter");
        await page.waitForSelector("#copy-code"); steps.push(await page.evaluate(() => location.hash), await focus());
        await page.keyboard.press("c"); await page.waitForSelector("#copy-code.done");
        steps.push((await page.evaluate(() => navigator.clipboard.readText())).split("\\n")[0]);
        await page.goBack(); await page.waitForSelector("a.open"); steps.push(await page.inputValue("#find"));
        await page.keyboard.press("?"); steps.push(await page.locator("dialog").getAttribute("open"));
        await page.keyboard.press("Escape");
        await page.keyboard.press("/"); await page.keyboard.press("Escape"); steps.push(await page.evaluate(() => location.hash));
        return steps""",
    )
    assert found == [
        "implant.normalized_binned_spikes",
        "implant.old_spikes",
        "find",
        SPIKES,
        "normalized_binned_spikes",
        "import neurochain as nc",
        "spikes",
        "",
        "#/",
    ]


def test_the_search_enters_with_enter(look: Any) -> None:
    assert (
        look(
            SPIKES,
            'await page.fill("#find", "kohm"); await page.press("#find", "Enter"); await page.waitForSelector("#copy-code"); return text("h1")',
        )
        == "impedance_series"
    )


def test_what_is_not_found_says_what_is_near(look: Any) -> None:
    found = look(
        "#/?q=impedence_series",
        'return {main: await text("main"), near: await page.locator(".empty a").allInnerTexts()}',
    )
    assert "Nothing is called “impedence_series”" in found["main"]
    assert "impedance_series" in found["near"]
    found = look("#/implant/impedence_series", 'return text("main")')
    assert "There is no such table" in found
    assert "impedance_series" in found


def test_filters_and_sorting_stand_in_the_address(look: Any) -> None:
    found = look(
        "",
        """await page.selectOption("select[aria-label='All kinds']", "parquet");
        await page.selectOption("select[aria-label='All owners']", "ephys");
        await page.click("button.sort:has-text('Rows')");
        return {hash: await page.evaluate(() => location.hash), names: await page.locator("a.open").allInnerTexts(),
                sorted: await page.locator("th[aria-sort]").innerText()}""",
    )
    assert found["hash"] == "#/?kind=parquet&owner=ephys&sort=rows"
    assert found["names"] == ["implant.impedance_series", "implant.gone"]
    assert found["sorted"].startswith("Rows")


def test_code_is_copied_as_it_is(look: Any, tmp_path: Path) -> None:
    found = look(
        SPIKES,
        """const copied = [];
        for (const language of ["Python", "SQL", "Chain"]) {
          await page.click(`[role=tab]:has-text("${language}")`);
          await page.click("#copy-code"); await page.waitForSelector("#copy-code.done");
          copied.push([language, await text("pre code"), await page.evaluate(() => navigator.clipboard.readText())]);
        }
        return copied""",
    )
    for language, shown, copied in found:
        assert shown == copied, language
    (python, sql, chain) = (copied for _, _, copied in found)
    assert python == (
        "import neurochain as nc\nfrom catalog import catalog\n\n"
        'df = catalog.db("implant").table(\n    "normalized_binned_spikes",\n'
        '    (nc.Filter("implant_id", "==", 4595), nc.Filter("date", "==", "2024-04-28")),\n).collect()'
    )
    assert sql == (
        "select *\nfrom implant.normalized_binned_spikes\n"
        "where implant_id = 4595\n  and \"date\" = '2024-04-28'\nlimit 100;"
    )
    assert 'catalog.db("implant")["normalized_binned_spikes"].chain(' in chain


def test_copying_without_a_clipboard_of_its_own(look: Any) -> None:
    assert look(
        SPIKES,
        """await page.evaluate(() => Object.defineProperty(navigator, "clipboard", {value: undefined}));
            await page.click("#copy-code"); await page.waitForSelector("#copy-code.done");
            await page.focus("#find"); await page.keyboard.press("Control+V"); return page.inputValue("#find")""",
    ).startswith("import neurochain as nc")


def test_the_notebook_that_is_downloaded(look: Any, tmp_path: Path) -> None:
    path = tmp_path / "n.ipynb"
    named = look(
        SPIKES,
        """const [download] = await Promise.all([page.waitForEvent("download"), page.click("#notebook")]);
        await download.saveAs(given); return download.suggestedFilename()""",
        str(path),
    )
    assert named == "implant.normalized_binned_spikes.ipynb"
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.cells[0].source.startswith("# implant\\.normalized\\_binned\\_spikes")


def test_light_and_dark(look: Any) -> None:
    script = """
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const colours = [await ground()];
    await page.click("#theme"); colours.push(await ground(), await text("#theme"));
    await page.reload(); await settled(); colours.push(await ground());
    return colours"""
    light, dark = "rgb(247, 248, 248)", "rgb(16, 20, 23)"
    assert look("", script, colorScheme="light") == [light, dark, "Light", dark]
    assert look("", script, colorScheme="dark") == [dark, light, "Dark", light]


def each(script: str) -> str:
    """A script that runs another in every view, and gives what that returned by view."""
    return f"""
    const found = {{}};
    for (const view of given) {{
      await page.evaluate((hash) => {{ location.hash = hash }}, view);
      await page.waitForFunction((hash) => app.drawn === hash, view);
      found[view] = await (async () => {{ {script} }})();
    }}
    return found"""


def test_nothing_is_wider_than_a_phone(look: Any) -> None:
    script = """return page.evaluate(() => ({width: document.documentElement.scrollWidth,
      small: [...document.querySelectorAll("main a.open, button, select, input")].filter((e) => e.checkVisibility()
        && e.getBoundingClientRect().height < 17).map((e) => e.outerHTML)}))"""
    assert look("", each(script), VIEWS, **PHONE) == {view: {"width": 390, "small": []} for view in VIEWS}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_it(look: Any, scheme: str) -> None:
    """Names, roles, headings, landmarks and contrast, by axe, of every view."""
    assert look("", each("return audit(page)"), VIEWS, colorScheme=scheme) == {view: [] for view in VIEWS}


def test_everybody_can_read_it_on_a_phone(look: Any) -> None:
    views = ["#/", SPIKES]
    assert look("", each("return audit(page)"), views, **PHONE) == {view: [] for view in views}


def test_hostile_texts_stay_texts(look: Any) -> None:
    script = """return page.evaluate(() => ({made: document.querySelectorAll("main img, main script, main iframe, [onerror]").length,
      ways: [...document.querySelectorAll("a")].map((a) => a.getAttribute("href")).filter((h) => !/^(#|https:)/.test(h)),
      text: document.querySelector("main").innerText}))"""
    found = look("", each(script), VIEWS)
    assert {(seen["made"], *seen["ways"]) for seen in found.values()} == {(0,)}
    for part in (
        "<img src=x onerror=alert(1)>",
        "</script><script>alert(1)</script>",
        "[a](javascript:alert(1)) <b>bold</b>",
        HOSTILE.split("\u2028")[0],
    ):
        assert part in found["#/odd/hostile"]["text"]


def test_lineage_is_drawn_and_told(look: Any) -> None:
    found = look(
        "#/features/alpha_roi_tags/versions",
        """return {boxes: await page.locator(".graph .box").count(), shown: await page.locator(".graph .shown .title").textContent(),
        lines: await page.locator(".graph .line").count(), told: await page.locator("details summary:has-text('As text') + ul").textContent(),
        versions: await page.locator(".versions tbody th").allInnerTexts()}""",
    )
    assert found["shown"] == "alpha_roi_tags@1.1.0"
    assert found["boxes"] == 5
    assert found["lines"] == 4
    assert "used scales@1.0.0" in found["told"]
    assert [v.split()[0] for v in found["versions"]] == ["1.1.0", "1.0.0"]


def test_printed_pages_have_no_controls(look: Any) -> None:
    assert (
        look(
            SPIKES,
            'await page.emulateMedia({media: "print"}); return page.isVisible(".top") || page.isVisible("#copy-code")',
        )
        is False
    )


def test_what_the_index_holds_is_what_is_drawn(look: Any, site: Built) -> None:
    """Numbers of the table's page, against what the builder was told by storage."""
    text = (site.folder / "data.js").read_text("utf-8").strip()
    index = json.loads(text[text.index("(") + 1 : -2])
    (held,) = [t for d in index["databases"] for t in d["tables"] if t["name"] == "normalized_binned_spikes"]
    tiles = look(
        SPIKES,
        'return Object.fromEntries(await page.locator(".tiles > div").evaluateAll((all) => all.map((d) => [d.children[0].textContent, d.children[1].textContent])))',
    )
    assert tiles["Rows"] == str(held["rows"])
    assert tiles["Files"] == str(held["files"])
    assert tiles["Size"] == f"{held['size'] / 1000:.3g} kB"
    assert tiles["Changed"]
