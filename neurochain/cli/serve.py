"""The command ``serve``: a catalog over HTTP, the PostgreSQL wire and FlightSQL, until Ctrl-C."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from neurochain.cli import printing
from neurochain.cli.options import command_app
from neurochain.errors import ParameterError
from neurochain.tables.loading import load_catalog
from neurochain.tables.serving.gate import is_loopback
from neurochain.tables.serving.offer import Offer, Offers
from neurochain.tables.serving.server import Server

TOKEN = "NEUROCHAIN_TOKEN"
SHORTEST = 16  # characters of a token beyond this machine
app = command_app()


@app.command(epilog="Example: neurochain serve catalog.py --port 8000")
def serve(
    catalog: Annotated[
        str, typer.Argument(metavar="CATALOG.PY[:NAME]", help="Python file that makes the catalog.")
    ],
    host: Annotated[
        str, typer.Option(help="Where HTTP and FlightSQL listen; beyond this machine they ask for the token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of HTTP; 0 for any that is free.")] = 8000,
    postgres_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Of the PostgreSQL wire, which is on this machine alone.")
    ] = 5433,
    flight_port: Annotated[int, typer.Option(min=0, max=65535, help="Of FlightSQL.")] = 32010,
    token: Annotated[
        str | None,
        typer.Option(
            help=f"What callers must know. Others on this machine can see it here: {TOKEN} in the environment is better."
        ),
    ] = None,
    refresh: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS", min=1, help="Write copies anew, and open Delta tables anew, so often."
        ),
    ] = None,
    grafana: Annotated[
        str | None,
        typer.Option(metavar="FOLDER", help="Write a datasource and dashboards for Grafana's provisioning."),
    ] = None,
) -> None:
    """Serve the tables of a catalog by SQL (HTTP, PostgreSQL wire, FlightSQL), REST and GraphQL, until Ctrl-C.

    ROAPI reads the tables where they lie; tables of functions and of SQL databases are copied when it starts. Nothing can be written.
    """
    given = token if token is not None else os.environ.get(TOKEN, "")
    if given and not is_loopback(host) and len(given) < SHORTEST:
        raise ParameterError(
            f"A token for callers beyond this machine has at least {SHORTEST} characters; this one has {len(given)}."
        )
    if any(c.isspace() or not c.isprintable() or ord(c) > 126 for c in given):
        raise ParameterError("A token is of letters, digits and signs of ASCII, without spaces.")
    loaded = load_catalog(catalog)
    with Server(loaded, host, port, postgres_port, flight_port, token=given, refresh=refresh) as server:
        files = server.write_grafana(Path(grafana)) if grafana is not None else []
        printing.show({"data": None, "text": _page(server, files)}, False)
        sys.stdout.flush()
        server.wait(said=_say)


def _say(text: str) -> None:
    printing.line(text)
    sys.stdout.flush()  # into a log, too


def _page(server: Server, files: list[Path]) -> list[Any]:
    """What is served, and lines to paste."""
    offers = server.offers
    out = printing.table(None, "table", "in REST, GraphQL", "rows come from")
    for offer in offers.tables:
        out.add_row(escape(f"{offer.database}.{offer.name}"), escape(offer.flat), escape(_source(offer)))
    text: list[Any] = [out, *_left_out(offers), ""]
    first = offers.tables[0]
    named = f"{first.database}.{first.name}"
    shown = "127.0.0.1" if server.host in ("0.0.0.0", "::") else server.host
    shown = f"[{shown}]" if ":" in shown else shown
    http, flight = f"http://{shown}:{server.ports['HTTP']}", f"grpc://{shown}:{server.ports['FlightSQL']}"
    wire = f"host=127.0.0.1 port={server.ports['PostgreSQL']} user=neurochain dbname=neurochain"
    bearer = f"-H 'Authorization: Bearer {server.token}' " if server.token else ""
    options = (
        f", db_kwargs={{'adbc.flight.sql.authorization_header': 'Bearer {server.token}'}}"
        if server.token
        else ""
    )
    lines = [
        ("SQL", f"curl {bearer}-d 'select * from {named} limit 5' {http}/api/sql"),
        ("REST", f"curl {bearer}'{http}/api/tables/{first.flat}?limit=5'"),
        (
            "GraphQL",
            f"curl {bearer}-d '{{ {first.flat}(limit: 5) {{ {next(iter(first.schema), 'a')} }} }}' {http}/api/graphql",
        ),
        ("PostgreSQL", f"psql '{wire}{f' password={server.token}' if server.token else ''}'"),
        ("FlightSQL", f"adbc_driver_flightsql.dbapi.connect('{flight}'{options})"),
    ]
    text += [escape(f"{name:<11} {line}") for name, line in lines]
    if server.token:
        text += ["", f"token       {escape(server.token)}"]
        if not is_loopback(server.host):
            text.append(
                "            It travels in clear: let a proxy with TLS stand before this, or an SSH tunnel."
            )
    else:
        text += [
            "",
            f"Anyone with an account on this machine can read this. {TOKEN}=… in the environment asks for a token.",
        ]
    if files:
        text += [
            "",
            f"Grafana     wrote {len(files)} files; GF_PATHS_PROVISIONING={escape(str(files[0].parent.parent.absolute()))} grafana server",
        ]
    return text


def _source(offer: Offer) -> str:
    if offer.copied:
        return f"a copy, written now ({offer.table.kind})"
    return f"{offer.uri} ({offer.format})"


def _left_out(offers: Offers) -> list[str]:
    return [f"[bold]not served[/] {escape(f'{o.database}.{o.name}: {o.reason}')}" for o in offers.left_out]
