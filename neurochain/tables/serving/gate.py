"""Gate: HTTP to ROAPI for those who have the token, and only for what reads."""

import hmac
import ipaddress
import re
from collections.abc import AsyncIterator, Iterable
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from neurochain.errors import ExpressionError, StorageError, require
from neurochain.tables.serving.reading import check_reads
from neurochain.tables.serving.upstream import Upstream

__all__ = ["gate", "is_loopback"]

LARGEST = 1_000_000  # bytes of a question
ROUTES = {
    "GET": re.compile(r"/health|/api/(?:version|schema(?:/[\w.]+)?|tables/[\w.]+)"),
    "POST": re.compile(r"/api/(?:sql|graphql)"),
}
ASKED = ("accept", "content-type")  # headers that go on
ANSWERED = (
    "content-type",
    "content-length",
)  # and those that come back: no hop-by-hop ones, and none that let other sites read
SAFE = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


def is_loopback(host: str) -> bool:
    """Whether only this machine comes to an address."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def gate(upstream: Upstream, token: str, hosts: Iterable[str] = ()) -> Any:
    """An ASGI application.

    Parameters
    ----------
    upstream : Upstream
        Who answers.
    token : str
        That a caller brings as ``Authorization: Bearer …`` or ``?token=…``; none is asked for where it is empty.
    hosts : iterable of str
        What callers may call this server; anything where none is given. Where no token is asked for, it keeps out web pages that have
        their own name lead here (DNS rebinding).
    """
    starlette: Any = require("starlette.responses", "sql", "neurochain serve")
    httpx: Any = require("httpx", "sql", "neurochain serve")
    requests: Any = require("starlette.requests", "sql", "neurochain serve")
    known = frozenset(host.lower() for host in hosts)
    client = httpx.AsyncClient(
        timeout=httpx.Timeout(10, read=None, pool=None), trust_env=False, follow_redirects=False
    )

    def refused(status: int, error: str, said: str, **headers: str) -> Any:
        return starlette.JSONResponse(
            {"code": status, "error": error, "message": said}, status, {**SAFE, **headers}
        )

    async def answer(request: Any) -> Any:
        headers = request.headers
        if known and headers.get("host", "").lower() not in known:
            return refused(
                421, "host", "This server is not called so. Use the address that neurochain serve has shown."
            )
        if _is_foreign(headers):
            return refused(403, "origin", "Pages of other sites get no answer here.")
        pairs = parse_qsl(request.url.query, keep_blank_values=True)
        if token and not _has_token(headers, pairs, token):
            said = (
                "The token is missing or wrong. Send the header Authorization: Bearer TOKEN, or ?token=TOKEN."
            )
            return refused(401, "token", said, **{"www-authenticate": "Bearer"})
        path = request.scope["path"]
        route = ROUTES.get(request.method)
        if route is None or not route.fullmatch(path):
            if any(r.fullmatch(path) for r in ROUTES.values()):
                return refused(
                    405,
                    "method",
                    f"{path} is asked otherwise: GET for tables and schemas, POST for SQL and GraphQL.",
                )
            return refused(
                404,
                "path",
                "There are /api/sql, /api/graphql, /api/tables/NAME, /api/schema, /api/schema/NAME and /health.",
            )
        try:
            body = await _body(request)
            if body is None:
                return refused(413, "size", f"A question has at most {LARGEST:,} bytes.")
            if path == "/api/sql":
                body = check_reads(body.decode("utf-8")).encode()
        except UnicodeDecodeError:
            return refused(400, "query", "A query is text in UTF-8.")
        except ExpressionError as error:
            return refused(400, "query", str(error))
        query = urlencode([(k, v) for k, v in pairs if k != "token"])
        return await passed_on(request, f"{quote(path)}?{query}" if query else quote(path), body)

    async def passed_on(request: Any, target: str, body: bytes) -> Any:
        opened = upstream.asking()
        try:
            roapi = opened.__enter__()
        except StorageError as error:
            return refused(503, "roapi", str(error))
        try:
            sent = client.build_request(
                request.method,
                f"http://{roapi.host}:{roapi.ports['HTTP']}{target}",
                headers={k: request.headers[k] for k in ASKED if k in request.headers},
                content=body or None,
            )
            found = await client.send(sent, stream=True)
        except httpx.HTTPError:
            opened.__exit__(None, None, None)
            return refused(503, "roapi", "ROAPI does not answer; neurochain serve says why where it runs.")

        async def pieces() -> AsyncIterator[bytes]:
            try:
                async for piece in found.aiter_raw():
                    yield piece
            finally:
                await found.aclose()
                opened.__exit__(None, None, None)

        kept = {k: found.headers[k] for k in ANSWERED if k in found.headers}
        return starlette.StreamingResponse(pieces(), found.status_code, {**kept, **SAFE})

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await (await answer(requests.Request(scope, receive)))(scope, receive, send)
        elif scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await client.aclose()
            await send({"type": "lifespan.shutdown.complete"})

    return application


def _has_token(headers: Any, pairs: list[tuple[str, str]], token: str) -> bool:
    scheme, _, given = headers.get("authorization", "").partition(" ")
    offered = (
        [given.strip()] if scheme.lower() == "bearer" else [value for key, value in pairs if key == "token"]
    )
    return any(hmac.compare_digest(one.encode("utf-8", "replace"), token.encode()) for one in offered)


def _is_foreign(headers: Any) -> bool:
    """Whether a browser asks on behalf of another site's page."""
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return True
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower()


async def _body(request: Any) -> bytes | None:
    """What is asked; None where it is too much."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST:
            return None
    return bytes(body)
