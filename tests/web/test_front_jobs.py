"""Jobs in the browser: a real chain of another process goes on before one's eyes, and ends; and what may be changed of a version."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from front import Front, front
from job_scripts import ROWS, SAVES, running


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Front, Path]]:
    folder = tmp_path_factory.mktemp("jobs")
    with front(folder, "front_small.py") as found:
        yield found, folder


@pytest.fixture
def page(small: tuple[Front, Path], monkeypatch: pytest.MonkeyPatch) -> Front:
    monkeypatch.setenv("NEUROCHAIN_HOME", str(small[1] / ".neurochain"))
    return small[0]


# The script lets the chain go on itself, so that nothing depends on how fast either of them is.
ALLOW = """
        const files = process.getBuiltinModule("node:fs");
        const allow = (rows) => { files.writeFileSync(given.more + ".new", String(rows)); files.renameSync(given.more + ".new", given.more); };
        const shows = (rows) => page.waitForFunction((rows) => document.querySelector(".job .now progress")?.value === rows, rows);
"""


def test_a_chain_goes_on_before_ones_eyes_and_ends_without_a_reload(page: Front, tmp_path: Path) -> None:
    script = """
        await page.locator(".badge").waitFor(); // the first page listens too
        await open("/jobs");
        await page.evaluate(() => {
            window.values = [];
            new MutationObserver(() => {
                const bar = document.querySelector(".job .now progress");
                if (bar && document.querySelector(".job .now code").textContent === "gated") window.values.push(bar.value);
            }).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
        });
        for (const rows of [4, 9, 15]) { allow(rows); await shows(rows); }
        const badge = await said(".badge");
        allow(1e9);
        await page.locator("table.jobs a[href*='watched']").waitFor();
        await page.waitForFunction(() => !document.querySelector(".job, .badge"));
        return { badge, seen: await page.evaluate(() => window.values), table: await said("table.jobs tbody tr") };
    """
    with running(tmp_path, SAVES.replace("features", "watched")) as chain:
        chain.until(lambda job: job.step)
        found = page.look("", ALLOW + script, str(tmp_path / "gate"))
    value = found.value
    assert found.complaints == []
    assert value["seen"] == sorted(value["seen"])
    assert {4, 9, 15} <= set(value["seen"])
    assert value["badge"].startswith("1")
    assert "watched@1.0.0" in value["table"]
    assert sum("/api/jobs/stream" in url for url in found.requests) == 2  # one for each page that was opened


def test_a_chain_is_told_step_by_step(page: Front, tmp_path: Path) -> None:
    body = (
        f'nc.read_values(x=range({ROWS})).settings(workers=0, reuse=False, on_error="skip")'
        '.map(first=lambda x: x + 1).map(failing).save("steps")\n'
    )
    script = """
        await page.waitForFunction(() => document.querySelector(".job .now progress")?.value === 7);
        const card = await said(".job");
        const badge = await said(".badge");
        await page.locator(".job .failure summary").first().click();
        const failure = await said(".job .failure");
        const wrong = await audit(page);
        await page.setViewportSize({ width: 820, height: 900 });
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        await page.emulateMedia({ colorScheme: "dark" });
        wrong.push(...await audit(page));
        await page.getByRole("button", { name: "failed", exact: true }).click();
        await page.getByText("No job has failed").waitFor();
        return { card, badge, failure, wrong, over, url: page.url(), bold: await page.locator("main b:text-is('is wrong')").count() };
    """
    with running(tmp_path, body) as chain:
        chain.allow(7)
        chain.at(7)
        found = page.look("/jobs", script, colorScheme="light", reducedMotion="reduce")
        chain.kill()
    value = found.value
    assert found.complaints == []
    assert value["wrong"] == []
    assert value["over"] <= 0
    assert "save steps" in value["card"]
    assert f"7 of {ROWS} rows" in value["card"]
    assert f"{ROWS} of {ROWS} rows" in value["card"]  # the step before
    assert "2 failed" in value["card"]
    assert value["badge"].startswith("1")
    assert "ValueError: row 1 <b>is wrong</b>" in value["failure"]
    assert "raise ValueError" in value["failure"]
    assert value["bold"] == 0
    assert value["url"].endswith("status=failed")


def test_a_chain_that_is_killed_is_seen_to_have_died(page: Front, tmp_path: Path) -> None:
    script = """
        await page.waitForFunction(() => document.querySelector(".job .now progress")?.value === 3);
        require("process").kill(given.more, "SIGKILL");
        const row = page.locator("table.jobs tr", { hasText: "save killed" });
        await row.locator(".status.died").waitFor();
        return await row.innerText();
    """
    with running(tmp_path, SAVES.replace("features", "killed")) as chain:
        chain.allow(3)
        chain.at(3)
        script = script.replace('require("process")', "process")
        found = page.look("/jobs?status=", script.replace("given.more", str(chain.process.pid)))
    assert "save killed" in found.value
    assert f"at gated, 3 of {ROWS} rows" in found.value.replace("\n", " ")


def test_a_chain_that_fails_shows_why_as_text_and_leads_to_its_row(page: Front, tmp_path: Path) -> None:
    body = 'nc.read_dataset("given").settings(workers=0, reuse=False).map(failing).save("bad")\n'
    script = """
        await page.locator(".status.failed").first().waitFor();
        const row = page.locator("table.jobs tbody tr").first();
        await row.locator(".failure summary").first().click();
        const text = await row.innerText();
        const wrong = await audit(page);
        await row.getByRole("link", { name: /Row 1 of given/ }).click();
        await page.waitForURL(/\\/v\\/row/);
        await settled();
        return { text, wrong, bold: await page.locator("main b:text-is('is wrong')").count(), row: await said("main") };
    """
    with running(tmp_path, body) as chain:
        assert chain.end()[0] == 1
        found = page.look("/jobs?status=failed", script)
    assert found.value["wrong"] == []
    assert "UDFError" in found.value["text"]
    assert "row 1 <b>is wrong</b>" in found.value["text"]
    assert found.value["bold"] == 0
    assert "given" in found.value["row"]


def test_an_empty_project_says_how_to_begin(tmp_path: Path) -> None:
    script = """
        const wrong = await audit(page);
        return { wrong, text: await said("main") };
    """
    with front(tmp_path, "front_small.py", "--empty") as page:
        found = page.look("/jobs", script)
    assert found.value["wrong"] == []
    assert "Nothing has run yet" in found.value["text"]
    assert "nc.read_storage" in found.value["text"]


def test_descriptions_and_labels_are_changed_in_the_page(page: Front) -> None:
    script = """
        await page.getByRole("button", { name: /Change the description/ }).click();
        await page.getByLabel("Description", { exact: true }).fill("Checked <b>by hand</b>");
        await page.getByLabel("New label").fill("reviewed");
        await page.keyboard.press("Enter");
        await page.getByRole("button", { name: "Take made away" }).click();
        const wrong = await audit(page);
        await page.getByRole("button", { name: "Save" }).click();
        await page.getByText("Checked <b>by hand</b>").waitFor();
        await page.reload();
        await settled();
        const after = await said("header.head");
        await page.getByRole("button", { name: /Change the description/ }).click();
        await page.getByLabel("New label").fill("x");
        await page.keyboard.press("Escape");
        return { wrong, after, forms: await page.locator("form.editor").count() };
    """
    found = page.look("/v?ref=given@1.0.0", script)
    assert found.complaints == []
    assert found.value["wrong"] == []
    assert "Checked <b>by hand</b>" in found.value["after"]
    assert "reviewed" in found.value["after"]
    assert "made" not in found.value["after"]
    assert found.value["forms"] == 0
    assert page.api("/api/version?ref=given@1.0.0")["labels"] == ["reviewed"]


def test_what_the_server_refuses_is_said_and_nothing_is_lost(page: Front) -> None:
    script = """
        await page.getByRole("button", { name: /Change the description/ }).click();
        await page.getByLabel("Description", { exact: true }).fill("\\u0007");
        await page.getByRole("button", { name: "Save" }).click();
        await page.getByRole("alert").waitFor();
        return await said("form.editor");
    """
    seen = page.look("/v?ref=given@1.0.0", script)
    assert "A description is text that people read" in seen.value


def test_a_read_only_page_offers_no_change(tmp_path: Path) -> None:
    script = """
        await page.getByText("read only").waitFor();
        return { buttons: await page.locator(".edit").count(), text: await said("header.head") };
    """
    with front(tmp_path, "front_small.py", "--read-only") as page:
        found = page.look("/v?ref=given@1.0.0", script)
    assert found.value["buttons"] == 0
    assert "Some numbers" in found.value["text"]
