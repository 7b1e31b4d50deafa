"""Recordings in a browser: what is drawn is what was recorded, at an address that gives the same again, in few bytes."""

from collections.abc import Iterator
from urllib.parse import parse_qs, quote, urlsplit

import h5py
import mne
import numpy as np
import pytest
import scipy.signal
from front import Front, front
from signals_made import HOUR, LABELS, RATE, SPIKE, SPIKING

import neurochain as nc

FIRST_SCREEN = 3_000_000  # bytes for the page of 256 channels, ten seconds of an hour: what is seen, what lies beside it, and all of it from afar
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


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with front(tmp_path_factory.mktemp("front"), "front_signals.py") as found:
        yield found


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
    return float(text.replace("−", "-"))


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


@pytest.mark.parametrize("look", ["traces", "heat"])
def test_a_spike_of_one_sample_is_seen_from_any_distance(page: Front, look: str) -> None:
    # In which columns of pixels something stands out, far from the middle of the one channel.
    script = (
        SEEN
        + """
        const out = [];
        for (const wide of given.more) {
            await open(given.place.replace("w=1", `w=${wide}`).replace("t=1", `t=${Math.max(78.125 - wide / 2, 0)}`));
            await calm();
            out.push(await page.evaluate(() => {
                const own = document.querySelector(".plot canvas[data-drawn]:not([hidden])");
                const { data, width, height } = own.getContext("2d").getImageData(0, 0, own.width, own.height);
                const found = [];
                const heat = own.dataset.drawn === "heat";
                for (let x = 0; x < width; x += 1) {
                    if (heat) { const i = 4 * (width * (height >> 1) + x); if (data[i] - data[i + 2] > 60) found.push(x / width); continue; }
                    for (let y = 0; y < height * 0.33; y += 1) if (data[4 * (width * y + x) + 3] > 60) { found.push(x / width); break; }
                }
                return found;
            }));
        }
        return out;
    """
    )
    spans = [0.5, 5, 40, 120]
    seen = page.look(place(page, "eeg.edf", ch=SPIKING, gain=0.1, look=look, t=1, w=1), script, spans)
    for wide, found in zip(spans, seen.value, strict=True):
        start = min(max(SPIKE / RATE - wide / 2, 0), 120 - wide)
        wanted = (SPIKE / RATE - start) / wide
        assert found, f"{wide} s: nothing is seen"
        assert np.abs(np.array(found) - wanted).max() < 0.02, f"{wide} s"


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


def test_filters_are_those_of_scipy_and_say_what_they_are(page: Front) -> None:
    script = (
        SEEN
        + """
        await page.keyboard.press("f");
        await page.getByLabel("High-pass").fill("200");
        await page.keyboard.press("Enter");
        const wrong = await said(".filter-panel .wrong");
        await page.getByLabel("High-pass").fill("1");
        await page.getByLabel("Low-pass").fill("30");
        await page.keyboard.press("Enter");
        await told("hp", "1");
        await calm();
        const values_ = await values();
        const label = await said(".recording-status");
        const url = page.url();
        await page.reload();
        await calm();
        await page.locator(".lane-label .value").first().waitFor();
        return { wrong, values: values_, label, url, again: await values() };
    """
    ).replace("values_", "found")
    seen = page.look(place(page, "eeg.edf", t=50, w=4, cursor=52), script)
    assert "between 0 and 128 Hz" in seen.value["wrong"]
    raw = mne.io.read_raw_edf(source(page, "eeg.edf"), verbose="error").get_data() * 1e6
    sections = [
        scipy.signal.butter(2, 1, "highpass", fs=RATE, output="sos"),
        scipy.signal.butter(2, 30, "lowpass", fs=RATE, output="sos"),
    ]
    wanted = scipy.signal.sosfiltfilt(np.concatenate(sections), raw)[:, 52 * RATE]
    found = [number(v) for v in seen.value["values"]]
    assert found[:-1] == pytest.approx(list(wanted[:-1]), abs=0.05)
    assert seen.value["again"] == seen.value["values"]
    assert "filtered for display: 1–30 Hz" in seen.value["label"]
    assert seen.complaints == []


def test_filters_refuse_what_is_too_long(page: Front) -> None:
    script = """
        await page.getByRole("alert").waitFor();
        const message = await said("[role=alert]");
        await page.getByRole("button", { name: "Switch filters off" }).click();
        await page.waitForFunction(() => !document.querySelector("[role=alert]"));
        await page.waitForURL((url) => !url.searchParams.has("hp"));
        return message;
    """
    seen = page.look(place(page, "run_g0_t0.imec0.ap.meta", hp=300, w=3), script)
    assert "385 channels of" in seen.value
    assert "Zoom in to" in seen.value
    assert [c for c in seen.complaints if "400" not in c] == []


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


def test_spectrogram_follows_and_can_be_kept(page: Front) -> None:
    script = (
        SEEN
        + """
        await page.keyboard.press("s");
        await page.locator(".spectrogram canvas[data-ready=yes]").waitFor();
        await page.locator(".spectrogram select").nth(1).selectOption("45");
        await told("fmax", "45");
        await page.getByRole("button", { name: "Keep the colours" }).click();
        await page.waitForURL(/db=/);
        const box = await page.locator(".plot").boundingBox();
        await page.mouse.move(box.x + 400, box.y + 50);
        await page.getByText("most at").waitFor();
        await page.locator(".spectrogram canvas[data-ready=yes]").waitFor();
        const shades = await page.evaluate(() => {
            const own = document.querySelector(".spectrogram-picture canvas");
            const { data } = own.getContext("2d").getImageData(0, 0, own.width, own.height);
            const found = new Set();
            for (let i = 0; i < data.length; i += 404) found.add(data.slice(i, i + 3).join());
            return found.size;
        });
        return { shades, most: await said(".spectrogram header"), wrong: await audit(page) };
    """
    )
    seen = page.look(place(page, "eeg.edf", t=40), script)
    assert seen.value["shades"] > 30
    assert "most at 10 Hz" in seen.value["most"]
    assert seen.value["wrong"] == []
    assert seen.complaints == []


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


def test_an_hour_of_many_channels_opens_in_few_bytes(page: Front) -> None:
    script = (
        SEEN
        + """
        await page.waitForTimeout(1200);
        await calm();
        const entries = await page.evaluate(() => performance.getEntriesByType("resource").filter((one) => one.name.includes("/media/")).map((one) => [one.name, one.encodedBodySize]));
        return { entries, told: await said(".fetched"), drawn: await page.locator(".plot canvas[data-drawn]:not([hidden])").getAttribute("data-drawn") };
    """
    )
    seen = page.look(place(page, "hour.edf"), script)
    total = sum(size for _, size in seen.value["entries"])
    assert 4 * HOUR * 600 < total < FIRST_SCREEN, seen.value["entries"]
    assert seen.value["drawn"] == "heat"
    assert seen.value["told"].endswith("of 472 MB")
    assert seen.complaints == []


@pytest.mark.parametrize("look", ["traces", "heat"])
def test_384_channels_scroll_without_a_blank_frame(page: Front, look: str) -> None:
    script = (
        SEEN
        + """
        return await page.evaluate(async () => {
            const plot = document.querySelector(".plot");
            const box = plot.getBoundingClientRect();
            const small = document.createElement("canvas");
            [small.width, small.height] = [32, 24];
            const context = small.getContext("2d", { willReadFrequently: true });
            const blank = [];
            const own = () => document.querySelector(".plot canvas[data-drawn]:not([hidden])");
            const before = own().dataset.drawn;
            for (let i = 0; i < 40; i += 1) {
                plot.dispatchEvent(new WheelEvent("wheel", { deltaY: 60, clientX: box.x + 200, clientY: box.y + 100, cancelable: true, bubbles: true }));
                await new Promise((done) => requestAnimationFrame(() => { // painted by now, and not yet shown
                    context.clearRect(0, 0, 32, 24);
                    context.drawImage(own(), 0, 0, 32, 24);
                    const { data } = context.getImageData(0, 0, 32, 24);
                    const seen = new Set();
                    for (let p = 0; p < data.length; p += 4) seen.add(data.slice(p, p + 4).join());
                    blank.push(seen.size < 4);
                    done();
                }));
            }
            return { drawn: [before, own().dataset.drawn], blank: blank.filter(Boolean).length, frames: blank.length };
        });
    """
    )
    seen = page.look(place(page, "run_g0_t0.imec0.ap.meta", look=look, w=0.2), script)
    assert seen.value == {"drawn": [{"traces": "webgl"}.get(look, look)] * 2, "blank": 0, "frames": 40}
    assert [
        c for c in seen.complaints if "GPU stall" not in c
    ] == []  # reading pixels, which the page does not do


@pytest.mark.parametrize("name", ["eeg.edf", "session.nwb"])
def test_can_be_read_by_everybody_and_fits_a_tablet(page: Front, name: str) -> None:
    script = (
        SEEN
        + """
        const wrong = await audit(page);
        await page.keyboard.press("c");
        wrong.push(...await audit(page));
        await page.keyboard.press("Escape");
        await page.keyboard.press("f");
        wrong.push(...await audit(page));
        await page.keyboard.press("Escape");
        await page.locator(".lane-label").nth(1).click();
        wrong.push(...await audit(page));
        await page.keyboard.press("Escape");
        await page.emulateMedia({ colorScheme: "dark" });
        await calm();
        wrong.push(...await audit(page));
        const over = [];
        for (const width of [700, 1024, 1280]) {
            await page.setViewportSize({ width, height: 768 });
            await calm();
            over.push(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth));
        }
        return { wrong, over };
    """
    )
    seen = page.look(place(page, name, wide=1), script, colorScheme="light", reducedMotion="reduce")
    assert seen.value["wrong"] == []
    assert max(seen.value["over"]) <= 0
    assert seen.complaints == []


def test_viewers_come_when_they_are_needed(page: Front) -> None:
    seen = page.look(
        "/v?ref=files@1.0.0", "return performance.getEntriesByType('resource').map((one) => one.name)"
    )
    assert not [name for name in seen.value if "Recording" in name or "Video" in name]
