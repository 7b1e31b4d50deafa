"""The commands ``catalog build`` and ``catalog serve``: the site of tables that are declared in code."""

import itertools
import shutil
import tempfile
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from neurochain.cli import printing
from neurochain.cli.options import Json, command_app
from neurochain.errors import NeurochainError
from neurochain.pictures.words import human_bytes
from neurochain.tables.loading import load_named
from neurochain.tables.site.building import Built, build_site
from neurochain.tables.site.serving import site_server

app = command_app("Make a site of tables that are declared in Python.")
File = Annotated[
    str, typer.Argument(metavar="CATALOG", help="Python file that makes it: catalog.py, or catalog.py:name.")
]
Preview = Annotated[
    bool, typer.Option("--preview/--no-preview", help="Publish the first rows of the tables.")
]
Timeout = Annotated[float, typer.Option(min=0.1, metavar="SECONDS", help="For each table's storage.")]


@app.command(epilog="Example: neurochain catalog build catalog.py --out site/")
def build(
    catalog: File,
    out: Annotated[str, typer.Option(metavar="FOLDER", help="New, empty, or an earlier site.")] = "site",
    preview: Preview = True,
    timeout: Timeout = 30.0,
    strict: Annotated[
        bool, typer.Option("--strict", help="Leave with 1 where a table could not be looked at.")
    ] = False,
    json: Json = False,
) -> None:
    """Write a static site of all tables: what they are, what they hold, and the code that reads them.

    It needs no server and opens from a disk. First rows are published with it, unless --no-preview is given. A table that cannot be
    reached has its page too, which says so.
    """
    built = _build(catalog, out, preview, timeout)
    printing.show(_page(built), json)
    if strict and built.problems:
        raise typer.Exit(1)


@app.command(epilog="Example: neurochain catalog serve catalog.py --port 8000")
def serve(
    catalog: File,
    port: Annotated[int, typer.Option(min=0, max=65535, help="On this machine alone; 0 for any.")] = 8000,
    preview: Preview = True,
    timeout: Timeout = 30.0,
    rebuild_seconds: Annotated[
        float | None, typer.Option(min=1, metavar="SECONDS", help="Look at the tables again, each so often.")
    ] = None,
) -> None:
    """Build the site into a folder of its own, and show it on this machine until Ctrl-C."""
    with tempfile.TemporaryDirectory(prefix="neurochain-site-") as above:
        built = _build(catalog, str(Path(above) / "site"), preview, timeout)
        with site_server(built.folder, port) as server:
            for line in _page(built)["text"][1:]:
                printing.line(line)
            printing.line(f"http://localhost:{server.server_address[1]}/ (Ctrl-C ends)")
            stopped = threading.Event()

            def again() -> None:
                for number in itertools.count():
                    if stopped.wait(rebuild_seconds):
                        return
                    try:
                        newer = _build(catalog, str(Path(above) / f"site-{number}"), preview, timeout)
                    except NeurochainError as error:
                        printing.error(str(error))  # what was built before is still served
                        continue
                    older, server.folder = server.folder, newer.folder
                    shutil.rmtree(older)

            if rebuild_seconds is not None:
                threading.Thread(target=again, daemon=True).start()
            try:
                server.serve_forever()
            except KeyboardInterrupt:
                stopped.set()


def _build(path: str, out: str, preview: bool, timeout: float) -> Built:
    name, found = load_named(path)
    source = Path(path.rpartition(":")[0] if ".py:" in path else path).stem
    return build_site(found, out, preview=preview, seconds=timeout, source=source, variable=name)


def _page(built: Built) -> dict[str, Any]:
    data = {
        "folder": str(built.folder),
        "databases": built.databases,
        "tables": built.tables,
        "files": built.files,
        "bytes": built.bytes,
        "problems": [asdict(problem) for problem in built.problems],
    }
    text = [
        f"wrote {built.folder}: {_many(built.tables, 'table')} in {_many(built.databases, 'database')}, {human_bytes(built.bytes)}; "
        f"open {built.folder / 'index.html'}"
    ]
    text += [f"{p.table}: no {p.part}: {p.error}" for p in built.problems]
    return {"data": data, "text": text}


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
