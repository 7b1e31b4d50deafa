"""A headless Chromium for tests, driven by playwright-core in a node process (rig.mjs); one for all tests of a session."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

HERE = Path(__file__).parent
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class MissingBrowserError(Exception):
    """What is not there, and how it comes."""


@dataclass(frozen=True)
class Seen:
    """What came of a script.

    Attributes
    ----------
    value : object
        What it returned.
    complaints : list of str
        Errors and warnings of the console, exceptions, dialogs.
    requests : list of str
        Addresses that the page asked for.
    """

    value: Any
    complaints: list[str]
    requests: list[str]


class Chromium:
    """A browser; each run is in a profile of its own.

    Raises
    ------
    MissingBrowserError
        Chromium, node or playwright-core is not there.
    """

    def __init__(self) -> None:
        browser = next(filter(None, map(shutil.which, NAMES)), None)
        node = shutil.which("node")
        if browser is None:
            raise MissingBrowserError(
                f"no browser: none of {', '.join(NAMES)} is there (apt-get install chromium)"
            )
        if node is None:
            raise MissingBrowserError("node is not there (apt-get install nodejs npm)")
        if not (HERE / "node_modules" / "playwright-core").is_dir():
            raise MissingBrowserError("playwright-core is not there (npm ci --prefix tests/browser)")
        self._process = subprocess.Popen(
            [node, str(HERE / "rig.mjs"), browser],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
        )  # fmt: skip

    def __enter__(self) -> "Chromium":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def run(self, url: str | None, script: str, given: Any = None, **options: Any) -> Seen:
        """Open an address and run a script there.

        Parameters
        ----------
        url : str or None
        script : str
            Body of an async JavaScript function of playwright's ``page`` and ``context``, of ``given``, and of ``audit``,
            which checks the page's accessibility; what it returns is plain JSON.
        given : object
            Plain JSON.
        **options
            Of playwright's ``newContext``: ``viewport``, ``colorScheme`` …
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = {"url": url, "script": script, "given": given, "options": options}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the browser has ended"
        found = json.loads(line)
        assert "error" not in found, f"{found['error']}\n{found['complaints']}"
        return Seen(found["value"], found["complaints"], found["requests"])
