"""The command ``ui``: the project in the browser."""

import os
from dataclasses import replace
from typing import Annotated

import typer

from neurochain.cli import printing
from neurochain.cli.here import project_here
from neurochain.cli.options import command_app
from neurochain.errors import require

TOKEN = "NEUROCHAIN_TOKEN"  # in the environment: seen by fewer than what stands in a command
app = command_app()


@app.command(epilog="Example: neurochain ui")
def ui(
    host: Annotated[
        str, typer.Option(help="Where it listens; beyond this machine with --token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8765,
    token: Annotated[
        str, typer.Option(help=f"Who has it may look; made at random, or ${TOKEN}.", show_default=False)
    ] = "",
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Change nothing: no descriptions, no labels.")
    ] = False,
    browser: Annotated[bool, typer.Option(help="Open it in the browser.")] = True,
) -> None:
    """Look at datasets in the browser: rows, scans, signals, lineage, jobs.

    It changes descriptions and labels, if you do; nothing else, and with --read-only nothing at all.
    """
    require("starlette", "web", "neurochain ui")
    require("uvicorn", "web", "neurochain ui")
    from neurochain.web.server.running import run_server  # needs the extra

    project = project_here()
    if read_only:
        project = replace(project, read_only=True)
    run_server(project, printing.line, host, port, token or os.environ.get(TOKEN, ""), browser)
