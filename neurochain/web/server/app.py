"""The application: which address answers what."""

import json
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

import neurochain as nc
from neurochain.datasets.jobs import Jobs
from neurochain.datasets.project import Project
from neurochain.errors import NeurochainError
from neurochain.web.api.annotation import annotated
from neurochain.web.api.code import python_code
from neurochain.web.api.columns import column_summary
from neurochain.web.api.compare import comparison
from neurochain.web.api.datasets import dataset_list, project_facts, version_list
from neurochain.web.api.endpoints import ENDPOINTS, JSON
from neurochain.web.api.held import Holder
from neurochain.web.api.jobs import job_list, running_jobs
from neurochain.web.api.lineage import activity_facts, explanation, lineage_graph
from neurochain.web.api.place import row_place
from neurochain.web.api.row import row_detail
from neurochain.web.api.versions import row_page, version_facts
from neurochain.web.media.endpoints import MEDIA
from neurochain.web.media.routes import media_routes
from neurochain.web.server.failures import as_json, failed, refused
from neurochain.web.server.guard import App, Guard, Session
from neurochain.web.server.openapi import openapi
from neurochain.web.server.stream import Watcher

__all__ = ["make_app"]

STATIC = Path(__file__).parents[1] / "static"
MOST_BYTES = 65_536  # of what a page sends
Answer = Callable[[Mapping[str, str]], Any]
Change = Callable[[Mapping[str, str], Any], Any]


def make_app(project: Project, session: Session) -> App:
    """The application over a project, behind its guard.

    Parameters
    ----------
    project : Project
        Whose datasets are shown; where it is read only, nothing is changed.
    session : Session
        Who may ask.
    """
    holder, jobs = Holder(), Jobs(project.folder)
    watcher = Watcher(partial(running_jobs, project, Jobs(project.folder)), session.ended)
    described = openapi((*ENDPOINTS, *MEDIA), nc.__version__)

    def facts(query: Mapping[str, str]) -> dict[str, Any]:
        return {**project_facts(project, jobs, query), "version": nc.__version__}

    def description(query: Mapping[str, str]) -> dict[str, Any]:
        return described

    answers: dict[str, Answer] = {
        "project": facts,
        "datasets": partial(dataset_list, project),
        "versions": partial(version_list, project),
        "version": partial(version_facts, project),
        "rows": partial(row_page, project, holder),
        "column": partial(column_summary, project, holder),
        "row": partial(row_detail, project, holder),
        "place": partial(row_place, project, holder),
        "compare": partial(comparison, project),
        "lineage": partial(lineage_graph, project),
        "activity": partial(activity_facts, project),
        "explain": partial(explanation, project),
        "jobs": partial(job_list, project, jobs),
        "python": partial(python_code, project, holder),
        "openapi.json": description,
    }
    routes: list[BaseRoute] = [Route(f"/api/{name}", _answered(answer)) for name, answer in answers.items()]
    routes += [
        Route("/api/jobs/stream", watcher.answer),
        Route("/api/version", _changed(project, partial(annotated, project)), methods=["POST"]),
    ]
    routes += media_routes(project)
    routes += [Route("/{path:path}", _page)]
    return Guard(Starlette(routes=routes), session)


def _answered(answer: Answer) -> Callable[[Request], Response]:
    """A function that answers in a thread of its own, as JSON."""

    def answered(request: Request) -> Response:
        try:
            return as_json(answer(dict(request.query_params)))
        except NeurochainError as error:
            return failed(error)

    return answered


def _changed(project: Project, change: Change) -> Callable[[Request], Awaitable[Response]]:
    """A function that changes what it is told to, and answers with it, as JSON."""

    async def answered(request: Request) -> Response:
        if project.read_only:
            return refused(
                403, "This server was started with --read-only. Start it without, to change anything."
            )
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
            return refused(415, f"Send the change as {JSON}.")
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > MOST_BYTES:
                return refused(413, f"A change has at most {MOST_BYTES:,} bytes.")
        try:
            asked = json.loads(body)
        except (ValueError, RecursionError):
            return refused(400, "What was sent is no JSON.")
        try:
            return as_json(await run_in_threadpool(change, dict(request.query_params), asked))
        except NeurochainError as error:
            return failed(error)

    return answered


def _page(request: Request) -> Response:
    """A file of the page; the page itself for every address that is a view of it."""
    path = request.path_params["path"]
    if path.startswith(("api/", "media/")):
        return refused(404, f"There is no /{path}.")
    file = (STATIC / path).resolve()
    if path and file.is_file() and file.is_relative_to(STATIC):
        forever = path.startswith("assets/")  # their names change with what they hold
        keep = "private, max-age=31536000, immutable" if forever else "no-cache"
        return FileResponse(file, headers={"cache-control": keep})
    return FileResponse(STATIC / "index.html", headers={"cache-control": "no-cache"})
