"""The commands ``lineage`` and ``env``: what made a version, and with which packages."""

from typing import Annotated

import typer
from rich.markup import escape

import neurochain as nc
from neurochain.cli.options import Json, Reference, command_app
from neurochain.cli.printing import Page, show
from neurochain.datasets.lineage import Lineage

app = command_app()


@app.command(epilog="Example: neurochain lineage alpha_roi_tags")
def lineage(
    reference: Reference,
    column: Annotated[
        str | None,
        typer.Option(help="Only this column: its function, its input columns, the bytes it came from."),
    ] = None,
    json: Json = False,
) -> None:
    """Show what made a version, back to storage."""
    if column is not None:
        traced = nc.dataset(reference).column_lineage(column)
        show({"data": traced.to_json(), "text": traced.lines()}, json)
        return
    found = nc.dataset(reference).lineage()
    page: Page = {"data": found.to_json(), "text": [lineage_tree(found)]}
    show(page, json)


@app.command(epilog="Example: neurochain env alpha_roi_tags@1.0.0 > requirements.txt")
def env(reference: Reference, json: Json = False) -> None:
    """Print the packages that made a version, as a requirements file."""
    show(requirements(nc.dataset(reference).lineage()), json)


def requirements(lineage: Lineage) -> Page:
    """Packages that made a version, as pip reads them."""
    a = lineage.activity
    head = f"# {lineage.name}@{lineage.version} was made with Python {a['python']} on {a['platform']}"
    lines = [
        f"{name}=={number}" for name, number in sorted(lineage.packages.items(), key=lambda p: p[0].lower())
    ]
    data = {"python": a["python"], "platform": a["platform"], "packages": lineage.packages}
    return {"data": data, "text": ["\n".join([head, *lines])]}


def lineage_tree(lineage: Lineage) -> str:
    """Lineage as a tree, its lines as long as they are."""
    return escape(str(lineage))
