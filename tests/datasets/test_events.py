"""Events: a chain that nothing is taken from, written with what it tells of."""

import os
import platform
import re
import sqlite3
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from drafts import save
from processes import run_all
from sqlalchemy import exc, select, text

from neurochain.datasets import pseudonyms, tables
from neurochain.datasets.audit import audit
from neurochain.datasets.database import Database
from neurochain.datasets.environment import user_name
from neurochain.datasets.events import FIRST, Event, append, read_events
from neurochain.datasets.garbage import collect_garbage
from neurochain.datasets.project import Project, close_projects, find_project
from neurochain.errors import VersionError

SAVING = """
from drafts import save
for n in range(5):
    save(project, [number, n], f"own-{number}")
"""


def events(project: Project, limit: int | None = None) -> list[Event]:
    with project.database.read() as connection:
        return list(read_events(connection, limit))


def tamper(project: Project, *statements: str) -> None:
    """Change the file as somebody does who goes around the triggers."""
    project.database.close()
    connection = sqlite3.connect(project.folder / "neurochain.db")
    for name in tables._TRIGGERS:
        connection.execute(f"DROP TRIGGER IF EXISTS {name}")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_a_save_is_an_event_with_the_versions_content(project: Project) -> None:
    version = save(project, [1, 2])
    save(project, [1, 2])  # the same: no version, no event
    began, saved = events(project)
    assert (began.number, began.what, began.before) == (1, "began", FIRST)
    assert (saved.number, saved.what, saved.before) == (2, "saved", began.hash)
    assert saved.detail == {"version": "scores@1.0.0", "content_hash": version.content_hash, "rows": 2}
    assert saved.time.endswith("+00:00")
    assert saved.hash == saved.computed_hash()
    assert replace(saved, why="because").computed_hash() != saved.hash
    assert events(project, 1) == [saved]
    assert audit(project).last == saved.hash


def test_what_is_not_published_is_no_event(project: Project) -> None:
    save(project, [1], explicit="1.0.0")
    with pytest.raises(VersionError):
        save(project, [2], explicit="1.0.0")
    assert [e.what for e in events(project)] == ["began", "saved"]


def test_the_reason_of_scripts_is_kept(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROCHAIN_REASON", "review of March")
    save(project, [1])
    assert events(project)[-1].why == "review of March"
    monkeypatch.setenv("NEUROCHAIN_REASON", "see https://ada:hunter2@host")
    save(project, [2])
    assert events(project)[-1].why == "see https://***@host"


def test_who_is_a_pseudonym_under_a_key_of_the_users_own(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    save(project, [1])
    (first,) = {e.who for e in events(project)}
    assert len(first) == 32
    (key,) = pseudonyms.config_folder().iterdir()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert not key.is_relative_to(project.folder)
    held = b"".join(p.read_bytes() for p in project.folder.glob("*.db*"))
    assert key.read_bytes() not in held
    assert first == pseudonyms.pseudonym(f"{user_name()}@{platform.node()}")
    said = "".join(e.who + str(e.detail) for e in events(project))
    assert user_name() not in said.split("@")[0]
    key.chmod(0o644)
    assert pseudonyms.person() == first
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    monkeypatch.setenv("NEUROCHAIN_CONFIG", str(tmp_path / "another"))
    save(project, [2])
    assert events(project)[-1].who != first
    monkeypatch.setenv("NEUROCHAIN_CONFIG", str(project.folder / "neurochain.db" / "no folder"))
    save(project, [3])
    assert events(project)[-1].who == "unknown"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET why = 'another' WHERE number = 1",
        "DELETE FROM events",
        "REPLACE INTO events SELECT number, time, who, what, detail, 'another', before, hash FROM events",
    ],
)
def test_the_database_refuses_to_change_events(project: Project, statement: str) -> None:
    save(project, [1])
    with (
        pytest.raises(exc.IntegrityError, match="events are never changed"),
        project.database.write() as connection,
    ):
        connection.execute(text(statement))
    assert audit(project)


@pytest.mark.parametrize(
    ("statements", "broken"),
    [
        (["UPDATE events SET why = 'no reason' WHERE number = 3"], r"event 3 \(saved, .*\) has been changed"),
        (
            ["UPDATE events SET detail = '{' WHERE number = 2"],
            r"event 2 .* changed: what it holds cannot be read",
        ),
        (["DELETE FROM events WHERE number = 2"], r"event 2 is missing: the next one is event 3 \(saved"),
        (
            ["DELETE FROM events WHERE number = 2", "UPDATE events SET number = number - 1 WHERE number > 2"],
            r"event 2 \(saved, .*\) does not follow",
        ),
        (["DELETE FROM events"], "the log has been emptied"),
    ],
)
def test_the_first_broken_event_is_named(project: Project, statements: list[str], broken: str) -> None:
    for n in (1, 2, 3):
        save(project, [n])
    tamper(project, *statements)
    found = audit(project)
    assert not found
    assert found.broken is not None
    assert re.search(broken, found.broken), found.broken


def test_events_and_versions_must_fit(project: Project) -> None:
    for n in (1, 2, 3):
        save(project, [n])
    last = audit(project).last
    assert audit(project, last[:12])
    assert audit(project, "f" * 64).problems == (
        f"no event has the hash {'f' * 64}: what was there when it was kept is not what is here",
    )
    tamper(
        project,
        "DELETE FROM events WHERE number = 4",
        "DELETE FROM version_parts WHERE version = 1",
        "DELETE FROM versions WHERE id = 1",
        "UPDATE versions SET content_hash = 'another' WHERE id = 2",
    )
    found = audit(project, last)
    assert found.broken is None
    assert found.problems[0].startswith(f"no event has the hash {last}")
    assert found.problems[1:] == (
        "scores@1.0.0 is gone, and no event says why (event 2 saved it)",
        "scores@1.0.1 has other rows than event 3 saved",
        "scores@1.0.2 has no event",
    )


def test_versions_from_before_the_first_event_are_held_too(project: Project) -> None:
    save(project, [1])
    save(project, [2])
    tamper(project, "DROP TABLE events", "UPDATE meta SET value = '7' WHERE key = 'schema'")
    close_projects()
    again = find_project()
    assert again is not None
    save(again, [3])
    first, saved = events(again)
    assert (first.what, first.detail["from"], first.detail["versions"]) == ("migrated", 7, 2)
    assert saved.detail["version"] == "scores@1.0.2"
    assert audit(again)
    tamper(again, "UPDATE versions SET content_hash = 'another' WHERE id = 2")
    assert audit(again).problems == (
        "the 2 versions from before the first event are not those that it found",
    )


def test_processes_that_save_at_once_keep_one_chain(project: Project) -> None:
    save(project, [0], "other")
    script = f"sys.path.insert(0, {str(Path(__file__).parents[1])!r})" + SAVING
    run_all(script, 6)
    found = audit(project)
    assert found
    assert found.events == 2 + 6 * 5
    assert len({e.before for e in events(project)}) == found.events


def test_what_is_collected_is_counted(project: Project) -> None:
    version = save(project, [1])
    (part,) = version.part_hashes()
    tamper(project, "DELETE FROM version_parts", "DELETE FROM versions")
    close_projects()
    again = find_project()
    assert again is not None
    (again.folder / "staging").mkdir(exist_ok=True)
    half = again.folder / "staging" / "half.parquet"
    half.write_bytes(b"half")
    os.utime(half, (1, 1))
    size = collect_garbage(again).parts.bytes
    told = [e.detail for e in events(again) if e.what == "collected"]
    assert told == [{"parts": 1, "bytes": size}, {"leftovers": 1, "bytes": 4}]
    assert not (again.parts / part[:2] / f"{part}.parquet").exists()
    collect_garbage(again)
    assert len([e for e in events(again) if e.what == "collected"]) == 2


def test_a_rolled_back_transaction_leaves_no_event(project: Project) -> None:
    save(project, [1])

    def fails() -> None:
        with project.database.write() as connection:
            append(connection, "saved", {"version": "scores@9.0.0", "content_hash": "x", "rows": 0})
            raise KeyError

    with pytest.raises(KeyError):
        fails()
    assert [e.number for e in events(project)] == [1, 2]


def test_a_database_that_is_opened_again_has_no_more_events(tmp_path: Path) -> None:
    for _ in range(2):
        database = Database(tmp_path / "a.db")
        with database.read() as connection:
            assert len(connection.execute(select(tables.events)).all()) == 1
        database.close()
