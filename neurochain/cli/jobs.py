"""The command ``jobs``: what runs in the project and what ran, as people read it."""

import time
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.markup import escape

from neurochain.cli.here import project_here
from neurochain.cli.options import Json, command_app
from neurochain.cli.printing import Page, show, table
from neurochain.datasets.jobs import Jobs
from neurochain.datasets.project import Project
from neurochain.errors import ParameterError
from neurochain.pictures.words import human_bytes
from neurochain.web.api.jobs import job_list

Told = dict[str, Any]
app = command_app()


@app.command(epilog="Example: neurochain jobs --status running")
def jobs(
    job: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Only this one, with its tracebacks.")
    ] = None,
    status: Annotated[
        str, typer.Option(help="Only those that are running, done, failed, interrupted or died.")
    ] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Jobs to show.")] = 20,
    json: Json = False,
) -> None:
    """List chains that run now, how far they are, and those that ran: saved, failed, killed."""
    project = project_here()
    show(list_page(project, status, limit) if job is None else one_page(project, job), json)


def list_page(project: Project, status: str, limit: int) -> Page:
    """Jobs, the newest first."""
    found = job_list(project, Jobs(project.folder), {"status": status, "limit": str(limit)})
    out = table(None, "job", "status", "what", "done", "left", "failed", "started", "took")
    for job in found:
        step = job["step"] or {}
        out.add_row(
            job["id"][:8],
            job["status"],
            escape(" ".join(filter(None, (job["verb"], job["reference"] or job["title"])))),
            escape(_done(step) if step else f"{job['computed'] + job['reused']:,} rows"),
            duration(job["left"]) if job["left"] is not None else "",
            f"{job['failed']:,}" if job["failed"] else "",
            f"{datetime.fromtimestamp(job['started'], UTC):%Y-%m-%d %H:%M:%S}",
            duration((job["ended"] or time.time()) - job["started"]),
        )
    none = "Nothing has run." if not status else f"No job is {status}."
    return {"data": found, "text": [out] if found else [none]}


def one_page(project: Project, name: str) -> Page:
    """One job: its steps, the rows that failed, and why it ended.

    Raises
    ------
    ParameterError
        There is none of this id, or several begin so.
    """
    every = job_list(project, Jobs(project.folder), {"limit": "1000"})
    found = [job for job in every if job["id"].startswith(name)]
    if len(found) != 1:
        known = ", ".join(job["id"][:8] for job in (found or every)[:12]) or "none"
        what = "No job" if not found else "More than one job"
        raise ParameterError(f"{what} has an id that begins with {name!r}. There are: {known}.")
    (job,) = found
    text = [
        f"{job['verb']} {job['reference'] or job['title']}: {job['status']}",
        f"  {job['command']}",
        f"  by {job['user']} on {job['host']}, {datetime.fromtimestamp(job['started'], UTC):%Y-%m-%d %H:%M:%S} UTC",
        f"  {job['computed']:,} computed, {job['reused']:,} reused, {job['failed']:,} failed, "
        f"{human_bytes(job['bytes'])} in {job['requests']:,} requests",
    ]
    text += [f"  {'>' if step['running'] else ' '} {step['name']}: {_done(step)}" for step in job["steps"]]
    for failure in job["failures"]:
        text += ["", f"{failure['function']}() on row {failure['row']}: {failure['error']}"]
        text += [f"  {file}" for file in failure["files"]] + [failure["traceback"].rstrip()]
    if job["error"]:
        text += ["", job["error"]["traceback"].rstrip() or job["error"]["message"]]
    return {"data": job, "text": [escape(line) for line in text]}


def _done(step: Told) -> str:
    of = "" if step["total"] is None else f" of {'' if step['exact'] else 'at least '}{step['total']:,}"
    return f"{step['rows']:,}{of} {step['unit']}"


def duration(seconds: float) -> str:
    """``"4.2 s"``, ``"3 min 10 s"``, ``"2 h 5 min"``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
