"""The commands, each in a module that is imported when it is called; each ends its help in an example.

So the help, the version and the shell's Tab answer at once, and a command waits for no other one's libraries.
"""

import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

import neurochain as nc
from neurochain.cli import printing
from neurochain.errors import NeurochainError

COMMANDS = {
    "demo": "Do the main job on real files: index, compute, save, load.",
    "index": "Read the headers of files, and say what is there.",
    "align": "Put recordings of several devices on one clock.",
    "ui": "Look at datasets in the browser: rows, scans, signals, lineage.",
    "sql": "Answer a query over tables of a catalog and datasets.",
    "serve": "Serve a catalog by SQL, REST and GraphQL, until Ctrl-C.",
    "ls": "List the datasets, or all versions of one.",
    "show": "Show a version: what it is, its columns, its first rows.",
    "log": "Show what was saved, newest first.",
    "jobs": "List chains that run now, and those that ran.",
    "lineage": "Show what made a version, back to storage.",
    "diff": "Compare two versions: rows, columns, steps, inputs, code.",
    "explain": "Say what of a version was computed, what reused, and why.",
    "reproduce": "Make a version again from its lineage, and compare every row.",
    "verify": "Check a version's parts, and make some of its rows again.",
    "stale": "List versions whose inputs have changed.",
    "refresh": "Compute again what is stale of a dataset and of its inputs.",
    "report": "Write one page about a version that stands for itself.",
    "export": "Write a version, or what made it, for elsewhere.",
    "catalog": "Make a site of tables that are declared in Python.",
    "import": "Take over a version that was exported elsewhere.",
    "env": "Print the packages that made a version, as requirements.",
    "run": "Run a script; a failure shows the script's own lines.",
    "gc": "Delete what no version and no result needs.",
    "withdraw": "Delete a subject's rows from all versions.",
    "audit": "List what happened in this project: by whom, and why.",
    "doctor": "Check the installation and the project.",
}
"""Commands in the order of the help, and what it says of each; whole in a terminal of 80 columns."""
MODULES = {
    "ls": "versions",
    "show": "versions",
    "log": "versions",
    "diff": "differences",
    "explain": "differences",
    "reproduce": "replay",
    "verify": "replay",
    "stale": "replay",
    "refresh": "replay",
    "import": "importing",
    "env": "lineage",
    "run": "script",
    "gc": "garbage",
}
"""Where commands are whose modules have other names than they."""


class LazyCommand(TyperCommand):
    """A command, or a group of some, known by its name and a line about it until it is called.

    Parameters
    ----------
    name : str
    module : str
        Where its application is: ``neurochain.cli.MODULE``.
    help : str
        The line.
    """

    def __init__(self, name: str, module: str, help: str) -> None:
        super().__init__(name, help=help, rich_markup_mode=None)
        self.module = module

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """What Click asks for where the command is called, completed, or asked for its help."""
        return self.load().make_context(info_name, args, parent, **extra)

    def load(self) -> Any:
        """The command itself."""
        found = typer.main.get_command(import_module(f"neurochain.cli.{self.module}").app)
        return getattr(found, "commands", {}).get(self.name, found)  # one of the module's, or all of them


class Commands(TyperGroup):
    """All commands."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        for name, help in COMMANDS.items():
            self.add_command(LazyCommand(name, MODULES.get(name, name), help))


app = typer.Typer(
    cls=Commands,
    name="neurochain",
    help="A versioned, queryable index over brain data that stays where it is.",
    epilog="Example: neurochain index 'data/**/*.dcm'",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the application; errors of ours are one message and exit code 1."""
    try:
        app()
    except NeurochainError as error:
        printing.error(str(error))
        sys.exit(1)


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
) -> None:
    """Headers first, only the bytes you need, lineage you can rerun."""
    if version:
        printing.line(f"neurochain {nc.__version__}")
        raise typer.Exit
