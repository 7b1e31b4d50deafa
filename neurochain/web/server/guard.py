"""Guard: who may ask. It stands in front of everything that the server answers.

A page of another origin can neither read nor change what is shown here: the token is in no page but the one that was opened with it, a name that was made
to point at this machine (DNS rebinding) is no host that is answered, and requests that another page's script sends are refused.
"""

import hashlib
import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from threading import Event
from typing import Any
from urllib.parse import parse_qsl, urlencode

__all__ = ["Guard", "Session"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
)
ASKED = ("GET", "HEAD")
CHANGED = frozenset({"/api/version"})  # where something may be sent to
TEXT = b"text/plain; charset=utf-8"
ENTER = (
    b"<!doctype html><html lang=en><meta charset=utf-8><title>neurochain</title>"
    b"<h1>This needs the token</h1><p>Open the address that <code>neurochain ui</code> printed, with its token. "
    b"It is another one each time the server is started.</p></html>"
)


@dataclass(frozen=True)
class Session:
    """One run of the server.

    Attributes
    ----------
    token : str
        Whoever has it may ask.
    hosts : frozenset of str
        By what the server is called, with its port: ``"127.0.0.1:8765"``.
    port : int
        Names the cookie, so that two servers on one machine do not take each other's.
    ended : Event
        Set when it ends: nobody is told anything any more.
    """

    token: str
    hosts: frozenset[str]
    port: int
    ended: Event = field(default_factory=Event, compare=False)

    @property
    def cookie(self) -> str:
        """Name of the cookie that holds the token."""
        return f"neurochain-{self.port}"

    @property
    def entry(self) -> str:
        """What the cookie holds: whoever reads it cannot start a page with it."""
        return hashlib.sha256(f"neurochain {self.port} {self.token}".encode()).hexdigest()

    def knows(self, given: str) -> bool:
        """Whether it is the token."""
        return hmac.compare_digest(given.encode(), self.token.encode())


class Guard:
    """Answers who may not ask, and hands the others on.

    Parameters
    ----------
    app : ASGI application
        That answers.
    session : Session
        Of this run.
    """

    def __init__(self, app: App, session: Session) -> None:
        self._app, self._session = app, session

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            raise RuntimeError(f"This server answers HTTP, and no {scope['type']}.")

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *HEADERS]
            await send(message)

        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        refused = self._refused(scope, headers)
        if refused is not None:
            await _answer(with_headers, *refused)
            return
        if scope["method"] not in ASKED and not (scope["method"] == "POST" and scope["path"] in CHANGED):
            allow = [(b"content-type", TEXT), (b"allow", b", ".join(m.encode() for m in ASKED))]
            await _answer(with_headers, 405, b"This server is only read from.", allow)
            return
        asked = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        token = dict(asked).get("token")
        if token is not None and self._session.knows(token):
            rest = urlencode([(name, value) for name, value in asked if name != "token"])
            place = scope.get("raw_path", scope["path"].encode()).decode("latin-1").partition("?")[0]
            place = "/" + place.lstrip("/")  # not another server's address
            cookie = f"{self._session.cookie}={self._session.entry}; HttpOnly; SameSite=Strict; Path=/"
            await _answer(
                with_headers,
                303,
                b"",
                [
                    (b"location", f"{place}?{rest}".rstrip("?").encode("latin-1")),
                    (b"set-cookie", cookie.encode()),
                    (b"cache-control", b"no-store"),
                ],
            )
            return
        if not self._has_token(headers):
            await _answer(with_headers, 401, ENTER, [(b"content-type", b"text/html; charset=utf-8")])
            return
        await self._app(scope, receive, with_headers)

    def _refused(self, scope: Scope, headers: dict[str, str]) -> tuple[int, bytes] | None:
        """Why nobody may ask so; None where one may."""
        host = headers.get("host", "")
        if host.lower() not in self._session.hosts:
            return 421, b"This server is not called so. Open the address that it printed."
        origin = headers.get("origin")
        if origin is None and scope["method"] not in ASKED and not self._is_bearer(headers):
            return 403, b"Only this server's own page may change something."
        if origin is not None and origin.partition("://")[2].lower() not in self._session.hosts:
            return 403, b"Another page may not ask here."
        if headers.get("sec-fetch-site", "none") not in ("same-origin", "none") and not (
            headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
        ):
            return 403, b"Another page may not ask here."
        return None

    def _is_bearer(self, headers: dict[str, str]) -> bool:
        kind, _, given = headers.get("authorization", "").partition(" ")
        return kind.lower() == "bearer" and self._session.knows(given.strip())

    def _has_token(self, headers: dict[str, str]) -> bool:
        if self._is_bearer(headers):
            return True
        try:
            found = SimpleCookie(headers.get("cookie", "")).get(self._session.cookie)
        except CookieError:
            return False
        return found is not None and hmac.compare_digest(found.value.encode(), self._session.entry.encode())


async def _answer(
    send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    given = headers or [(b"content-type", TEXT)]
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [*given, (b"content-length", str(len(body)).encode())],
        }
    )
    await send({"type": "http.response.body", "body": body})
