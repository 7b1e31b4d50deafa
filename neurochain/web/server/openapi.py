"""OpenAPI: the description of all that can be asked, made from what the endpoints declare."""

from collections.abc import Iterable
from typing import Any

from neurochain.web.api.endpoints import EVENTS, JSON, Endpoint
from neurochain.web.api.schemas import TEXT, Schema, record

__all__ = ["openapi"]

ABOUT = (
    "What the page of `neurochain ui` asks. Every request needs the token: as a bearer token, or in the cookie that "
    "the address with ?token=… gives. All answers are of the project that the server was started for; files are read only "
    "where a version lists them."
)
ERROR = {"$ref": "#/components/schemas/Error"}
ERRORS = {
    "400": "A parameter is wrong or missing.",
    "404": "There is no such version or column.",
    "409": "The file has changed since it was listed.",
    "410": "The rows are not kept any more.",
    "416": "The range does not lie in the file.",
    "422": "The file is not what it says.",
    "501": "It needs an extra that is not installed.",
    "502": "The storage does not give the file.",
    "503": "Too much is asked for at once.",
}
OF_API = ("400", "404", "410")
OF_CHANGES = {
    "403": "The server was started with --read-only, or another page asks.",
    "413": "The body is too long.",
    "415": "The body is no JSON.",
}


def openapi(endpoints: Iterable[Endpoint], version: str) -> dict[str, Any]:
    """The description as OpenAPI 3.1 has it.

    Parameters
    ----------
    endpoints : iterable of Endpoint
        What can be asked.
    version : str
        Of this program.
    """
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {"title": "neurochain ui", "version": version, "description": ABOUT},
        "paths": paths,
        "security": [{"token": []}, {"cookie": []}],
        "components": {
            "schemas": {"Error": record(error=record(what=TEXT, message=TEXT))},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "neurochain-PORT"},
            },
        },
    }


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    is_media = endpoint.path.startswith("/media/")
    statuses = ERRORS if is_media else {code: ERRORS[code] for code in OF_API}
    if endpoint.method == "post":
        statuses = {**statuses, **OF_CHANGES}
    errors: Schema = {
        code: {"description": text, "content": {JSON: {"schema": ERROR}}} for code, text in statuses.items()
    }
    schema = endpoint.answer if endpoint.content == (JSON,) and endpoint.answer is not None else {}
    given = {kind: {"schema": schema} for kind in endpoint.content}
    if endpoint.content == (EVENTS,):
        given[EVENTS]["schema"] = {
            "type": "string",
            "contentMediaType": JSON,
            "contentSchema": endpoint.answer,
        }
    said: dict[str, Any] = {
        "summary": endpoint.about,
        "operationId": f"{endpoint.method} {endpoint.path}".replace("/", " ")
        .strip()
        .replace("  ", " ")
        .replace(" ", "_"),
        "parameters": [parameter.described() for parameter in endpoint.parameters],
        "responses": {
            **{str(code): {"description": endpoint.about, "content": given} for code in endpoint.statuses},
            **errors,
            "401": {"description": "The token is missing."},
        },
    }
    if endpoint.body is not None:
        said["requestBody"] = {"required": True, "content": {JSON: {"schema": endpoint.body}}}
    return said
