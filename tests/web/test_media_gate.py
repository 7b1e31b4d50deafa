"""Pictures that nobody waits for any more end; not too many are made at a time."""

import asyncio
import threading
import time

import pytest
from starlette.requests import Request

from neurochain.web.media.gate import BusyError, Gate, GoneError, Stop


def request(gone: asyncio.Event) -> Request:
    async def receive():
        if gone.is_set():
            return {"type": "http.disconnect"}
        await gone.wait()
        return {"type": "http.disconnect"}

    return Request({"type": "http", "method": "GET", "headers": []}, receive)


def test_what_is_made_is_given() -> None:
    async def main() -> None:
        assert await Gate().run(request(asyncio.Event()), lambda stop: 7) == 7

    asyncio.run(main())


def test_an_error_is_handed_on() -> None:
    def fails(stop: Stop) -> None:
        raise ValueError("no")

    async def main() -> None:
        with pytest.raises(ValueError, match="no"):
            await Gate().run(request(asyncio.Event()), fails)

    asyncio.run(main())


def test_it_ends_when_the_page_goes() -> None:
    ended = threading.Event()

    def work(stop: Stop) -> None:
        try:
            while True:
                stop()
                time.sleep(0.001)
        finally:
            ended.set()

    async def main() -> None:
        gone = asyncio.Event()
        asyncio.get_running_loop().call_later(0.02, gone.set)
        with pytest.raises(GoneError):
            await Gate().run(request(gone), work)

    asyncio.run(main())
    assert ended.wait(5)


def test_no_more_at_a_time_than_there_are_workers() -> None:
    here: list[int] = []
    most: list[int] = []
    lock = threading.Lock()

    def work(stop: Stop) -> None:
        with lock:
            here.append(1)
            most.append(len(here))
        time.sleep(0.01)
        with lock:
            here.pop()

    async def main() -> None:
        gate = Gate(workers=2, waiting=6)
        asked = [gate.run(request(asyncio.Event()), work) for _ in range(9)]
        found = await asyncio.gather(*asked, return_exceptions=True)
        assert sum(isinstance(f, BusyError) for f in found) == 1

    asyncio.run(main())
    assert max(most) == 2
