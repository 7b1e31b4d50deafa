"""The command ``import``: versions that were exported elsewhere."""

from typing import Annotated

import typer

import neurochain as nc
from neurochain.cli.options import Json, Roots, command_app
from neurochain.cli.printing import show
from neurochain.cli.replay import parse_roots

app = command_app()


@app.command(name="import", epilog="Example: neurochain import alpha_bundle --root data=/mnt/scans")
def import_(
    folder: Annotated[str, typer.Argument(metavar="FOLDER", help="What `neurochain export dataset` wrote.")],
    into: Annotated[str, typer.Option(metavar="PREFIX", help="Before the datasets' names: lab2/")] = "",
    root: Roots = None,
    json: Json = False,
) -> None:
    """Take over a version that was exported elsewhere, with its lineage. Its bytes and rows are checked; no code runs."""
    found = nc.import_versions(folder, into=into, roots=parse_roots(root or []))
    data = [{"version": v.reference, "rows": v.rows, "content_hash": v.content_hash} for v in found]
    text = [f"{v.reference}: {v.rows:,} rows, content {v.content_hash[:12]}" for v in found]
    show({"data": data, "text": text}, json)
