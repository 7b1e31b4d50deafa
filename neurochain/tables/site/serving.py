"""Serving: a site on this machine, for its own browser alone."""

from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO

from neurochain.errors import StorageError

__all__ = ["SiteServer", "site_server"]

LOOPBACK = "127.0.0.1"
HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class _Handler(SimpleHTTPRequestHandler):
    """Files of a site; asked for by another name than this machine's they are refused, so that no other site can read them."""

    extensions_map = {  # noqa: RUF012, as the library has it
        **SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".html": "text/html; charset=utf-8",
        ".svg": "image/svg+xml",
        ".ipynb": "application/x-ipynb+json",
    }

    def send_head(self) -> Any:
        """As of the library; nothing for other hosts."""
        port = self.connection.getsockname()[1]
        if self.headers.get("Host") not in (f"{LOOPBACK}:{port}", f"localhost:{port}"):
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
            return None
        return super().send_head()

    def list_directory(self, path: Any) -> Any:
        """Refuse to list folders."""
        self.send_error(HTTPStatus.NOT_FOUND)

    def end_headers(self) -> None:
        """As of the library, and those that all answers have."""
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing of what is read."""

    def copyfile(self, source: BinaryIO, outputfile: Any) -> None:  # type: ignore[override]
        """As of the library; a browser that goes away is no error."""
        try:
            super().copyfile(source, outputfile)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True


class SiteServer(ThreadingHTTPServer):
    """Serves the folder that `folder` names, which may change while it serves."""

    folder: Path

    def finish_request(self, request: Any, client_address: Any) -> None:
        """As of the library."""
        _Handler(request, client_address, self, directory=str(self.folder))


def site_server(folder: Path, port: int = 8000) -> SiteServer:
    """A server of a built site, bound to this machine's loopback; `serve_forever` of it serves.

    Parameters
    ----------
    folder : Path
        Of the site.
    port : int
        0 for any that is free.

    Raises
    ------
    StorageError
        The port is taken.
    """
    try:
        server = SiteServer((LOOPBACK, port), _Handler)
    except OSError as error:
        raise StorageError(f"Port {port} cannot be had: {error}. Name another one, or 0 for any.") from error
    server.folder = folder
    return server
