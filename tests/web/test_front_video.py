"""Videos in a browser: each frame is the one that is asked for, and only ranges of the file are fetched."""

import base64
import io
from urllib.parse import parse_qs, urlsplit

import av
import numpy as np
import pytest
from front import Front
from PIL import Image
from signals_seen import place, source

# What the screen shows, and at which frame it says to be.
SEEN = """
const screen = ".screen canvas:not([hidden]), .screen:not(:has(canvas:not([hidden]))) video";
const at = (frame) => page.waitForFunction(([screen, frame]) => {
    const own = document.querySelector(screen);
    return own?.dataset.ready === "yes" && document.querySelector(".frame-number").textContent.replace(/,/g, "") === String(frame + 1) && !own.seeking;
}, [screen, frame]);
const shown = () => page.evaluate((screen) => {
    const own = document.querySelector(screen);
    const copy = document.createElement("canvas");
    [copy.width, copy.height] = [own.videoWidth || own.width, own.videoHeight || own.height];
    copy.getContext("2d").drawImage(own, 0, 0);
    return copy.toDataURL();
}, screen);
const told = (name, value) => page.waitForFunction(([name, value]) => new URL(location.href).searchParams.get(name) === value, [name, value]);
"""


@pytest.fixture
def page(signals: Front) -> Front:
    return signals


def pixels(url: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGB")).astype(
        int
    )


def decoded(path: str) -> tuple[list[np.ndarray], list[float]]:
    with av.open(path) as container:
        frames = list(container.decode(video=0))
    return [f.to_ndarray(format="rgb24").astype(int) for f in frames], [float(f.time) for f in frames]


@pytest.mark.parametrize("name", ["even.mp4", "variable.mp4", "xvid.avi"])
def test_each_frame_is_the_one_that_is_asked_for(page: Front, name: str) -> None:
    script = (
        SEEN
        + """
        await at(0);
        const out = [[0, await shown()]];
        await page.keyboard.press(".");
        await at(1);
        out.push([1, await shown()]);
        for (const _ of [2, 3, 4]) await page.keyboard.press("ArrowRight");
        await at(4);
        out.push([4, await shown()]);
        await page.keyboard.press("t");
        await page.keyboard.type("#24");
        await page.keyboard.press("Enter");
        await at(23);
        out.push([23, await shown()]);
        await page.keyboard.press(",");
        await at(22);
        out.push([22, await shown()]);
        await page.keyboard.press("t");
        await page.keyboard.type(given.more);
        await page.keyboard.press("Enter");
        await page.waitForFunction(() => document.querySelector(".frame-number").textContent !== "23");
        await page.waitForTimeout(150);
        const sought = await said(".frame-number");
        const time = await said(".video-time b");
        await told("frame", String(Number(sought) - 1));
        const url = page.url();
        await page.reload();
        await at(Number(sought) - 1);
        out.push([Number(sought) - 1, await shown()]);
        return { out, sought: Number(sought) - 1, time, url, plays: await page.locator("video").count() };
    """
    )
    frames, times = decoded(source(page, name))
    wanted_time = times[30] + 0.004
    seen = page.look(place(page, name), script, f"{wanted_time:.4f}")
    assert seen.value["sought"] == 30
    assert float(seen.value["time"]) == pytest.approx(times[30], abs=0.0006)
    assert seen.value["plays"] == (0 if name.endswith("avi") else 1)
    for number, url in seen.value["out"]:
        errors = [np.abs(pixels(url) - frame).mean() for frame in frames]
        assert int(np.argmin(errors)) == number, (number, np.round(errors, 1))
    assert seen.complaints == []


@pytest.mark.parametrize("name", ["even.mp4", "xvid.avi"])
def test_plays_and_stops(page: Front, name: str) -> None:
    script = (
        SEEN
        + """
        await at(0);
        await page.getByLabel("Speed").selectOption("0.5");
        await told("speed", "0.5");
        await page.keyboard.press("k");
        await page.waitForFunction(() => Number(document.querySelector(".frame-number").textContent) > 6);
        await page.getByRole("button", { name: "Pause" }).click();
        await page.getByRole("button", { name: "Play" }).waitFor();
        const stopped = Number(await said(".frame-number"));
        await page.waitForTimeout(300);
        const then = Number(await said(".frame-number"));
        const audited = await audit(page);
        await page.emulateMedia({ colorScheme: "dark" });
        audited.push(...await audit(page));
        await page.setViewportSize({ width: 760, height: 1024 });
        return { stopped, then, wrong: audited, over: await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), facts: await said(".video-facts") };
    """
    )
    seen = page.look(place(page, name), script, colorScheme="light", reducedMotion="reduce")
    assert abs(seen.value["then"] - seen.value["stopped"]) <= 1
    assert seen.value["wrong"] == []
    assert seen.value["over"] <= 0
    assert "64 × 48" in seen.value["facts"]
    assert seen.complaints == []


def test_frames_stand_upright(page: Front) -> None:
    script = (
        SEEN
        + "await at(0); const box = await page.locator('.screen').boundingBox(); return [box.width / box.height, await page.evaluate(() => [document.querySelector('video').videoWidth, document.querySelector('video').videoHeight])];"
    )
    ratio, size = page.look(place(page, "turned.mp4"), script).value
    assert size == [48, 64]
    assert ratio == pytest.approx(48 / 64, rel=0.02)


def test_seeking_fetches_ranges(page: Front) -> None:
    script = (
        SEEN
        + """
        await page.waitForTimeout(0);
        const ranges = [];
        let bytes = 0;
        const network = await context.newCDPSession(page);
        await network.send("Network.enable");
        const media = new Set();
        network.on("Network.requestWillBeSent", ({ requestId, request }) => { if (request.url.includes("/media/bytes")) { media.add(requestId); ranges.push(request.headers.Range ?? request.headers.range ?? ""); } });
        network.on("Network.dataReceived", ({ requestId, dataLength }) => { if (media.has(requestId)) bytes += dataLength; });
        await open(given.more);
        await at(0);
        const first = bytes;
        for (const frame of [2400, 4700]) {
            await page.keyboard.press("t");
            await page.keyboard.type(`#${frame + 1}`);
            await page.keyboard.press("Enter");
            await at(frame);
        }
        const frames = await said(".video-line");
        return { ranges, first, bytes, frames };
    """
    )
    seen = page.look("", script, place(page, "long.mp4"))
    with open(source(page, "long.mp4"), "rb") as file:
        size = file.seek(0, 2)
    assert size > 60e6
    assert "frame 4,701 of 4,800" in seen.value["frames"].replace("\n", " ")
    assert len(seen.value["ranges"]) >= 3
    assert all(one.startswith("bytes=") for one in seen.value["ranges"])
    assert {int(one[6:].partition("-")[0]) > size // 3 for one in seen.value["ranges"]} == {True, False}
    assert seen.value["bytes"] < 0.6 * size


def test_what_cannot_be_gone_to_is_said(page: Front) -> None:
    script = (
        SEEN
        + """
        await at(0);
        const out = [];
        for (const typed of ["#99", "nonsense", "9:00"]) {
            await page.getByLabel("Go to a time or a frame").fill(typed);
            await page.keyboard.press("Enter");
            await page.locator(".go-to .wrong").waitFor();
            out.push(await said(".go-to .wrong"));
        }
        return out;
    """
    )
    seen = page.look(place(page, "even.mp4"), script)
    assert [text.partition(" ")[0] for text in seen.value] == ["There", "“nonsense”", "The"]
    assert parse_qs(urlsplit(place(page, "even.mp4")).query)["ref"] == ["files@1.0.0"]
