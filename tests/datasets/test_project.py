"""Project: the folder, found upward, and never somebody else's."""

import os
import shutil
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from neurochain.datasets import tables
from neurochain.datasets.project import find_project, project
from neurochain.errors import ProjectError


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, the current one, without NEUROCHAIN_HOME."""
    monkeypatch.delenv("NEUROCHAIN_HOME")
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_it_is_made_in_the_current_folder_and_ignored_by_git(here: Path) -> None:
    assert find_project(create=False) is None
    assert not list(here.iterdir())
    found = project()
    assert found.folder == here / ".neurochain"
    assert (found.folder / ".gitignore").read_text() == "*\n"
    assert find_project(create=False) is found


def test_it_is_found_upward(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = project()
    deep = here / "a" / "b"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert find_project() is made
    nearer = here / "a" / ".neurochain"
    nearer.mkdir()
    assert project().folder == nearer


def test_neurochain_home_names_it(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project()
    monkeypatch.setenv("NEUROCHAIN_HOME", "../elsewhere/mine")
    assert find_project(create=False) is None
    assert project().folder == here.parent / "elsewhere" / "mine"
    assert (here.parent / "elsewhere" / "mine" / ".gitignore").exists()


def test_one_folder_has_one_database_however_it_is_reached(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = project()
    link = here.parent / "link"
    link.symlink_to(here)
    monkeypatch.setenv("NEUROCHAIN_HOME", str(link / ".neurochain"))
    assert project() is made


def test_a_gitignore_of_the_user_stays(here: Path) -> None:
    folder = here / ".neurochain"
    folder.mkdir()
    (folder / ".gitignore").write_text("parts/\n")
    assert project().folder == folder
    assert (folder / ".gitignore").read_text() == "parts/\n"


def test_a_folder_deleted_under_a_running_process_is_made_again(here: Path) -> None:
    first = project()
    with first.database.write() as connection:
        connection.execute(insert(tables.roots), {"name": "data", "uri": "/data"})
    first.database.close()
    shutil.rmtree(first.folder)
    second = project()
    with second.database.read() as connection:
        assert connection.execute(select(tables.roots)).all() == []
    assert (second.folder / "neurochain.db").exists()


def test_a_folder_of_another_user_is_refused(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    folder = here / ".neurochain"
    folder.mkdir()
    os.chown(folder, 12345, 12345)
    for trust in ("", "0"):
        monkeypatch.setenv("NEUROCHAIN_TRUST", trust)
        with pytest.raises(ProjectError, match=r"belongs to another user \(uid 12345, you are 0\).*TRUST=1"):
            project()
    monkeypatch.setenv("NEUROCHAIN_TRUST", "1")
    assert project().folder == folder


def test_a_place_that_cannot_be_written_to_is_named(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "file").write_text("in the way")
    monkeypatch.setenv("NEUROCHAIN_HOME", str(here / "file" / ".neurochain"))
    with pytest.raises(ProjectError, match=r"file/\.neurochain cannot be made: Not a directory\. Change to"):
        project()
    monkeypatch.setenv("NEUROCHAIN_HOME", str(here / "file"))
    with pytest.raises(ProjectError, match=r"file cannot be made: File exists"):
        project()
    assert find_project(create=False) is None


def test_a_folder_without_write_permission_is_named(here: Path) -> None:
    if not hasattr(os, "geteuid") or os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    here.chmod(0o500)
    try:
        with pytest.raises(ProjectError, match="cannot be made: Permission denied"):
            project()
    finally:
        here.chmod(0o700)
