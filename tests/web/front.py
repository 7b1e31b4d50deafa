"""What tests of the page share: the project of front_made.py, served, and a browser that is let in."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from browser.chromium import Chromium, MissingBrowserError, Seen

HERE = Path(__file__).parent
# What a browser says of a machine without a graphics card, and of tests that read pictures.
DRAWN = ("Automatic fallback to software WebGL", "GL Driver Message", "willReadFrequently")
# Lets the browser in, then goes where the test begins, and waits until everything is there.
ENTER = """
await page.goto(given.base + "/?token=secret");
const open = async (place) => { await page.goto(given.base + place); await settled(); };
const still = () => document.querySelector("main") && !document.querySelector(".skeleton, .grid-row .bar, .stale, .canvas > svg:not(:has(.node))");
const settled = async () => { for (let i = 0; i < 2; i += 1) { await page.waitForFunction(still); await page.waitForTimeout(40); } };
const said = (selector) => page.locator(selector).first().innerText();
if (given.place) await open(given.place);
"""


@dataclass(frozen=True)
class Front:
    """A browser before a server.

    Attributes
    ----------
    base : str
        ``http://127.0.0.1:1234``.
    """

    base: str
    chromium: Chromium

    def look(self, place: str, script: str, given: Any = None, **options: Any) -> Seen:
        """Open a view and run a script there; nothing may complain but what it asked for, and nothing leaves the server."""
        asked = {"base": self.base, "place": place, "more": given}
        seen = self.chromium.run(None, ENTER + script, asked, **options)
        seen.complaints[:] = [one for one in seen.complaints if not any(part in one for part in DRAWN)]
        elsewhere = [url for url in seen.requests if not url.startswith((self.base, "data:", "blob:"))]
        assert not elsewhere
        return seen

    def api(self, place: str) -> Any:
        """What the server answers."""
        with urlopen(Request(self.base + place, headers={"Authorization": "Bearer secret"})) as answer:
            return json.load(answer)


@contextlib.contextmanager
def front(folder: Path, made: str = "front_made.py", *arguments: str) -> Iterator[Front]:
    """A server over the project that a script makes, and a browser; skips where there is no browser."""
    try:
        chromium = Chromium()
    except MissingBrowserError as error:
        pytest.skip(str(error))
    env = {
        **os.environ,
        "NEUROCHAIN_HOME": str(folder / ".neurochain"),
        "NEUROCHAIN_CACHE": str(folder / ".cache"),
        "NEUROCHAIN_PROGRESS": "0",
        "PYTHONPATH": os.pathsep.join(
            [str(HERE.parents[1]), str(HERE.parent / "formats"), os.environ.get("PYTHONPATH", "")]
        ),
    }
    server = subprocess.Popen(
        [sys.executable, str(HERE / made), *arguments],
        cwd=folder, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert server.stdin is not None
    assert server.stdout is not None
    with chromium:
        try:
            address = next((line for line in server.stdout if "http://" in line), "")
            assert address, "the server has not started"
            place = address.partition("http://")[2].partition("/")[0]
            yield Front(f"http://{place}", chromium)
        finally:
            server.stdin.close()
            server.wait(20)
            server.stdout.close()
