"""The application: which address answers what."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

import neurochain as nc
from neurochain.datasets.project import Project
from neurochain.errors import NeurochainError
from neurochain.web.api.code import python_code
from neurochain.web.api.columns import column_summary
from neurochain.web.api.compare import comparison
from neurochain.web.api.datasets import dataset_list, project_facts, version_list
from neurochain.web.api.held import Holder
from neurochain.web.api.jobs import job_list
from neurochain.web.api.lineage import activity_facts, explanation, lineage_graph
from neurochain.web.api.place import row_place
from neurochain.web.api.row import row_detail
from neurochain.web.api.versions import row_page, version_facts
from neurochain.web.media.routes import media_routes
from neurochain.web.server.failures import as_json, failed
from neurochain.web.server.guard import App, Guard, Session

__all__ = ["make_app"]

STATIC = Path(__file__).parents[1] / "static"
Answer = Callable[[Mapping[str, str]], Any]


def make_app(project: Project, session: Session) -> App:
    """The application over a project, behind its guard.

    Parameters
    ----------
    project : Project
        Whose datasets are shown.
    session : Session
        Who may ask.
    """
    holder = Holder()

    def facts(query: Mapping[str, str]) -> dict[str, Any]:
        return {**project_facts(project, query), "version": nc.__version__}

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
        "jobs": partial(job_list, project),
        "python": partial(python_code, project, holder),
    }
    routes = [Route(f"/api/{name}", _answered(answer)) for name, answer in answers.items()]
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


def _page(request: Request) -> Response:
    """A file of the page; the page itself for every address that is a view of it."""
    path = request.path_params["path"]
    if path.startswith(("api/", "media/")):
        return JSONResponse({"error": {"what": "NotFound", "message": f"There is no /{path}."}}, 404)
    file = (STATIC / path).resolve()
    if path and file.is_file() and file.is_relative_to(STATIC):
        forever = path.startswith("assets/")  # their names change with what they hold
        keep = "private, max-age=31536000, immutable" if forever else "no-cache"
        return FileResponse(file, headers={"cache-control": keep})
    return FileResponse(STATIC / "index.html", headers={"cache-control": "no-cache"})
