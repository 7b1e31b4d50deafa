"""Fixtures that all tests share: a project of their own, and laws checked without a clock."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

if TYPE_CHECKING:
    from browser.chromium import Chromium

    from neurochain.datasets.project import Project

hypothesis.settings.register_profile(
    "neurochain",
    max_examples=60,
    deadline=None,  # the machine is shared: time says nothing about a law
    suppress_health_check=[
        hypothesis.HealthCheck.too_slow,
        hypothesis.HealthCheck.function_scoped_fixture,  # a project that grows is a harder test, not another
    ],
)
hypothesis.settings.load_profile("neurochain")

# A shell that starts the tests in the background has them ignore ctrl-C, and so would each process that a test starts and ends by it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def home_of_fixtures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A project for what is made for several tests, before the first of them has its own."""
    folder = tmp_path_factory.mktemp("fixtures")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEUROCHAIN_HOME", str(folder / ".neurochain"))
        patch.setenv("NEUROCHAIN_CACHE", str(folder / ".cache"))
        patch.setenv("NEUROCHAIN_CONFIG", str(folder / ".config"))
        yield


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Folder of the test's project: never the project of the person who runs the tests."""
    folder = tmp_path / ".neurochain"
    monkeypatch.setenv("NEUROCHAIN_HOME", str(folder))
    monkeypatch.setenv("NEUROCHAIN_CACHE", str(tmp_path / ".cache"))
    monkeypatch.setenv("NEUROCHAIN_CONFIG", str(tmp_path / ".config"))
    monkeypatch.setenv("NEUROCHAIN_PROGRESS", "0")
    monkeypatch.delenv("NEUROCHAIN_TRUST", raising=False)
    yield folder
    module = sys.modules.get("neurochain.datasets.project")
    if module is not None:
        module.close_projects()


@pytest.fixture
def project(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Project":
    """Project in an empty folder, which is the current one."""
    from neurochain.datasets.project import find_project  # costs sqlalchemy, which most tests do without

    monkeypatch.chdir(tmp_path)
    found = find_project()
    assert found is not None
    return found


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of real files that are too large, or not free, to travel with the source."""
    named = os.environ.get("NEUROCHAIN_REAL_DATA")
    if not named:
        pytest.skip("NEUROCHAIN_REAL_DATA is not set: it names a folder of real files")
    folder = Path(named)
    if not folder.is_dir():
        pytest.skip(f"NEUROCHAIN_REAL_DATA={named} is no folder")
    return folder


@pytest.fixture(scope="session")
def chromium() -> Iterator["Chromium"]:
    """A headless Chromium; tests are skipped where there is none."""
    from browser.chromium import Chromium, MissingBrowserError  # most tests need none

    try:
        browser = Chromium()
    except MissingBrowserError as error:
        pytest.skip(str(error))
    with browser:
        yield browser
