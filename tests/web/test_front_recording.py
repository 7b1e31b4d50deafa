"""Recordings in a browser: what is drawn is what was recorded, at an address that gives the same again."""

from urllib.parse import parse_qs, urlsplit

import h5py
import mne
import numpy as np
import pytest
from front import Front
from signals_made import LABELS, RATE
from signals_seen import SEEN, number, place, source

import neurochain as nc


@pytest.fixture
def page(signals: Front) -> Front:
    return signals


def test_values_are_those_of_mne(page: Front) -> None:
    script = (
        SEEN
        + """
        const box = await plot();
        const readings = [];
        for (const share of [0.1, 0.5, 0.9]) {
            await page.mouse.move(box.x + box.width * share, box.y + box.height * share);
            await page.locator(".readout .reading").waitFor();
            await page.waitForTimeout(60);
            readings.push(await page.locator(".readout .reading").evaluate((own) => ({ ...own.dataset })));
        }
        await page.mouse.click(box.x + box.width / 2, box.y + 60);
        await page.locator(".lane-label .value").first().waitFor();
        await told("cursor", at("cursor"));
        await page.waitForURL(/cursor=/);
        return { readings, values: await values(), cursor: at("cursor"), every: await said(".recording-status") };
    """
    )
    seen = page.look(place(page, "eeg.edf", t=10, w=1.5), script)
    raw = mne.io.read_raw_edf(source(page, "eeg.edf"), verbose="error").get_data() * 1e6
    assert len(seen.value["readings"]) == 3
    for reading in seen.value["readings"]:
        wanted = raw[int(reading["channel"]), int(reading["sample"])]
        assert float(reading["value"]) == pytest.approx(wanted, rel=1e-6, abs=1e-6)
    assert len({r["channel"] for r in seen.value["readings"]}) == 3
    sample = round(float(seen.value["cursor"]) * RATE)
    found = [number(v) for v in seen.value["values"]]
    assert found[:-1] == pytest.approx(
        list(raw[:-1, sample]), rel=1e-4
    )  # MNE says of triggers what is stored
    assert "every sample" in seen.value["every"]
    assert seen.complaints == []


def test_channels_are_picked_and_marked(page: Front) -> None:
    script = (
        SEEN
        + """
        const labels = () => page.locator(".lane-label .cut").allInnerTexts();
        const first = await labels();
        await page.keyboard.press("c");
        await page.getByLabel("Find a channel").fill("eog");
        await page.getByRole("button", { name: "Only these 1" }).click();
        await told("ch", "20");
        await calm();
        const one = await labels();
        await page.getByLabel("Find a channel").fill("");
        await page.getByRole("button", { name: "All", exact: true }).click();
        await page.getByRole("checkbox", { name: "E1 µV", exact: true }).uncheck();
        await page.getByRole("button", { name: "E2 is bad", exact: true }).click();
        await told("bad", "2");
        await page.keyboard.press("Escape");
        await page.locator(".lane-label", { hasText: "EOG left" }).click();
        await page.getByRole("dialog", { name: "Channel EOG left" }).getByRole("button", { name: "Larger" }).click();
        await page.keyboard.press("Escape");
        await page.locator(".lane-label .by").waitFor();
        await page.waitForURL(/gains=20%3A1.25/);
        const url = page.url();
        await page.reload();
        await calm();
        return { first, one, then: await labels(), bad: await page.locator(".bad-lane").allInnerTexts(), by: await said(".lane-label .by"), url };
    """
    )
    seen = page.look(place(page, "eeg.edf"), script)
    assert seen.value["first"] == LABELS
    assert seen.value["one"] == ["EOG left"]
    assert seen.value["then"] == [label for label in LABELS if label != "E1"]
    assert (seen.value["bad"], seen.value["by"]) == (["E2"], "×1.25")
    assert parse_qs(urlsplit(seen.value["url"]).query)["ch"] == ["0,2-23"]
    assert seen.complaints == []


def test_events_are_gone_to(page: Front) -> None:
    script = (
        SEEN
        + """
        const cursors = [];
        for (const [key, wanted] of [["e", "10"], ["e", "30.5"], ["e", "60"], ["E", "30.5"]]) {
            await page.keyboard.press(key);
            await told("cursor", wanted);
            cursors.push([at("t"), at("cursor")]);
        }
        await page.keyboard.press("l");
        const listed = await page.locator(".event-list li").allInnerTexts();
        const here = await page.locator(".event-list [aria-current]").innerText();
        await page.getByLabel("Find an event").fill("rest");
        await page.locator(".event-list li button").click();
        await told("cursor", "60");
        await page.keyboard.press("Escape");
        await page.keyboard.press("t");
        await page.keyboard.type("1:40.5");
        await page.keyboard.press("Enter");
        await told("cursor", "100.5");
        await page.keyboard.press("t");
        await page.keyboard.type("4:00");
        await page.keyboard.press("Enter");
        return { cursors, listed, here, wrong: await said(".go-to .wrong"), bold: await page.locator(".event-list b").count() };
    """
    )
    seen = page.look(place(page, "eeg.edf"), script)
    assert seen.value["cursors"] == [["5", "10"], ["25.5", "30.5"], ["55", "60"], ["25.5", "30.5"]]
    assert [line.split("\n")[:2] for line in seen.value["listed"]] == [
        ["0:10.000", "blink"],
        ["0:30.500", "stimulus"],
        ["1:00.000", "<b>rest</b>"],
    ]
    assert "stimulus" in seen.value["here"]
    assert "goes from 0 s to 120 s" in seen.value["wrong"]
    assert seen.value["bold"] == 0
    assert seen.complaints == []


def test_an_address_gives_the_same_view(page: Front) -> None:
    script = (
        SEEN
        + """
        await page.locator(".plot").focus();
        for (const key of ["ArrowRight", "ArrowRight", "+", "ArrowUp", "ArrowUp"]) await page.keyboard.press(key);
        const box = await plot();
        await page.mouse.move(box.x + 300, box.y + 200);
        await page.mouse.down();
        await page.mouse.move(box.x + 180, box.y + 210, { steps: 5 });
        await page.mouse.up();
        await page.keyboard.down("Control");
        await page.mouse.wheel(0, -120);
        await page.keyboard.up("Control");
        await page.mouse.wheel(0, 90);
        await page.keyboard.press("k");
        await page.waitForURL(/lock=/);
        await page.mouse.move(0, 0);
        await calm();
        const here = await picture();
        const url = page.url();
        await page.reload();
        await calm();
        return { same: here === await picture(), url, again: page.url() };
    """
    )
    seen = page.look(place(page, "eeg.edf", rows=8, top=4), script)
    assert seen.value["url"] == seen.value["again"]
    asked = parse_qs(urlsplit(seen.value["url"]).query)
    assert {"t", "w", "gain", "lock", "rows", "top"} <= asked.keys()
    assert float(asked["w"][0]) < 10 / 1.5
    assert seen.value["same"]
    assert seen.complaints == []


def test_gaps_are_drawn_and_times_behind_them_are_right(page: Front) -> None:
    script = (
        SEEN
        + """
        await page.locator(".lane-label .value").first().waitFor();
        const box = await plot();
        const ink = await page.evaluate(() => {
            const own = document.querySelector(".plot canvas[data-drawn]:not([hidden])");
            const { data, width, height } = own.getContext("2d").getImageData(0, 0, own.width, own.height);
            const columns = [];
            for (let x = 0; x < width; x += 1) { let n = 0; for (let y = 0; y < height; y += 1) n += data[4 * (width * y + x) + 3] > 0; columns.push(n); }
            return columns;
        });
        await page.mouse.move(box.x + box.width / 2, box.y + 100);
        await page.waitForTimeout(80);
        return { values: await values(), ink, between: await said(".readout .reading"), facts: await said(".recording-facts") };
    """
    )
    seen = page.look(place(page, "gaps.edf", w=12, cursor=10.5), script)
    samples = nc.open(source(page, "gaps.edf")).read()
    assert [number(v) for v in seen.value["values"]] == pytest.approx(
        list(samples[:, round(2.5 * RATE)]), rel=1e-4
    )
    ink = np.array(seen.value["ink"])
    share = np.arange(len(ink)) / len(ink) * 12
    assert (ink[(share > 2.1) & (share < 9.9)] == 0).all()
    assert (ink[(share < 1.9) | (share > 10.1)] > 0).all()
    assert seen.value["between"] == "no value"
    assert "4.0 s with 1 gap" in seen.value["facts"].replace("\n", " ")


def test_parts_and_spikes_of_a_session(page: Front) -> None:
    script = (
        SEEN
        + """
        await page.locator(".raster canvas[data-spikes]").waitFor();
        const spikes = await page.locator(".raster canvas").getAttribute("data-spikes");
        const units = await said(".raster h3");
        await page.getByLabel("Which of the arrays").selectOption("/processing/ecephys/LFP/lfp");
        await page.waitForURL(/part=/);
        await page.locator(".recording-facts", { hasText: "100 Hz" }).waitFor();
        await calm();
        return { spikes, units, labels: await page.locator(".lane-label .cut").allInnerTexts() };
    """
    )
    seen = page.look(place(page, "session.nwb", t=1, w=1), script)
    with h5py.File(source(page, "session.nwb")) as file:
        wanted = file["units/spike_times"][:]
    assert seen.value["spikes"] == str(int(((wanted >= 1) & (wanted < 2)).sum()))
    assert seen.value["units"] == "3 units"
    assert seen.value["labels"] == ["AP4", "AP3", "AP2", "AP1"]
    assert seen.complaints == []
