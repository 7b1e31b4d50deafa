"""The command ``report``: one page about a version."""

from typing import Annotated

import typer

import neurochain as nc
from neurochain.cli import printing
from neurochain.cli.options import Json, Reference, command_app
from neurochain.pictures.words import human_bytes

app = command_app()


@app.command(epilog="Example: neurochain report alpha_roi_tags --out report.html")
def report(
    reference: Reference,
    out: Annotated[str, typer.Option(metavar="FILE", help="Where the page is written: report.html.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    rows: Annotated[int, typer.Option(min=0, max=100, help="First rows to show; 0 for none.")] = 8,
    figures: Annotated[
        int, typer.Option(min=0, max=24, help="Files, and arrays, of each column to draw; 0 for none.")
    ] = 4,
    who: Annotated[
        bool, typer.Option("--who", help="Also say on which machine and by whom it was made.")
    ] = False,
    json: Json = False,
) -> None:
    """Write one page about a version that stands for itself: how it was made, its columns, figures, lineage.

    It opens from a disk and asks for nothing: no network, no script. First rows and figures show what is in the data:
    --rows 0 --figures 0 leaves them out.
    """
    version = nc.dataset(reference)
    path = version.report(out, force=force, rows=rows, figures=figures, who=who)
    size = path.stat().st_size
    said = {"version": version.reference, "file": str(path), "bytes": size}
    printing.show({"data": said, "text": [f"wrote {version.reference} to {path}: {human_bytes(size)}"]}, json)
