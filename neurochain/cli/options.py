"""What commands share: how their applications are made, and options that mean the same in all of them."""

from typing import Annotated

import typer

from neurochain.cli import completion

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Reference = Annotated[
    str,
    typer.Argument(
        metavar="NAME[@VERSION]",
        help="Dataset; the latest version by default.",
        autocompletion=completion.references,
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Run the recorded code without asking.")]
Roots = Annotated[
    list[str] | None,
    typer.Option("--root", metavar="NAME=PLACE", help="Where data lie now; may be given several times."),
]
AnyEnvironment = Annotated[
    bool, typer.Option("--any-environment", help="Take other versions of Python and packages than then.")
]


def command_app(help: str | None = None) -> typer.Typer:
    """An application for the commands of a module; with a help it is a group: ``neurochain export …``."""
    return typer.Typer(
        help=help, no_args_is_help=help is not None, add_completion=False, rich_markup_mode=None
    )
