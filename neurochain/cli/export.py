"""The commands ``export dataset`` and ``export lineage``: versions, or what made them, for elsewhere."""

from enum import StrEnum
from typing import Annotated

import typer

import neurochain as nc
from neurochain.cli import printing
from neurochain.cli.options import Json, Reference, command_app
from neurochain.pictures.words import human_bytes

app = command_app("Write a version, or what made it, for elsewhere.")


class Format(StrEnum):
    """What a lineage is written as."""

    PROV = "prov"
    ROCRATE = "rocrate"
    OPENLINEAGE = "openlineage"
    BIDS = "bids"


@app.command(epilog="Example: neurochain export dataset alpha_roi_tags@1.0.0 --to alpha_bundle")
def dataset(
    reference: Reference,
    to: Annotated[str, typer.Option(metavar="FOLDER", help="A new folder.")],
    who: Annotated[
        bool, typer.Option("--who", help="Also say on which machine and by whom it was made.")
    ] = False,
    json: Json = False,
) -> None:
    """Write a version with its rows, its lineage and the versions it was made of, into a folder that travels.

    The source files are not in it. `neurochain import FOLDER` takes it over elsewhere.
    """
    version = nc.dataset(reference)
    folder = version.export(to, who=who)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    said = {"version": version.reference, "folder": str(folder), "bytes": size}
    text = [
        f"wrote {version.reference} to {folder}: {version.rows:,} rows, {human_bytes(size)}",
        "its README.md says how to use it",
    ]
    printing.show({"data": said, "text": text}, json)


@app.command(epilog="Example: neurochain export lineage alpha_roi_tags -f rocrate --to crate")
def lineage(
    reference: Reference,
    format: Annotated[
        Format,
        typer.Option("--format", "-f", help="W3C PROV-JSON, Workflow Run RO-Crate, OpenLineage or BIDS."),
    ],
    to: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="A file; of a crate, its folder. By default the text is printed."),
    ] = None,
    who: Annotated[
        bool,
        typer.Option(
            "--who", help="Write users, hosts, command lines and local paths as they were recorded."
        ),
    ] = False,
    files: Annotated[bool, typer.Option("--files/--no-files", help="Name each file, or count them.")] = True,
    license: Annotated[
        str | None, typer.Option(help="Under which the version may be used: a URL, or a name.")
    ] = None,
) -> None:
    """Write what made a version, back to storage, with all versions that it came from."""
    found = nc.dataset(reference).lineage()
    written = found.export(format.value, to, who=who, files=files, license=license)
    if to is None:
        typer.echo(written, nl=False)
    else:
        printing.line(f"wrote {written}")
