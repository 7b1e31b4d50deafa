"""Stream: what changes while a page is open, sent as it changes (server-sent events).

One watcher looks for all pages, and only while there are any. A stream ends with its page, or with the server.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from threading import Event
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

__all__ = ["Watcher"]

EVERY = 0.5  # seconds between two looks
SILENT = 15.0  # seconds after which something is sent all the same, or whoever stands between cuts the line
AGAIN = 2000  # ms after which a page whose line was cut asks again
MOST = 100  # pages at a time


class Watcher:
    """Looks at something again and again, for all who want to know.

    Parameters
    ----------
    look : callable
        Gives it, as plain JSON; called in a thread.
    ended : Event
        Set when the server ends.
    """

    def __init__(self, look: Callable[[], Any], ended: Event) -> None:
        self._look, self._ended = look, ended
        self._pages: set[asyncio.Event] = set()
        self._text: str | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def pages(self) -> int:
        """How many wait for news."""
        return len(self._pages)

    async def answer(self, request: Request) -> Response:
        """A stream of what is seen: at once, and whenever it has changed."""
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        if request.method == "HEAD":
            return Response(None, 200, headers, "text/event-stream")
        if self.pages >= MOST:
            return Response("Too many pages are open.", 503, headers, "text/plain")
        return StreamingResponse(self._events(), 200, headers, "text/event-stream")

    async def _events(self) -> AsyncIterator[str]:
        news = asyncio.Event()
        self._pages.add(news)
        try:
            yield f"retry: {AGAIN}\n\n"
            if self._task is None or self._task.done():
                self._text = None
                self._task = asyncio.get_running_loop().create_task(self._watch())
            sent: str | None = None
            while not self._ended.is_set():
                news.clear()
                if self._text is not None and self._text != sent:
                    sent = self._text
                    yield f"data: {sent}\n\n"
                    continue  # there may be more by now
                try:
                    await asyncio.wait_for(news.wait(), SILENT)
                except TimeoutError:
                    yield ":\n\n"
        finally:
            self._pages.discard(news)

    async def _watch(self) -> None:
        while self._pages and not self._ended.is_set():
            try:
                found = await run_in_threadpool(self._look)
                text = json.dumps(found, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
            except Exception:  # the database is busy, or being deleted: it may be seen later
                text = self._text or ""
            if text and text != self._text:
                self._text = text
                self._wake()
            await asyncio.sleep(EVERY)
        self._wake()

    def _wake(self) -> None:
        for news in self._pages:
            news.set()
