"""The table of rows in a browser: a million of them, sorted, filtered, at an address that gives the same again."""

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import polars as pl
import pytest
from front import Front, front
from front_made import ROWS, numbers

REF = "numbers@1.0.0"
STATIC = Path(__file__).parents[2] / "neurochain" / "web" / "static"
ENTRY = 100_000  # bytes, gzipped, of all that is loaded before somebody opens a row or a graph
# What stands in the first rows that are seen whole.
SEEN = """
const rows = (n) => page.evaluate((n) => {
    const box = document.querySelector(".grid").getBoundingClientRect();
    const all = [...document.querySelectorAll(".grid-row")].filter((row) => row.getBoundingClientRect().top >= box.top + 30 && row.getBoundingClientRect().bottom <= box.bottom + 1);
    return all.sort((a, b) => a.ariaRowIndex - b.ariaRowIndex).slice(0, n).map((row) => [...row.children].map((cell) => cell.textContent));
}, n);
const come = () => page.waitForFunction(() => document.querySelector(".grid-row .yes, .grid-row .no") && !document.querySelector(".grid-row .bar, .grid.stale"));
await come();
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with front(tmp_path_factory.mktemp("front")) as found:
        yield found


def cells(frame: pl.DataFrame, number: int = 0) -> list[str]:
    subject, x, flag, note = frame.row(number)
    return [subject, f"{x:,.6g}" if x < 1000 else f"{x:,}", "yes" if flag else "no", note or "–"]


def test_a_million_rows_are_scrolled(page: Front) -> None:
    script = (
        SEEN
        + """
        const first = await rows(1);
        await page.locator(".grid").focus();
        await page.keyboard.press("End");
        await page.waitForFunction(() => [...document.querySelectorAll(".row-number")].some((one) => one.textContent === "1,000,000"));
        await come();
        const last = (await rows(60)).at(-1);
        const drawn = await page.locator(".grid-row").count();
        await page.keyboard.press("ArrowUp");
        await page.keyboard.press("PageUp");
        await come();
        await page.waitForURL(/at=/);
        const url = page.url();
        const here = await rows(3);
        await page.reload();
        await come();
        const again = await rows(3);
        await page.locator(".grid").hover();
        await page.mouse.wheel(0, -280);
        await page.waitForTimeout(500);
        await come();
        const wheeled = await rows(1);
        return { first, last, drawn, url, here, again, wheeled };
    """
    )
    seen = page.look(f"/v?ref={REF}", script)
    all_rows = numbers()
    assert seen.value["first"][0] == ["1", *cells(all_rows)]
    assert seen.value["last"] == ["1,000,000", *cells(all_rows, ROWS - 1)]
    assert seen.value["drawn"] < 60
    assert seen.value["here"] == seen.value["again"]
    before, after = (
        int(rows[0][0].replace(",", "")) for rows in (seen.value["again"], seen.value["wheeled"])
    )
    assert before - after == 10  # 280 pixels, though a pixel of the scroll bar is two of the rows
    assert seen.complaints == []


def test_rows_are_sorted_and_filtered_and_the_address_says_so(page: Front) -> None:
    script = (
        SEEN
        + """
        const out = {};
        await page.getByRole("button", { name: "x", exact: true }).click();
        await page.waitForURL(/sort=x/); await come();
        await page.getByRole("button", { name: "x", exact: true }).click();
        await page.waitForURL(/descending=1/); await come();
        out.sorted = await rows(2);
        await page.getByRole("button", { name: "Filter" }).click();
        await page.locator(".filter-editor select").first().selectOption("x");
        await page.getByLabel("Condition").selectOption("between");
        await page.getByLabel("From").fill("nothing");
        await page.getByRole("dialog").getByRole("button", { name: "Filter" }).click();
        out.wrong = await said(".wrong");
        await page.getByLabel("From").fill("10");
        await page.getByLabel("To, which").fill("20.5");
        await page.keyboard.press("Enter");
        await page.waitForURL(/filter=/);
        await page.getByText(/ of 1,000,000 rows/).waitFor(); await come();
        await page.getByRole("button", { name: "Filter", exact: true }).click();
        await page.locator(".filter-editor select").first().selectOption("subject");
        await page.getByLabel("Condition").selectOption("in");
        await page.getByLabel("Values").fill("sub-01, sub-02");
        await page.keyboard.press("Enter");
        await page.waitForURL(/sub-01/);
        await page.waitForTimeout(400); await come();
        out.filtered = await rows(3);
        out.matched = await said(".matched");
        out.url = page.url();
        await page.getByRole("button", { name: "Copy as Python" }).click();
        await page.getByText("Copied").waitFor({ state: "attached" });
        out.code = await page.evaluate(() => navigator.clipboard.readText());
        await page.reload(); await come();
        out.again = await rows(3);
        await page.goBack();
        await page.waitForTimeout(400); await come();
        out.back = await said(".matched");
        await page.getByRole("button", { name: "Remove the filter on x" }).click();
        await page.getByText("1,000,000 rows in").waitFor();
        return out;
    """
    )
    seen = page.look(f"/v?ref={REF}", script)
    frame = numbers().sort("x", descending=True, maintain_order=True)
    assert [row[1:] for row in seen.value["sorted"]] == [cells(frame, 0), cells(frame, 1)]
    assert "is no number" in seen.value["wrong"]
    within = frame.filter(pl.col("x").is_between(10, 20.5))
    chosen = within.filter(pl.col("subject").is_in(["sub-01", "sub-02"]))
    assert seen.value["matched"].startswith(f"{chosen.height:,} of 1,000,000 rows")
    assert [row[1:] for row in seen.value["filtered"]] == [cells(chosen, i) for i in range(3)]
    assert seen.value["again"] == seen.value["filtered"]
    assert seen.value["back"].startswith(f"{within.height:,} of")
    asked = parse_qs(urlsplit(seen.value["url"]).query)
    assert json.loads(asked["filter"][0]) == [
        ["x", "between", [10, 20.5]],
        ["subject", "in", ["sub-01", "sub-02"]],
    ]
    assert (asked["sort"], asked["descending"]) == (["x"], ["1"])
    assert "nc.Column('x').is_between(10" in seen.value["code"]
    assert "order_by('x', descending=True)" in seen.value["code"]
    assert seen.complaints == []


def test_columns_are_chosen(page: Front) -> None:
    script = """
        const heads = () => page.getByRole("columnheader").allInnerTexts();
        await page.locator(".grid-row .right").first().waitFor();
        const first = await heads();
        await page.keyboard.press("c");
        await page.keyboard.type("voxel");
        const offered = await page.locator(".picks label").allInnerTexts();
        await page.getByRole("checkbox", { name: "voxel_sizes" }).uncheck();
        await page.waitForURL(/columns=/);
        await page.waitForTimeout(300);
        const then = await heads();
        await page.reload();
        await page.locator(".grid-row .right").first().waitFor();
        return { first, offered, then, again: await heads() };
    """
    seen = page.look("/v?ref=study/anatomy@1.2.0", script)
    heads = [name.replace("\n", " ") for name in seen.value["first"]]
    assert heads[1:5] == ["file.path", "middle", "profile", "slabs"]
    assert "header.voxel_sizes mm" in heads
    assert len(heads) < 14  # of some 300 columns, those that say something
    assert len(seen.value["then"]) == len(heads) - 1
    assert seen.value["again"] == seen.value["then"]


def test_row_opens_by_click_and_by_keyboard_and_back_gives_the_rows(page: Front) -> None:
    script = (
        SEEN
        + """
        await page.locator(".grid").focus();
        await page.keyboard.press("ArrowDown");
        await page.keyboard.press("Enter");
        await page.waitForURL(/\\/v\\/row/);
        await page.getByText("Row 2 of 990,000").waitFor();
        const second = await said("main");
        await page.goBack(); await come();
        await page.locator(".grid-row").nth(4).click();
        await page.getByText("Row 5 of 990,000").waitFor();
        return second;
    """
    )
    filtered = quote('[["subject","!=","sub-00"]]')
    seen = page.look(f"/v?ref={REF}&filter={filtered}", script)
    assert "sub-02" in seen.value
    assert "that meet the filters" in seen.value


def test_only_rows_that_are_looked_at_are_asked_for(page: Front) -> None:
    script = (
        SEEN
        + """
        const box = page.locator(".grid");
        await box.evaluate(async (own) => {
            for (let i = 1; i <= 30; i += 1) { own.scrollTop = i * 270000; await new Promise(requestAnimationFrame); }
        });
        await page.waitForTimeout(300); await come();
        return (await rows(1))[0];
    """
    )
    seen = page.look(f"/v?ref={REF}", script)
    asked = [url for url in seen.requests if "/api/rows" in url]
    assert len(asked) < 20  # on the way lie thirty places, each of one page or two
    number = int(seen.value[0].replace(",", ""))
    assert number > 600_000
    assert seen.value[1:] == cells(numbers(), number - 1)


def test_entry_is_small() -> None:
    index = (STATIC / "index.html").read_text()
    named = re.findall(r'(?:src|href)="/(assets/[^"]+)"', index)
    size = sum(len(gzip.compress((STATIC / name).read_bytes())) for name in named)
    assert len(named) >= 2
    assert size < ENTRY
