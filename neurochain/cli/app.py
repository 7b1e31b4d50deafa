"""The commands. Each ends its help in an example, and speaks JSON with ``--json``."""

import sys
from typing import Annotated, Any

import typer

import neurochain as nc
from neurochain.cli import align as align_command
from neurochain.cli import audit as audit_command
from neurochain.cli import catalog as catalog_command
from neurochain.cli import completion, printing
from neurochain.cli import demo as demo_command
from neurochain.cli import doctor as doctor_command
from neurochain.cli import export as export_command
from neurochain.cli import garbage as garbage_command
from neurochain.cli import jobs as jobs_command
from neurochain.cli import replay as replay_command
from neurochain.cli import report as report_command
from neurochain.cli import script as script_command
from neurochain.cli import serve as serve_command
from neurochain.cli import sql as sql_command
from neurochain.cli import ui as ui_command
from neurochain.cli import withdraw as withdraw_command
from neurochain.datasets.audit import audit as check_events
from neurochain.datasets.garbage import collect_garbage
from neurochain.datasets.history import version_history
from neurochain.datasets.project import Project, find_project
from neurochain.errors import NeurochainError, ProjectError

app = typer.Typer(
    name="neurochain",
    help="A versioned, queryable index over brain data that stays where it is.",
    epilog="Example: neurochain index 'data/**/*.dcm'",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
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


@app.command(epilog="Example: neurochain demo")
def demo(
    folder: Annotated[
        str, typer.Option(help="Where the demo's project and recording go.")
    ] = "neurochain-demo",
) -> None:
    """Do the main job on real files: index, compute, save, show the lineage, load a batch.

    The scans are those that the pydicom and nibabel packages carry; the EEG recording is made, and says so.
    """
    demo_command.run(folder)


@app.command(epilog="Example: neurochain index 'data/sub-*/**/*.nii.gz'")
def index(
    patterns: Annotated[
        list[str], typer.Argument(metavar="PATTERN...", help="Folders, globs or URIs (quoted).")
    ],
    json: Json = False,
) -> None:
    """Read the headers of files, and say what is there."""
    printing.show(printing.index_summary(nc.read_storage(patterns)), json)


app.command(epilog="Example: neurochain align --ephys a.meta --video b.mp4 --time 2 --output c.h5")(
    align_command.align
)


app.command(epilog="Example: neurochain ui")(ui_command.ui)
app.command(epilog="Example: neurochain sql 'select * from alpha_roi_tags' --catalog catalog.py")(
    sql_command.sql
)
app.command(epilog="Example: neurochain serve catalog.py --port 8000")(serve_command.serve)


@app.command(epilog="Example: neurochain ls alpha_roi_tags")
def ls(
    name: Annotated[
        str | None,
        typer.Argument(help="Only this dataset, all its versions.", autocompletion=completion.datasets),
    ] = None,
    json: Json = False,
) -> None:
    """List the datasets with their latest versions; with a name, all versions of one."""
    printing.show(printing.listing(name), json)


@app.command(epilog="Example: neurochain show alpha_roi_tags@1.0.0 --rows 5")
def show(
    reference: Reference,
    rows: Annotated[int, typer.Option(min=0, help="Rows to show.")] = 10,
    json: Json = False,
) -> None:
    """Show a version: what it is, its columns, its first rows."""
    printing.show(printing.version_page(nc.dataset(reference), rows), json)


@app.command(epilog="Example: neurochain log alpha_roi_tags")
def log(
    name: Annotated[
        str | None, typer.Argument(help="Only this dataset.", autocompletion=completion.datasets)
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Entries to show.")] = 20,
    json: Json = False,
) -> None:
    """Show what was saved, newest first: when, by whom, from what, how much was computed or reused."""
    printing.show(printing.history(version_history(find_project(create=False), name)[:limit]), json)


app.command(epilog="Example: neurochain jobs --status running")(jobs_command.jobs)


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
        printing.show({"data": traced.to_json(), "text": traced.lines()}, json)
        return
    found = nc.dataset(reference).lineage()
    page: dict[str, Any] = {"data": found.to_json(), "text": [printing.lineage_tree(found)]}
    printing.show(page, json)


@app.command(epilog="Example: neurochain diff alpha_roi_tags@1.0.0 alpha_roi_tags@1.1.0 --rows 5")
def diff(
    old: Reference,
    new: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME@VERSION]",
            help="The newer one; with one version alone, it is compared with the one before it.",
            autocompletion=completion.references,
        ),
    ] = None,
    key: Annotated[
        list[str] | None, typer.Option(help="Column that tells the rows apart; may be given several times.")
    ] = None,
    rows: Annotated[int, typer.Option(min=0, help="Rows of each kind to show.")] = 0,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Leave with 1 where the rows differ, as `git diff` does.")
    ] = False,
    json: Json = False,
) -> None:
    """Compare two versions: rows added, removed, changed; columns; steps, inputs and code."""
    first = nc.dataset(old)
    found = first.diff(key=key or ()) if new is None else nc.dataset(new).diff(first, key=key or ())
    printing.show(printing.difference(found, rows), json)
    if exit_code and not found.same_content:
        raise typer.Exit(1)


@app.command(epilog="Example: neurochain explain alpha_roi_tags@1.1.0")
def explain(reference: Reference, json: Json = False) -> None:
    """Say what of a version was computed and what reused, step by step, and why: what was not so in the version before."""
    found = nc.dataset(reference).explain()
    printing.show({"data": found.to_json(), "text": found.lines()}, json)


@app.command(epilog="Example: neurochain reproduce alpha_roi_tags@1.0.0 --root data=/mnt/scans")
def reproduce(
    reference: Reference,
    yes: Yes = False,
    root: Roots = None,
    any_environment: AnyEnvironment = False,
    json: Json = False,
) -> None:
    """Make a version again from what was recorded, and compare every row. Nothing is saved.

    Leaves with 0 where it is identical (or within the tolerance that was declared), 1 where it differs, and 2 where it
    cannot be made again: then it says what is missing.
    """
    replay_command.show("reproduce", reference, json, root or (), yes=yes, any_environment=any_environment)


@app.command(epilog="Example: neurochain verify alpha_roi_tags@1.0.0 --rows 20 --yes")
def verify(
    reference: Reference,
    rows: Annotated[int, typer.Option(min=0, help="Rows to make again; 0 checks the parts alone.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, other rows.")] = 0,
    yes: Yes = False,
    root: Roots = None,
    any_environment: AnyEnvironment = False,
    json: Json = False,
) -> None:
    """Check that a version's parts are what was written, and make some of its rows again. Exit codes as `reproduce`."""
    options = {"yes": yes, "any_environment": any_environment}
    replay_command.show("verify", reference, json, root or (), rows=rows, seed=seed, **options)


@app.command(epilog="Example: neurochain stale")
def stale(
    name: Annotated[
        str | None,
        typer.Argument(help="Only it, and those it is made of.", autocompletion=completion.datasets),
    ] = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Leave with 1 where something is stale.")
    ] = False,
    json: Json = False,
) -> None:
    """List the latest versions whose inputs have newer versions or changed files. Files are listed, not read."""
    page = replay_command.stale_page(name)
    printing.show(page, json)
    if exit_code and page["data"]:
        raise typer.Exit(1)


@app.command(epilog="Example: neurochain refresh alpha_roi_tags --yes")
def refresh(
    reference: Annotated[
        str, typer.Argument(metavar="NAME", help="Dataset.", autocompletion=completion.datasets)
    ],
    yes: Yes = False,
    any_environment: AnyEnvironment = False,
    json: Json = False,
) -> None:
    """Compute a dataset again, and those it is made of, as far as they are stale, in order; what is known is reused.

    The recorded code runs: it is shown, and asked for.
    """
    replay_command.refresh(reference, json, yes=yes, any_environment=any_environment)


app.command(epilog="Example: neurochain report alpha_roi_tags --out report.html")(report_command.report)
app.add_typer(export_command.app, name="export")
app.add_typer(catalog_command.app, name="catalog")


@app.command(name="import", epilog="Example: neurochain import alpha_bundle --root data=/mnt/scans")
def import_(
    folder: Annotated[str, typer.Argument(metavar="FOLDER", help="What `neurochain export dataset` wrote.")],
    into: Annotated[str, typer.Option(metavar="PREFIX", help="Before the datasets' names: lab2/")] = "",
    root: Roots = None,
    json: Json = False,
) -> None:
    """Take over a version that was exported elsewhere, with its lineage. Its bytes and rows are checked; no code runs."""
    export_command.import_bundle(folder, into, root or [], json)


@app.command(epilog="Example: neurochain env alpha_roi_tags@1.0.0 > requirements.txt")
def env(reference: Reference, json: Json = False) -> None:
    """Print the packages that made a version, as a requirements file."""
    printing.show(printing.requirements(nc.dataset(reference).lineage()), json)


@app.command(
    epilog="Example: neurochain run --workers 4 features.py --subject 01",
    context_settings={"allow_extra_args": True, "allow_interspersed_args": False},
)
def run(
    context: typer.Context,
    script: Annotated[str, typer.Argument(metavar="SCRIPT [ARGUMENTS]...", help="Python script.")],
    workers: Annotated[
        int | None, typer.Option(min=0, help="Processes that call functions; 0 for this one alone.")
    ] = None,
    no_reuse: Annotated[
        bool, typer.Option("--no-reuse", help="Compute every row anew, also what is known.")
    ] = False,
    param: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="What nc.param() gives; may be given several times."),
    ] = None,
) -> None:
    """Run a script as Python would; a failure shows the script's own lines, and what neurochain says of it.

    What stands behind the script is the script's; options of this command stand before it.
    """
    status = script_command.run(script, context.args, workers, not no_reuse, param or ())
    if status:
        raise typer.Exit(status)


@app.command(epilog="Example: neurochain gc --ledger 10GB")
def gc(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be deleted.")] = False,
    ledger: Annotated[
        int | None,
        typer.Option(
            parser=garbage_command.parse_size,
            metavar="SIZE",
            help="Results to keep for reuse (10GB, 500MiB, 0); those used longest ago are forgotten first.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Delete what no version and no result needs: rows of unfinished runs, and leftovers of killed ones.

    Versions are never deleted, and nothing that a running process may need.
    """
    printing.show(garbage_command.page(collect_garbage(_project(), ledger, dry_run)), json)


app.command(epilog="Example: neurochain withdraw --subject 07 --dry-run")(withdraw_command.withdraw)


@app.command(epilog="Example: neurochain audit --check")
def audit(
    check: Annotated[
        bool,
        typer.Option("--check", help="Compute the chain of hashes again, and compare with the versions."),
    ] = False,
    kept: Annotated[
        str | None,
        typer.Option(
            metavar="HASH", help="With --check: a last hash from before, which must still be there."
        ),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Events to show.")] = 20,
    json: Json = False,
) -> None:
    """List what happened in this project: what was saved, collected, withdrawn, exported or made again, by whom and why.

    With --check it leaves with 1 where the events are not as they were written, or do not fit the versions.
    """
    if not check:
        if kept is not None:
            raise typer.BadParameter("--kept goes with --check.")
        printing.show(audit_command.events_page(_project(), limit), json)
        return
    found = check_events(_project(), kept)
    printing.show(audit_command.check_page(found), json)
    if not found:
        raise typer.Exit(1)


def _project() -> Project:
    project = find_project(create=False)
    if project is None:
        raise ProjectError(
            "There is no .neurochain folder here or above. Change to the project's folder, or set NEUROCHAIN_HOME."
        )
    return project


@app.command(epilog="Example: neurochain doctor --deep")
def doctor(
    deep: Annotated[
        bool, typer.Option("--deep", help="Hash every part, and every row of every version.")
    ] = False,
    json: Json = False,
) -> None:
    """Check the installation and the project, and say what to do where something is wrong; leaves with 1 then.

    With --deep a single flipped bit is found, in any part of a version, of its lineage, or of the results kept for
    reuse. That takes as long as reading all of them.
    """
    checks = doctor_command.examine(deep)
    printing.show(doctor_command.page(checks), json)
    if any(c.status == "error" for c in checks):
        raise typer.Exit(1)
