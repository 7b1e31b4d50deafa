"""Signals in a browser: whatever the distance, filtered or not, of many channels, in few bytes."""

import mne
import numpy as np
import pytest
import scipy.signal
from front import Front
from signals_made import HOUR, RATE, SPIKE, SPIKING
from signals_seen import SEEN, number, place, source

FIRST_SCREEN = 3_000_000  # bytes for the page of 256 channels, ten seconds of an hour: what is seen, what lies beside it, and all of it from afar


@pytest.fixture
def page(signals: Front) -> Front:
    return signals


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
    spans = [0.5, 40, 120]
    seen = page.look(place(page, "eeg.edf", ch=SPIKING, gain=0.1, look=look, t=1, w=1), script, spans)
    for wide, found in zip(spans, seen.value, strict=True):
        start = min(max(SPIKE / RATE - wide / 2, 0), 120 - wide)
        wanted = (SPIKE / RATE - start) / wide
        assert found, f"{wide} s: nothing is seen"
        assert np.abs(np.array(found) - wanted).max() < 0.02, f"{wide} s"


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
    seen = page.look(place(page, "run_g0_t0.imec0.ap.meta", hp=300, w=2), script)
    assert "385 channels of" in seen.value
    assert "Zoom in to" in seen.value
    assert [c for c in seen.complaints if "400" not in c] == []


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
    assert seen.value["told"].endswith(" fetched")
    assert seen.complaints == []


def test_a_whole_hour_is_rough_first(page: Front) -> None:
    script = (
        SEEN
        + """
        await page.locator(".rough").waitFor();
        const rough = [await said(".rough"), await picture()];
        await page.locator(".rough").waitFor({ state: "detached" });
        await calm();
        return { said: rough[0], same: rough[1] === await picture(), status: await said(".recording-status") };
    """
    )
    seen = page.look(place(page, "hour.edf", w=3600, ch="0-63"), script)
    assert "rough, all samples in a moment" in seen.value["said"]
    assert not seen.value["same"]
    assert "min and max of 1,024" in seen.value["status"]
    exact = [url for url in seen.requests if "exact=1" in url]
    assert exact
    assert all("exact=1" not in url for url in seen.requests[: seen.requests.index(exact[0])])


def test_fingers_pan_and_zoom(page: Front) -> None:
    script = (
        SEEN
        + """
        const touch = await context.newCDPSession(page);
        const box = await plot();
        const put = (type, ...xs) => touch.send("Input.dispatchTouchEvent", { type, touchPoints: xs.map((x, id) => ({ x: box.x + x, y: box.y + 120, id })) });
        await put("touchStart", 300);
        for (const x of [280, 240, 200]) await put("touchMove", x);
        await put("touchEnd");
        await page.waitForURL(/[?&]t=/);
        const panned = [Number(at("t")), at("w")];
        await put("touchStart", 200);
        await put("touchStart", 200, 260);
        for (const by of [10, 20, 30]) await put("touchMove", 200 - by, 260 + by);
        await put("touchEnd");
        await page.waitForURL(/[?&]w=/);
        return { panned, wide: Number(at("w")), perPixel: 10 / box.width };
    """
    )
    seen = page.look(place(page, "eeg.edf"), script, hasTouch=True, viewport={"width": 1024, "height": 768})
    start, wide = seen.value["panned"]
    assert start == pytest.approx(100 * seen.value["perPixel"], rel=0.05)
    assert wide is None
    assert seen.value["wide"] == pytest.approx(5, rel=0.1)  # twice as far apart
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
            for (let i = 0; i < 30; i += 1) {
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
    assert seen.value == {"drawn": [{"traces": "webgl"}.get(look, look)] * 2, "blank": 0, "frames": 30}
    assert seen.complaints == []


def test_can_be_read_by_everybody_and_fits_a_tablet(page: Front) -> None:
    script = (
        SEEN
        + """
        await page.keyboard.press("c");
        const wrong = await audit(page);
        await page.keyboard.press("Escape");
        await page.keyboard.press("f");
        await page.emulateMedia({ colorScheme: "dark" });
        wrong.push(...await audit(page));
        await page.keyboard.press("Escape");
        await page.locator(".lane-label").nth(1).click();
        await calm();
        wrong.push(...await audit(page));
        await page.keyboard.press("Escape");
        const over = [];
        for (const width of [700, 1024, 1280]) {
            await page.setViewportSize({ width, height: 768 });
            await calm();
            over.push(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth));
        }
        return { wrong, over };
    """
    )
    seen = page.look(place(page, "eeg.edf", wide=1), script, colorScheme="light", reducedMotion="reduce")
    assert seen.value["wrong"] == []
    assert max(seen.value["over"]) <= 0
    assert seen.complaints == []


def test_viewers_come_when_they_are_needed(page: Front) -> None:
    seen = page.look(
        "/v?ref=files@1.0.0", "return performance.getEntriesByType('resource').map((one) => one.name)"
    )
    assert not [name for name in seen.value if "Recording" in name or "Video" in name]
