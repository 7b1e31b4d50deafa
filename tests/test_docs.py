"""What the pages say is true: their Python blocks run, and every command has help and a place in the manual.

The blocks of one page share one namespace and one empty folder. An ```` ```output ```` block behind one is what it
prints (``...`` stands for anything). A block that cannot run says why: ``<!-- not run: reason -->``.
"""

import contextlib
import doctest
import io
import os
import re
import shlex
import tomllib
from pathlib import Path

import pytest
import typer
from pages import Block, blocks
from source_tree import REPOSITORY, python_files
from typer.testing import CliRunner

from neurochain.cli.app import COMMANDS, app

PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
PYTHON = [b for page in PAGES for b in blocks(page) if b.language == "python"]
WITH_CODE = sorted({b.page for b in PYTHON})
NOT_RUN = [b for b in PYTHON if b.not_run]


LOADED = {name: typer.main.get_command(app).commands[name].load() for name in COMMANDS}
"""Commands and groups of some."""
TYPED = sorted(
    " ".join(filter(None, (name, inner)))
    for name, command in LOADED.items()
    for inner in getattr(command, "commands", [""])
)
"""As a user types them: ``ls``, ``export dataset``."""
CLI_PAGE = REPOSITORY / "docs" / "cli.md"
SAME = doctest.OutputChecker()


@pytest.mark.parametrize("page", WITH_CODE, ids=lambda p: p.name)
def test_the_blocks_of_a_page_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = blocks(page)
    folder = tmp_path / "page"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "120")
    # A file with the page's line numbers: functions in the blocks have a source, and errors name the page's line.
    script = folder / f"{page.stem}.py"
    script.write_text(_as_script(page, found), "utf-8")
    namespace: dict[str, object] = {"__name__": page.stem, "__file__": str(script)}
    for block, after in zip(found, [*found[1:], None], strict=True):
        if block.language != "python" or block.not_run:
            continue
        printed = _run(block, script, namespace)
        if after is not None and after.language == "output":
            options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
            assert SAME.check_output(after.text, printed, options), (
                f"{page.name}:{after.line} says that the block above prints\n{after.text}\nIt prints\n{printed}"
            )


def test_blocks_that_are_not_run_say_why() -> None:
    if NOT_RUN:
        pytest.skip("; ".join(f"{b.page.name}:{b.line}: {b.not_run}" for b in NOT_RUN))


def _as_script(page: Path, found: list[Block]) -> str:
    lines = [""] * len(page.read_text("utf-8").splitlines())
    for block in found:
        if block.language == "python" and not block.not_run:
            text = block.text.splitlines()
            lines[block.line - 1 : block.line - 1 + len(text)] = text
    return "\n".join(lines) + "\n"


def _run(block: Block, script: Path, namespace: dict[str, object]) -> str:
    printed = io.StringIO()
    code = compile("\n" * (block.line - 1) + block.text, str(script), "exec")
    with contextlib.redirect_stdout(printed):
        exec(code, namespace)
    return printed.getvalue()


@pytest.mark.parametrize("command", TYPED)
def test_help_ends_in_an_example(command: str) -> None:
    shown = CliRunner().invoke(app, [*command.split(), "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"})
    assert shown.exit_code == 0, shown.output
    lines = [line.strip(" │╭╮╰╯─") for line in shown.output.splitlines()]
    last = [line for line in lines if line][-1]
    assert last.startswith("Example: "), (
        f"`neurochain {command} --help` ends in {last!r}. Give it an epilog: 'Example: neurochain {command} …'"
    )
    words = shlex.split(last.removeprefix("Example: "))
    assert words[: 1 + len(command.split())] == ["neurochain", *command.split()]


def test_every_command_has_its_row_in_the_manual() -> None:
    groups = "|".join(name for name, command in LOADED.items() if hasattr(command, "commands"))
    rows = re.findall(
        rf"^\| `neurochain ((?:(?:{groups}) )?[a-z-]+)", CLI_PAGE.read_text("utf-8"), re.MULTILINE
    )
    assert sorted(rows) == TYPED, "docs/cli.md has one row '| `neurochain NAME …` | … |' per command"


def test_make_targets_that_the_pages_name_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {
        (page.name, target)
        for page in [*PAGES, REPOSITORY / "CONTRIBUTING.md"]
        for target in re.findall(r"(?:`|^)make ([a-z-]+)", page.read_text("utf-8"), re.MULTILINE)
    }
    assert not [f"{page}: make {target}" for page, target in named if target not in targets]


def test_extras_that_messages_name_exist() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    pages = [*PAGES, *python_files()]
    named = {
        (page.name, extra)
        for page in pages
        for extra in re.findall(
            r"(?:neurochain\[|\brequire\(\"\w+\", \")([a-z,]+)[\]\"]", page.read_text("utf-8")
        )
    }
    missing = {
        f"{page}: neurochain[{extras}]"
        for page, extras in named
        if set(extras.split(",")) - project["optional-dependencies"].keys()
    }
    assert not missing, f"pyproject.toml has no such extra: {sorted(missing)}"


def test_links_between_pages_lead_somewhere() -> None:
    broken = [
        f"{page.relative_to(REPOSITORY)}: {target}"
        for page in [
            *PAGES,
            *(REPOSITORY / "docs" / "decisions").glob("*.md"),
            REPOSITORY / "CONTRIBUTING.md",
        ]
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
        if not (page.parent / target).exists()
    ]
    assert not broken, f"Links to files that do not exist: {broken}"


def test_pages_name_no_machine() -> None:
    home = os.path.expanduser("~")
    wrong = [p.name for p in PAGES if home in p.read_text("utf-8") or "/tmp/" in p.read_text("utf-8")]
    assert not wrong, f"Paths of one machine stand in {wrong}"
