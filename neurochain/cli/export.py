"""Export and import: versions in folders that travel."""

from typing import Annotated

import typer

import neurochain as nc
from neurochain.chain.progress import human_bytes
from neurochain.cli import completion, printing
from neurochain.cli.replay import parse_roots

app = typer.Typer(help="Write a version, or what made it, for elsewhere.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


@app.command(epilog="Example: neurochain export dataset alpha_roi_tags@1.0.0 --to alpha_bundle")
def dataset(
    reference: Annotated[
        str,
        typer.Argument(
            metavar="NAME[@VERSION]",
            help="Dataset; the latest version by default.",
            autocompletion=completion.references,
        ),
    ],
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


def import_bundle(folder: str, into: str, roots: list[str], as_json: bool) -> None:
    """Take over a bundle, and say what came."""
    found = nc.import_versions(folder, into=into, roots=parse_roots(roots))
    data = [{"version": v.reference, "rows": v.rows, "content_hash": v.content_hash} for v in found]
    text = [f"{v.reference}: {v.rows:,} rows, content {v.content_hash[:12]}" for v in found]
    printing.show(
        {"data": data, "text": [*text, f"next: neurochain reproduce {found[-1].reference}"]}, as_json
    )
