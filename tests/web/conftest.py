"""A project with a few datasets, served as a user would see it."""

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest
import uvicorn
from front import Front, front
from one_served import TOKEN, Served

import neurochain as nc
from neurochain.datasets.project import find_project
from neurochain.web.server.app import make_app
from neurochain.web.server.guard import Session


@pytest.fixture(scope="session")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """The page over scans of every kind, for all tests that look at them."""
    with front(tmp_path_factory.mktemp("scanned"), "volume_made.py") as found:
        yield found


def double(x: int) -> float:
    return 2.0 * x


def signal(x: int) -> np.ndarray[Any, Any]:
    return np.arange(6, dtype=np.float32).reshape(2, 3) + x


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("NEUROCHAIN_HOME", str(folder / ".neurochain"))
        rows = 1000
        given = nc.read_values(
            x=list(range(rows)),
            subject=[f"sub-{i % 10:02d}" for i in range(rows)],
            score=[None if i % 7 == 0 else i / 10 for i in range(rows)],
            name=["<img src=x onerror=alert(1)>" if i == 3 else "plain" for i in range(rows)],
        )
        given.save("given", description="Made rows", labels=["made"])
        nc.read_dataset("given").map(double=double).map(signal=signal).save("features")
        nc.read_dataset("features").filter(nc.Column("x") < 900).save("features")
        project = find_project(create=False)
        assert project is not None
        listening = socket.create_server(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        session = Session(TOKEN, frozenset({f"127.0.0.1:{port}", f"localhost:{port}"}), port)
        config = uvicorn.Config(make_app(project, session), log_level="warning", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        address = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=address, headers={"authorization": f"Bearer {TOKEN}"}) as client:
            yield Served(address, port, client, str(folder / ".neurochain"))
        server.should_exit = True
        thread.join()


@pytest.fixture
def at_home(served: Served, monkeypatch: pytest.MonkeyPatch) -> Served:
    """The project that is served is the one that is used."""
    monkeypatch.setenv("NEUROCHAIN_HOME", served.home)
    return served


@pytest.fixture(scope="session")
def signals(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """A browser before a project of recordings and videos."""
    with front(tmp_path_factory.mktemp("signals"), "front_signals.py") as found:
        yield found
