"""Environment: what is recorded of the machine and the checkout, and what never is."""

import importlib.metadata
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochain.datasets.environment import (
    MAX_DIFF,
    command_line,
    current_environment,
    current_origin,
    git_state,
)

SECRET = "hunter2"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--token", SECRET],
        ["--token=" + SECRET],
        ["--hf-token", f"two words {SECRET}"],
        ["--PASSWORD", SECRET],
        ["--db-passwd=" + SECRET],
        ["--passphrase", SECRET],
        ["--api-key", SECRET],
        ["--api_key=" + SECRET],
        ["--apikey", SECRET],
        ["--private-key", SECRET],
        ["--client-secret", SECRET],
        ["AWS_SECRET_ACCESS_KEY=" + SECRET],
        ["AWS_ACCESS_KEY_ID=" + SECRET],
        ["AWS_SESSION_TOKEN=" + f"a b {SECRET}"],
        ["-H", f"Authorization: Bearer {SECRET}"],
        ["-H", f"X-Api-Key: {SECRET}"],
        ["--header", f"Authorization: Basic {SECRET}"],
        [f'{{"token": "{SECRET}", "n": 1}}'],
        [f"https://host/file?version=1&token={SECRET}&x=2"],
        [f"https://host/file?X-Amz-Credential={SECRET}"],
        [f"https://ada:{SECRET}@host/data"],
        [f"postgresql+psycopg://ada:{SECRET}@host/db"],
        [f"postgres://ada:p@{SECRET}/x@host/db"],
        [f"https://{SECRET}@host/repository.git"],
        [f"--uri=s3://key:{SECRET}@bucket/x"],
    ],
    ids=lambda a: " ".join(a),
)
def test_what_looks_like_a_secret_is_masked(arguments: list[str]) -> None:
    shown = command_line(["study.py", *arguments, "--last"])
    assert SECRET not in shown
    assert "***" in shown
    assert shown.startswith("study.py ")
    assert shown.endswith(" --last")


@pytest.mark.parametrize(
    "arguments",
    [
        ["tokenize.py", "data", "--fast"],
        ["study.py", "s3://bucket/sub-01/a.nii", "--jobs=4"],
        ["study.py", "mail@host", "keyboard=x", "monkey", "--passes", "3"],
    ],
    ids=" ".join,
)
def test_what_does_not_is_shown(arguments: list[str]) -> None:
    assert command_line(arguments) == " ".join(arguments)


def test_the_command_line_is_quoted_as_for_a_shell() -> None:
    assert command_line(["study.py", "a b", "*.nii"]) == "study.py 'a b' '*.nii'"
    assert command_line([]) == ""


@given(st.lists(st.text(max_size=12), max_size=4), st.text("xyz0123456789", min_size=8, max_size=8))
def test_a_flag_s_value_never_shows(rest: list[str], value: str) -> None:
    shown = command_line(["study.py", "--password", value, *(r for r in rest if value not in r)])
    assert value not in shown


def test_the_environment_holds_versions_and_no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROCHAIN_TEST_VARIABLE", SECRET)
    origin = current_origin()
    recorded = asdict(origin)
    assert SECRET not in repr(recorded)
    assert set(recorded) == {"host", "user", "command", "environment", "git", "variables"}
    assert set(recorded["environment"]) == {"python", "platform", "packages"}
    environment = origin.environment
    assert environment.python == ".".join(map(str, sys.version_info[:3]))
    assert environment.packages["polars"] == importlib.metadata.version("polars")
    assert list(environment.packages) == sorted(environment.packages)
    assert current_environment() is environment
    assert len(environment.hash) == 64


def test_of_two_installations_the_imported_one_counts(tmp_path: Path) -> None:
    for folder, version in (("first", "2.0"), ("second", "1.0")):
        info = tmp_path / folder / "twice.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: twice\nVersion: {version}\n")
    script = (
        "from neurochain.datasets.environment import current_environment as e; print(e().packages['twice'])"
    )
    path = os.pathsep.join(str(tmp_path / f) for f in ("first", "second"))
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "2.0"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Git checkout with `study.py` and `helper.py`, one commit, in a folder that is not the current one."""
    folder = tmp_path / "checkout"
    (folder / "code").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    for name in ("study.py", "helper.py"):
        (folder / "code" / name).write_text("a = 1\n\n")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "-qm", "first")
    return folder


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_outside_a_checkout_there_is_no_state(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [""])
    state = git_state()
    assert (state.commit, state.dirty, state.diff) == (None, None, None)


def test_the_checkout_is_that_of_the_script(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [str(checkout / "code" / "study.py")])
    state = git_state()
    assert state.commit == git(checkout, "rev-parse", "HEAD").strip()
    assert state.dirty is False
    assert state.diff is None


def test_or_that_of_the_code_or_the_current_folder(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    launcher = checkout.parent / "launcher.py"  # such as a notebook's, in no checkout
    launcher.write_text("")
    monkeypatch.setattr(sys, "argv", [str(launcher)])
    commit = git(checkout, "rev-parse", "HEAD").strip()
    assert git_state().commit is None
    assert git_state((str(checkout / "code" / "study.py"),)).commit == commit
    monkeypatch.chdir(checkout)
    assert git_state().commit == commit


def test_the_diff_is_of_the_code_alone_and_can_be_applied(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [""])
    git(checkout, "config", "color.ui", "always")
    git(checkout, "config", "diff.external", "false")
    study, helper = checkout / "code" / "study.py", checkout / "code" / "helper.py"
    study.write_text("a = 2\n\n")
    helper.write_text("a = 3\n\n")
    outside = checkout.parent / "outside.py"
    outside.write_text("a = 4\n")
    state = git_state((str(study), str(outside), "<stdin>"))
    assert state.dirty is True
    assert state.diff is not None
    assert "+a = 2" in state.diff
    assert "a = 3" not in state.diff
    git(checkout, "checkout", "--", ".")
    (checkout / "it.patch").write_text(state.diff)
    git(checkout, "apply", "it.patch")
    assert study.read_text() == "a = 2\n\n"
    assert git_state().diff is None


def test_a_huge_diff_is_cut(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = checkout / "code" / "study.py"
    study.write_text("a = 1\n" * (MAX_DIFF // 5))
    state = git_state((str(study),))
    assert state.diff is not None
    assert len(state.diff) == MAX_DIFF
